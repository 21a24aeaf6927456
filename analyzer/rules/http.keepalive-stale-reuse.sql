-- id:        http.keepalive-stale-reuse
-- title:     A request on a keep-alive connection that the server had closed
-- severity:  error
-- over:      http_exchange
-- needs:     payload, both-sides
-- explains:  After its last response the server kept the idle connection for {last_response_to_fin_s} s and
--            closed it with FIN: its keep-alive time-out. The client's host acknowledged the FIN, but the
--            client kept the connection in its pool and sent the next request {fin_to_request_s} s later; the
--            answer was RST. The request acknowledges the FIN, so it was not on its way when the server
--            closed: the client could have known.
-- remedy:    Make the client's idle limit shorter than the server's, or the server's longer than that
--            of every client and balancer in front of it:
--                nginx keepalive_timeout, Node.js server.keepAliveTimeout, gunicorn --keep-alive, Apache KeepAliveTimeout
--                Go http.Transport.IdleConnTimeout, Java HttpClient keepalive, requests: close or retry
--            Let the client test a pooled connection before use, and retry idempotent requests once on
--            a new connection.
-- confirm:   The server's configuration has a keep-alive time-out of about {last_response_to_fin_s} s.
-- not:       A request that does not acknowledge the FIN crossed it on the way (a race); a FIN on an idle
--            connection without a request after it is normal.
-- reference: RFC 9112, section 9.3.1
WITH stale AS (
  SELECT x.flow_id, x.nr, x.method, x.target, x.request_ns, x.request_frame, f.server_fin_ns, f.server_fin_frame,
         f.server_fin_acked_frame, r.frame AS rst_frame, r.ns AS rst_ns, p.response_ns AS last_response_ns,
         p.response_frame AS last_response_frame, p.response_end_ns AS last_end_ns,
         row_number() OVER (PARTITION BY x.flow_id ORDER BY x.nr, r.frame) AS nth
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN http_exchange p ON p.flow_id = x.flow_id AND p.nr = x.nr - 1
    JOIN reset r ON r.flow_id = x.flow_id AND r.sender = 'server' AND r.after_own_fin
                AND r.trigger_acks_fin AND r.frame > x.request_frame
   WHERE x.method IS NOT NULL AND x.response_ns IS NULL
     AND x.response_state <> 'complete' AND x.response_state IN ('none', 'open', 'cut_by_fin', 'cut_by_rst', 'cut_by_gap')
     AND x.request_frame > f.server_fin_frame AND p.response_state = 'complete'
     AND p.response_ns IS NOT NULL AND NOT p.close_announced
     -- the client's host had the FIN when the request went out: not a race
     AND f.server_fin_acked_frame <= x.request_frame
)
SELECT s.flow_id, s.server_fin_ns AS from_ns, s.rst_ns AS to_ns, 'error' AS severity,
       'proven' AS confidence,
       'The server closed the idle connection ' || printf('%.3f s', (s.server_fin_ns - s.last_response_ns) / 1e9)
         || ' after its last response; the client sent ' || s.method || ' ' || substr(s.target, 1, 80) || ' '
         || printf('%.3f s', (s.request_ns - s.server_fin_ns) / 1e9) || ' after that FIN and was reset.' AS summary,
       json_object('last_response_to_fin_s', seconds(s.server_fin_ns - s.last_response_ns),
                   'fin_to_request_s', seconds(s.request_ns - s.server_fin_ns),
                   'fin_to_write_s', seconds(s.request_ns - s.server_fin_ns),
                   'rst_after_request_s', seconds(s.rst_ns - s.request_ns),
                   'method', s.method, 'target', s.target,
                   'bucket', round((s.server_fin_ns - s.last_response_ns) / 1e9)) AS numbers,
       json_array(json_object('frame', s.last_response_frame, 'role', 'last response'),
                  json_object('frame', s.server_fin_frame, 'role', 'server FIN'),
                  json_object('frame', s.request_frame, 'role', 'next request'),
                  json_object('frame', s.server_fin_acked_frame, 'role', 'the client''s host acknowledges it'),
                  json_object('frame', s.rst_frame, 'role', 'RST')) AS evidence
  FROM stale s
 WHERE s.nth = 1
 ORDER BY s.rst_ns, s.flow_id;
