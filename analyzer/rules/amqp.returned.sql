-- id:        amqp.returned
-- title:     Published messages were returned as unroutable
-- severity:  note
-- over:      amqp_method
-- needs:     payload
-- explains:  The broker gave {count} messages back (basic.return {reply_code} {reply_text}): no queue was bound
--            for exchange "{exchange}" and routing key "{routing_key}". They were published with the
--            mandatory flag; without it they would have been dropped in silence. Even so the broker confirms
--            such messages, after it has returned them.
-- remedy:    Bind a queue, or correct exchange and routing key (they are case-sensitive):
--                rabbitmqctl list_bindings source_name routing_key destination_name
--            An alternate exchange catches what nothing else takes.
-- confirm:   The queue's name or binding is missing in the list above, in that virtual host.
-- not:       A program that asks in this way whether anybody listens, and acts on the answer, has no trouble. Messages without the mandatory flag that no queue takes leave no trace in a capture.
-- reference: https://www.rabbitmq.com/docs/publishers#unroutable
WITH returned AS (
  SELECT m.flow_id, m.channel, m.frame, m.ns, m.code, m.detail,
         row_number() OVER (PARTITION BY m.flow_id, m.code ORDER BY m.ns, m.rowid) AS nth,
         count(*) OVER (PARTITION BY m.flow_id, m.code) AS count,
         max(m.ns) OVER (PARTITION BY m.flow_id, m.code) AS to_ns
    FROM amqp_method m
   WHERE m.code > 0 AND m.name = 'basic.return' AND m.sender = 'server'
), first AS (
  SELECT r.*, iif(instr(r.detail, ' routing_key='), substr(r.detail, instr(r.detail, ' routing_key=') + 13), '') AS routing_key,
         iif(instr(r.detail, ' routing_key='), substr(r.detail, 1, instr(r.detail, ' routing_key=') - 1), r.detail) AS front
    FROM returned r WHERE r.nth = 1
), named AS (
  SELECT f.*, iif(instr(f.front, ' exchange='), substr(f.front, instr(f.front, ' exchange=') + 10), '') AS exchange,
         substr(f.front, instr(f.front, 'reply_text=') + 11,
                iif(instr(f.front, ' exchange='), instr(f.front, ' exchange='), length(f.front) + 1) - instr(f.front, 'reply_text=') - 11) AS reply_text
    FROM first f
)
SELECT n.flow_id, n.ns AS from_ns, n.to_ns, 'note' AS severity, 'proven' AS confidence,
       'The broker returned ' || n.count || iif(n.count = 1, ' message', ' messages') || ': ' || n.code || ' ' || n.reply_text
         || ' (exchange "' || n.exchange || '", routing key "' || n.routing_key || '"' || iif(n.count > 1, ', the first of them', '') || ').' AS summary,
       json_object('count', n.count, 'reply_code', n.code, 'reply_text', n.reply_text, 'channel', n.channel,
                   'exchange', n.exchange, 'routing_key', n.routing_key, 'bucket', n.code) AS numbers,
       (SELECT json_group_array(json_object('frame', r.frame, 'role', 'basic.return ' || r.code))
          FROM (SELECT frame, code FROM returned WHERE flow_id = n.flow_id AND code = n.code ORDER BY ns LIMIT 8) r) AS evidence
  FROM named n
  JOIN connection f ON f.id = n.flow_id
 ORDER BY n.ns, n.flow_id;
