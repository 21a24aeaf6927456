-- id:        http.health-check
-- title:     HTTP health check
-- severity:  note
-- over:      http_exchange
-- benign:    yes
-- param:     min_count = 3         checks at the least
-- param:     jitter = 0.2          how far from the usual period a check may be, as a part of it
-- param:     regular = 0.7         the part of the checks that must be so regular
-- explains:  One address asks for the same resource again and again at a regular pace, and gets a
--            good answer: a balancer or monitor checks the service. Such traffic does not belong into
--            latency figures, and how its connections end (some checkers reset them after a complete
--            answer) is no failure.
-- remedy:    Nothing is broken. Leave requests for {target} from {client_address} out of logs and
--            statistics (nginx: access_log off in that location).
-- confirm:   The balancer's configuration names {target} and an interval of {period_s} s.
-- not:       A program that polls at a regular pace looks the same; a target that names no check is
--            therefore only likely to be one.
-- reference: RFC 9110, section 9.2.1
WITH often AS MATERIALIZED (
  -- what can be such a series at all; few are, and only these are looked at closely. The half of
  -- the gaps that are not below the median make up a quarter of a second for each at the least
  SELECT f.capture_id, f.client_ip, f.server_ip, f.server_port, x.method, x.target
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id
   WHERE x.method IN ('GET', 'HEAD', 'OPTIONS') AND x.request_ns IS NOT NULL AND instr(x.target, '?') = 0
   GROUP BY f.capture_id, f.client_ip, f.server_ip, f.server_port, x.method, x.target
  HAVING count(*) >= :min_count AND max(x.request_ns) - min(x.request_ns) >= 250000000 * (count(*) - 1)
     AND 2 * sum(x.status BETWEEN 200 AND 399 AND x.response_state = 'complete') > count(*)
), hit AS (
  SELECT x.flow_id, x.nr, x.method, x.target, x.status, x.request_ns, x.request_frame,
         x.response_frame, x.response_state, f.capture_id, f.client_ip, f.server_ip, f.server_port,
         f.ended, f.ended_by, n.server,
         -- what the path or the asking program call themselves: 2 for sure, 1 perhaps
         CASE WHEN lower(x.target) LIKE '%health%' OR lower(x.user_agent) LIKE '%health%'
                OR lower(x.user_agent) LIKE '%probe%' OR lower(x.user_agent) LIKE '%check%' THEN 2
              WHEN EXISTS (SELECT 1 FROM (VALUES ('ping'), ('status'), ('alive'), ('live'), ('livez'),
                                                 ('liveness'), ('ready'), ('readyz'), ('readiness'), ('check'),
                                                 ('heartbeat'), ('probe'), ('up')) AS word
                            WHERE lower(x.target) || '/' LIKE '%/' || word.column1 || '/%') THEN 1
              ELSE 0 END AS named
    -- few exchanges ask for one of these, and only their connections are looked up
    FROM http_exchange x
   CROSS JOIN connection f ON f.id = x.flow_id
   CROSS JOIN often o ON (o.capture_id, o.client_ip, o.server_ip, o.server_port, o.method, o.target)
                       = (f.capture_id, f.client_ip, f.server_ip, f.server_port, x.method, x.target)
    JOIN flow_name n ON n.flow_id = f.id
   WHERE (x.method, x.target) IN (SELECT method, target FROM often) AND x.request_ns IS NOT NULL
), step AS (
  SELECT *, request_ns - lag(request_ns) OVER grp AS gap_ns, row_number() OVER grp AS nth,
         json_object('frame', request_frame, 'role', 'request', 'flow', flow_id) || ','
           || json_object('frame', response_frame, 'role', 'response ' || status, 'flow', flow_id) AS proof
    FROM hit
  WINDOW grp AS (PARTITION BY capture_id, client_ip, server_ip, server_port, method, target
                 ORDER BY request_ns, flow_id, nr)
), ranked AS (
  SELECT *, row_number() OVER grp AS rank, count(*) OVER all_of AS gaps
    FROM step WHERE gap_ns IS NOT NULL
  WINDOW grp AS (PARTITION BY capture_id, client_ip, server_ip, server_port, method, target ORDER BY gap_ns),
         all_of AS (PARTITION BY capture_id, client_ip, server_ip, server_port, method, target)
), pace AS (
  SELECT capture_id, client_ip, server_ip, server_port, method, target, gap_ns AS period_ns
    FROM ranked WHERE rank = (gaps + 1) / 2
), series AS (
  SELECT s.capture_id, s.client_ip, s.server_ip, s.server_port, s.method, s.target, p.period_ns,
         min(s.server) AS server, min(s.flow_id) AS flow_id, count(*) AS count,
         count(DISTINCT s.flow_id) AS flows, max(s.named) AS named,
         min(s.request_ns) AS from_ns, max(s.request_ns) AS to_ns,
         min(s.gap_ns) AS min_ns, max(s.gap_ns) AS max_ns, max(s.status) AS status,
         sum(s.status BETWEEN 200 AND 399 AND s.response_state = 'complete') AS good,
         count(DISTINCT iif(s.ended = 'rst', s.flow_id, NULL)) AS resets,
         sum(abs(s.gap_ns - p.period_ns) <= :jitter * p.period_ns) AS regular,
         '[' || group_concat(s.proof) FILTER (WHERE s.nth <= 32) || ']' AS evidence
    FROM step s JOIN pace p USING (capture_id, client_ip, server_ip, server_port, method, target)
   GROUP BY s.capture_id, s.client_ip, s.server_ip, s.server_port, s.method, s.target
)
SELECT flow_id, capture_id, from_ns, to_ns, 'note' AS severity,
       CASE named WHEN 2 THEN 'proven' WHEN 1 THEN 'likely' ELSE 'possible' END AS confidence,
       client_ip AS client, server,
       count || ' checks from ' || client_ip || ': ' || method || ' ' || substr(target, 1, 80) || ' every '
         || printf('%.3f s', period_ns / 1e9) || iif(good = count, ', all answered ' || status, ', '
         || good || ' answered well') || '.' AS summary,
       json_object('count', count, 'period_s', seconds(period_ns),
                   'period_min_s', seconds(min_ns), 'period_max_s', seconds(max_ns),
                   'span_s', seconds(to_ns - from_ns), 'http_status', status, 'answered_well', good,
                   'checks_ending_in_rst', resets, 'target', target, 'client_address', client_ip,
                   'bucket', round(period_ns / 1e9)) AS numbers,
       evidence
  FROM series
 WHERE count >= :min_count AND regular >= :regular * (count - 1) AND period_ns >= 500000000
   AND good * 2 > count AND (named OR flows = count AND count >= 5)
 ORDER BY capture_id, from_ns, target;
