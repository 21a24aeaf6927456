-- id:        http.expect-ignored
-- title:     Expect: 100-continue was never answered, and the body never sent
-- severity:  error
-- over:      http_exchange
-- param:     min_wait_s = 1        a shorter wait is no deadlock
-- needs:     payload, both-sides, frames
-- yields:    http.keepalive-race, http.client-gave-up, tcp.blackhole, tcp.idle-blackhole
-- explains:  The request announced its body with Expect: 100-continue. The server's host acknowledged the head,
--            but its program sent neither 100 (Continue) nor a final status; the client, which has no time-out
--            for this (or a longer one), never sent the body. Each waited for the other for {wait_s} s,
--            {ending}. A server that does not support Expect reads on for the body that the client
--            holds back.
-- remedy:    Let the client not ask, or not wait for ever:
--                curl -H 'Expect:' ; curl --expect100-timeout 1 ; CURLOPT_EXPECT_100_TIMEOUT_MS
--                Go: http.Transport.ExpectContinueTimeout (0 sends the body at once); .NET: ExpectContinue = false
--            and the server, or the proxy before it, answer 100 as RFC 9110, 10.1.1, wants of it.
-- confirm:   The same request without the Expect header is answered at once.
-- not:       A client that sends its body after a while without leave has a time-out for this
--            (http.expect-wait). One that closes first has given up (http.client-gave-up).
-- reference: RFC 9110, section 10.1.1
SELECT x.flow_id, x.request_ns AS from_ns, f.last_ns AS to_ns,
       iif(f.ended = 'open', 'warning', 'error') AS severity,
       iif(f.ended = 'open', 'likely', 'proven') AS confidence,
       'Nobody spoke after the head of ' || x.method || ' ' || substr(x.target, 1, 80) || ' with Expect: 100-continue: the server sent no 100 and no status, the client no body, for '
         || printf('%.3f s', (coalesce(f.ended_ns, f.last_ns) - x.request_head_end_ns) / 1e9)
         || iif(f.ended = 'open', ', to the end of the capture.', '; then the server''s side ended the connection (' || upper(f.ended) || ').') AS summary,
       json_object('wait_s', seconds(coalesce(f.ended_ns, f.last_ns) - x.request_head_end_ns),
                   'request_to_close_s', seconds(f.ended_ns - x.request_ns),
                   'content_length_announced', x.request_declared, 'bodies_sent', 0,
                   'ending', iif(f.ended = 'open', 'to the end of the capture', 'until the server''s side ended the connection'),
                   'method', x.method, 'target', x.target,
                   'bucket', round((coalesce(f.ended_ns, f.last_ns) - x.request_head_end_ns) / 1e9)) AS numbers,
       json_array(json_object('frame', x.request_frame, 'role', 'head with Expect: 100-continue'),
                  json_object('frame', x.request_head_end_frame, 'role', 'end of the head'),
                  json_object('frame', f.ended_frame, 'role', 'server ' || upper(f.ended))) AS evidence
  FROM http_exchange x
  JOIN connection f ON f.id = x.flow_id
  JOIN flow_doubt d ON d.flow_id = f.id AND NOT d.doubt
 WHERE x.response_state <> 'complete' AND x.response_state = 'none'
   AND x.expect_continue AND x.expect_body = 'unsent' AND x.continue_ns IS NULL
   AND coalesce(x.request_declared, 1) > 0 AND x.request_head_end_ns IS NOT NULL
   AND (f.ended = 'open' OR f.ended_by = 'server')
   AND coalesce(f.ended_ns, f.last_ns) - x.request_head_end_ns >= :min_wait_s * 1e9
   AND f.client_acked_off > x.request_off
   AND coalesce(f.server_last_data_ns, 0) <= x.request_ns
 ORDER BY x.request_ns, x.flow_id;
