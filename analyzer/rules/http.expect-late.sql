-- id:        http.expect-late
-- title:     100 (Continue) came late, and the body waited for it
-- severity:  warning
-- over:      http_exchange
-- param:     late_s = 0.3          a 100 that takes this long is late
-- needs:     payload, both-sides
-- explains:  The client announced its body with Expect: 100-continue and waited for leave; the server
--            gave it only after {expect_to_100_s} s. The body followed at once. The time was lost on the
--            server's side: it (or a proxy that asks its backend first) decides late whether it wants
--            the body.
-- remedy:    Let the client not ask (curl -H 'Expect:'), or find what the server does before it says
--            100: authorisation, a backend that must be asked, a thread that was not free.
-- confirm:   The same request without the Expect header takes {expect_to_100_s} s less, unless the server
--            is as slow at reading the body.
-- not:       Where the body comes before the 100, the client's own time-out ended the wait
--            (http.expect-wait).
-- reference: RFC 9110, section 10.1.1
SELECT x.flow_id, x.request_ns AS from_ns, x.request_body_ns AS to_ns, 'warning' AS severity,
       'proven' AS confidence,
       '100 (Continue) for ' || x.method || ' ' || substr(x.target, 1, 80) || ' came '
         || printf('%.3f s', (x.continue_ns - x.request_ns) / 1e9) || ' after the head, and the body waited for it.' AS summary,
       json_object('expect_to_100_s', seconds(x.continue_ns - x.request_ns),
                   'hundred_to_body_s', seconds(x.request_body_ns - x.continue_ns),
                   'body_len', coalesce(x.request_declared, x.request_bytes),
                   'final_status', x.status,
                   'bucket', round((x.continue_ns - x.request_ns) / 1e8)) AS numbers,
       json_array(json_object('frame', x.request_frame, 'role', 'head with Expect: 100-continue'),
                  json_object('frame', x.continue_frame, 'role', '100 (Continue)'),
                  json_object('frame', x.request_body_frame, 'role', 'body'),
                  json_object('frame', x.response_frame, 'role', 'response ' || x.status)) AS evidence
  FROM http_exchange x
  JOIN connection f ON f.id = x.flow_id
 WHERE x.expect_continue AND x.continue_ns IS NOT NULL AND x.request_ns IS NOT NULL
   AND x.request_body_ns >= x.continue_ns
   AND x.continue_ns - x.request_ns >= :late_s * 1e9
 ORDER BY x.request_ns, x.flow_id, x.nr;
