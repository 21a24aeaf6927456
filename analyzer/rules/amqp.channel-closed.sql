-- id:        amqp.channel-closed
-- title:     AMQP channel closed with an error code
-- severity:  error
-- over:      amqp_method
-- needs:     payload
-- explains:  The {closed_by} closed channel {channel} with {reply_code} {reply_name}: {means}. It says of
--            itself "{reply_text}", caused by: {caused_by}. The connection and its other channels go on;
--            consumers of this channel are gone, its unacknowledged deliveries go back to their queues,
--            and what was published on it after the error ({publishes_after} messages) was thrown away.
-- remedy:    {advice}
-- confirm:   The broker's log at that time, and what it has:
--                grep -n 'channel exception' -A 2 /var/log/rabbitmq/*.log
--                rabbitmqctl list_queues name durable auto_delete exclusive arguments
--                rabbitmqctl list_exchanges name type durable auto_delete arguments
-- not:       200 is an ordinary close. A passive declare that is answered by 404 may be no more than a
--            question whether the queue is there; the channel is lost all the same.
-- reference: https://www.rabbitmq.com/docs/channels#error-handling ; https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
WITH closed AS (
  SELECT m.flow_id, m.channel, m.frame, m.ns, m.sender, m.code, k.name AS code_name, k.means,
         iif(m.sender = 'server', 'client', 'server') AS other,
         substr(m.detail, instr(m.detail, 'reply_text=') + 11) AS rest,
         (SELECT a.close_cause FROM amqp_channel a
           WHERE a.flow_id = m.flow_id AND a.channel = m.channel AND a.close_code = m.code
             AND a.closed_ns >= m.ns ORDER BY a.closed_ns LIMIT 1) AS cause,
         (SELECT min(o.ns) FROM amqp_method o
           WHERE o.flow_id = m.flow_id AND o.ns >= m.ns AND o.channel = m.channel
             AND o.sender <> m.sender AND o.name = 'channel.close-ok') AS ok_ns
    FROM amqp_method m
    JOIN connection f ON f.id = m.flow_id
    LEFT JOIN amqp_reply_code k ON k.code = m.code
   WHERE m.code > 200 AND m.name = 'channel.close'
     -- said again: RabbitMQ repeats a time-out until it is answered
     AND NOT EXISTS (SELECT 1 FROM amqp_method e
                      WHERE e.code = m.code AND e.flow_id = m.flow_id AND e.ns < m.ns AND e.channel = m.channel
                        AND e.name = 'channel.close' AND e.sender = m.sender
                        AND NOT EXISTS (SELECT 1 FROM amqp_method o
                                         WHERE o.flow_id = m.flow_id AND o.ns BETWEEN e.ns AND m.ns AND o.channel = m.channel
                                           AND o.name IN ('channel.close-ok', 'channel.open')))
), named AS (
  SELECT c.*,
         rtrim(iif(instr(rest, ' caused_by'), substr(rest, 1, instr(rest, ' caused_by') - 1), rest), '. ') AS text,
         (SELECT o.frame FROM amqp_method o WHERE o.flow_id = c.flow_id AND o.ns = c.ok_ns
             AND o.channel = c.channel AND o.name = 'channel.close-ok') AS ok_frame,
         (SELECT o.rowid FROM amqp_method o WHERE o.flow_id = c.flow_id AND o.ns <= c.ns AND o.channel = c.channel
             AND o.sender = c.other AND o.name = c.cause ORDER BY o.ns DESC, o.rowid DESC LIMIT 1) AS caused_by,
         (SELECT count(*) FROM amqp_method p WHERE p.flow_id = c.flow_id AND p.ns > c.ns
             AND p.ns <= coalesce(c.ok_ns, p.ns) AND p.channel = c.channel AND p.name = 'basic.publish') AS publishes_after,
         CASE WHEN c.code = 406 AND c.rest LIKE '%inequivalent arg%' THEN 'other arguments'
              WHEN c.code = 406 AND c.rest LIKE '%unknown delivery tag%' THEN 'unknown delivery tag'
              WHEN c.code = 406 AND c.rest LIKE '%delivery acknowledgement%timed out%' THEN 'acknowledgement time-out'
              ELSE '' END AS kind
    FROM closed c
), late AS (
  -- the delivery that was not acknowledged in time: the oldest
  SELECT c.flow_id, c.ns AS close_ns, c.channel, d.frame, d.ns, d.tag, d.queue,
         row_number() OVER (PARTITION BY c.flow_id, c.channel, c.ns ORDER BY d.ns, d.tag) AS nth
    FROM named c
    JOIN amqp_delivery d ON d.flow_id = c.flow_id AND d.channel = c.channel AND d.ns < c.ns
   WHERE c.kind = 'acknowledgement time-out' AND coalesce(d.settled_ns, c.ns) >= c.ns
)
SELECT c.flow_id, coalesce(l.ns, m.ns, c.ns) AS from_ns, c.ns AS to_ns,
       iif(c.sender = 'client' OR c.code = 404 AND coalesce(instr(m.detail, ' passive=1'), 0), 'warning', 'error') AS severity,
       'proven' AS confidence,
       'The ' || iif(c.sender = 'server', 'broker', 'client') || ' closed channel ' || c.channel || ': ' || c.code || ' '
         || iif(instr(c.text, coalesce(c.code_name, '?')) = 1, '', coalesce(c.code_name || ' ', '')) || c.text
         || coalesce(' (caused by ' || c.cause || ')', '')
         || CASE c.kind WHEN 'other arguments' THEN '. The queue or exchange is there already, declared otherwise'
                        WHEN 'unknown delivery tag' THEN '. A message was acknowledged twice, or on another channel than it came on'
                        WHEN 'acknowledgement time-out' THEN coalesce('. Delivery ' || l.tag || coalesce(' from queue ' || l.queue, '')
                             || ' had waited ' || duration(c.ns - l.ns) || ' for its acknowledgement', '')
                        ELSE '' END
         || iif(c.publishes_after, '; ' || c.publishes_after || iif(c.publishes_after = 1, ' message', ' messages')
                || ' published after that went nowhere', '')
         || '. Only the channel ended, not the connection.' AS summary,
       json_object('reply_code', c.code, 'reply_name', coalesce(c.code_name, 'unknown code'), 'reply_text', c.text,
                   'means', coalesce(c.means, 'not a code of the specification'), 'channel', c.channel,
                   'caused_by', coalesce(c.cause, 'no method'), 'kind', nullif(c.kind, ''),
                   'closed_by', iif(c.sender = 'server', 'broker', 'client'),
                   'publishes_after', c.publishes_after, 'delivery_tag', l.tag, 'queue', l.queue,
                   'unacked_s', seconds(c.ns - l.ns),
                   'advice', CASE
                     WHEN c.kind = 'other arguments' THEN 'Declare it with the arguments it has (the text names the first that differs), or delete it once and declare it anew; passive=true asks without declaring.'
                     WHEN c.kind = 'unknown delivery tag' THEN 'Acknowledge each delivery once, on the channel it came on, and not at all with automatic acknowledgement; after a reconnection old tags are void.'
                     WHEN c.kind = 'acknowledgement time-out' THEN 'Acknowledge sooner: smaller prefetch, the work handed to a worker, or the long job split. Else raise consumer_timeout (milliseconds) in rabbitmq.conf, or x-consumer-timeout of the queue.'
                     WHEN c.code = 404 THEN 'Declare the queue or exchange first, in the same virtual host; names are case-sensitive. If it vanished: auto-delete, exclusive, x-expires, or somebody deleted it.'
                     WHEN c.code = 405 THEN 'An exclusive queue belongs to the connection that declared it, also for a while after a network failure: wait until the old connection is gone, or use a name that the broker chooses.'
                     WHEN c.code = 403 THEN 'rabbitmqctl list_permissions -p VHOST; rabbitmqctl set_permissions -p VHOST USER ''.*'' ''.*'' ''.*''. Names that begin with amq. are reserved.'
                     WHEN c.code = 311 THEN 'The message is larger than max_message_size of rabbitmq.conf: send less, or a reference to it.'
                     ELSE 'The text and the method that caused it say what to change in the client.' END,
                   'bucket', c.code) AS numbers,
       json_array(json_object('frame', l.frame, 'role', 'delivery ' || l.tag || ', never acknowledged'),
                  json_object('frame', m.frame, 'role', c.cause || ' that caused it'),
                  json_object('frame', c.frame, 'role', 'Channel.Close ' || c.code),
                  json_object('frame', c.ok_frame, 'role', 'Channel.Close-Ok')) AS evidence
  FROM named c
  LEFT JOIN amqp_method m ON m.rowid = c.caused_by
  LEFT JOIN late l ON l.flow_id = c.flow_id AND l.channel = c.channel AND l.close_ns = c.ns AND l.nth = 1
 ORDER BY c.ns, c.flow_id, c.channel;
