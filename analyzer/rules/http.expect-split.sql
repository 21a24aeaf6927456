-- id:        http.expect-split
-- title:     A request sent in two steps, with 100 (Continue) in between
-- severity:  note
-- over:      http_exchange
-- benign:    yes
-- param:     late_s = 0.3          a 100 that takes this long is late (http.expect-late)
-- explains:  The client sent the head with Expect: 100-continue and waited; the server said 100 after
--            {expect_to_100_s} s and the body followed. That is how it should be. It costs one round trip,
--            and nothing that happens after the body is its fault.
-- remedy:    Nothing is broken. To save the round trip, send no Expect header (curl -H 'Expect:').
-- confirm:   The body follows the 100 within a round trip.
-- not:       A body that is sent without or before a 100 is http.expect-wait.
-- reference: RFC 9110, section 10.1.1
SELECT x.flow_id, x.request_ns AS from_ns, coalesce(x.response_ns, x.request_body_ns) AS to_ns,
       'note' AS severity, 'proven' AS confidence,
       x.method || ' ' || substr(x.target, 1, 80) || ' went out in two steps: 100 (Continue) after '
         || duration(x.continue_ns - x.request_ns) || ', then the body. It cost one round trip and nothing else.' AS summary,
       json_object('expect_to_100_s', seconds(x.continue_ns - x.request_ns),
                   'hundred_to_body_s', seconds(x.request_body_ns - x.continue_ns),
                   'body_len', coalesce(x.request_declared, x.request_bytes),
                   'final_status', x.status) AS numbers,
       json_array(json_object('frame', x.request_frame, 'role', 'head with Expect: 100-continue'),
                  json_object('frame', x.continue_frame, 'role', '100 (Continue)'),
                  json_object('frame', x.request_body_frame, 'role', 'body'),
                  json_object('frame', x.response_frame, 'role', 'response ' || x.status)) AS evidence
  FROM http_exchange x
  JOIN connection f ON f.id = x.flow_id
 WHERE x.expect_continue AND x.continue_ns IS NOT NULL AND x.request_ns IS NOT NULL
   AND x.request_body_ns >= x.continue_ns
   AND x.continue_ns - x.request_ns < :late_s * 1e9
 ORDER BY x.request_ns, x.flow_id, x.nr;
