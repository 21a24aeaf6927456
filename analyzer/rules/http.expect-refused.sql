-- id:        http.expect-refused
-- title:     The server refused a request before its body
-- severity:  warning
-- over:      http_exchange
-- needs:     payload, both-sides
-- explains:  The request announced its body with Expect: 100-continue, and the server answered with a
--            final status ({status}) instead of 100. The client rightly sent no body. With 417 (Expectation
--            Failed) the server refuses the Expect itself; a client that repeats the identical request
--            runs in circles ({requests} requests here).
-- remedy:    For 417: remove the Expect header (curl -H 'Expect:', CURLOPT_HTTPHEADER "Expect:"); old
--            servers and some proxies do not know it. For another status, do what it says: 403
--            permissions, 413 the body's size, 401 credentials.
-- confirm:   The same request without the Expect header gets another answer (417), or the same one after
--            the whole body has been sent in vain.
-- not:       A missing body after such an answer is correct behaviour, not a request cut short.
-- reference: RFC 9110, sections 10.1.1 and 15.5.18
SELECT x.flow_id, min(x.request_ns) AS from_ns, max(x.response_ns) AS to_ns,
       -- 401 and 407 ask for credentials, a redirect for another place: part of normal work
       iif(x.status IN (401, 407) OR x.status < 400, 'note', 'warning') AS severity,
       'proven' AS confidence,
       'The server answered Expect: 100-continue with ' || x.status || ' ' || coalesce(min(x.reason), '')
         || iif(count(*) = 1, '', ', ' || count(*) || ' times in a row') || ' (' || min(x.method) || ' '
         || substr(min(x.target), 1, 80) || '), and no body was sent.' AS summary,
       json_object('status', x.status, 'requests', count(*), 'responses_' || x.status, count(*),
                   'bodies_sent', sum(x.request_body_ns IS NOT NULL),
                   'content_length_announced', max(x.request_declared),
                   'request_to_response_s', seconds(min(x.response_ns - x.request_ns)),
                   'span_s', seconds(max(x.response_ns) - min(x.request_ns)), 'bucket', x.status) AS numbers,
       (SELECT json_group_array(json_object('frame', e.frame, 'role', e.role)) FROM (
          SELECT y.request_frame AS frame, 'head with Expect: 100-continue' AS role
            FROM http_exchange y WHERE y.flow_id = x.flow_id AND y.status = x.status AND y.expect_continue
             AND y.continue_ns IS NULL AND y.request_body_ns IS NULL
          UNION ALL
          SELECT y.response_frame, 'response ' || y.status
            FROM http_exchange y WHERE y.flow_id = x.flow_id AND y.status = x.status AND y.expect_continue
             AND y.continue_ns IS NULL AND y.request_body_ns IS NULL
          ORDER BY frame) e) AS evidence
  FROM http_exchange x
  JOIN connection f ON f.id = x.flow_id
 WHERE x.expect_continue AND x.continue_ns IS NULL AND x.status >= 300
   AND x.request_body_ns IS NULL AND x.request_ns IS NOT NULL
   AND coalesce(x.request_declared, 1) > 0
 GROUP BY x.flow_id, x.status
 ORDER BY from_ns, x.flow_id, x.status;
