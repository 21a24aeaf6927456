-- id:        http.proxy-connect-hung
-- title:     A proxy did not open the tunnel that a client asked for
-- severity:  error
-- over:      http_exchange
-- param:     hung_s = 2            so long without an answer is told where the client still waits
-- needs:     payload, both-sides, frames
-- explains:  The client asked the proxy {server} with CONNECT for a tunnel to {target}. {what} To the user the
--            program "connects for ever" or fails though the network is fine.{inside}
-- remedy:    Ask on the proxy whether {target} can be reached and may be (its access log has the CONNECT):
--                curl -v --connect-timeout 5 -x http://{server} https://{target}/
--            Addresses of one's own networks should not go through the proxy:
--                export no_proxy=localhost,127.0.0.1,10.0.0.0/8,.internal ; or the proxy's exceptions in the system's settings
-- confirm:   The same destination without the proxy is reached (curl --noproxy '*'), or not from the proxy's host either.
-- not:       407 (Proxy Authentication Required) asks for credentials, and the client repeats the request with them.
-- reference: RFC 9110, section 9.3.6
WITH asked AS (
  SELECT x.flow_id, x.nr, x.target, x.request_ns, x.request_frame, x.status, x.reason, x.response_ns, x.response_frame,
         f.ended, f.ended_by, f.ended_ns, f.ended_frame, n.server,
         coalesce(x.response_ns, f.ended_ns, f.last_ns) - x.request_ns AS wait_ns
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_name n ON n.flow_id = f.id
    JOIN flow_doubt d ON d.flow_id = f.id AND NOT d.doubt
   WHERE x.response_state <> 'complete' AND x.response_state = 'none' AND x.method = 'CONNECT'
     AND f.client_acked_off > x.request_off
     AND coalesce(f.server_last_data_ns, 0) <= x.request_ns
  UNION ALL
  SELECT x.flow_id, x.nr, x.target, x.request_ns, x.request_frame, x.status, x.reason, x.response_ns, x.response_frame,
         f.ended, f.ended_by, f.ended_ns, f.ended_frame, n.server, x.response_ns - x.request_ns
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE x.status >= 400 AND x.method = 'CONNECT'
)
SELECT a.flow_id, a.request_ns AS from_ns, a.request_ns + a.wait_ns AS to_ns,
       CASE WHEN a.status = 407 THEN 'note' WHEN a.status IS NULL AND a.ended = 'open' THEN 'warning' ELSE 'error' END AS severity,
       iif(a.status IS NULL AND a.ended = 'open', 'likely', 'proven') AS confidence,
       'The proxy ' || a.server
         || iif(a.status IS NULL, ' did not answer CONNECT ' || substr(a.target, 1, 80) || ' within ' || printf('%.3f s', a.wait_ns / 1e9)
                  || iif(a.ended = 'open', '; then the capture ended.', '; then the ' || iif(a.ended_by = 'client', 'client gave up.', 'proxy closed the connection.')),
                ' answered CONNECT ' || substr(a.target, 1, 80) || ' with ' || a.status || ' ' || coalesce(a.reason, '')
                  || ' after ' || duration(a.wait_ns) || '.') AS summary,
       json_object('wait_s', seconds(a.wait_ns), 'request_to_close_s', iif(a.status IS NULL, seconds(a.ended_ns - a.request_ns), NULL),
                   'status', a.status, 'target', a.target, 'server', a.server,
                   'what', CASE WHEN a.status IS NULL THEN 'The proxy''s host acknowledged the request, but the proxy did not answer: it was itself trying to reach the destination, or it is stuck.'
                                WHEN a.status = 407 THEN 'The proxy wants credentials first.'
                                WHEN a.status IN (502, 503, 504) THEN 'It answered ' || a.status || ': it could not reach the destination.'
                                ELSE 'It answered ' || a.status || ': it refuses this destination, or this client.' END,
                   'inside', iif(a.target GLOB '10.*' OR a.target GLOB '192.168.*' OR a.target GLOB '172.1[6-9].*' OR a.target GLOB '172.2[0-9].*'
                                   OR a.target GLOB '172.3[01].*' OR a.target GLOB '127.*' OR a.target GLOB 'localhost:*'
                                   OR a.target LIKE '%.local:%' OR a.target LIKE '%.internal:%',
                                 ' The destination is an address of a private network, which the proxy need not know.', NULL),
                   'bucket', coalesce(a.status, 0)) AS numbers,
       json_array(json_object('frame', a.request_frame, 'role', 'CONNECT'),
                  json_object('frame', a.response_frame, 'role', 'response ' || a.status),
                  json_object('frame', iif(a.status IS NULL, a.ended_frame, NULL),
                              'role', coalesce(a.ended_by, '') || ' ' || iif(a.ended = 'rst', 'RST', 'FIN'))) AS evidence
  FROM asked a
 WHERE a.status IS NOT NULL OR a.wait_ns >= :hung_s * 1e9
 ORDER BY a.request_ns, a.flow_id;
