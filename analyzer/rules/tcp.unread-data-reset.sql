-- id:        tcp.unread-data-reset
-- title:     The server closed without reading all that had come
-- severity:  warning
-- over:      reset
-- param:     near_s = 1            a RST later after the response has another cause
-- needs:     payload, both-sides
-- yields:    http.response-cut, tcp.injected-reset, http.keepalive-race, amqp.unclosed
-- explains:  The server sent its whole response ({status}) and {response_to_rst_s} s later a RST instead of a FIN. Its
--            kernel does that when a program closes its socket while data lies in it unread: here the
--            request's body, of which {request_bytes} bytes had come. The RST may overtake or discard the
--            response in the client's host: then the client sees "Connection reset by peer" and never learns
--            of the {status}; whether it does is a matter of luck.
-- remedy:    Let the server read the rest of a request before it closes, for a moment at least: nginx does so with
--                lingering_close on;  lingering_time 30s;
--            a program of one's own closes its sending side, reads until the client closes, and closes
--            then. Or let clients ask first (Expect: 100-continue), so that a refused body is never sent; or
--            raise the limit that refuses it (client_max_body_size).
-- confirm:   strace -f -e trace=network,read,close on the server shows close() before the body was read.
--            The same request with a small body gets its {status} every time.
-- not:       A device that resets has another TTL, and does not go on with the server's own numbers and
--            timestamps, as this RST does. A server that was killed in the middle leaves its response
--            unfinished (http.response-cut). A RST behind the server's own FIN answers data that came
--            after the close (http.early-response).
-- reference: RFC 2525, section 2.17; RFC 9112, section 9.6; RFC 1122, section 4.2.2.13
WITH last AS (
  SELECT r.*, f.capture_id, f.server_last_data_ns, n.server, x.method, x.target, x.status, x.request_ns, x.request_frame,
         x.request_end_ns, x.request_end_frame, x.request_bytes, x.request_declared, x.request_state, x.response_ns, x.response_frame,
         x.response_end_frame, x.response_end_ns,
         f.server_acked_off >= r.own_bytes AS response_arrived
    FROM reset_anatomy r
   CROSS JOIN http_exchange x ON x.flow_id = r.flow_id    -- from the few resets to their exchanges
    JOIN connection f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE r.class = 'abort' AND r.sender = 'server' AND NOT r.after_own_fin AND NOT r.after_own_rst AND NOT r.after_peer_fin
     AND NOT EXISTS (SELECT 1 FROM http_exchange later WHERE later.flow_id = f.id AND later.nr > x.nr)
     AND x.status IS NOT NULL AND x.response_state = 'complete' AND x.request_bytes > 0
     AND r.frame > x.response_frame AND r.ns - coalesce(x.response_end_ns, x.response_ns) <= :near_s * 1e9
     -- the body was not read: more of it came after the response, or had not come, or was refused
     AND (x.request_state <> 'complete' OR r.unread_bytes > 0 OR x.request_end_ns > x.response_ns OR x.status BETWEEN 400 AND 599)
)
SELECT l.flow_id, l.response_ns AS from_ns, l.ns AS to_ns, 'warning' AS severity,
       iif(l.request_state <> 'complete' OR l.unread_bytes > 0 OR l.request_end_ns > l.response_ns, 'proven', 'likely') AS confidence,
       'The server answered ' || l.method || ' ' || substr(l.target, 1, 80) || ' with ' || l.status || ' and sent RST, without a FIN, '
         || duration(l.ns - coalesce(l.response_end_ns, l.response_ns)) || ' later: it closed its socket with data of the request unread ('
         || l.request_bytes || ' bytes of its body had been sent). '
         || iif(l.response_arrived, 'The client''s host had the whole response; its program may lose it all the same.',
                                    'The client''s host had not acknowledged the whole response, and may have lost it.') AS summary,
       json_object('response_to_rst_s', seconds(l.ns - coalesce(l.response_end_ns, l.response_ns)),
                   'request_bytes', l.request_bytes, 'request_declared', l.request_declared,
                   'bytes_not_acknowledged', l.unread_bytes, 'status', l.status, 'http_status', l.status,
                   'response_acknowledged', json(iif(l.response_arrived, 'true', 'false')),
                   'method', l.method, 'target', l.target, 'server', l.server) AS numbers,
       json_array(json_object('frame', l.request_frame, 'role', 'request'),
                  json_object('frame', l.request_end_frame, 'role', 'end of the request'),
                  json_object('frame', l.response_frame, 'role', 'response ' || l.status),
                  json_object('frame', l.frame, 'role', 'RST of the server')) AS evidence
  FROM last l
 ORDER BY l.ns, l.flow_id;
