-- id:        amqp.vhost-refused
-- title:     AMQP virtual host refused
-- severity:  error
-- over:      amqp_method
-- needs:     payload
-- explains:  The login was good, but the broker refused to open the virtual host "{vhost}": {reply_code}
--            {reply_text}.
-- remedy:    {advice}
-- confirm:   What there is, and who may use it:
--                rabbitmqctl list_vhosts name
--                rabbitmqctl list_permissions -p VHOST
-- not:       A refused login is told before the virtual host is asked for (amqp.auth-refused). In a URL
--            the virtual host "/" is written %2F, and no path at all may mean "" or "/", by the library.
-- reference: https://www.rabbitmq.com/docs/vhosts ; https://www.rabbitmq.com/docs/uri-spec
WITH refused AS (
  SELECT c.flow_id, c.vhost, c.close_code, rtrim(c.close_text, '. ') AS close_text, c.close_ns, c.close_frame, f.ended_frame,
         (SELECT m.frame FROM amqp_method m WHERE m.flow_id = c.flow_id AND m.name = 'connection.open'
           ORDER BY m.ns LIMIT 1) AS open_frame,
         (SELECT m.ns FROM amqp_method m WHERE m.flow_id = c.flow_id AND m.name = 'connection.open'
           ORDER BY m.ns LIMIT 1) AS open_ns
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE c.close_sender = 'server' AND c.opened_ns IS NULL AND c.close_code NOT IN (0, 200)
     AND c.close_cause = 'connection.open'
)
SELECT r.flow_id, coalesce(r.open_ns, r.close_ns) AS from_ns, r.close_ns AS to_ns, 'error' AS severity, 'proven' AS confidence,
       'The broker refused the virtual host' || coalesce(' "' || r.vhost || '"', '') || ': ' || r.close_code || ' ' || r.close_text || '.' AS summary,
       json_object('reply_code', r.close_code, 'reply_text', r.close_text, 'vhost', r.vhost,
                   'advice', CASE
                     WHEN r.close_text LIKE '%not found%' THEN 'Create it, or correct the name in the client (a leading / is part of the name): rabbitmqctl add_vhost NAME'
                     WHEN r.close_text LIKE '%limit%' THEN 'Too many connections: rabbitmqctl list_vhost_limits, list_user_limits; look for clients that do not close theirs.'
                     WHEN r.close_text LIKE '%down%' THEN 'The virtual host is not running on this node: rabbitmqctl restart_vhost NAME, and the log says why it stopped.'
                     ELSE 'Give the user permission: rabbitmqctl set_permissions -p VHOST USER ''.*'' ''.*'' ''.*''' END) AS numbers,
       json_array(json_object('frame', r.open_frame, 'role', 'Connection.Open'),
                  json_object('frame', r.close_frame, 'role', 'Connection.Close ' || r.close_code),
                  json_object('frame', r.ended_frame, 'role', 'end of the TCP connection')) AS evidence
  FROM refused r
 ORDER BY r.close_ns, r.flow_id;
