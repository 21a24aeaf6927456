-- id:        amqp.reconnect-storm
-- title:     A client connects again at once, over and over
-- severity:  note
-- over:      amqp_connection
-- param:     least = 10            failed connections in a row
-- param:     pause_s = 1           a client that waits longer backs off
-- explains:  {client_address} connected to {server} {count} times within {span_s} s; each connection failed or was
--            cut, and the next came after {pause_s} s (half of them sooner). What failed is told by findings of its
--            own; this says that the client does not wait in between. Many such clients keep a broker
--            busy with handshakes and logins while it is in trouble already.
-- remedy:    Let the client wait before it connects again: some seconds, more each time, with a random part
--            (pika: retry_delay and a backoff of one's own; Java: networkRecoveryInterval; Spring:
--            recoveryInterval).
-- confirm:   RabbitMQ's log shows the same client again and again within a second.
-- not:       Connections that end with a proper close of the client did their work (amqp.churn).
-- reference: https://www.rabbitmq.com/docs/connections#high-connection-churn
WITH failed AS (
  SELECT f.id, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.first_ns, f.syn_frame,
         f.first_ns - lag(coalesce(f.ended_ns, f.last_ns)) OVER grp AS pause_ns
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE f.syn_ns IS NOT NULL AND f.ended IN ('fin', 'rst')
     AND (c.opened_ns IS NULL OR c.close_ns IS NULL OR c.close_sender = 'server')
  WINDOW grp AS (PARTITION BY f.capture_id, f.client_ip, f.server_ip, f.server_port ORDER BY f.first_ns, f.id)
), run AS (
  SELECT *, row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port ORDER BY pause_ns, id) AS by_pause,
         row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port ORDER BY first_ns, id) AS nr,
         count(*) OVER (PARTITION BY capture_id, client_ip, server_ip, server_port) AS count
    FROM failed
   WHERE pause_ns < :pause_s * 1e9
), grouped AS (
  SELECT capture_id, client_ip, server_ip, server_port, min(id) AS flow_id, count(*) AS count, min(first_ns) AS from_ns,
         max(first_ns) AS to_ns, max(iif(by_pause = (count + 1) / 2, pause_ns, NULL)) AS pause_ns,
         '[' || group_concat(json_object('frame', syn_frame, 'role', 'SYN', 'flow', id)) FILTER (WHERE nr <= 16) || ']' AS evidence
    FROM run
   WHERE count >= :least
   GROUP BY capture_id, client_ip, server_ip, server_port
)
SELECT g.flow_id, g.capture_id, g.from_ns, g.to_ns, 'note' AS severity, 'proven' AS confidence, g.client_ip AS client, n.server,
       g.client_ip || ' connected again ' || g.count || ' times within ' || duration(g.to_ns - g.from_ns)
         || ', each time after a connection had failed, half of them within ' || duration(max(0, g.pause_ns)) || ': it does not back off.' AS summary,
       json_object('count', g.count, 'span_s', seconds(g.to_ns - g.from_ns), 'pause_s', seconds(max(0, g.pause_ns)),
                   'client_address', g.client_ip, 'server', n.server) AS numbers,
       g.evidence
  FROM grouped g
  JOIN flow_name n ON n.flow_id = g.flow_id
 ORDER BY g.capture_id, g.from_ns;
