-- id:        amqp.blocked
-- title:     The broker held publishers back
-- severity:  warning
-- over:      amqp_method
-- param:     min_s = 1             a shorter stand of the window is no block
-- needs:     payload, both-sides
-- yields:    tcp.idle-blackhole
-- explains:  The broker would take no more messages for {blocked_s} s: {reason}. While a resource alarm lasts
--            it stops reading from connections that publish; clients that can (capability
--            connection.blocked) are told with Connection.Blocked and Unblocked, others only see their
--            writes stand still (TCP window 0). Consumers on connections of their own go on.
-- remedy:    Free what is short: rabbitmq-diagnostics alarms; rabbitmq-diagnostics memory_breakdown; df -h
--            of the data directory. Drain queues (more consumers), or raise vm_memory_high_watermark or lower
--            disk_free_limit knowingly. In the client: use connections of their own for publishing, handle
--            the blocked notification, and limit what is in flight with publisher confirms.
-- confirm:   RabbitMQ's log: "memory resource limit alarm set on node", "disk resource limit alarm set".
-- not:       A window that closes without an alarm can be flow control of a single fast publisher
--            (state "flow" in rabbitmqctl list_connections), which is ordinary. While blocked, RabbitMQ
--            does not expect heartbeats.
-- reference: https://www.rabbitmq.com/docs/alarms ; https://www.rabbitmq.com/docs/connection-blocked
WITH told AS (
  SELECT b.flow_id, b.ns AS from_ns, b.frame AS from_frame, coalesce(b.unblocked_ns, f.last_ns) AS to_ns, b.unblocked_ns,
         coalesce(nullif(substr(b.reason, 8), ''), 'no reason given') AS reason, 'told' AS kind
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    CROSS JOIN amqp_blocked b ON b.flow_id = c.flow_id
), stood AS (
  -- not told: the broker's window stood at 0 while the client had more to publish
  SELECT c.flow_id, min(e.ns) AS from_ns, min(e.frame) AS from_frame, max(e.ns) AS last_ns, count(*) AS times, f.ended_ns, f.last_ns AS flow_last_ns,
         (SELECT min(w.ns) FROM tcp_event w WHERE w.flow_id = c.flow_id AND w.kind = 'window_update'
             AND w.sender = 'server' AND w.ns > max(e.ns)) AS opened_ns
    FROM tcp_event e
    JOIN amqp_connection c ON c.flow_id = e.flow_id
    JOIN connection f ON f.id = e.flow_id
   WHERE e.kind = 'zero_window' AND e.sender = 'server'
     AND NOT EXISTS (SELECT 1 FROM amqp_blocked b WHERE b.flow_id = e.flow_id)
     -- a broker that cannot be reached any more blocks nobody
     AND e.flow_id NOT IN (SELECT flow_id FROM dark)
     AND EXISTS (SELECT 1 FROM amqp_channel a WHERE a.flow_id = e.flow_id AND a.publishes > 0)
   GROUP BY c.flow_id
), blocked AS (
  SELECT flow_id, from_ns, from_frame, to_ns, unblocked_ns, reason, kind FROM told
  UNION ALL
  SELECT flow_id, from_ns, from_frame, coalesce(opened_ns, ended_ns, flow_last_ns), opened_ns, 'not told', 'window' FROM stood
), counted AS (
  SELECT b.*,
         (SELECT count(*) FROM amqp_method m WHERE m.flow_id = b.flow_id AND m.ns BETWEEN b.from_ns AND b.to_ns
             AND m.name = 'basic.publish') AS publishes,
         (SELECT m.frame FROM amqp_method m WHERE m.flow_id = b.flow_id AND m.ns = b.unblocked_ns
             AND m.name = 'connection.unblocked') AS unblocked_frame,
         (SELECT e.frame FROM tcp_event e WHERE e.flow_id = b.flow_id AND e.kind = 'window_update' AND e.ns = b.unblocked_ns
             AND e.sender = 'server' AND b.kind = 'window') AS window_frame
    FROM blocked b
)
SELECT c.flow_id, c.from_ns, c.to_ns, 'warning' AS severity, iif(c.kind = 'told', 'proven', 'likely') AS confidence,
       iif(c.kind = 'told',
           'The broker blocked the publisher for ' || duration(c.to_ns - c.from_ns) || ' (' || c.reason || ')',
           'The broker stopped reading from the publisher: its window was closed for ' || duration(c.to_ns - c.from_ns)
             || ', and it did not say why (a resource alarm, or flow control)')
         || iif(c.unblocked_ns IS NULL, ', to the end of what was captured', '')
         || iif(c.kind = 'told' AND c.publishes, '; the client went on to publish, ' || c.publishes || iif(c.publishes = 1, ' message', ' messages'), '') || '.' AS summary,
       json_object('blocked_s', seconds(c.to_ns - c.from_ns), 'reason', iif(c.kind = 'told', c.reason, 'it did not say why'),
                   'publishes_while_blocked', c.publishes, 'unblocked', json(iif(c.unblocked_ns IS NULL, 'false', 'true')),
                   'bucket', c.reason) AS numbers,
       json_array(json_object('frame', c.from_frame, 'role', iif(c.kind = 'told', 'Connection.Blocked', 'the broker''s window is 0')),
                  json_object('frame', c.unblocked_frame, 'role', 'Connection.Unblocked'),
                  json_object('frame', c.window_frame, 'role', 'the window opens')) AS evidence
  FROM counted c
 WHERE c.kind = 'told' OR c.to_ns - c.from_ns >= :min_s * 1e9
 ORDER BY c.from_ns, c.flow_id;
