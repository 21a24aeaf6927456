-- id:        http.server-aborted
-- title:     The server ended the connection instead of answering
-- severity:  error
-- over:      http_exchange
-- param:     fin_s = 1             a FIN sooner than this is no time limit (http.no-response)
-- param:     near_s = 0.02         waits that differ by no more are of one timer; or by 1 %
-- param:     timer_count = 3       so many make it a timer
-- param:     timer_s = 0.5         what is over sooner is no time limit: it is how fast the program failed
-- param:     echo_s = 0.2          how near a number in the request must be to the wait
-- needs:     payload, both-sides, frames
-- yields:    http.keepalive-race, http.keepalive-requests, http.expect-ignored, http.plain-on-tls-port, http.proxy-connect-hung, tcp.unread-data-reset, tcp.timer-reset, tcp.injected-reset, tcp.mass-close, amqp.protocol-mismatch
-- explains:  The request had reached the server's host, and {wait_s} s later the server's side ended the
--            connection with {close_is}, without a byte of an answer. A program that has an answer, even an
--            error, sends it; so this was a worker that crashed or was killed, a time limit on requests,
--            or a proxy or balancer that gave up and hung up. Of {ended_alike} requests to {server} that were
--            ended so, {same_wait} waited as long as this one: three and more are a timer, where the wait is
--            half a second at the least.{known}
-- remedy:    Look at the log of {server} at {at}, of the program's workers as well as of the web server:
--                php-fpm: request_terminate_timeout, "exited on signal"; gunicorn: --timeout, "WORKER TIMEOUT"
--                uwsgi: harakiri; Node.js: server.requestTimeout; kernel: journalctl -k | grep -i -e oom -e segfault
--            If it is a timer, either the work ({method} {target}) must take less than {wait_s} s, or the limit
--            must be raised, on each proxy on the way as well.
-- confirm:   The same request sent to the program itself, past the proxy, is ended after the same time (its
--            own limit) or not (the proxy's):
--                time curl -v -o /dev/null http://{server}{target}
-- not:       A server that closes an idle connection as the next request arrives is http.keepalive-race. A
--            client that closes first gave up (http.client-gave-up). A RST of a host that does not know the
--            connection (no ACK) is a restart or a forgotten address translation.
-- reference: RFC 9112, section 9.5; RFC 9293, section 3.5.2
WITH ended AS (
  SELECT h.*, n.server, f.server_tsval,
         count(*) OVER near AS near, count(*) OVER alike AS alike, count(*) OVER endpoint AS all_of,
         min(h.wait_ns) OVER near AS near_min_ns, max(h.wait_ns) OVER near AS near_max_ns
    FROM http_unanswered h
    JOIN flow f ON f.id = h.flow_id
    JOIN flow_name n ON n.flow_id = h.flow_id
   WHERE h.close_is = 'RST' OR h.wait_ns >= :fin_s * 1e9
  WINDOW endpoint AS (PARTITION BY h.capture_id, h.server_ip, h.server_port, h.close_is),
         near AS (PARTITION BY h.capture_id, h.server_ip, h.server_port, h.close_is ORDER BY h.wait_ns / 1e9
                  RANGE BETWEEN :near_s PRECEDING AND :near_s FOLLOWING),
         alike AS (PARTITION BY h.capture_id, h.server_ip, h.server_port, h.close_is
                   ORDER BY ln(max(h.wait_ns, 1)) RANGE BETWEEN 0.01 PRECEDING AND 0.01 FOLLOWING)
), judged AS (
  SELECT *, max(near, alike) AS same, wait_ns >= :timer_s * 1e9 AND max(near, alike) >= :timer_count AS is_timer FROM ended
), echo AS (
  -- the request asked for just that time
  SELECT j.flow_id, min(a.value ->> 'as') AS text, json_group_object((a.value ->> 'name') || '_s', 1.0 * (a.value ->> 'seconds')) AS numbers
    FROM judged j
   CROSS JOIN http_exchange x ON x.flow_id = j.flow_id AND x.nr = j.nr
    JOIN json_each(asked_times(j.target, x.request_head)) a
   WHERE abs((a.value ->> 'seconds') - j.wait_ns / 1e9) <= :echo_s AND a.value ->> 'seconds' > 0
   GROUP BY j.flow_id
), candidate AS (
  SELECT j.flow_id, printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text, t.seconds
    FROM judged j
    JOIN known_timer t ON t.layer IN ('http', 'proxy', 'balancer') AND t.setting NOT LIKE '%100%'
                      AND abs(t.seconds - j.wait_ns / 1e9) <= t.tolerance_s
)
SELECT j.flow_id, j.request_ns AS from_ns, j.close_ns AS to_ns, 'error' AS severity,
       -- a live socket puts its timestamps into a RST; where none are used, a device could have made it
       iif(j.close_is = 'FIN' OR j.server_tsval IS NOT NULL, 'proven', 'likely') AS confidence,
       'The server''s side ended the connection by ' || j.close_is || ' ' || iif(j.wait_ns < 10000000, duration(j.wait_ns), printf('%.3f s', j.wait_ns / 1e9)) || ' after '
         || CASE WHEN j.request_state = 'complete' THEN 'it had ' ELSE 'it had the beginning of ' END
         || j.method || ' ' || substr(j.target, 1, 80) || ', without a byte of an answer'
         || iif(j.is_timer, '. ' || j.same || ' of ' || j.all_of || ' such ends came after the same time: a timer on the server''s side.', '.')
         || iif(e.text IS NULL, '', ' The request asks for that very time (' || e.text || ').') AS summary,
       json_patch(json_object('wait_s', seconds(j.wait_ns), 'request_to_close_s', seconds(j.close_ns - j.request_ns),
                   'request_to_rst_s', iif(j.close_is = 'RST', seconds(j.close_ns - j.request_ns), NULL),
                   'request_to_fin_s', iif(j.close_is = 'FIN', seconds(j.close_ns - j.request_ns), NULL),
                   'close_is', j.close_is, 'same_wait', j.same, 'ended_alike', j.all_of,
                   'is_timer', json(iif(j.is_timer, 'true', 'false')),
                   'interim_100', json(iif(j.continue_ns IS NULL, 'false', 'true')),
                   'body_len', coalesce(j.request_declared, j.request_bytes),
                   'method', j.method, 'target', j.target, 'server', j.server,
                   'at', strftime('%Y-%m-%d %H:%M:%S', j.close_ns / 1000000000, 'unixepoch') || ' UTC',
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT text FROM candidate c WHERE c.flow_id = j.flow_id ORDER BY seconds, text))),
                   'known', (SELECT ' Known timers of that length: ' || group_concat(text, ', ') || '.' FROM
                               (SELECT text FROM candidate c WHERE c.flow_id = j.flow_id ORDER BY seconds, text)),
                   'bucket', round(j.wait_ns / 1e9)), coalesce(e.numbers, '{}')) AS numbers,
       json_array(json_object('frame', j.request_frame, 'role', 'request'),
                  json_object('frame', j.request_end_frame, 'role', 'end of the request'),
                  json_object('frame', j.continue_frame, 'role', '100 (Continue)'),
                  json_object('frame', j.close_frame, 'role', 'server ' || j.close_is)) AS evidence
  FROM judged j
  LEFT JOIN echo e ON e.flow_id = j.flow_id
 ORDER BY j.close_ns, j.flow_id;
