-- id:        http.early-response
-- title:     The server answered before it had the whole request, and cut the rest off
-- severity:  error
-- over:      http_exchange
-- needs:     payload, both-sides, frames
-- yields:    tcp.unread-data-reset, http.expect-refused
-- explains:  The server answered {status} while the client was still sending the body ({body_sent} of
--            {body_announced} bytes had been sent), and closed its socket with data in it that nobody had
--            read. Its host therefore answered what still came with RST. A RST makes the client's
--            host forget what it has not read yet, so many clients report "broken pipe" or "connection
--            reset" in place of the answer. {answer_fate}
-- remedy:    What the client should do is in the answer ({status}): a smaller body (413; nginx
--            client_max_body_size, php post_max_size), credentials (401), another place. To have it read,
--            let the server take the rest before it closes:
--                nginx: lingering_close always; Apache: mod_reqtimeout; own programs: shutdown(SHUT_WR), then read to the end
--            and let the client send Expect: 100-continue before large bodies:
--                curl -H 'Expect: 100-continue' --expect100-timeout 5
-- confirm:   A request with a body of a few bytes gets the same status and no RST. In the server's log the request
--            has status {status}.
-- not:       A server that answers early and reads on, or a client that stops its upload and closes in order,
--            loses nothing. Where the whole body had been received before the answer it is tcp.unread-data-reset.
-- reference: RFC 9112, section 9.6; RFC 2525, section 2.17
WITH early AS (
  SELECT x.*, f.client_acked_off, f.server_acked_off, f.server_fin_off, f.server_fin_frame, f.server_fin_ns, n.server,
         (SELECT min(r.frame) FROM reset r WHERE r.flow_id = x.flow_id AND r.sender = 'server'
             AND r.frame > x.response_frame) AS rst_frame
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE x.status >= 400 AND x.request_declared > 0 AND x.method IS NOT NULL
     -- bytes of the body were sent after the answer, or never
     AND x.request_body_ns IS NOT NULL
     AND (x.request_end_frame IS NULL OR x.request_end_frame > x.response_frame)
), cut AS (
  SELECT e.*, r.ns AS rst_ns,
         -- of the answer, what the client's host had acknowledged before the RST
         EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = e.flow_id AND p.sender = 'client'
                    AND p.frame > e.response_frame AND p.frame < e.rst_frame AND p.flags & 16
                    AND (p.ack - f.server_first_seq + 4294967296) % 4294967296
                        >= coalesce(e.server_fin_off, e.response_off + 1)) AS had_answer,
         NOT EXISTS (SELECT 1 FROM flow g WHERE g.id = e.flow_id AND g.client_fin_ns < r.ns) AS client_sends
    FROM early e
    JOIN flow f ON f.id = e.flow_id
    JOIN reset r ON r.flow_id = e.flow_id AND r.frame = e.rst_frame
)
SELECT c.flow_id, c.request_ns AS from_ns, c.rst_ns AS to_ns,
       iif(c.had_answer, 'warning', 'error') AS severity, 'proven' AS confidence,
       'The server answered ' || c.method || ' ' || substr(c.target, 1, 80) || ' with ' || c.status
         || ' before it had the whole body (' || coalesce(c.request_bytes, 0) || ' of ' || c.request_declared
         || ' bytes were captured) and cut the rest off with RST; the client '
         || iif(c.had_answer, 'had the answer by then, but may lose it.', 'had not acknowledged the answer by then, and may never see it.') AS summary,
       json_object('status', c.status, 'body_announced', c.request_declared, 'body_sent', coalesce(c.request_bytes, 0),
                   'response_to_rst_s', seconds(c.rst_ns - c.response_ns),
                   'request_to_response_s', seconds(c.response_ns - c.request_ns),
                   'answer_arrived', json(iif(c.had_answer, 'true', 'false')),
                   'answer_fate', iif(c.had_answer, 'Here the client''s host had acknowledged the whole answer before the RST came.',
                                      'Here the client''s host had not acknowledged the whole answer when the RST came.'),
                   'method', c.method, 'target', c.target, 'bucket', c.status) AS numbers,
       json_array(json_object('frame', c.request_frame, 'role', 'request'),
                  json_object('frame', c.response_frame, 'role', 'response ' || c.status),
                  json_object('frame', iif(c.server_fin_ns < c.rst_ns, c.server_fin_frame, NULL), 'role', 'server FIN'),
                  json_object('frame', c.rst_frame, 'role', 'RST')) AS evidence
  FROM cut c
 WHERE c.client_sends
 ORDER BY c.response_ns, c.flow_id;
