-- id:        amqp.auth-refused
-- title:     AMQP login refused
-- severity:  error
-- over:      amqp_connection
-- param:     silent_most_s = 6     a broker that refuses without a word closes within this time
-- param:     silent_least_s = 0.5  and not sooner
-- needs:     payload, both-sides
-- yields:    tcp.blackhole, tcp.injected-reset
-- explains:  The client logged in ({mechanism}) and the broker refused: {how}. A client that announces the
--            capability authentication_failure_close is told so with Connection.Close 403; on others
--            RabbitMQ only closes the connection, some seconds later.
-- remedy:    Check user name and password of the client (with their quoting in a URL: %2F for /), and:
--                rabbitmqctl list_users
--                rabbitmqctl authenticate_user USER PASSWORD
--            The user guest may log in from the broker's own host only (loopback_users).
-- confirm:   RabbitMQ's log at that time: "PLAIN login refused: user '...' - invalid credentials", or
--            "user 'guest' can only connect via localhost".
-- not:       403 on a channel is a lack of permission for a queue or exchange (amqp.channel-closed). A
--            close after the full handshake time (10 s) is a backend that does not answer
--            (amqp.handshake-stalled).
-- reference: https://www.rabbitmq.com/docs/auth-notification ; https://www.rabbitmq.com/docs/access-control
WITH refused AS (
  SELECT c.flow_id, c.mechanism, c.close_code, rtrim(c.close_text, '. ') AS close_text, c.client_capabilities,
         m.ns AS login_ns, m.frame AS login_frame,
         coalesce(c.close_ns, f.ended_ns) AS end_ns, coalesce(c.close_frame, f.ended_frame) AS end_frame,
         c.close_ns IS NULL AS silent, f.ended, f.ended_frame
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    CROSS JOIN flow_doubt q ON q.flow_id = f.id
    CROSS JOIN amqp_method m ON m.flow_id = c.flow_id AND m.name = 'connection.start-ok'
   WHERE c.opened_ns IS NULL AND c.server_heartbeat_s IS NULL
     AND (c.close_sender = 'server' AND c.close_code = 403
          OR c.close_ns IS NULL AND f.ended IN ('fin', 'rst') AND f.ended_by = 'server' AND NOT q.doubt
             AND coalesce(c.client_capabilities, '') NOT LIKE '%authentication_failure_close%'
             AND f.ended_ns - m.ns BETWEEN :silent_least_s * 1e9 AND :silent_most_s * 1e9
             -- the broker said nothing more, and the client did not either
             AND f.server_last_data_ns <= m.ns AND f.client_last_data_ns <= m.ns)
)
SELECT r.flow_id, r.login_ns AS from_ns, r.end_ns AS to_ns, 'error' AS severity,
       iif(r.silent, 'likely', 'proven') AS confidence,
       iif(r.silent, 'The broker closed ' || duration(r.end_ns - r.login_ns) || ' after the login (' || coalesce(r.mechanism, 'unknown mechanism')
                     || ') without a word: that is how it refuses one to clients without authentication_failure_close.',
           'The broker refused the login: ' || r.close_code || ' ' || r.close_text || '.') AS summary,
       json_object('reply_code', r.close_code, 'reply_text', r.close_text, 'mechanism', r.mechanism,
                   'login_to_close_s', seconds(r.end_ns - r.login_ns),
                   'how', iif(r.silent, 'it closed the connection without a word', r.close_code || ' ' || r.close_text),
                   'authentication_failure_close', json(iif(coalesce(r.client_capabilities, '') LIKE '%authentication_failure_close%', 'true', 'false')))
         AS numbers,
       json_array(json_object('frame', r.login_frame, 'role', 'Connection.Start-Ok: the login'),
                  json_object('frame', r.end_frame, 'role', iif(r.silent, 'the broker closes: ' || upper(r.ended), 'Connection.Close ' || r.close_code)),
                  json_object('frame', r.ended_frame, 'role', 'end of the TCP connection')) AS evidence
  FROM refused r
 ORDER BY r.end_ns, r.flow_id;
