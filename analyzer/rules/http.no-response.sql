-- id:        http.no-response
-- title:     An empty reply: the server closed without answering
-- severity:  error
-- over:      http_exchange
-- param:     fin_s = 1             a FIN later than this is http.server-aborted
-- param:     open_s = 60           so long without an answer is told though the capture ends first
-- needs:     payload, both-sides, frames
-- yields:    http.keepalive-race, http.keepalive-requests, http.expect-ignored, http.plain-on-tls-port, http.proxy-connect-hung, tcp.blackhole, tcp.idle-blackhole, tcp.zero-window, tcp.mass-close, amqp.protocol-mismatch
-- explains:  {what} curl calls it "Empty reply from server" (52), Java "Unexpected end of file from server",
--            Python "RemoteDisconnected". The close is orderly: the program, or whatever holds the port in its
--            place, closed its socket on purpose or exited. It may be a worker that ends at once, a balancer
--            or port forwarder (ssh, docker-proxy, a service mesh) with nothing behind it, or a service that speaks
--            another protocol than HTTP, TLS for one.
-- remedy:    Find what answers on {server} and what it wants:
--                ss -ltnp | grep ':{port} '
--                curl -v http://{server}/ ; openssl s_client -connect {server}
--            Then look at the log of that program at {at}; behind a balancer, at the state of its backends.
-- confirm:   The same request straight to the program, past balancer and forwarder, is answered.
-- not:       A server that closes an idle connection as the next request arrives is http.keepalive-race; one
--            that works for seconds first was stopped by a crash or a time limit (http.server-aborted).
-- reference: RFC 9112, section 9.5
WITH silent AS (
  SELECT h.flow_id, h.method, h.target, h.request_ns, h.request_frame, h.request_end_frame, h.close_ns, h.close_frame,
         h.wait_ns, h.server_port
    FROM http_unanswered h
   WHERE h.close_is = 'FIN' AND h.wait_ns < :fin_s * 1e9
  UNION ALL
  -- acknowledged by the host and never answered, to the end of the capture
  SELECT x.flow_id, x.method, x.target, x.request_ns, x.request_frame, x.request_end_frame, f.last_ns, NULL,
         f.last_ns - x.request_end_ns, f.server_port
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id AND f.ended = 'open'
    JOIN flow_doubt d ON d.flow_id = f.id AND NOT d.doubt
   WHERE x.response_state <> 'complete' AND x.response_state = 'none' AND x.request_state = 'complete'
     AND x.method NOT IN ('CONNECT') AND f.last_ns - x.request_end_ns >= :open_s * 1e9
     AND coalesce(f.server_last_data_ns, 0) <= max(coalesce(x.continue_ns, 0), x.request_ns)
     AND f.client_acked_off > x.request_off
     AND NOT EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'retransmission'
                        AND e.sender = 'client' AND e.frame > x.request_end_frame)
     AND NOT EXISTS (SELECT 1 FROM http_exchange p WHERE p.flow_id = x.flow_id AND p.nr < x.nr
                        AND (p.close_announced OR p.response_state <> 'complete'))
)
SELECT s.flow_id, s.request_ns AS from_ns, s.close_ns AS to_ns,
       iif(s.close_frame IS NULL, 'note', 'error') AS severity,
       iif(s.close_frame IS NULL, 'possible', 'proven') AS confidence,
       iif(s.close_frame IS NULL,
           s.method || ' ' || substr(s.target, 1, 80) || ' was acknowledged by the server''s host and had no answer when the capture ended '
             || printf('%.3f s', s.wait_ns / 1e9) || ' later.',
           'The server closed the connection ' || duration(s.wait_ns) || ' after it had ' || s.method || ' '
             || substr(s.target, 1, 80) || ', without a byte of an answer.') AS summary,
       json_object('request_to_fin_s', iif(s.close_frame IS NULL, NULL, seconds(s.close_ns - s.request_ns)),
                   'request_to_close_s', iif(s.close_frame IS NULL, NULL, seconds(s.close_ns - s.request_ns)),
                   'wait_s', seconds(s.wait_ns), 'response_bytes', 0, 'method', s.method, 'target', s.target,
                   'server', n.server, 'port', s.server_port,
                   'what', iif(s.close_frame IS NULL,
                               'The server''s host acknowledged the request, and to the end of the capture no byte of an answer came.',
                               'The server''s side took the request and closed with FIN without having sent a byte of an answer.'),
                   'at', strftime('%Y-%m-%d %H:%M:%S', s.close_ns / 1000000000, 'unixepoch') || ' UTC') AS numbers,
       json_array(json_object('frame', s.request_frame, 'role', 'request'),
                  json_object('frame', s.request_end_frame, 'role', 'end of the request'),
                  json_object('frame', s.close_frame, 'role', 'server FIN')) AS evidence
  FROM silent s
  JOIN flow_name n ON n.flow_id = s.flow_id
 ORDER BY s.request_ns, s.flow_id;
