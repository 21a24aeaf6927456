-- id:        http.server-error
-- title:     The server answered with an error (5xx)
-- severity:  error
-- over:      http_exchange
-- param:     timer_s = 0.05        error answers whose times differ by no more are made by a timer
-- explains:  {server} answered {count} of {answers} requests with {status} {reason}. {meaning} These answers came
--            {wait_min_s} to {wait_max_s} s after the request (half of them within {wait_s} s).{known}
-- remedy:    {look}
--                grep ' {status} ' access.log
-- confirm:   The same request sent past the proxy, straight to the program behind, shows who makes the error:
--                curl -v http://{server}{target}
-- not:       4xx statuses are about the request. Errors that stand close together, between good times, are
--            http.error-burst. A connection that ended without any status is http.server-aborted.
-- reference: RFC 9110, section 15.6
WITH failed AS (
  SELECT x.*, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.server,
         x.response_ns - coalesce(iif(x.request_end_ns <= x.response_ns, x.request_end_ns, NULL), x.request_ns) AS wait_ns,
         row_number() OVER (PARTITION BY f.capture_id, f.server_ip, f.server_port, x.status
                            ORDER BY x.response_ns, x.flow_id, x.nr) AS nth,
         json_object('frame', x.request_frame, 'role', 'request', 'flow', x.flow_id) || ','
           || json_object('frame', x.response_frame, 'role', 'response ' || x.status, 'flow', x.flow_id) AS proof
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE x.status >= 400 AND x.status >= 500 AND x.method <> 'CONNECT'
     AND NOT EXISTS (SELECT 1 FROM http_error_burst b
                      WHERE b.capture_id = f.capture_id AND b.server_ip = f.server_ip AND b.server_port = f.server_port
                        AND x.response_ns BETWEEN b.from_ns AND b.to_ns)
), ranked AS (
  SELECT *, row_number() OVER w AS rank, count(*) OVER (PARTITION BY capture_id, server_ip, server_port, status) AS n
    FROM failed WINDOW w AS (PARTITION BY capture_id, server_ip, server_port, status ORDER BY wait_ns)
), told AS (
  SELECT capture_id, server_ip, server_port, status, server, count(*) AS count, min(flow_id) AS flow_id,
         iif(count(DISTINCT client_ip) = 1, min(client_ip), NULL) AS client_ip, count(DISTINCT client_ip) AS clients,
         min(coalesce(request_ns, response_ns)) AS from_ns, max(response_ns) AS to_ns,
         max(iif(nth = 1, flow_id, NULL)) AS first_flow,
         max(iif(nth = 1, method, NULL)) AS method, max(iif(nth = 1, target, NULL)) AS target,
         max(iif(nth = 1, reason, NULL)) AS reason,
         max(iif(nth = 1, request_ns, NULL)) AS request_ns, max(iif(nth = 1, response_ns, NULL)) AS response_ns,
         min(wait_ns) AS min_ns, max(wait_ns) AS max_ns, max(iif(rank = (n + 1) / 2, wait_ns, NULL)) AS mid_ns,
         '[' || group_concat(proof) FILTER (WHERE nth <= 24) AS proof
    FROM ranked
   GROUP BY capture_id, server_ip, server_port, status
), behind AS (
  -- what a proxy's host asked for in that time: the same request, or a connection that was refused
  SELECT t.capture_id, t.server_ip, t.server_port, t.status, b.id AS flow_id, b.ended, b.ended_by, b.ended_frame, nb.server,
         y.request_frame, y.response_state,
         row_number() OVER (PARTITION BY t.capture_id, t.server_ip, t.server_port, t.status
                            ORDER BY y.request_frame IS NULL, b.id) AS nth
    FROM told t
    JOIN flow b ON b.capture_id = t.capture_id AND b.client_ip IN (t.server_ip, '127.0.0.1', '::1')
               AND b.first_ns <= t.response_ns AND b.last_ns >= t.request_ns AND b.id <> t.first_flow
    JOIN flow_name nb ON nb.flow_id = b.id
    LEFT JOIN http_exchange y ON y.flow_id = b.id AND y.target = t.target AND y.method = t.method
                             AND y.request_ns BETWEEN t.request_ns AND t.response_ns
   WHERE t.status IN (502, 503, 504)
     AND (y.request_frame IS NOT NULL OR b.ended = 'refused' AND b.syn_ns BETWEEN t.request_ns AND t.response_ns)
), upstream AS (
  SELECT *, CASE WHEN request_frame IS NULL THEN 'refused the connection'
                 WHEN response_state = 'none' THEN 'did not answer' ELSE 'answered' END AS did
    FROM behind WHERE nth = 1
)
SELECT t.flow_id, t.capture_id, t.from_ns, t.to_ns,
       iif(t.status IN (501, 505, 506, 508, 510, 511), 'warning', 'error') AS severity, 'proven' AS confidence,
       coalesce(iif(t.count = 1, (SELECT n.client FROM flow_name n WHERE n.flow_id = t.flow_id), t.client_ip), t.clients || ' clients') AS client,
       t.server,
       t.server || ' answered ' || iif(t.count = 1, t.method || ' ' || substr(t.target, 1, 80), t.count || ' requests')
         || ' with ' || t.status || ' ' || coalesce(t.reason, '')
         || iif(t.count = 1, ' after ' || duration(t.mid_ns),
                iif(t.max_ns - t.min_ns <= :timer_s * 1e9 AND t.min_ns >= 500000000,
                    ', each ' || printf('%.3f s', t.mid_ns / 1e9) || ' after it: a timer',
                    ', ' || duration(t.min_ns) || ' to ' || duration(t.max_ns) || ' after them'))
         || iif(u.flow_id IS NULL, '', '; behind it ' || u.server || ' ' || u.did) || '.' AS summary,
       json_object('status', t.status, 'reason', t.reason, 'count', t.count, 'clients', t.clients,
                   'answers', (SELECT count(*) FROM flow f JOIN http_exchange x ON x.flow_id = f.id
                                WHERE f.server_ip = t.server_ip AND f.server_port = t.server_port
                                  AND f.capture_id = t.capture_id AND x.status IS NOT NULL),
                   'wait_s', seconds(t.mid_ns), 'wait_min_s', seconds(t.min_ns), 'wait_max_s', seconds(t.max_ns),
                   'request_to_response_s', iif(t.count = 1, seconds(t.response_ns - t.request_ns), NULL),
                   'upstream', u.server, 'upstream_did', u.did,
                   'span_s', seconds(t.to_ns - t.from_ns), 'method', t.method, 'target', t.target, 'server', t.server,
                   'meaning', CASE t.status
                      WHEN 500 THEN 'The program failed at its work, and the server said so.'
                      WHEN 502 THEN 'A proxy answered: the program behind it refused the connection, broke it off, or answered nonsense.'
                      WHEN 503 THEN 'The server, or a proxy before it, says that it cannot serve at present: no backend is healthy, a queue or pool is full, or it is being restarted.'
                      WHEN 504 THEN 'A proxy answered: the program behind it took longer than the proxy waits.'
                      WHEN 501 THEN 'The server does not know the method.'
                      WHEN 505 THEN 'The server does not speak this version of HTTP.'
                      ELSE 'The server says that the fault is its own.' END,
                   'look', CASE t.status
                      WHEN 502 THEN 'Look at the proxy''s error log on ' || t.server || ' (nginx: "upstream prematurely closed", "connect() failed"), then at the program behind it at that time: crashes, restarts, limits on time or memory.'
                      WHEN 503 THEN 'Look at the state of the backends (HAProxy: show stat; Kubernetes: kubectl get endpoints), at queues and limits (maxconn, pm.max_children), and at deployments at that time. Clients should wait (Retry-After) and try again.'
                      WHEN 504 THEN 'Find what the program behind the proxy waits for; or raise the proxy''s limit above it (nginx: proxy_read_timeout, fastcgi_read_timeout; HAProxy: timeout server), and the client''s above that.'
                      ELSE 'Look at the program''s error log on ' || t.server || ' at the time of each answer; the access log has the requests:' END,
                   'candidates', json((SELECT json_group_array(text) FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text FROM known_timer k
                       WHERE t.status IN (502, 503, 504) AND k.layer IN ('http', 'proxy', 'balancer') AND k.setting NOT LIKE '%100%'
                         AND abs(k.seconds - t.mid_ns / 1e9) <= k.tolerance_s ORDER BY k.seconds, text))),
                   'known', (SELECT ' Known timers of that length: ' || group_concat(text, ', ') || '.' FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text FROM known_timer k
                       WHERE t.status IN (502, 503, 504) AND k.layer IN ('http', 'proxy', 'balancer') AND k.setting NOT LIKE '%100%'
                         AND abs(k.seconds - t.mid_ns / 1e9) <= k.tolerance_s ORDER BY k.seconds, text)),
                   'bucket', t.status) AS numbers,
       t.proof || iif(u.flow_id IS NULL, '',
         ',' || json_object('frame', u.request_frame, 'role', 'the request, sent on', 'flow', u.flow_id)
         || ',' || json_object('frame', u.ended_frame, 'role', coalesce(u.ended_by, 'its') || ' ' || iif(u.ended = 'rst', 'RST', 'FIN'), 'flow', u.flow_id)) || ']' AS evidence
  FROM told t
  LEFT JOIN upstream u ON u.capture_id = t.capture_id AND u.server_ip = t.server_ip AND u.server_port = t.server_port AND u.status = t.status
 ORDER BY t.capture_id, t.from_ns, t.server, t.status;
