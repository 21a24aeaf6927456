-- id:        tcp.idle-blackhole
-- title:     First use after a long silence was never answered
-- severity:  error
-- param:     least = 3             times that the same bytes were sent
-- param:     min_idle_s = 10       the shortest silence worth blaming on a timer; not less than 10
-- needs:     both-sides
-- yields:    tcp.pmtu-blackhole
-- explains:  The connection was silent for {idle_s} s. What the {speaker} sent then was sent {transmissions}
--            times and never answered, neither acknowledged nor reset. Something on the way that remembers
--            connections (a firewall, address translation, a balancer) forgot this one in the silence and
--            drops its packets without a word. The program hangs until its own time-out, or until the
--            kernel gives up after some 15 minutes. {meanwhile}
--            The time-out lies between the longest silence that a connection to {server} survived
--            ({survived_s} s) and the shortest that killed one ({fatal_s} s). Known timers in between:
--            {candidates}
--            {contrast}
-- remedy:    Let something pass more often than the time-out: TCP keep-alive well below {fatal_s} s, and
--            switched on in the program (SO_KEEPALIVE):
--                sysctl -w net.ipv4.tcp_keepalive_time={keepalive_s} net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=10
--            or the protocol's own (gRPC keepalive, AMQP heartbeat, HTTP pool idle limit); or raise the
--            device's timer, or let it say so (Azure: TCP reset on idle; nftables: reject with tcp reset
--            instead of drop). Programs notice sooner with TCP_USER_TIMEOUT.
-- confirm:   A new connection to {server} works at once while the old one hangs. On the device:
--                conntrack -E -e DESTROY -p tcp
--            names the connection during the silence; its counter of invalid or out-of-state packets grows.
--            A capture behind it does not show the repeated segments.
-- not:       An outage of the path or of the host at that time: then new connections fail as well
--            (tcp.blackhole). A silence that the connection had survived before did not kill it.
-- reference: RFC 5382, REQ-5; https://docs.kernel.org/networking/nf_conntrack-sysctl.html
WITH gone AS MATERIALIZED (
  SELECT d.*, i.idle_ns, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.ended, f.ended_by, f.ended_ns, f.ended_frame,
         n.server, iif(d.sender = 'client', 'server', 'client') AS peer,
         iif(f.ended = 'rst' AND f.ended_by = d.sender, f.ended_ns, NULL) AS given_up_ns,
         -- of the next connections, by their ids
         (SELECT count(*) FROM (SELECT established_ns, ended, client_ip FROM flow o WHERE o.server_ip = f.server_ip AND o.server_port = f.server_port
                                   AND o.id > d.flow_id - f.first_frame + d.first_frame AND o.capture_id = f.capture_id ORDER BY o.id LIMIT 100)
           WHERE established_ns IS NOT NULL AND client_ip = f.client_ip) AS new_good
    FROM dark d
    JOIN idle_death i ON i.flow_id = d.flow_id AND i.how = 'dark'
    JOIN flow f ON f.id = d.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE d.what = 'data' AND d.transmissions >= :least AND i.idle_ns >= :min_idle_s * 1e9
     AND coalesce(iif(d.sender = 'client', f.server_fin_ns, f.client_fin_ns), d.first_ns + 1) > d.first_ns
)
SELECT g.flow_id, g.first_ns - g.idle_ns AS from_ns, coalesce(g.given_up_ns, g.last_ns) AS to_ns,
       'error' AS severity,
       CASE WHEN g.new_good THEN 'proven' WHEN b.survived_ns IS NOT NULL OR b.deaths > 1 OR g.idle_ns >= 30000000000 THEN 'likely'
            ELSE 'possible' END AS confidence,
       'After ' || printf('%.1f s', g.idle_ns / 1e9) || ' of silence the ' || g.sender || '''s next '
         || iif(g.bytes = 1, 'byte was', g.bytes || ' bytes were') || ' sent ' || g.transmissions || ' times in '
         || printf('%.1f s', (g.last_ns - g.first_ns) / 1e9) || ' and never answered'
         || iif(g.given_up_ns IS NULL, '', '; it gave up with RST after ' || printf('%.1f s', (g.given_up_ns - g.first_ns) / 1e9))
         || '. An entry on the way expired after at most ' || printf('%.1f s', b.fatal_ns / 1e9)
         || iif(b.survived_ns IS NULL, '', iif(b.longer, ' (probably', ' (and') || ' more than '
                || printf('%.1f s', b.survived_ns / 1e9) || ', which others survived)')
         || iif(g.new_good, ', and its packets are dropped; new connections came about meanwhile.',
                            ', and its packets are dropped; or the path died in the silence.') AS summary,
       json_object('idle_s', seconds(g.idle_ns), 'transmissions', g.transmissions, 'bytes', g.bytes,
                   'retransmission_gaps_s', json((SELECT json_group_array(seconds(gap_ns)) FROM
                                                   (SELECT gap_ns FROM dark_sent s WHERE s.flow_id = g.flow_id
                                                       AND s.sender = g.sender AND gap_ns IS NOT NULL
                                                     ORDER BY nth LIMIT 16))),
                   'given_up_after_s', seconds(g.given_up_ns - g.first_ns),
                   'survived_s', seconds(b.survived_ns), 'fatal_s', seconds(b.fatal_ns),
                   'survived_longer', b.longer, 'deaths', b.deaths, 'new_connections_good', g.new_good,
                   'keepalive_s', max(1, CAST(b.fatal_ns / 1e9 / 4 AS INTEGER)),
                   'contrast', json((SELECT json_group_array(x.text) FROM survivor_contrast x
                                WHERE (x.capture_id, x.server_ip, x.server_port) = (g.capture_id, g.server_ip, g.server_port)
                               HAVING count(*) > 0)),
                   'speaker', g.sender, 'server', g.server,
                   'meanwhile', iif(g.new_good, 'New connections between the same hosts came about meanwhile, so the path and the host are well.',
                                    'Nothing else between the two hosts was tried meanwhile, so an outage is not ruled out.'),
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT text FROM idle_candidate c
                                          WHERE (c.capture_id, c.server_ip, c.server_port)
                                              = (g.capture_id, g.server_ip, g.server_port)
                                          ORDER BY seconds DESC, text LIMIT 12))),
                   'bucket', round(b.fatal_ns / 1e9 / 10)) AS numbers,
       (SELECT json_group_array(json(proof)) FROM
          (SELECT json_object('frame', g.pause_frame, 'role', 'last segment before the silence') AS proof
            UNION ALL
           SELECT * FROM (SELECT json_object('frame', s.frame, 'role', iif(s.nth = 1, 'first use after the silence',
                                                                          'the same bytes again')) AS proof
                            FROM dark_sent s WHERE s.flow_id = g.flow_id AND s.sender = g.sender ORDER BY s.nth LIMIT 24)
            UNION ALL
           SELECT json_object('frame', iif(g.given_up_ns IS NULL, NULL, g.ended_frame), 'role', 'RST: the ' || g.sender || ' gives up')))
         AS evidence
  FROM gone g
  JOIN idle_bracket b ON (b.capture_id, b.server_ip, b.server_port) = (g.capture_id, g.server_ip, g.server_port)
 ORDER BY g.first_ns, g.flow_id;
