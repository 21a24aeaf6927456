-- id:        http.response-cut
-- title:     A response ended before it was complete
-- severity:  error
-- over:      http_exchange
-- needs:     payload, both-sides, frames
-- explains:  The server's side began a response and ended the connection before all of it had been sent:
--            {body_received} bytes of the body came (announced: {content_length}). With FIN the program
--            announced more than it wrote, or ended early (curl error 18); with RST the program or a proxy
--            was killed or gave up in the middle of its work (curl error 56).
-- remedy:    Look at the program's and its workers' logs at the time of the close: a crash, a time-limit
--            (php-fpm request_terminate_timeout, gunicorn --timeout, uwsgi harakiri), a proxy whose upstream
--            broke off (nginx: "upstream prematurely closed connection"), a Content-Length that is computed
--            wrongly.
-- confirm:   The same request to the program itself, without the proxy, is cut at the same byte (the
--            program) or not (the proxy). Cuts after always the same time speak of a timer.
-- not:       HEAD, 204 and 304 have no body; without Content-Length the end of the connection is the end
--            of the body. Bytes that the capture lacks are no cut.
-- reference: RFC 9112, sections 6.3 and 8
WITH cut AS (
  SELECT x.*, f.ended, f.ended_by, f.server_last_data_ns, f.server_last_data_frame,
         coalesce(r.ns, f.server_fin_ns) AS close_ns, coalesce(r.frame, f.server_fin_frame) AS close_frame,
         iif(r.ns IS NULL, 'FIN', 'RST') AS close_is
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    LEFT JOIN reset r ON r.flow_id = f.id AND r.sender = 'server' AND x.response_state = 'cut_by_rst'
                     AND r.frame = (SELECT min(frame) FROM reset s WHERE s.flow_id = f.id AND s.sender = 'server')
   WHERE x.response_state <> 'complete' AND x.response_state IN ('cut_by_fin', 'cut_by_rst') AND x.response_ns IS NOT NULL
     AND x.method IS NOT NULL                 -- or it might be the answer to a HEAD
     -- the server ended it; a client that only closed its sending side did not
     AND (f.ended_by = 'server'
          OR f.client_fin_ns <= x.response_ns AND f.client_fin_acks_off <= x.response_off
             AND NOT EXISTS (SELECT 1 FROM reset c WHERE c.flow_id = f.id AND c.sender = 'client'))
     AND (x.response_state = 'cut_by_fin' OR r.ns IS NOT NULL)
)
SELECT c.flow_id, coalesce(c.request_ns, c.response_ns) AS from_ns, c.close_ns AS to_ns,
       iif(q.doubt, 'warning', 'error') AS severity,
       'proven' AS confidence,
       'The response ' || c.status || coalesce(' to ' || c.method || ' ' || substr(c.target, 1, 80), '')
         || ' was cut by the server''s ' || c.close_is || ': '
         || CASE WHEN c.response_head_end_ns IS NULL THEN 'it ends in the middle of its head.'
                 WHEN c.response_declared IS NULL
                 THEN 'its last chunk is missing after ' || c.response_bytes || ' bytes of the body.'
                 ELSE c.response_declared || ' bytes of body announced, ' || c.response_bytes || ' came.' END AS summary,
       json_object('content_length', c.response_declared, 'body_received', c.response_bytes,
                   'missing', c.response_declared - c.response_bytes, 'status', c.status,
                   'close_is', c.close_is,
                   'last_data_to_close_s', seconds(c.close_ns - c.server_last_data_ns),
                   'last_data_to_rst_s', iif(c.close_is = 'RST', seconds(c.close_ns - c.server_last_data_ns), NULL),
                   'request_to_close_s', seconds(c.close_ns - c.request_ns)) AS numbers,
       json_array(json_object('frame', c.request_frame, 'role', 'request'),
                  json_object('frame', c.response_frame, 'role', 'response ' || c.status),
                  json_object('frame', c.close_frame, 'role', 'server ' || c.close_is),
                  json_object('frame', c.server_last_data_frame, 'role', 'last data of the server')) AS evidence
  FROM cut c
  JOIN flow_doubt q ON q.flow_id = c.flow_id
 ORDER BY c.close_ns, c.flow_id;
