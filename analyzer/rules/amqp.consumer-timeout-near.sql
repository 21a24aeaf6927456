-- id:        amqp.consumer-timeout-near
-- title:     A delivery waits long for its acknowledgement
-- severity:  note
-- over:      amqp_method
-- param:     timeout_s = 1800      RabbitMQ's consumer_timeout
-- param:     part = 0.5            of it, that a delivery has waited
-- needs:     payload
-- yields:    amqp.channel-closed, amqp.missed-heartbeats, amqp.connection-closed
-- explains:  Delivery {delivery_tag} on channel {channel} had waited {age_s} s for its acknowledgement when the
--            connection was last seen. RabbitMQ (from 3.8.17 on) closes the channel with 406 when a
--            delivery waits longer than consumer_timeout, {timeout_s} s unless it was set otherwise; all of the
--            channel's deliveries come again then.
-- remedy:    Acknowledge sooner: hand long work to a worker, split it, lower the prefetch so that deliveries
--            do not wait in the client; or raise consumer_timeout (milliseconds) in rabbitmq.conf:
--                rabbitmqctl eval 'application:get_env(rabbit, consumer_timeout).'
-- confirm:   The log at the close says "delivery acknowledgement on channel ... timed out". Until then:
--                rabbitmqctl list_channels connection number messages_unacknowledged
-- not:       A consumer that keeps its last message until the next one comes is slow by design.
-- reference: https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
WITH holder AS (
  SELECT DISTINCT a.flow_id, a.channel, coalesce(min(f.ended_ns, f.last_ns), f.last_ns) AS seen_ns
    FROM amqp_channel a
    CROSS JOIN connection f ON f.id = a.flow_id
   WHERE a.unacked_now > 0 AND a.opened_ns IS NOT NULL
     AND f.last_ns - f.first_ns >= :part * :timeout_s * 1e9
), open AS (
  SELECT h.flow_id, h.channel, h.seen_ns, d.frame, d.ns, d.tag, d.queue,
         row_number() OVER (PARTITION BY h.flow_id, h.channel ORDER BY d.ns, d.tag) AS nth,
         count(*) OVER (PARTITION BY h.flow_id, h.channel) AS count
    FROM holder h
    JOIN amqp_delivery d ON d.flow_id = h.flow_id AND d.channel = h.channel
                        AND d.ns <= h.seen_ns - :part * :timeout_s * 1e9
   WHERE d.settled_ns IS NULL
)
SELECT o.flow_id, o.ns AS from_ns, o.seen_ns AS to_ns, 'note' AS severity, 'proven' AS confidence,
       'Delivery ' || o.tag || coalesce(' from queue ' || o.queue, '') || ' had not been acknowledged after ' || duration(o.seen_ns - o.ns)
         || iif(o.count > 1, ' (and ' || (o.count - 1) || ' more wait long)', '')
         || iif(o.seen_ns - o.ns >= :timeout_s * 1e9, ': longer than RabbitMQ''s usual consumer_timeout of ', ': RabbitMQ''s usual consumer_timeout is ')
         || printf('%g s', :timeout_s) || '.' AS summary,
       json_object('delivery_tag', o.tag, 'channel', o.channel, 'queue', o.queue, 'age_s', seconds(o.seen_ns - o.ns),
                   'timeout_s', :timeout_s, 'waiting', o.count) AS numbers,
       json_array(json_object('frame', o.frame, 'role', 'delivery ' || o.tag)) AS evidence
  FROM open o
 WHERE o.nth = 1
 ORDER BY o.ns, o.flow_id, o.channel;
