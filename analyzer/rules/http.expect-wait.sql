-- id:        http.expect-wait
-- title:     The client waited for 100 (Continue) in vain
-- severity:  warning
-- over:      http_exchange
-- param:     min_wait_s = 0.2      a body sent sooner did not wait
-- needs:     payload, both-sides, frames
-- explains:  The request announced its body with Expect: 100-continue, and no 100 (Continue) came in
--            time. The client waited {expect_wait_s} s, which is its own time-out for this, and then sent
--            the body unasked. Every such request loses that time, however fast the server is with the
--            rest. Known timers: {candidates}
-- remedy:    Let the client not ask: curl -H 'Expect:', CURLOPT_HTTPHEADER "Expect:", .NET
--            ServicePointManager.Expect100Continue = false, Go: no Expect header; or let the server (or
--            the proxy before it) answer 100, as RFC 9110, 10.1.1, wants of it.
-- confirm:   The same request without the Expect header takes {expect_wait_s} s less.
-- not:       A body that is late for another reason (a slow disk, a slow program) waits for times that
--            differ from request to request.
-- reference: RFC 9110, section 10.1.1
WITH waited AS (
  SELECT x.*, x.request_body_ns - x.request_ns AS wait_ns
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_doubt d ON d.flow_id = f.id
   WHERE x.expect_continue AND x.request_body_ns IS NOT NULL
     AND (x.continue_ns IS NULL OR x.continue_ns > x.request_body_ns)
     AND (x.response_ns IS NULL OR x.response_ns > x.request_body_ns)
     AND x.request_body_ns - x.request_ns >= :min_wait_s * 1e9
     AND (x.continue_ns IS NOT NULL OR NOT d.doubt)   -- else it may just not have been captured
), candidate AS (
  SELECT w.flow_id, w.nr, printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
    FROM waited w
    JOIN known_timer t ON t.layer = 'http' AND abs(t.seconds - w.wait_ns / 1e9) <= t.tolerance_s
                      AND t.setting LIKE '%100%'
)
SELECT w.flow_id, w.request_ns AS from_ns, w.request_body_ns AS to_ns, 'warning' AS severity,
       iif(EXISTS (SELECT 1 FROM candidate c WHERE c.flow_id = w.flow_id AND c.nr = w.nr),
           'proven', 'likely') AS confidence,
       iif(w.continue_ns IS NULL, 'The server did not answer Expect: 100-continue; the client waited ',
           'The server said 100 (Continue) only after ' || printf('%.3f s', (w.continue_ns - w.request_ns) / 1e9)
           || '; the client had waited ') || printf('%.3f s', w.wait_ns / 1e9)
         || ' before it sent the body of ' || w.method || ' ' || substr(w.target, 1, 80)
         || iif(w.response_ns IS NULL, '.', ', which was then answered ' || w.status || ' within '
                || duration(w.response_ns - coalesce(w.request_end_ns, w.request_body_ns)) || '.') AS summary,
       json_object('expect_wait_s', seconds(w.wait_ns), 'body_len', coalesce(w.request_declared, w.request_bytes),
                   'final_status', w.status, 'hundred_came_late', json(iif(w.continue_ns IS NULL, 'false', 'true')),
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT text FROM candidate c WHERE c.flow_id = w.flow_id AND c.nr = w.nr ORDER BY text))),
                   'bucket', round(w.wait_ns / 1e8)) AS numbers,
       json_array(json_object('frame', w.request_frame, 'role', 'head with Expect: 100-continue'),
                  json_object('frame', w.request_body_frame, 'role', 'body, unasked'),
                  json_object('frame', w.continue_frame, 'role', '100 (Continue), too late'),
                  json_object('frame', w.response_frame, 'role', 'response ' || w.status)) AS evidence
  FROM waited w
 ORDER BY w.request_ns, w.flow_id, w.nr;
