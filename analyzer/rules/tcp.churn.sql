-- id:        tcp.churn
-- title:     Very many short connections
-- severity:  note
-- param:     per_s = 100           connections in a second from one client to one server
-- param:     seconds = 3           seconds with so many
-- param:     short_s = 1           what lives no longer is short
-- param:     looked = 50000       so many connections are looked at, those of the busiest servers first
-- explains:  {client_address} opened {connections} connections to {server}, {peak} in the busiest second, and closed nearly all of
--            them within {short_s} s. Every one costs a round trip (more with TLS), memory for a minute or
--            two in TIME_WAIT, and a port; at some hundred a second ports, tables of connections on
--            firewalls and translating devices, and queues of connections to accept run full.
-- remedy:    Let the client keep connections open and use them again: an HTTP client with a pool that is shared
--            (not one for each request), `Connection: keep-alive`; nginx `upstream { keepalive 32; }` with
--            proxy_http_version 1.1 and an empty Connection header; one AMQP connection with channels.
-- confirm:   ss -tan state time-wait dst {server_address} | wc -l      on the client (or who closes first)
-- not:       A load test, a scan or a balancer's health checks from many addresses.
-- reference: https://www.rabbitmq.com/docs/connections (high connection churn); RFC 9112, section 9.3
WITH server AS MATERIALIZED (
  -- only from an index
  SELECT server_ip, server_port FROM flow GROUP BY server_ip, server_port
  HAVING count(*) >= :per_s * :seconds ORDER BY count(*) DESC, server_ip, server_port LIMIT 100
), few AS MATERIALIZED (
  SELECT f.id FROM server v
   CROSS JOIN flow f ON f.server_ip = v.server_ip AND f.server_port = v.server_port LIMIT :looked
), looked AS MATERIALIZED (
  SELECT f.id, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.syn_ns / 1000000000 AS s, f.first_ns,
         f.ended IN ('fin', 'rst') AND f.ended_ns - f.syn_ns <= :short_s * 1e9 AS short,
         f.client_bytes > 0 OR f.server_bytes > 0 AS used
    FROM few
    JOIN flow f ON f.id = few.id
   WHERE f.established_ns IS NOT NULL
), second AS (
  SELECT capture_id, client_ip, server_ip, server_port, s, count(*) AS n, min(id) AS first_id, sum(short) AS short,
         sum(used) AS used, min(first_ns) AS from_ns, max(first_ns) AS to_ns
    FROM looked
   GROUP BY capture_id, client_ip, server_ip, server_port, s
), told AS (
  SELECT capture_id, client_ip, server_ip, server_port, sum(n) AS n, max(n) AS peak, sum(short) AS short, sum(used) AS used,
         min(first_id) AS flow_id, min(from_ns) AS from_ns, max(to_ns) AS to_ns,
         json_group_array(json_object('frame', frame, 'flow', first_id, 'role', 'SYN')) FILTER (WHERE nth <= 8) AS evidence
    FROM (SELECT x.*, f.syn_frame AS frame,
                 row_number() OVER (PARTITION BY x.capture_id, x.client_ip, x.server_ip, x.server_port ORDER BY x.s) AS nth
            FROM second x JOIN flow f ON f.id = x.first_id)
   GROUP BY capture_id, client_ip, server_ip, server_port
  HAVING sum(n >= :per_s) >= :seconds AND sum(short) >= 0.9 * sum(n) AND sum(used) > 0
)
SELECT t.flow_id, t.capture_id, t.from_ns, t.to_ns, 'note' AS severity, 'proven' AS confidence,
       t.client_ip AS client, n.server,
       t.client_ip || ' opened ' || t.n || ' connections to ' || n.server || ' in ' || printf('%.1f s', (t.to_ns - t.from_ns) / 1e9)
         || ', up to ' || t.peak || ' in a second, and ' || t.short || ' of them lived no longer than ' || printf('%g s', :short_s) || '.' AS summary,
       json_object('connections', t.n, 'peak', t.peak, 'short', t.short, 'short_s', :short_s,
                   'client_address', t.client_ip, 'server', n.server, 'server_address', t.server_ip) AS numbers,
       t.evidence
  FROM told t
  JOIN flow_name n ON n.flow_id = t.flow_id
 ORDER BY t.capture_id, t.from_ns, t.flow_id;
