-- id:        http.unsolicited-408
-- title:     A 408 that answers no request
-- severity:  error
-- over:      http_exchange
-- needs:     payload, both-sides
-- explains:  The server had waited {idle_s} s for a request, said 408 (Request Timeout) and closed. {fate}
--            A client that reads the 408 takes it for the answer to a request that the server never saw.
-- remedy:    Let the server close idle connections without a word, and later than its clients do:
--                HAProxy: option http-ignore-probes; timeout http-keep-alive (and: errorfile 408 /dev/null)
--                Apache: KeepAliveTimeout, RequestReadTimeout header=0
--            The client may send the request again on a new connection: the server did not work on it.
-- confirm:   The 408 does not acknowledge the request; the server's log has no entry for {target}, and one
--            with status 408 and an empty request.
-- not:       A 408 to a request that was begun and not finished is an answer, to a client that was too slow. One
--            on an idle connection that nobody uses again does no harm.
-- reference: RFC 9110, section 15.5.9
WITH told AS (
  SELECT x.flow_id, x.nr, x.method, x.target, x.status, x.request_ns, x.request_frame, x.request_off, x.request_state,
         x.response_ns, x.response_frame, x.response_off, f.client_first_seq, f.client_fin_ns, f.established_ns,
         coalesce((SELECT p.response_end_ns FROM http_exchange p WHERE p.flow_id = x.flow_id AND p.nr = x.nr - 1),
                  f.established_ns) AS idle_from_ns,
         -- how much of the client's payload the server had when it said so
         (SELECT (k.ack - f.client_first_seq + 4294967296) % 4294967296 FROM packet k
           WHERE k.flow_id = x.flow_id AND k.frame = x.response_frame) AS seen_off
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
   WHERE x.status = 408 AND x.status >= 400
), judged AS (
  SELECT t.*, l.method AS lost_method, l.target AS lost_target, l.request_ns AS lost_ns, l.request_frame AS lost_frame,
         CASE WHEN t.method IS NOT NULL AND t.seen_off <= t.request_off THEN 'crossed'
              WHEN t.method IS NOT NULL THEN 'slow'
              WHEN l.nr IS NOT NULL THEN 'later' ELSE 'idle' END AS how,
         (SELECT min(r.frame) FROM reset r WHERE r.flow_id = t.flow_id AND r.sender = 'server'
             AND r.frame > t.response_frame) AS rst_frame
    FROM told t
    LEFT JOIN http_exchange l ON l.flow_id = t.flow_id AND l.nr = t.nr + 1 AND l.method IS NOT NULL
                             AND l.response_ns IS NULL AND t.method IS NULL
)
SELECT j.flow_id, j.idle_from_ns AS from_ns, max(j.response_ns, coalesce(j.lost_ns, 0)) AS to_ns,
       iif(j.how IN ('crossed', 'later'), 'error', 'note') AS severity, 'proven' AS confidence,
       CASE j.how
         WHEN 'crossed' THEN 'The server''s 408 and ' || j.method || ' ' || substr(j.target, 1, 80)
              || ' crossed: the client takes it for the answer to a request that the server had not seen.'
         WHEN 'later' THEN 'The server said 408 on the idle connection and closed; ' || printf('%.3f s', (j.lost_ns - j.response_ns) / 1e9)
              || ' later the client sent ' || j.lost_method || ' ' || substr(j.lost_target, 1, 80) || ', to which it will take that for the answer.'
         WHEN 'slow' THEN 'The server gave up waiting for the rest of ' || j.method || ' ' || substr(j.target, 1, 80) || ' after '
              || printf('%.3f s', (j.response_ns - j.request_ns) / 1e9) || ' and said 408.'
         ELSE 'The server ended a connection that was idle for ' || printf('%.3f s', (j.response_ns - j.idle_from_ns) / 1e9)
              || ' with a 408 that nobody had asked for.' END AS summary,
       json_object('idle_s', seconds(j.response_ns - j.idle_from_ns), 'status', 408,
                   'request_to_response_s', seconds(j.response_ns - j.request_ns),
                   'response_to_request_s', seconds(j.lost_ns - j.response_ns),
                   'method', coalesce(j.lost_method, j.method), 'target', coalesce(j.lost_target, j.target),
                   'fate', CASE j.how WHEN 'crossed' THEN 'A request was on its way at that moment.'
                                      WHEN 'later' THEN 'The client sent its next request on the same connection all the same.'
                                      WHEN 'slow' THEN 'The client had begun a request and did not finish it in time.'
                                      ELSE 'No request followed, so no harm was done.' END) AS numbers,
       json_array(json_object('frame', j.request_frame, 'role', 'request'),
                  json_object('frame', j.response_frame, 'role', '408'),
                  json_object('frame', j.lost_frame, 'role', 'next request'),
                  json_object('frame', iif(j.how IN ('crossed', 'later'), j.rst_frame, NULL), 'role', 'RST')) AS evidence
  FROM judged j
 ORDER BY j.response_ns, j.flow_id;
