-- id:        amqp.heartbeat-too-slow
-- title:     AMQP heartbeats are rarer than idle time-outs on the way
-- severity:  note
-- over:      amqp_connection
-- param:     min_life_s = 60       a shorter connection needs no heartbeat
-- param:     min_idle_s = 5        the shortest silence that counts as one a timer ended
-- needs:     payload
-- yields:    tcp.reset-after-idle, tcp.idle-blackhole, tcp.timer-reset, amqp.unclosed, amqp.missed-heartbeats
-- explains:  The negotiated interval is {heartbeat_negotiated_s} s, so a heartbeat passes every {every_s} s. That is longer
--            than idle time-outs that are in use: {candidates}. {seen} Where one
--            of them stands on the way, it cuts the connection before the heartbeat comes.
-- remedy:    Set the client's heartbeat to {advised_s} s or less, or raise the time-out on the way. The lower
--            of the two sides' wishes counts with most clients.
-- confirm:   The broker shows the interval; hold the balancer's or firewall's idle time-out for TCP beside it:
--                rabbitmqctl list_connections name timeout
-- not:       Without any such device between client and broker a long interval only delays the
--            discovery of a dead peer.
-- reference: https://www.rabbitmq.com/docs/heartbeats
WITH slow AS (
  SELECT c.flow_id, c.heartbeat_s, f.capture_id, f.server_ip, f.server_port, f.first_ns, f.last_ns,
         (SELECT m.frame FROM amqp_method m WHERE m.flow_id = c.flow_id AND m.name = 'connection.tune-ok' ORDER BY m.ns LIMIT 1) AS tune_frame
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE c.heartbeat_s > 0
), server AS (
  SELECT DISTINCT capture_id, server_ip, server_port FROM slow
), killed AS (
  -- connections to the same servers that their silence ended: RST on first use, or the
  -- server's side that closed without a word, before a heartbeat was due
  SELECT k.capture_id, k.server_ip, k.server_port, r.pause_to_ns - r.pause_from_ns AS ns, f.id AS flow_id, r.frame
    FROM server k
    CROSS JOIN flow f ON f.server_ip = k.server_ip AND f.server_port = k.server_port AND f.capture_id = k.capture_id
    CROSS JOIN reset_anatomy r ON r.flow_id = f.id
   WHERE r.class = 'unknown_socket' AND r.sender = 'server' AND r.usual_ttl IS NOT NULL
     AND NOT r.after_own_fin AND NOT r.after_peer_fin AND r.pause_to_ns - r.pause_from_ns >= :min_idle_s * 1e9
  UNION ALL
  SELECT f.capture_id, f.server_ip, f.server_port, f.ended_ns - s.from_ns, f.id, f.ended_frame
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    CROSS JOIN silence s ON s.flow_id = f.id AND s.scope = 'both' AND s.to_frame = f.ended_frame
   WHERE f.ended = 'fin' AND f.ended_by = 'server' AND c.close_ns IS NULL AND c.opened_ns IS NOT NULL
     AND c.heartbeat_s > 0 AND s.to_ns - s.from_ns BETWEEN :min_idle_s * 1e9 AND c.heartbeat_s * 5e8
), soonest AS (
  SELECT capture_id, server_ip, server_port, min(ns) AS ns, flow_id, frame
    FROM killed GROUP BY capture_id, server_ip, server_port
), judged AS (
  -- one that died itself is told by the rule that says so
  SELECT s.*, k.ns AS killed_ns, k.flow_id AS killed_flow, k.frame AS killed_frame
    FROM slow s
    LEFT JOIN soonest k ON k.capture_id = s.capture_id AND k.server_ip = s.server_ip AND k.server_port = s.server_port
                       AND k.flow_id <> s.flow_id AND k.ns < s.heartbeat_s * 5e8
), named AS (
  SELECT j.*,
         (SELECT min(t.seconds) FROM known_timer t WHERE t.layer IN ('balancer', 'firewall', 'proxy', 'nat')
             AND t.seconds < j.heartbeat_s / 2.0) AS shortest_s
    FROM judged j
)
SELECT n.flow_id, n.first_ns AS from_ns, n.last_ns AS to_ns, iif(n.killed_ns IS NULL, 'note', 'warning') AS severity,
       iif(n.killed_ns IS NULL, 'possible', 'likely') AS confidence,
       'A heartbeat interval of ' || n.heartbeat_s || ' s lets something pass every ' || printf('%g', n.heartbeat_s / 2.0) || ' s only'
         || iif(n.killed_ns IS NULL, ': rarer than idle time-outs that are in use (from ' || printf('%g', n.shortest_s) || ' s on).',
                '; another connection to this server was cut after a silence of ' || duration(n.killed_ns) || '.') AS summary,
       json_object('heartbeat_negotiated_s', n.heartbeat_s, 'every_s', n.heartbeat_s / 2.0, 'killed_after_s', seconds(n.killed_ns),
                   'advised_s', max(1, CAST(coalesce(n.killed_ns / 1e9, n.shortest_s) / 2 AS INTEGER)),
                   'seen', iif(n.killed_ns IS NULL, '', 'Another connection to this server was cut after a silence of ' || duration(n.killed_ns) || '.'),
                   'candidates', json((SELECT json_group_array(text) FROM
                      (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text FROM known_timer t
                        WHERE t.layer IN ('nat', 'balancer', 'firewall', 'proxy') AND t.seconds < n.heartbeat_s / 2.0
                        ORDER BY t.seconds, t.product, t.setting LIMIT 12)))) AS numbers,
       json_array(json_object('frame', n.tune_frame, 'role', 'Tune-Ok: heartbeat ' || n.heartbeat_s || ' s'),
                  json_object('frame', n.killed_frame, 'flow', n.killed_flow, 'role', 'another connection, cut after its silence')) AS evidence
  FROM named n
 WHERE n.killed_ns IS NOT NULL OR n.shortest_s IS NOT NULL AND n.last_ns - n.first_ns >= :min_life_s * 1e9
 ORDER BY n.first_ns, n.flow_id;
