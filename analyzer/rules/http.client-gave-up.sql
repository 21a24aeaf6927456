-- id:        http.client-gave-up
-- title:     The client gave up before the answer came
-- severity:  error
-- over:      http_exchange
-- param:     min_wait_s = 0.5      the shortest wait worth telling, where no late answer proves it
-- param:     echo_s = 0.2          how near a number in the request must be to the wait
-- needs:     end, frames
-- yields:    http.proxy-connect-hung
-- explains:  The client sent a whole request and closed the connection before a byte of the response
--            reached it. That is the client's own time-out (or its user), whatever the server was
--            doing. Where the response came after all, it met a closed socket: the client's host
--            answered it with RST, the server did the work, and the caller saw an error.
--            Who was first is judged by what the client's FIN acknowledges, not by the order in the
--            capture: near the server a response can be seen before a FIN that crosses it.
-- remedy:    Give the client a time-out longer than the longest answer (it waited {request_to_close_s} s).
--            Leave a margin of a network round trip and some seconds, or ask the server for less
--            ({target}).
--            A request that names its own waiting time needs a client time-out above it:
--                curl --max-time, Go http.Client.Timeout, requests timeout=, CURLOPT_TIMEOUT
-- confirm:   The same request with a longer client time-out is answered. In a second capture the wait
--            is the same to a few milliseconds: a timer. Waits that differ widely speak of users.
-- not:       A client that closes its sending side right after the request and reads the response
--            (half-close) has not given up: the response is acknowledged and no RST follows.
-- reference: RFC 9293, section 3.6; RFC 9110, section 9.2.2
WITH waited AS (
  SELECT x.*, f.capture_id, f.rtt_ns, f.server_fin_ns, f.client_fin_ns, f.client_fin_frame, n.server,
         coalesce(f.client_fin_ns, r.ns) AS close_ns,
         coalesce(f.client_fin_frame, r.frame) AS close_frame,
         (SELECT min(late.frame) FROM reset late
           WHERE late.flow_id = f.id AND late.sender = 'client' AND late.after_own_fin
             AND late.frame > coalesce(x.response_frame, f.client_fin_frame)) AS late_rst_frame,
         -- nothing of the client after the response: the capture ends here
         NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = f.id AND p.sender = 'client'
                        AND p.frame > x.response_frame) AS capture_ends
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_name n ON n.flow_id = f.id
    JOIN flow_doubt d ON d.flow_id = f.id
    LEFT JOIN reset_anatomy r ON r.flow_id = f.id AND r.sender = 'client' AND f.client_fin_ns IS NULL
                     AND NOT r.after_peer_fin AND f.ended_frame = r.frame AND r.class = 'abort'
   WHERE f.ended_by = 'client'
     AND x.method IS NOT NULL
     -- all of the request was sent, or it waited for the leave to send its body
     AND (x.request_state = 'complete' OR x.expect_continue AND x.request_body_ns IS NULL)
     AND NOT EXISTS (SELECT 1 FROM http_exchange later WHERE later.flow_id = x.flow_id AND later.nr > x.nr)
     AND coalesce(f.client_fin_ns, r.ns) IS NOT NULL
     -- where nothing answered, it must not be for want of capturing or understanding it
     AND (x.response_ns IS NOT NULL
          OR NOT d.doubt AND coalesce(f.server_last_data_ns, 0) <= max(coalesce(x.continue_ns, 0), x.request_ns)
             -- and the request must have arrived
             AND EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = f.id AND p.sender = 'server'
                            AND p.frame > x.request_frame AND p.flags & 16))
     -- not a byte of the response had reached the client when it closed
     AND (x.response_ns IS NULL OR coalesce(f.client_fin_acks_off, r.peer_bytes_acked) <= x.response_off)
), judged AS (
  SELECT *, close_ns - request_ns AS wait_ns,
         -- the connection's end is in the capture, and no answer before it
         response_ns IS NOT NULL OR server_fin_ns IS NOT NULL OR client_fin_ns IS NULL
           OR EXISTS (SELECT 1 FROM reset s WHERE s.flow_id = waited.flow_id AND s.sender = 'server') AS settled
    FROM waited
   WHERE CASE WHEN late_rst_frame IS NOT NULL THEN close_ns - request_ns > 10000000
              WHEN response_ns IS NULL OR capture_ends THEN close_ns - request_ns >= :min_wait_s * 1e9 END
), asked AS (
  -- times that the request names: by their name, or because the wait was just that long
  SELECT j.flow_id, a.value ->> 'name' AS name, a.value ->> 'as' AS text, 1.0 * (a.value ->> 'seconds') AS s,
         abs((a.value ->> 'seconds') - j.wait_ns / 1e9) <= :echo_s AS is_echo
    FROM judged j JOIN json_each(asked_times(j.target, j.request_head)) a
   WHERE a.value ->> 'named' OR abs((a.value ->> 'seconds') - j.wait_ns / 1e9) <= :echo_s
), echo AS (
  SELECT flow_id, max(is_echo) AS is_echo, min(iif(is_echo, text, NULL)) AS text,
         json_group_object(name || '_s', s) AS numbers
    FROM asked GROUP BY flow_id
)
SELECT j.flow_id, j.request_ns AS from_ns, max(j.close_ns, coalesce(j.response_ns, 0)) AS to_ns,
       iif(j.settled, 'error', 'warning') AS severity,
       CASE WHEN NOT j.settled THEN 'possible'
            WHEN j.late_rst_frame IS NULL THEN 'likely' ELSE 'proven' END AS confidence,
       'The client closed ' || printf('%.3f s', j.wait_ns / 1e9) || ' after it sent ' || j.method || ' '
         || substr(j.target, 1, 80)
         || CASE WHEN NOT j.settled THEN ' (its sending side at least); no response had come when the capture ended'
                 WHEN j.response_ns IS NULL THEN '; no response was ever sent'
                 WHEN j.response_ns >= j.close_ns
                 THEN '; the server answered ' || j.status || ' ' || printf('%.3f s', (j.response_ns - j.close_ns) / 1e9)
                      || ' later, into a closed socket'
                 ELSE '; its FIN and the server''s ' || j.status || ' crossed on the way, and the answer was discarded'
            END
         || iif(e.is_echo, '. The client''s time-out is the very time that the request asks for (' || e.text || ').', '.')
         AS summary,
       json_patch(json_object(
         'request_to_close_s', seconds(j.wait_ns),
         'request_to_fin_s', iif(j.client_fin_ns IS NULL, NULL, seconds(j.wait_ns)),
         'request_to_response_s', seconds(j.response_ns - j.request_ns),
         'response_after_fin_s', seconds(j.response_ns - j.close_ns),
         'client_timeout_s', iif(abs(j.wait_ns / 1e9 - round(j.wait_ns / 1e9)) <= 0.1, round(j.wait_ns / 1e9), NULL),
         'rtt_s', seconds(j.rtt_ns),
         'http_status', j.status,
         'interim_100', json(iif(j.continue_ns IS NULL, 'false', 'true')),
         'method', j.method, 'target', j.target,
         'bucket', round(j.wait_ns / 1e9)), coalesce(e.numbers, '{}')) AS numbers,
       json_array(json_object('frame', j.request_frame, 'role', 'request'),
                  json_object('frame', j.request_end_frame, 'role', 'end of the request'),
                  json_object('frame', j.close_frame, 'role', iif(j.client_fin_ns IS NULL, 'client RST', 'client FIN')),
                  json_object('frame', j.response_frame, 'role', 'response ' || j.status),
                  json_object('frame', j.late_rst_frame, 'role', 'RST: the socket is gone')) AS evidence
  FROM judged j
  LEFT JOIN echo e ON e.flow_id = j.flow_id
 ORDER BY j.flow_id;
