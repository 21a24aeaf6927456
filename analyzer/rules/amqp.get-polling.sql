-- id:        amqp.get-polling
-- title:     A queue is asked again and again though it is empty
-- severity:  note
-- over:      amqp_channel
-- param:     least = 20            empty answers on a channel
-- param:     part = 0.8            of its basic.get
-- explains:  The client asked with basic.get {gets} times on channel {channel}; {empty} answers were "empty". Each
--            question costs a round trip and work in the queue, and a message waits until the next one.
-- remedy:    Consume (basic.consume with a prefetch): the broker then sends messages as they come.
-- confirm:   The management page shows "get (empty)" at a steady rate for the queue.
-- not:       A tool that drains a queue asks until the first empty answer, once.
-- reference: https://www.rabbitmq.com/docs/consumers#polling
WITH polled AS (
  SELECT a.flow_id, a.channel, sum(a.gets) AS gets, sum(a.get_empty) AS empty
    FROM amqp_channel a
   WHERE a.get_empty > 0
   GROUP BY a.flow_id, a.channel
  HAVING sum(a.get_empty) >= :least AND sum(a.get_empty) >= :part * sum(a.gets)
)
SELECT p.flow_id, f.first_ns AS from_ns, f.last_ns AS to_ns, 'note' AS severity, 'proven' AS confidence,
       p.empty || ' of ' || p.gets || ' basic.get on channel ' || p.channel || ' found the queue empty.' AS summary,
       json_object('channel', p.channel, 'gets', p.gets, 'empty', p.empty) AS numbers,
       (SELECT json_group_array(json_object('frame', m.frame, 'role', 'empty answer')) FROM
         (SELECT frame FROM amqp_method WHERE flow_id = p.flow_id AND channel = p.channel AND name = 'basic.get-empty'
           ORDER BY ns LIMIT 4) m) AS evidence
  FROM polled p
  JOIN connection f ON f.id = p.flow_id
 ORDER BY f.first_ns, p.flow_id, p.channel;
