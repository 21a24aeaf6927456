-- id:        http.error-burst
-- title:     For a while, most answers of an endpoint were errors
-- severity:  error
-- over:      http_exchange
-- explains:  {server} answered {errors} of {answers} requests with 5xx within {span_s} s ({statuses}), from {clients}
--            clients, and answered well before or after that ({good_before} times before, {good_after} after). So
--            something failed and came back: a restart or deployment, a backend or database that was
--            away, a limit that was reached. It is one event, not {errors} faults.
-- remedy:    Look for what happened at {at}: deployments and restarts, the state of the backends and
--            the database, full queues and pools:
--                journalctl --since '{at}' ; kubectl get events --sort-by=.lastTimestamp
--            Drain a server before a planned restart, and let clients repeat what may be repeated
--            after a pause that grows.
-- confirm:   The first error stands at the time of an entry in one of these logs; the last at the time at which it was over.
-- not:       Errors that come all the time, or seldom, are http.server-error.
-- reference: RFC 9110, section 15.6
WITH hit AS (
  SELECT b.*, x.flow_id, x.status, x.response_ns, x.response_frame, f.client_ip, n.server,
         row_number() OVER (PARTITION BY b.capture_id, b.server_ip, b.server_port, b.from_ns
                            ORDER BY x.response_ns, x.flow_id, x.nr) AS nth
    FROM http_error_burst b
    JOIN connection f ON f.capture_id = b.capture_id AND f.server_ip = b.server_ip AND f.server_port = b.server_port
    JOIN flow_name n ON n.flow_id = f.id
    JOIN http_exchange x ON x.flow_id = f.id AND x.status >= 500 AND x.method <> 'CONNECT'
                        AND x.response_ns BETWEEN b.from_ns AND b.to_ns
), counted AS (
  SELECT capture_id, server_ip, server_port, from_ns, group_concat(status || ' x ' || n, ', ') AS statuses
    FROM (SELECT capture_id, server_ip, server_port, from_ns, status, count(*) AS n FROM hit GROUP BY 1, 2, 3, 4, 5 ORDER BY status)
   GROUP BY 1, 2, 3, 4
)
SELECT min(h.flow_id) AS flow_id, h.capture_id, h.from_ns, h.to_ns, 'error' AS severity, 'proven' AS confidence,
       iif(count(DISTINCT h.client_ip) = 1, min(h.client_ip), count(DISTINCT h.client_ip) || ' clients') AS client,
       min(h.server) AS server,
       h.errors || ' of ' || h.answers || ' answers of ' || min(h.server) || ' within ' || printf('%.1f s', (h.to_ns - h.from_ns) / 1e9)
         || ' were errors (' || c.statuses || '); ' || CASE WHEN h.good_after AND h.good_before THEN 'before and after that'
              WHEN h.good_after THEN 'after that' ELSE 'before that' END || ' it answered well.' AS summary,
       json_object('errors', h.errors, 'answers', h.answers, 'statuses', c.statuses, 'span_s', seconds(h.to_ns - h.from_ns),
                   'clients', count(DISTINCT h.client_ip), 'good_before', h.good_before, 'good_after', h.good_after,
                   'server', min(h.server),
                   'at', strftime('%Y-%m-%d %H:%M:%S', h.from_ns / 1000000000, 'unixepoch') || ' UTC') AS numbers,
       '[' || group_concat(json_object('frame', h.response_frame, 'role', 'response ' || h.status, 'flow', h.flow_id))
                FILTER (WHERE h.nth <= 48) || ']' AS evidence
  FROM hit h
  JOIN counted c ON c.capture_id = h.capture_id AND c.server_ip = h.server_ip AND c.server_port = h.server_port AND c.from_ns = h.from_ns
 GROUP BY h.capture_id, h.server_ip, h.server_port, h.from_ns
 ORDER BY h.capture_id, h.from_ns, min(h.server);
