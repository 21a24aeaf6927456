-- id:        tcp.health-check
-- title:     TCP health check
-- severity:  note
-- benign:    yes
-- param:     min_count = 3         probes at the least
-- param:     jitter = 0.2          how far from the usual period a probe may be, as a part of it
-- param:     regular = 0.7         the part of the probes that must be so regular
-- param:     max_life_s = 1        a connection that lives longer is no probe
-- explains:  One address opens a connection again and again at a regular pace and closes it without
--            a byte in either direction: a balancer or monitor asks whether the port is open. With a
--            full handshake the program behind the port sees a connection that is reset or closed at
--            once and may log it (RabbitMQ: enotconn; others: "connection reset by peer"). Where the
--            probe answers the SYN,ACK with RST the program never sees it.
-- remedy:    Nothing is broken. To quiet the log, let the balancer ask over HTTP (RabbitMQ: port 15672,
--            /api/health/checks/alarms), or leave connections of {client_address} out of the log.
-- confirm:   The balancer's configuration names the address {client_address} and a check interval of
--            {period_s} s.
-- not:       A port scan comes from an address once a port. Connections with payload from the same
--            address are real connections and are not counted here.
-- reference: https://www.rabbitmq.com/docs/connections
WITH probe AS (
  SELECT f.id, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.first_ns, f.syn_frame,
         f.ended_ns, f.ended_frame, n.server,
         CASE WHEN f.established_ns IS NULL THEN 'half_open'
              WHEN f.ended = 'rst' THEN 'handshake_rst' ELSE 'handshake_fin' END AS kind
    FROM connection f JOIN flow_name n ON n.flow_id = f.id
   WHERE f.syn_ns IS NOT NULL AND f.syn_ack_ns IS NOT NULL
     AND f.client_bytes = 0 AND f.server_bytes = 0
     AND f.ended IN ('rst', 'fin') AND f.ended_by = 'client'
     AND f.ended_ns - f.syn_ns <= :max_life_s * 1e9
), step AS (
  SELECT *, first_ns - lag(first_ns) OVER grp AS gap_ns, row_number() OVER grp AS nr,
         json_object('frame', syn_frame, 'role', 'SYN', 'flow', id) || ','
           || json_object('frame', ended_frame, 'role', iif(kind = 'handshake_fin', 'FIN', 'RST'), 'flow', id) AS proof
    FROM probe
  WINDOW grp AS (PARTITION BY capture_id, client_ip, server_ip, server_port, kind ORDER BY first_ns, id)
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, kind
                               ORDER BY gap_ns) AS rank,
         count(*) OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, kind) AS gaps
    FROM step WHERE gap_ns IS NOT NULL
), pace AS (
  SELECT capture_id, client_ip, server_ip, server_port, kind, gap_ns AS period_ns
    FROM ranked WHERE rank = (gaps + 1) / 2
), series AS (
  SELECT s.capture_id, s.client_ip, s.server_ip, s.server_port, s.kind, p.period_ns,
         min(s.server) AS server, min(s.id) AS flow_id, count(*) AS count,
         min(s.first_ns) AS from_ns, max(s.ended_ns) AS to_ns, max(s.first_ns) - min(s.first_ns) AS span_ns,
         min(s.gap_ns) AS min_ns, max(s.gap_ns) AS max_ns,
         sum(abs(s.gap_ns - p.period_ns) <= :jitter * p.period_ns) AS regular,
         '[' || group_concat(s.proof) FILTER (WHERE s.nr <= 32) || ']' AS evidence
    FROM step s JOIN pace p USING (capture_id, client_ip, server_ip, server_port, kind)
   GROUP BY s.capture_id, s.client_ip, s.server_ip, s.server_port, s.kind
)
SELECT flow_id, capture_id, from_ns, to_ns, 'note' AS severity,
       iif(count >= 5, 'proven', 'likely') AS confidence,
       client_ip AS client, server,
       count || ' probes from ' || client_ip || ', one every ' || printf('%.3f s', period_ns / 1e9)
         || CASE kind WHEN 'half_open' THEN ': SYN, SYN,ACK, RST; the program behind the port never sees them.'
                      WHEN 'handshake_rst' THEN ': full handshake, then RST without a byte.'
                      ELSE ': full handshake, then FIN without a byte.' END AS summary,
       json_object('count', count, 'period_s', seconds(period_ns),
                   'period_min_s', seconds(min_ns), 'period_max_s', seconds(max_ns),
                   'span_s', seconds(span_ns), 'kind', kind, 'client_address', client_ip,
                   'bucket', round(period_ns / 1e9)) AS numbers,
       evidence
  FROM series
 WHERE count >= :min_count AND regular >= :regular * (count - 1) AND period_ns >= 100000000
 ORDER BY capture_id, from_ns;
