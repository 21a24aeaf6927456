-- id:        http.slow-response
-- title:     Answers took long
-- severity:  warning
-- over:      http_exchange
-- param:     slow_s = 3            quicker answers are not told
-- param:     factor = 10           so many times the endpoint's usual time
-- param:     serious_s = 20        the worst of several as slow as this is a warning
-- param:     usual_of = 10         so many answers say what is usual
-- param:     ack_s = 0.5           a host that acknowledged the request so soon had it
-- param:     echo_s = 0.5          how near a number in the request must be to the time, to have asked for it
-- needs:     payload, both-sides
-- yields:    http.client-gave-up, http.response-cut
-- explains:  {share} The slowest took {wait_s} s. A round trip takes {rtt_s} s; the server's host acknowledged the
--            request after {kernel_ack_s} s, and the answer came {think_s} s after that: so long the program, or what it
--            waited for, worked. No segment was sent again in that time.
-- remedy:    Look at what the program did for {method} {target} at {at}: slow queries, locks, calls of other
--            services, garbage collection, a full pool of workers:
--                php-fpm: slowlog; PostgreSQL: log_min_duration_statement; Java: jstack; nginx: $upstream_response_time in the log
-- confirm:   The server's own log gives the request the same time. A capture on the server shows the same
--            time between the request and the answer.
-- not:       Requests that ask the server to wait (long polling, ?wait=, events) are meant to be slow. Times of the
--            network show as retransmissions or in the round trip.
-- reference: RFC 9110, section 3.6
WITH slow AS (
  SELECT x.flow_id, x.nr, x.method, x.target, x.status, x.request_ns, x.request_frame, x.request_end_ns, x.request_end_frame,
         x.response_ns, x.response_frame, x.response_ns - x.request_end_ns AS wait_ns,
         f.capture_id, f.client_ip, f.server_ip, f.server_port, f.rtt_ns, n.server
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE x.response_ns - x.request_end_ns >= 1000000000 AND x.response_ns - x.request_end_ns >= :slow_s * 1e9
     AND x.method IS NOT NULL AND x.method <> 'CONNECT' AND x.status <> 101
     -- what a proxy says of a program that was slow is http.server-error; a 408 is the client's fault
     AND x.status NOT IN (408, 502, 503, 504)
     -- segments that were lost on the way may have cost the time
     AND NOT EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = x.flow_id
                        AND e.kind IN ('retransmission', 'out_of_order', 'lost_segment', 'zero_window')
                        AND e.frame > x.request_end_frame AND e.frame <= x.response_frame)
     -- it asks for the time that it took
     AND NOT EXISTS (SELECT 1 FROM json_each(asked_times(x.target, x.request_head)) a
                      WHERE abs((a.value ->> 'seconds') - (x.response_ns - x.request_end_ns) / 1e9) <= :echo_s)
     -- the client that did not wait for it is http.client-gave-up
     AND (f.client_fin_ns IS NULL OR f.client_fin_ns >= x.response_ns)
), timed AS (
  -- all answers of the endpoints that were slow once
  SELECT e.capture_id, e.server_ip, e.server_port, y.response_ns - y.request_end_ns AS wait_ns
    FROM (SELECT DISTINCT capture_id, server_ip, server_port FROM slow) e
    JOIN flow f ON f.capture_id = e.capture_id AND f.server_ip = e.server_ip AND f.server_port = e.server_port
    JOIN http_exchange y ON y.flow_id = f.id
   WHERE y.response_ns >= y.request_end_ns
), usual AS (
  SELECT capture_id, server_ip, server_port, n AS answers, max(iif(rank = (n + 1) / 2, wait_ns, NULL)) AS median_ns
    FROM (SELECT *, row_number() OVER (PARTITION BY capture_id, server_ip, server_port ORDER BY wait_ns) AS rank,
                 count(*) OVER (PARTITION BY capture_id, server_ip, server_port) AS n FROM timed)
   GROUP BY capture_id, server_ip, server_port
), outlier AS (
  SELECT s.*, u.answers, u.median_ns,
         row_number() OVER (PARTITION BY s.capture_id, s.server_ip, s.server_port ORDER BY s.wait_ns DESC, s.flow_id, s.nr) AS nth
    FROM slow s
    JOIN usual u ON u.capture_id = s.capture_id AND u.server_ip = s.server_ip AND u.server_port = s.server_port
   -- where there are few, none of them is usual
   WHERE u.answers < :usual_of OR s.wait_ns >= :factor * u.median_ns
), worst AS (
  SELECT o.*, (SELECT min(p.ns) FROM packet p WHERE p.flow_id = o.flow_id AND p.sender = 'server' AND p.flags & 16
                  AND p.frame > o.request_end_frame AND p.frame <= o.response_frame) AS ack_ns
    FROM outlier o WHERE o.nth = 1
), told AS (
  SELECT capture_id, server_ip, server_port, count(*) AS slow, min(wait_ns) AS least_ns, min(request_ns) AS from_ns, max(response_ns) AS to_ns,
         iif(count(DISTINCT client_ip) = 1, min(client_ip), count(DISTINCT client_ip) || ' clients') AS client,
         '[' || group_concat(json_object('frame', request_end_frame, 'role', 'end of the request', 'flow', flow_id) || ','
                  || json_object('frame', response_frame, 'role', 'response ' || status, 'flow', flow_id)) FILTER (WHERE nth <= 16) || ']' AS evidence
    FROM outlier GROUP BY capture_id, server_ip, server_port
)
SELECT w.flow_id, w.capture_id, t.from_ns, t.to_ns,
       iif(w.answers >= :usual_of AND w.wait_ns >= :serious_s * 1e9 AND t.slow >= 2, 'warning', 'note') AS severity,
       iif(w.answers >= :usual_of, 'likely', 'possible') AS confidence,
       iif(t.slow = 1, (SELECT n.client FROM flow_name n WHERE n.flow_id = w.flow_id), t.client) AS client, w.server,
       iif(t.slow = 1, w.method || ' ' || substr(w.target, 1, 80) || ' was answered ' || w.status || ' after ' || printf('%.3f s', w.wait_ns / 1e9),
           t.slow || ' answers of ' || w.server || ' took ' || printf('%.3f', t.least_ns / 1e9) || ' to ' || printf('%.3f s', w.wait_ns / 1e9)
             || ', the slowest to ' || w.method || ' ' || substr(w.target, 1, 80))
         || iif(w.answers >= :usual_of, '; half of ' || w.answers || ' answers came within ' || duration(w.median_ns), '')
         || iif(w.ack_ns - w.request_end_ns <= coalesce(w.rtt_ns, 0) + :ack_s * 1e9,
                '. The server''s host had the request after ' || duration(w.ack_ns - w.request_end_ns) || '; the rest of the time was spent behind it.',
                '. Where the time was spent this capture does not show.') AS summary,
       json_object('share', CASE WHEN w.answers = 1 THEN 'It is the only answer of ' || w.server || ' here, so what is usual cannot be told.'
                                 ELSE t.slow || ' of ' || w.answers || ' answers of ' || w.server || ' took ' || seconds(t.least_ns) || ' s and more; half of all came within '
                                        || seconds(w.median_ns) || ' s.' END,
                   'slow', t.slow, 'answers', w.answers, 'slow_from_s', seconds(t.least_ns), 'median_s', seconds(w.median_ns),
                   'wait_s', seconds(w.wait_ns), 'request_to_response_s', seconds(w.response_ns - w.request_ns),
                   'rtt_s', seconds(w.rtt_ns), 'kernel_ack_s', seconds(w.ack_ns - w.request_end_ns),
                   'think_s', seconds(w.response_ns - coalesce(w.ack_ns, w.request_end_ns)),
                   'status', w.status, 'method', w.method, 'target', w.target, 'server', w.server,
                   'at', strftime('%Y-%m-%d %H:%M:%S', w.request_ns / 1000000000, 'unixepoch') || ' UTC') AS numbers,
       t.evidence
  FROM worst w
  JOIN told t ON t.capture_id = w.capture_id AND t.server_ip = w.server_ip AND t.server_port = w.server_port
 ORDER BY w.capture_id, t.from_ns, w.server;
