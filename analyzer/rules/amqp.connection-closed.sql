-- id:        amqp.connection-closed
-- title:     AMQP connection closed with an error code
-- severity:  error
-- over:      amqp_connection
-- needs:     payload
-- yields:    amqp.auth-refused, amqp.vhost-refused, amqp.frame-error, amqp.channel-leak
-- explains:  The {closed_by} sent Connection.Close with {reply_code} {reply_name}: {means}. It says of
--            itself "{reply_text}", caused by: {caused_by}. All channels of the connection ended with
--            it; deliveries that had not been acknowledged go back to their queues, and {publishes_after}
--            messages that were published after it were thrown away.
-- remedy:    {advice}
-- confirm:   The broker's log at that time names user, virtual host and reason:
--                grep -n 'closing AMQP connection' -A 3 /var/log/rabbitmq/*.log
-- not:       200 is an ordinary goodbye (some client libraries say 0). The TCP reset that RabbitMQ sends
--            after the close belongs to it. A broker that misses heartbeats closes without this method.
-- reference: https://www.rabbitmq.com/amqp-0-9-1-reference#constants
WITH closed AS (
  SELECT c.flow_id, c.close_sender, c.close_code, rtrim(c.close_text, '. ') AS close_text, c.close_cause, c.close_ns, c.close_frame,
         c.close_ok_frame, c.opened_ns, k.name AS code_name, k.means,
         iif(c.close_sender = 'server', 'client', 'server') AS other,
         f.client_fin_frame, f.client_fin_ns, f.ended_frame, f.ended_ns
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    LEFT JOIN amqp_reply_code k ON k.code = c.close_code
   WHERE c.close_ns IS NOT NULL AND c.close_code NOT IN (0, 200)
), counted AS (
  SELECT c.*,
         (SELECT count(*) FROM amqp_method m WHERE m.flow_id = c.flow_id AND m.ns > c.close_ns
             AND m.sender = 'client' AND m.name = 'basic.publish') AS publishes_after,
         (SELECT m.frame FROM amqp_method m WHERE m.flow_id = c.flow_id AND m.ns <= c.close_ns
             AND m.sender = c.other AND m.name = c.close_cause ORDER BY m.ns DESC LIMIT 1) AS cause_frame,
         (SELECT min(r.frame) FROM reset r WHERE r.flow_id = c.flow_id AND r.frame > c.close_frame) AS rst_frame
    FROM closed c
)
SELECT c.flow_id, coalesce(c.opened_ns, c.close_ns) AS from_ns, c.close_ns AS to_ns,
       iif(c.close_code = 320 OR c.close_sender = 'client', 'warning', 'error') AS severity,
       'proven' AS confidence,
       'The ' || iif(c.close_sender = 'server', 'broker', 'client') || ' closed the connection: ' || c.close_code || ' '
         || iif(instr(c.close_text, coalesce(c.code_name, '?')) = 1, '', coalesce(c.code_name || ' ', ''))
         || coalesce(c.close_text, '') || coalesce(' (caused by ' || c.close_cause || ')', '')
         || coalesce(', ' || duration(c.close_ns - c.opened_ns) || ' after it had been opened', '')
         || iif(c.close_code = 320, '. ' || upper(substr(c.means, 1, 1)) || substr(c.means, 2), '')
         || iif(c.publishes_after, '; ' || c.publishes_after || iif(c.publishes_after = 1, ' message', ' messages')
                || ' published after that went nowhere', '') || '.' AS summary,
       json_object('reply_code', c.close_code, 'reply_name', coalesce(c.code_name, 'unknown code'),
                   'reply_text', c.close_text, 'means', coalesce(c.means, 'not a code of the specification'),
                   'caused_by', coalesce(c.close_cause, 'no method'),
                   'closed_by', iif(c.close_sender = 'server', 'broker', 'client'),
                   'open_s', seconds(c.close_ns - c.opened_ns), 'publishes_after', c.publishes_after,
                   'advice', CASE
                     WHEN c.close_sender = 'client' THEN 'Look at the client''s log: it closed for a reason of its own, which the text names.'
                     WHEN c.close_code = 320 THEN 'Ask who closed it: rabbitmqctl close_connection or close_all_connections, the button "Force Close" of the management page, rabbitmqctl stop_app, an upgrade or restart of the node. Let clients connect again after a pause of some seconds (automatic recovery).'
                     WHEN c.close_code = 504 THEN 'A channel was used that was not open: most often after an error had closed it. Look for that first error, and open a new channel after it; do not share a channel between threads.'
                     WHEN c.close_code IN (503, 505) THEN 'Do not use one channel or connection from several threads: their frames mix.'
                     WHEN c.close_code = 506 THEN 'Look at the broker''s memory, disk and limits (rabbitmqctl status).'
                     WHEN c.close_code = 530 THEN 'The text says which limit or permission: rabbitmqctl list_permissions, list_vhost_limits, list_user_limits, and channel_max in rabbitmq.conf.'
                     WHEN c.close_code = 540 THEN 'This broker does not have what the client asked for; RabbitMQ has no immediate flag of basic.publish, for one.'
                     WHEN c.close_code = 541 THEN 'The broker failed within itself: its log has a crash report at this time.'
                     ELSE 'The text and the method that caused it say what to change in the client.' END,
                   'bucket', c.close_code) AS numbers,
       json_array(json_object('frame', c.cause_frame, 'role', c.close_cause || ' that caused it'),
                  json_object('frame', c.close_frame, 'role', 'Connection.Close ' || c.close_code),
                  json_object('frame', c.close_ok_frame, 'role', 'Connection.Close-Ok'),
                  json_object('frame', iif(c.client_fin_ns >= c.close_ns, c.client_fin_frame, NULL), 'role', 'client FIN'),
                  json_object('frame', c.rst_frame, 'role', 'RST after the close')) AS evidence
  FROM counted c
 ORDER BY c.close_ns, c.flow_id;
