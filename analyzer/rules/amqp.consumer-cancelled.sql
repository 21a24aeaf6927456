-- id:        amqp.consumer-cancelled
-- title:     The broker cancelled a consumer
-- severity:  warning
-- over:      amqp_method
-- needs:     payload
-- explains:  The broker sent basic.cancel: consumer {consumer_tag} of queue "{queue}" gets no more messages,
--            while connection and channel look healthy. That happens when its queue is deleted, or its
--            node fails (for queues that are not replicated). A program that does not watch for it waits
--            for ever. {after}
-- remedy:    Handle the cancel notification in the client: declare the queue anew and consume again
--            (pika: add_on_cancel_callback; Java: handleCancel; automatic recovery of connections does not
--            cover it). Find out who deleted the queue: auto-delete, x-expires, a person.
-- confirm:   Whether the queue is there, and who consumes:
--                rabbitmqctl list_queues name state
--                rabbitmqctl list_consumers
-- not:       basic.cancel of the client is its own wish.
-- reference: https://www.rabbitmq.com/docs/consumer-cancel
WITH cancelled AS (
  SELECT m.flow_id, m.channel, m.frame, m.ns, f.last_ns,
         substr(m.detail, 14, iif(instr(m.detail, ' no_wait='), instr(m.detail, ' no_wait='), length(m.detail) + 1) - 14) AS tag
    FROM (SELECT DISTINCT flow_id FROM amqp_channel WHERE cancels_from_server > 0) c
    JOIN connection f ON f.id = c.flow_id
    JOIN amqp_method m ON m.flow_id = c.flow_id
   WHERE m.name = 'basic.cancel' AND m.sender = 'server'
), judged AS (
  SELECT c.*,
         (SELECT u.queue FROM amqp_consumer u WHERE u.flow_id = c.flow_id AND u.channel = c.channel AND u.ns < c.ns
             AND instr(u.tag_and_rest, c.tag || ' ') = 1 ORDER BY u.ns DESC LIMIT 1) AS queue,
         (SELECT m.ns FROM amqp_method m WHERE m.flow_id = c.flow_id AND m.ns > c.ns AND m.sender = 'client'
             AND m.name IN ('basic.consume', 'queue.declare') ORDER BY m.ns LIMIT 1) AS again_ns
    FROM cancelled c
)
SELECT j.flow_id, j.ns AS from_ns, coalesce(j.again_ns, j.last_ns) AS to_ns,
       iif(j.again_ns IS NULL, 'warning', 'note') AS severity, 'proven' AS confidence,
       'The broker cancelled consumer ' || j.tag || coalesce(' of queue "' || j.queue || '"', '') || ': its queue was deleted or its node failed. '
         || iif(j.again_ns IS NULL, 'The client did not consume again within the ' || duration(j.last_ns - j.ns) || ' that were captured.',
                'The client set up its consumer again after ' || duration(j.again_ns - j.ns) || '.') AS summary,
       json_object('channel', j.channel, 'consumer_tag', j.tag, 'queue', j.queue, 'again_s', seconds(j.again_ns - j.ns),
                   'after', iif(j.again_ns IS NULL, 'This one did not consume again in the capture.', 'This one set up its consumer again.')) AS numbers,
       json_array(json_object('frame', j.frame, 'role', 'basic.cancel of the broker')) AS evidence
  FROM judged j
 ORDER BY j.ns, j.flow_id;
