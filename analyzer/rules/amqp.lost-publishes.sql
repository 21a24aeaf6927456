-- id:        amqp.lost-publishes
-- title:     Messages were published that cannot have arrived
-- severity:  error
-- over:      amqp_method
-- needs:     payload, both-sides, frames
-- yields:    tcp.write-after-close, tcp.reset-after-idle, tcp.reset-no-state, tcp.idle-blackhole, tcp.blackhole, tcp.backend-changed, amqp.missed-heartbeats
-- explains:  {count} messages were written to the connection as it ended: {after_fin} after the broker had closed it,
--            {unacknowledged} that its host never acknowledged. Publisher confirms were {confirms}: without
--            them basic.publish has no answer, so the program took these messages for sent.
-- remedy:    Switch on publisher confirms (confirm.select; pika: channel.confirm_delivery()) and publish again
--            whatever was not confirmed when a connection ends. Consumers must then bear duplicates.
-- confirm:   Compare the program's count of published messages with the queue's (rabbitmqctl list_queues
--            name messages), or the broker's counters, around the end of the connection.
-- not:       A message whose last byte was acknowledged reached the broker's host, which is not yet its
--            queue; only a confirm says that.
-- reference: https://www.rabbitmq.com/docs/confirms ; https://www.rabbitmq.com/docs/reliability
WITH lost AS (
  SELECT l.flow_id, count(*) AS count, sum(l.why = 'after FIN') AS after_fin, sum(l.why = 'unacknowledged') AS unacknowledged,
         min(l.ns) AS from_ns, max(l.ns) AS to_ns, min(l.frame) AS first_frame, max(l.frame) AS last_frame
    FROM amqp_lost_publish l
   GROUP BY l.flow_id
), judged AS (
  SELECT l.*, f.ended, f.ended_by, f.ended_ns, f.ended_frame,
         EXISTS (SELECT 1 FROM amqp_method m WHERE m.flow_id = l.flow_id AND m.name = 'confirm.select') AS confirms
    FROM lost l
    JOIN connection f ON f.id = l.flow_id
    JOIN flow_doubt q ON q.flow_id = l.flow_id
   WHERE NOT q.doubt
)
SELECT j.flow_id, j.from_ns, max(j.to_ns, coalesce(j.ended_ns, j.to_ns)) AS to_ns, iif(j.confirms, 'warning', 'error') AS severity, 'proven' AS confidence,
       j.count || iif(j.count = 1, ' message was', ' messages were') || ' published that cannot have arrived ('
         || iif(j.after_fin, j.after_fin || ' after the broker had closed', '')
         || iif(j.after_fin AND j.unacknowledged, ', ', '')
         || iif(j.unacknowledged, j.unacknowledged || ' never acknowledged by its host', '') || '). '
         || iif(j.confirms, 'Publisher confirms were on: the program can know which.', 'Publisher confirms were off: the program took them for sent.') AS summary,
       json_object('count', j.count, 'after_fin', j.after_fin, 'unacknowledged', j.unacknowledged,
                   'confirms', iif(j.confirms, 'on', 'off')) AS numbers,
       json_array(json_object('frame', j.first_frame, 'role', 'first lost publish'),
                  json_object('frame', j.last_frame, 'role', 'last lost publish'),
                  json_object('frame', j.ended_frame, 'role', 'the ' || j.ended_by || '''s side ends the connection: ' || upper(j.ended))) AS evidence
  FROM judged j
 ORDER BY j.from_ns, j.flow_id;
