-- id:        amqp.churn
-- title:     AMQP connections are opened for a few messages each
-- severity:  note
-- over:      amqp_connection
-- param:     least = 30            such connections
-- param:     max_life_s = 2        longer ones are not short
-- param:     rate = 1              of them a second, over the time they span
-- explains:  {client_address} opened {count} AMQP connections to {server} within {span_s} s ({per_second} a second) and
--            closed each after {life_s} s (half of them sooner), with {messages} messages on all of them. An AMQP
--            connection costs some seven round trips, a process and files in the broker: far more than a message.
-- remedy:    Keep the connection open and publish many messages over it. Where the program lives for one
--            request only (PHP), put a proxy that keeps connections beside it (amqproxy), or hand messages to
--            a daemon.
-- confirm:   rabbitmq-diagnostics observer or the management page: the rate of connections opened and closed.
-- not:       Connections that fail and are tried again are no churn (amqp.reconnect-storm). Checks without a byte are tcp.health-check.
-- reference: https://www.rabbitmq.com/docs/connections#high-connection-churn ; https://www.rabbitmq.com/docs/networking#dealing-with-high-connection-churn
WITH short AS (
  SELECT f.id, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.first_ns, f.ended_ns, f.syn_frame,
         f.ended_ns - f.first_ns AS life_ns
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE c.opened_ns IS NOT NULL AND c.close_sender = 'client' AND c.close_code IN (0, 200)
     AND f.syn_ns IS NOT NULL AND f.ended_ns - f.first_ns <= :max_life_s * 1e9
), ranked AS (
  SELECT s.*, row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port ORDER BY life_ns, id) AS by_life,
         row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port ORDER BY first_ns, id) AS nr,
         count(*) OVER (PARTITION BY capture_id, client_ip, server_ip, server_port) AS count
    FROM short s
), grouped AS (
  SELECT capture_id, client_ip, server_ip, server_port, min(id) AS flow_id, count(*) AS count, min(first_ns) AS from_ns,
         max(ended_ns) AS to_ns, max(iif(by_life = (count + 1) / 2, life_ns, NULL)) AS life_ns,
         '[' || group_concat(json_object('frame', syn_frame, 'role', 'SYN', 'flow', id)) FILTER (WHERE nr <= 16) || ']' AS evidence
    FROM ranked
   WHERE count >= :least
   GROUP BY capture_id, client_ip, server_ip, server_port
)
SELECT g.flow_id, g.capture_id, g.from_ns, g.to_ns, 'note' AS severity, 'proven' AS confidence,
       g.client_ip AS client, n.server,
       g.client_ip || ' opened ' || g.count || ' AMQP connections within ' || duration(g.to_ns - g.from_ns)
         || ' and closed each properly, half of them within ' || duration(g.life_ns) || '.' AS summary,
       json_object('count', g.count, 'span_s', seconds(g.to_ns - g.from_ns), 'life_s', seconds(g.life_ns),
                   'per_second', round(g.count / max(1e-3, (g.to_ns - g.from_ns) / 1e9), 1),
                   'messages', (SELECT coalesce(sum(a.publishes + a.deliveries + a.gets - a.get_empty), 0)
                                  FROM ranked r JOIN amqp_channel a ON a.flow_id = r.id
                                 WHERE (r.capture_id, r.client_ip, r.server_ip, r.server_port)
                                     = (g.capture_id, g.client_ip, g.server_ip, g.server_port)),
                   'client_address', g.client_ip, 'server', n.server) AS numbers,
       g.evidence
  FROM grouped g
  JOIN flow_name n ON n.flow_id = g.flow_id
 WHERE g.count >= :rate * (g.to_ns - g.from_ns) / 1e9
 ORDER BY g.capture_id, g.from_ns;
