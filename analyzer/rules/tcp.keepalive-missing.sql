-- id:        tcp.keepalive-missing
-- title:     Idle for long without a keep-alive
-- severity:  note
-- param:     min_idle_s = 300      silences from this on outlast the time-outs of many devices
-- needs:     both-sides, frames
-- yields:    tcp.reset-after-idle, tcp.idle-blackhole, tcp.timer-reset, tcp.keepalive-unanswered, tcp.keepalive-too-slow, tcp.backend-changed, tcp.blackhole, tcp.write-after-close, amqp.heartbeat-off, amqp.missed-heartbeats
-- explains:  {connections} connections to {server} were open and silent, for up to {idle_s} s, with neither TCP
--            keep-alives nor a heartbeat of the protocol. Nothing went wrong for that here. But whatever on the way
--            remembers connections forgets such a one, and the first use afterwards is lost. Time-outs
--            shorter than that silence: {candidates}
-- remedy:    Switch keep-alives on in the program (SO_KEEPALIVE; libpq keepalives=1, JDBC tcpKeepAlive=true, Go
--            net.Dialer.KeepAlive) and let them come often enough:
--                sysctl -w net.ipv4.tcp_keepalive_time=120 net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=8
--            or use the protocol's heartbeat, or let the pool drop what is idle for longer than a few minutes.
-- confirm:   ss -tno state established dst {server_address} shows no timer:(keepalive,…) for these connections.
-- not:       Where nothing on the way keeps a table (two hosts of one network), a silence of any length is harmless.
-- reference: RFC 1122, section 4.2.3.6; RFC 5382, REQ-5
WITH idle AS (
  SELECT f.capture_id, f.client_ip, f.server_ip, f.server_port, f.id AS flow_id, n.server,
         s.from_ns, s.to_ns, s.from_frame, s.to_frame, s.to_ns - s.from_ns AS idle_ns,
         row_number() OVER (PARTITION BY f.id ORDER BY s.to_ns - s.from_ns DESC, s.from_ns) AS nth
    FROM silence s
    JOIN connection f ON f.id = s.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE s.scope = 'both' AND s.to_ns - s.from_ns >= :min_idle_s * 1e9 AND s.ended_by <> 'end_of_capture' AND s.ended_by <> 'keep_alive'
     AND f.established_ns IS NOT NULL AND coalesce(f.ended_ns, s.to_ns) >= s.to_ns
     AND NOT EXISTS (SELECT 1 FROM heartbeat h WHERE h.flow_id = f.id)
     AND NOT EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'keep_alive')
     -- where silences did kill connections to that server, that is told, with the same remedy
     AND NOT EXISTS (SELECT 1 FROM idle_bracket b
                      WHERE (b.capture_id, b.server_ip, b.server_port) = (f.capture_id, f.server_ip, f.server_port))
     AND (f.capture_id, f.server_ip, f.server_port) NOT IN (SELECT o.capture_id, o.server_ip, o.server_port
                                                              FROM nat_remap m JOIN flow o ON o.id = m.front)
), longest AS (
  SELECT *, row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port ORDER BY idle_ns DESC, flow_id) AS rank
    FROM idle WHERE nth = 1
), told AS (
  SELECT max(iif(rank = 1, flow_id, NULL)) AS flow_id, capture_id, client_ip, server_ip, min(server) AS server, count(*) AS connections,
         min(from_ns) AS from_ns, max(to_ns) AS to_ns, max(idle_ns) AS idle_ns,
         '[' || group_concat(json_object('frame', from_frame, 'role', 'last segment before the silence', 'flow', flow_id) || ','
                             || json_object('frame', to_frame, 'role', 'first segment after it',
                                            'flow', flow_id)) FILTER (WHERE rank <= 16) || ']' AS evidence
    FROM longest
   GROUP BY capture_id, client_ip, server_ip, server_port
)
SELECT flow_id, capture_id, from_ns, to_ns, 'note' AS severity, 'likely' AS confidence, client_ip AS client, server,
       iif(connections = 1, 'A connection', connections || ' connections') || ' from ' || client_ip || ' to ' || server
         || iif(connections = 1, ' was', ' were') || ' silent for up to ' || printf('%.0f s', idle_ns / 1e9)
         || ' without a keep-alive or a heartbeat.' AS summary,
       json_object('connections', connections, 'idle_s', seconds(idle_ns), 'server', server, 'server_address', server_ip,
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
                                           FROM known_timer t
                                          WHERE t.layer IN ('nat', 'balancer', 'firewall', 'proxy') AND t.seconds <= told.idle_ns / 1e9
                                          ORDER BY t.seconds DESC, text LIMIT 12)))) AS numbers,
       evidence
  FROM told
 ORDER BY from_ns, client_ip, server;
