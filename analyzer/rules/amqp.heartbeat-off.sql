-- id:        amqp.heartbeat-off
-- title:     AMQP heartbeats are switched off
-- severity:  note
-- over:      amqp_connection
-- param:     min_idle_s = 60       the shortest silence that endangers a connection
-- needs:     payload
-- yields:    tcp.reset-after-idle, tcp.idle-blackhole, tcp.timer-reset, amqp.unclosed, amqp.missed-heartbeats
-- explains:  Client and broker agreed on a heartbeat of 0: nobody says anything while there is nothing to
--            say. This connection was silent for {longest_silence_s} s. Whatever on the way forgets silent
--            connections will cut it, and neither side will notice a dead peer for long. Known timers up
--            to that silence: {candidates}
--            {seen}
-- remedy:    Set a heartbeat in the client: 60 s, or a third of the shortest idle time-out on the way. Without
--            one, TCP keep-alive on both ends (SO_KEEPALIVE):
--                sysctl -w net.ipv4.tcp_keepalive_time=60 net.ipv4.tcp_keepalive_intvl=10 net.ipv4.tcp_keepalive_probes=5
-- confirm:   The broker shows a timeout of 0 for it:
--                rabbitmqctl list_connections name timeout
-- not:       TCP keep-alives that pass often enough do what heartbeats do; then there was no such silence.
--            Short-lived connections need no heartbeat.
-- reference: https://www.rabbitmq.com/docs/heartbeats ; https://www.rabbitmq.com/docs/networking#tcp-keepalive
WITH off AS (
  SELECT c.flow_id, f.capture_id, f.server_ip, f.server_port, s.from_ns, s.to_ns, s.from_frame, s.to_frame, s.to_ns - s.from_ns AS ns,
         row_number() OVER (PARTITION BY c.flow_id ORDER BY s.to_ns - s.from_ns DESC, s.from_ns) AS nth
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    CROSS JOIN silence s ON s.flow_id = c.flow_id AND s.scope = 'both'
   WHERE c.heartbeat_s = 0 AND s.to_ns - s.from_ns >= :min_idle_s * 1e9
), server AS (
  SELECT DISTINCT capture_id, server_ip, server_port FROM off
), killed AS (
  -- connections to the same servers that their silence ended: RST on first use
  SELECT k.capture_id, k.server_ip, k.server_port, min(r.pause_to_ns - r.pause_from_ns) AS ns
    FROM server k
    CROSS JOIN flow f ON f.server_ip = k.server_ip AND f.server_port = k.server_port AND f.capture_id = k.capture_id
    CROSS JOIN reset_anatomy r ON r.flow_id = f.id
   WHERE r.class = 'unknown_socket' AND r.sender = 'server' AND r.usual_ttl IS NOT NULL
     AND NOT r.after_own_fin AND NOT r.after_peer_fin AND r.pause_to_ns - r.pause_from_ns >= :min_idle_s * 1e9
   GROUP BY k.capture_id, k.server_ip, k.server_port
), judged AS (
  -- one that died itself is told by the rule that says so
  SELECT o.*, k.ns AS killed_ns
    FROM off o
    LEFT JOIN killed k ON k.capture_id = o.capture_id AND k.server_ip = o.server_ip AND k.server_port = o.server_port
   WHERE o.nth = 1
)
SELECT j.flow_id, j.from_ns, j.to_ns, iif(j.killed_ns IS NULL, 'note', 'warning') AS severity, 'proven' AS confidence,
       'Heartbeats are switched off, and nothing passed for ' || duration(j.ns)
         || iif(j.killed_ns IS NULL, ': an idle time-out on the way could cut this connection unseen.',
                '; another connection to this server was cut after a silence of ' || duration(j.killed_ns) || '.') AS summary,
       json_object('longest_silence_s', seconds(j.ns), 'heartbeat_negotiated_s', 0, 'killed_after_s', seconds(j.killed_ns),
                   'seen', iif(j.killed_ns IS NULL, '', 'Another connection to this server was cut after a silence of ' || duration(j.killed_ns) || '.'),
                   'candidates', json((SELECT json_group_array(text) FROM
                      (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text FROM known_timer t
                        WHERE t.layer IN ('nat', 'balancer', 'firewall', 'proxy') AND t.seconds <= j.ns / 1e9
                        ORDER BY t.seconds DESC, t.product, t.setting LIMIT 12)))) AS numbers,
       json_array(json_object('frame', j.from_frame, 'role', 'last segment before the silence'),
                  json_object('frame', j.to_frame, 'role', 'end of the silence')) AS evidence
  FROM judged j
 ORDER BY j.from_ns, j.flow_id;
