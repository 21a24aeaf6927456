-- id:        amqp.redelivery-loop
-- title:     Messages go back to their queue and come again, over and over
-- severity:  warning
-- over:      amqp_method
-- param:     least = 20            redeliveries on a channel
-- param:     part = 0.8            of its deliveries
-- needs:     payload
-- explains:  Of {deliveries} deliveries on channel {channel} {redeliveries} were repeated ones, and the client
--            put {requeued} back (basic.nack or basic.reject with requeue), {per_second} a second. A message that the
--            program cannot process goes to the head of its queue and comes at once again: that costs
--            processor and network on both sides, and holds up the messages behind it.
-- remedy:    Do not requeue what failed for a reason that stays: reject with requeue=false and give the queue
--            a dead-letter exchange (x-dead-letter-exchange); or use a quorum queue with a
--            x-delivery-limit; or wait before requeueing.
-- confirm:   The program's log repeats one error. rabbitmqctl list_queues name messages_unacknowledged; the
--            rate of redeliveries in the management page is near that of deliveries.
-- not:       After a reconnection the unacknowledged messages come once more; they are acknowledged then.
-- reference: https://www.rabbitmq.com/docs/nack ; https://www.rabbitmq.com/docs/dlx
WITH channels AS (
  SELECT a.flow_id, a.channel, sum(a.deliveries) + sum(a.gets) - sum(a.get_empty) AS deliveries, sum(a.redeliveries) AS redeliveries
    FROM amqp_channel a
    CROSS JOIN connection f ON f.id = a.flow_id
   WHERE a.redeliveries >= :least AND a.nacks + a.rejects > 0
   GROUP BY a.flow_id, a.channel
), looping AS (
  SELECT c.*, min(m.ns) AS from_ns, max(m.ns) AS to_ns,
         count(*) FILTER (WHERE m.sender = 'client') AS requeued
    FROM channels c
    JOIN amqp_method m ON m.flow_id = c.flow_id AND m.channel = c.channel
   WHERE c.redeliveries >= :part * c.deliveries
     AND (m.name IN ('basic.nack', 'basic.reject') AND m.sender = 'client' AND instr(m.detail, 'requeue=1')
          OR m.name IN ('basic.deliver', 'basic.get-ok') AND instr(m.detail, ' redelivered=1'))
   GROUP BY c.flow_id, c.channel
)
SELECT l.flow_id, l.from_ns, l.to_ns, 'warning' AS severity, 'proven' AS confidence,
       l.redeliveries || ' of ' || l.deliveries || ' deliveries on channel ' || l.channel || ' were repeated ones; the client put '
         || l.requeued || ' back into the queue within ' || duration(l.to_ns - l.from_ns) || '.' AS summary,
       json_object('channel', l.channel, 'deliveries', l.deliveries, 'redeliveries', l.redeliveries, 'requeued', l.requeued,
                   'span_s', seconds(l.to_ns - l.from_ns),
                   'per_second', round(l.requeued / max(1e-3, (l.to_ns - l.from_ns) / 1e9), 1)) AS numbers,
       (SELECT json_group_array(json_object('frame', e.frame, 'role', e.name)) FROM
         (SELECT m.frame, m.name FROM amqp_method m WHERE m.flow_id = l.flow_id AND m.channel = l.channel AND m.ns BETWEEN l.from_ns AND l.to_ns
             AND (m.name IN ('basic.nack', 'basic.reject') AND instr(m.detail, 'requeue=1')
                  OR m.name IN ('basic.deliver', 'basic.get-ok') AND instr(m.detail, ' redelivered=1'))
           ORDER BY m.ns, m.rowid LIMIT 6) e) AS evidence
  FROM looping l
 WHERE l.requeued >= :least
 ORDER BY l.from_ns, l.flow_id, l.channel;
