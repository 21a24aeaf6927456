-- id:        amqp.handshake-stalled
-- title:     AMQP handshake did not go on
-- severity:  error
-- param:     min_s = 3             a shorter wait is no stall
-- param:     open_s = 10           the same, where the capture ends before the connection
-- param:     port = 5672           where a client that says nothing is taken for one of AMQP
-- needs:     payload, both-sides, frames
-- yields:    amqp.auth-refused, amqp.vhost-refused, amqp.protocol-mismatch, tcp.blackhole, tcp.idle-blackhole, tcp.pmtu-blackhole, tcp.injected-reset, tcp.reset-no-state, tcp.accept-overflow
-- explains:  An AMQP connection opens in seven steps: protocol header, Start, Start-Ok, Tune, Tune-Ok, Open,
--            Open-Ok. After {after} the {awaited}'s {missing} did not come for {stall_s} s. RabbitMQ closes when
--            the whole has not been done after 10 s (handshake_timeout). Known timers: {candidates}
-- remedy:    {advice}
-- confirm:   RabbitMQ's log: "closing AMQP connection ... {handshake_timeout, ...}" or "handshake_error".
-- not:       A health check that connects and leaves at once says nothing either (tcp.health-check). A
--            login that is refused without a word ends some seconds after Start-Ok
--            (amqp.auth-refused).
-- reference: AMQP 0-9-1 specification, section 2.2.4; https://www.rabbitmq.com/docs/networking#tuning-for-large-number-of-connections-connection-handshake-timeout
WITH begun AS (
  SELECT f.id AS flow_id, f.established_ns, f.ended, f.ended_by, f.ended_ns, f.ended_frame, f.last_ns, f.last_frame,
         c.version, f.client_first_data_ns, f.client_first_data_frame,
         (SELECT m.rowid FROM amqp_method m WHERE m.flow_id = f.id AND m.name GLOB 'connection.*'
           ORDER BY m.ns DESC, m.rowid DESC LIMIT 1) AS last_step
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    JOIN flow_doubt q ON q.flow_id = f.id
   WHERE c.opened_ns IS NULL AND c.close_ns IS NULL AND c.server_version IS NULL
     AND f.established_ns IS NOT NULL AND NOT q.doubt
     AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.flow_id = f.id AND a.what <> 'client asks for another version')
), step AS (
  SELECT b.*, m.name, coalesce(m.ns, b.client_first_data_ns, b.established_ns) AS from_ns,
         coalesce(m.frame, b.client_first_data_frame) AS from_frame
    FROM begun b LEFT JOIN amqp_method m ON m.rowid = b.last_step
  UNION ALL
  -- not a byte: AMQP by its port, or by the other connections to it
  SELECT f.id, f.established_ns, f.ended, f.ended_by, f.ended_ns, f.ended_frame, f.last_ns, f.last_frame,
         NULL, NULL, NULL, NULL, '', f.established_ns, f.syn_ack_frame
    FROM silence w
    CROSS JOIN connection f ON f.id = w.flow_id
   WHERE w.scope = 'both' AND w.ended_by <> 'end_of_capture' AND w.ended_by IN ('fin', 'rst') AND w.ended_sender = 'server'
     AND f.client_bytes = 0 AND f.server_bytes = 0 AND f.established_ns IS NOT NULL
     AND f.ended IN ('fin', 'rst') AND f.ended_frame = w.to_frame AND f.ended_ns - f.established_ns >= :min_s * 1e9
     AND f.client_gap_bytes = 0 AND f.server_gap_bytes = 0
     AND (f.server_port = :port
          OR EXISTS (SELECT 1 FROM flow o JOIN amqp_connection c ON c.flow_id = o.id
                      WHERE o.server_ip = f.server_ip AND o.server_port = f.server_port))
), named AS (
  SELECT s.*,
         CASE s.name WHEN '' THEN 'the TCP handshake' WHEN 'connection.start' THEN 'Start' WHEN 'connection.start-ok' THEN 'Start-Ok'
                     WHEN 'connection.secure' THEN 'Secure' WHEN 'connection.secure-ok' THEN 'Secure-Ok'
                     WHEN 'connection.tune' THEN 'Tune' WHEN 'connection.tune-ok' THEN 'Tune-Ok'
                     WHEN 'connection.open' THEN 'Open' ELSE 'the protocol header' END AS after,
         CASE s.name WHEN '' THEN 'protocol header' WHEN 'connection.start' THEN 'Start-Ok' WHEN 'connection.start-ok' THEN 'Tune'
                     WHEN 'connection.secure' THEN 'Secure-Ok' WHEN 'connection.secure-ok' THEN 'Tune'
                     WHEN 'connection.tune' THEN 'Tune-Ok' WHEN 'connection.tune-ok' THEN 'Open'
                     WHEN 'connection.open' THEN 'Open-Ok' ELSE 'Start' END AS missing,
         iif(s.name IN ('', 'connection.start', 'connection.secure', 'connection.tune', 'connection.tune-ok'), 'client', 'server') AS awaited,
         s.ended IN ('fin', 'rst') AS is_ended
    FROM step s
), judged AS (
  SELECT n.*, iif(is_ended, ended_ns, last_ns) AS to_ns, iif(is_ended, ended_frame, last_frame) AS to_frame
    FROM named n
)
SELECT j.flow_id, j.from_ns, j.to_ns, iif(j.awaited = 'client' AND j.name = '', 'warning', 'error') AS severity,
       iif(j.is_ended, 'proven', 'possible') AS confidence,
       'After ' || j.after || ' the ' || j.awaited || '''s ' || j.missing || ' did not come for ' || duration(j.to_ns - j.from_ns)
         || iif(j.is_ended, '; then the ' || j.ended_by || '''s side closed (' || upper(j.ended) || '), '
                            || duration(j.to_ns - j.established_ns) || ' after the connection had begun', '; the capture ends first')
         || '.' AS summary,
       json_object('after', j.after, 'missing', j.missing, 'awaited', j.awaited, 'stall_s', seconds(j.to_ns - j.from_ns),
                   'handshake_s', seconds(j.to_ns - j.established_ns), 'closed_by', iif(j.is_ended, j.ended_by, NULL),
                   'candidates', json((SELECT json_group_array(text) FROM
                       (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
                          FROM known_timer t WHERE t.layer = 'amqp' AND j.is_ended AND j.ended_by = 'server'
                           AND abs(t.seconds - (j.to_ns - j.established_ns) / 1e9) <= t.tolerance_s ORDER BY t.seconds, text))),
                   'advice', CASE
                     WHEN j.name = '' THEN 'Look at what connects here and says nothing: a monitor that holds connections open, a client for TLS-less ports that waits for the server to speak, a proxy that connects ahead of need. A check should connect and leave, or ask over HTTP (port 15672).'
                     WHEN j.awaited = 'client' THEN 'Look at the client: is its thread busy or blocked between connecting and logging in, is its host overloaded? A debugger or a slow credentials provider does this too.'
                     WHEN j.missing = 'Start' THEN 'The broker, or what stands before it, accepted and did not speak: is the broker overloaded, starting, or out of file descriptors? rabbitmq-diagnostics status, check_running.'
                     WHEN j.missing = 'Tune' THEN 'The broker was asked to check the login: does its auth backend (LDAP, HTTP, OAuth) answer in time? A limit of connections may also delay.'
                     ELSE 'The broker did not open the virtual host in time: rabbitmq-diagnostics status; is its database (Mnesia) waiting for another node?' END,
                   'bucket', j.missing) AS numbers,
       json_array(json_object('frame', j.from_frame, 'role', 'last step: ' || j.after),
                  json_object('frame', j.to_frame, 'role', iif(j.is_ended, 'the ' || j.ended_by || '''s side closes: ' || upper(j.ended), 'last segment'))) AS evidence
  FROM judged j
 WHERE j.to_ns - j.from_ns >= iif(j.is_ended, :min_s, :open_s) * 1e9
 ORDER BY j.to_ns, j.flow_id;
