-- id:        tcp.keepalive-too-slow
-- title:     Keep-alives come more seldom than a time-out on the way
-- severity:  note
-- param:     known_s = 1200        keep-alives this far apart are told though no time-out was seen
-- needs:     both-sides, frames
-- yields:    tcp.reset-after-idle, tcp.idle-blackhole, tcp.timer-reset, tcp.backend-changed
-- explains:  The {speaker}'s host sends keep-alives only after {period_s} s of silence. {why} Keep-alives that
--            come later than a table on the way forgets are of no use: the probe itself finds the connection
--            gone. Time-outs that are shorter: {candidates}
-- remedy:    Probe at half the time-out or sooner:
--                sysctl -w net.ipv4.tcp_keepalive_time={keepalive_s} net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=10
--            or in the program, for the one socket: TCP_KEEPIDLE={keepalive_s}, TCP_KEEPINTVL=30, TCP_KEEPCNT=10.
-- confirm:   sysctl net.ipv4.tcp_keepalive_time on the {speaker} (Linux: 7200 unless changed);
--            ss -tno dst {peer_address} shows timer:(keepalive,…) with the time that is left.
-- not:       Where nothing on the way keeps a table, slow keep-alives find dead peers and do no harm.
-- reference: RFC 1122, section 4.2.3.6; RFC 5382, REQ-5
WITH probe AS (
  SELECT s.flow_id, s.ended_sender AS sender, min(s.to_ns - s.from_ns) AS period_ns, count(*) AS probes,
         min(s.from_frame) AS from_frame, min(s.to_frame) AS to_frame, min(s.from_ns) AS from_ns, max(s.to_ns) AS to_ns
    FROM silence s
   WHERE s.scope = 'both' AND s.ended_by <> 'end_of_capture' AND s.ended_by = 'keep_alive'
   GROUP BY s.flow_id, s.ended_sender
), slow AS (
  SELECT p.*, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.server, b.fatal_ns, b.deaths,
         iif(p.sender = 'client', f.server_ip, f.client_ip) AS peer_ip,
         row_number() OVER (PARTITION BY f.capture_id, f.client_ip, f.server_ip, f.server_port, p.sender ORDER BY p.from_ns, p.flow_id) AS nth
    FROM probe p
    JOIN connection f ON f.id = p.flow_id
    JOIN flow_name n ON n.flow_id = f.id
    LEFT JOIN idle_bracket b ON (b.capture_id, b.server_ip, b.server_port) = (f.capture_id, f.server_ip, f.server_port)
   WHERE f.id NOT IN (SELECT flow_id FROM idle_death)
     AND (p.period_ns >= b.fatal_ns OR b.fatal_ns IS NULL AND p.period_ns > :known_s * 1e9)
), told AS (
  SELECT min(flow_id) AS flow_id, capture_id, client_ip, min(server) AS server, min(peer_ip) AS peer_ip, sender,
         min(from_ns) AS from_ns, max(to_ns) AS to_ns, min(period_ns) AS period_ns, sum(probes) AS probes, count(*) AS connections,
         min(fatal_ns) AS fatal_ns, min(deaths) AS deaths, coalesce(min(period_ns) >= min(fatal_ns), 0) AS seen,
         '[' || group_concat(json_object('frame', from_frame, 'role', 'last segment before the silence', 'flow', flow_id) || ','
                             || json_object('frame', to_frame, 'role', 'keep-alive', 'flow', flow_id)) FILTER (WHERE nth <= 16) || ']' AS evidence
    FROM slow
   GROUP BY capture_id, client_ip, server_ip, server_port, sender
)
SELECT flow_id, capture_id, from_ns, to_ns, 'note' AS severity, iif(seen, 'likely', 'possible') AS confidence,
       client_ip AS client, server,
       'The ' || sender || '''s host sends keep-alives after ' || printf('%.0f s', period_ns / 1e9) || ' of silence; '
         || iif(seen, 'silences of ' || printf('%.0f s', fatal_ns / 1e9) || ' already killed connections to ' || server || '.',
                'many devices forget a connection sooner.') AS summary,
       json_object('period_s', seconds(period_ns), 'probes', probes, 'connections', connections, 'fatal_s', seconds(fatal_ns),
                   'speaker', sender, 'server', server, 'peer_address', peer_ip,
                   'keepalive_s', max(1, CAST(coalesce(fatal_ns / 1e9 / 4, 60) AS INTEGER)),
                   'why', iif(seen, 'In this capture silences of ' || printf('%.0f s', fatal_ns / 1e9) || ' killed ' || deaths
                                    || iif(deaths = 1, ' connection to ', ' connections to ') || server || '.',
                              'No time-out was seen here, but many are shorter than that.'),
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
                                           FROM known_timer t
                                          WHERE t.layer IN ('nat', 'balancer', 'firewall', 'proxy') AND t.seconds <= told.period_ns / 1e9
                                          ORDER BY t.seconds DESC, text LIMIT 12)))) AS numbers,
       evidence
  FROM told
 ORDER BY from_ns, client_ip, server, sender;
