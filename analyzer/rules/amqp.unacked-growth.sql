-- id:        amqp.unacked-growth
-- title:     Unacknowledged deliveries pile up at a consumer without prefetch
-- severity:  note
-- over:      amqp_method
-- param:     least = 1000          unacknowledged deliveries on a channel
-- param:     part = 0.5            of the most there were, still open at the end
-- needs:     payload
-- explains:  Channel {channel} had up to {unacked_max} deliveries that were not acknowledged, {unacked_now} at the end;
--            prefetch is {prefetch} (0: no limit), so the broker sends whatever the queue holds. All of it waits in the
--            client's memory, no other consumer can have it, and if the connection ends all of it is
--            delivered again.
-- remedy:    Set a limit before consuming: basic.qos(prefetch_count=...), some tens to a few hundred; and see
--            why acknowledgements do not keep pace ({acks} acknowledgements for {deliveries} deliveries).
-- confirm:   The broker counts the same:
--                rabbitmqctl list_channels connection number messages_unacknowledged prefetch_count
-- not:       A consumer with automatic acknowledgement has none open. A backlog that drains is no growth.
-- reference: https://www.rabbitmq.com/docs/consumer-prefetch
WITH piled AS (
  SELECT a.flow_id, a.channel, max(a.unacked_max) AS unacked_max, sum(a.unacked_now) AS unacked_now, sum(a.acks) AS acks,
         sum(a.deliveries) AS deliveries, coalesce(max(a.prefetch), 0) AS prefetch
    FROM amqp_channel a
   GROUP BY a.flow_id, a.channel
  HAVING max(a.unacked_max) >= :least AND sum(a.unacked_now) >= :part * max(a.unacked_max)
     AND coalesce(max(a.prefetch), 0) = 0
     -- whether acknowledgements are expected is known from the consumer's beginning
     AND max(a.opened_ns) IS NOT NULL
)
SELECT p.flow_id, f.first_ns AS from_ns, f.last_ns AS to_ns, 'note' AS severity, 'proven' AS confidence,
       p.unacked_now || ' deliveries on channel ' || p.channel || ' were not acknowledged (' || p.acks || ' acknowledgements for '
         || p.deliveries || ' deliveries), and no prefetch limits them.' AS summary,
       json_object('channel', p.channel, 'unacked_max', p.unacked_max, 'unacked_now', p.unacked_now, 'acks', p.acks,
                   'deliveries', p.deliveries, 'prefetch', p.prefetch) AS numbers,
       json_array((SELECT json_object('frame', m.frame, 'role', 'first delivery') FROM amqp_method m
                    WHERE m.flow_id = p.flow_id AND m.channel = p.channel AND m.name = 'basic.deliver' ORDER BY m.ns LIMIT 1),
                  (SELECT json_object('frame', m.frame, 'role', 'last delivery') FROM amqp_method m
                    WHERE m.flow_id = p.flow_id AND m.channel = p.channel AND m.name = 'basic.deliver' ORDER BY m.ns DESC LIMIT 1)) AS evidence
  FROM piled p
  JOIN connection f ON f.id = p.flow_id
 ORDER BY f.first_ns, p.flow_id, p.channel;
