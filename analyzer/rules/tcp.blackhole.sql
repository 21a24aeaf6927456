-- id:        tcp.blackhole
-- title:     An established connection went dark
-- severity:  error
-- param:     least = 4             times that the same bytes were sent
-- param:     long_s = 3            a shorter darkness at the end of a capture may be loss that heals
-- needs:     both-sides
-- yields:    tcp.pmtu-blackhole, tcp.accept-overflow, tcp.zero-window
-- explains:  The {speaker} sent the same bytes {transmissions} times, at growing distances, and got
--            neither an acknowledgement nor a reset nor anything else: the last sign of the {silent_side}
--            came {heard_before_s} s before. Its kernel would have acknowledged even for a program that
--            hangs. So from {at} on the packets were lost on the way (a cable, a route, a rule
--            that drops, a tunnel) or the other host was off. A silence before it is not to blame: it was
--            short, or survived before, or new connections failed as well. {meanwhile}
--            {contrast}
-- remedy:    Find out where the packets get lost at that time: capture on both ends with the same filter
--                tcpdump -ni any -s 128 -w dark.pcap 'host {client_address} and host {server_address} and tcp port {server_port}'
--            and look at rules, routes and interface counters on the way (nft list ruleset, ip route get
--            {peer_address}, ip -s link). So that programs notice sooner than after the kernel's
--            15 minutes of retries, set TCP_USER_TIMEOUT in the program, or for the whole host
--                sysctl -w net.ipv4.tcp_retries2=8
-- confirm:   ss -tino dst {peer_address} on the {speaker}: a growing backoff and unacked, no rcv. In a capture at
--            the other end the repeated segments do not arrive, or the answers leave and get lost.
-- not:       A program that hangs: its kernel still acknowledges. A closed window: the probes are answered.
--            A path that drops big packets only: small ones are answered (tcp.pmtu-blackhole). A capture that
--            lacks one direction proves nothing, but the repetitions do.
-- reference: RFC 9293, section 3.8.3; RFC 6298, section 5; RFC 5482
WITH gone AS MATERIALIZED (
  SELECT d.*, f.capture_id, f.app, f.client_ip, f.server_ip, f.server_port, f.ended, f.ended_by, f.ended_ns,
         f.ended_frame, f.last_ns AS flow_last_ns, f.first_ns AS flow_first_ns, c.first_ns AS capture_first_ns, n.client, n.server,
         iif(d.sender = 'client', 'server', 'client') AS peer,
         iif(d.sender = 'client', n.server, n.client) AS peer_name,
         iif(d.sender = 'client', f.server_ip, f.client_ip) AS peer_ip,
         iif(f.ended = 'rst' AND f.ended_by = d.sender, f.ended_ns, NULL) AS given_up_ns,
         -- of the next connections, by their ids
         (SELECT count(*) FROM (SELECT established_ns, ended, client_ip FROM flow o WHERE o.server_ip = f.server_ip AND o.server_port = f.server_port
                                   AND o.id > d.flow_id - f.first_frame + d.first_frame AND o.capture_id = f.capture_id ORDER BY o.id LIMIT 100)
           WHERE established_ns IS NOT NULL AND client_ip = f.client_ip) AS new_good,
         (SELECT count(*) FROM (SELECT established_ns, ended, client_ip FROM flow o WHERE o.server_ip = f.server_ip AND o.server_port = f.server_port
                                   AND o.id > d.flow_id - f.first_frame + d.first_frame AND o.capture_id = f.capture_id ORDER BY o.id LIMIT 100)
           WHERE ended = 'unanswered' AND client_ip = f.client_ip) AS new_failed
    FROM dark d
    JOIN connection f ON f.id = d.flow_id
    JOIN capture c ON c.id = f.capture_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE d.what = 'data' AND d.transmissions >= :least
     AND NOT EXISTS (SELECT 1 FROM idle_death i WHERE i.flow_id = d.flow_id)
     -- its peer had closed: what comes then is not waited for
     AND coalesce(iif(d.sender = 'client', f.server_fin_ns, f.client_fin_ns), d.first_ns + 1) > d.first_ns
     -- a SYN,ACK sent again: the connection had never been accepted
     AND NOT (d.sender = 'client' AND f.client_acked_off = 0 AND f.server_bytes = 0
              AND (SELECT count(*) FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'syn_ack') > 1)
), timed AS (
  SELECT *, coalesce(given_up_ns, max(last_ns, flow_last_ns)) - first_ns AS dark_ns,
         given_up_ns IS NOT NULL OR transmissions >= 6 AS settled,
         -- a segment bigger than any that had arrived before: then it may be its size
         (SELECT p.len FROM packet p WHERE p.flow_id = gone.flow_id AND p.frame = gone.first_frame) AS len,
         (SELECT max(p.len) FROM packet p WHERE p.flow_id = gone.flow_id AND p.sender = gone.sender AND p.frame < gone.first_frame) AS len_before
    FROM gone
), sized AS MATERIALIZED (
  SELECT *, len >= 1000 AND len > coalesce(len_before, 0) AS bigger FROM timed
)
SELECT t.flow_id, t.first_ns AS from_ns, coalesce(t.given_up_ns, t.last_ns) AS to_ns,
       iif(t.settled, 'error', 'warning') AS severity,
       CASE WHEN t.bigger THEN 'possible' WHEN t.settled THEN 'proven' ELSE 'likely' END AS confidence,
       'From ' || printf('%.3f s', (t.first_ns - t.flow_first_ns) / 1e9) || ' into the connection nothing came back from '
         || t.peer_name || ': the ' || t.sender || ' sent the same '
         || iif(t.bytes = 1, 'byte ', t.bytes || ' bytes ') || t.transmissions || ' times in '
         || printf('%.1f s', (t.last_ns - t.first_ns) / 1e9) || ' without an answer'
         || iif(t.given_up_ns IS NULL, '', ', and gave up with RST after '
                || printf('%.1f s', (t.given_up_ns - t.first_ns) / 1e9)) || iif(t.bigger, '. It is a bigger segment than any before: the path, or its way for big packets, was dead', '. The path or the host was dead')
         || CASE WHEN t.new_good THEN ' for this connection; new ones between the same hosts came about meanwhile.'
                 WHEN t.new_failed THEN '; new connections were not answered either.' ELSE '.' END AS summary,
       json_object('transmissions', t.transmissions, 'bytes', t.bytes, 'segment_bytes', t.len, 'biggest_before', t.len_before,
                   'dark_from_s', seconds(t.first_ns - t.capture_first_ns), 'dark_s', seconds(t.dark_ns),
                   'heard_before_s', seconds(t.first_ns - t.heard_ns),
                   'retransmission_gaps_s', json((SELECT json_group_array(seconds(gap_ns)) FROM
                                                   (SELECT gap_ns FROM dark_sent s WHERE s.flow_id = t.flow_id
                                                       AND s.sender = t.sender AND gap_ns IS NOT NULL
                                                     ORDER BY nth LIMIT 16))),
                   'given_up_after_s', seconds(t.given_up_ns - t.first_ns),
                   'new_connections_good', t.new_good, 'new_connections_failed', t.new_failed,
                   'contrast', json((SELECT json_group_array(x.text) FROM survivor_contrast x
                                WHERE (x.capture_id, x.server_ip, x.server_port) = (t.capture_id, t.server_ip, t.server_port)
                               HAVING count(*) > 0)),
                   'speaker', t.sender, 'silent_side', t.peer, 'server', t.server, 'server_port', t.server_port,
                   'client_address', t.client_ip, 'server_address', t.server_ip, 'peer_address', t.peer_ip,
                   'at', strftime('%Y-%m-%d %H:%M:%S', t.first_ns / 1000000000, 'unixepoch') || ' UTC',
                   'icmp', (SELECT i.word FROM icmp i WHERE i.flow_id = t.flow_id AND i.ns >= t.first_ns ORDER BY i.frame LIMIT 1),
                   'meanwhile', CASE WHEN t.new_good THEN 'New connections between the same hosts came about meanwhile: '
                                       || 'so something on the way dropped this connection and no others (a state table, '
                                       || 'one of several paths).'
                                     WHEN t.new_failed THEN 'New connections failed as well: an outage of the path or of the host.'
                                     ELSE 'Nothing else between the two was tried meanwhile.' END) AS numbers,
       (SELECT json_group_array(json(proof)) FROM
          (SELECT json_object('frame', t.heard_frame, 'role', 'last sign of the ' || t.peer) AS proof
            UNION ALL
           SELECT * FROM (SELECT json_object('frame', s.frame, 'role', iif(s.nth = 1, 'first segment without an answer',
                                                                          'the same bytes again')) AS proof
                            FROM dark_sent s WHERE s.flow_id = t.flow_id AND s.sender = t.sender ORDER BY s.nth LIMIT 24)
            UNION ALL
           SELECT json_object('frame', i.frame, 'role', 'ICMP: ' || i.word) FROM icmp i
            WHERE i.flow_id = t.flow_id AND i.ns >= t.first_ns
            UNION ALL
           SELECT json_object('frame', iif(t.given_up_ns IS NULL, NULL, t.ended_frame), 'role', 'RST: the ' || t.sender || ' gives up')))
         AS evidence
  FROM sized t
 WHERE t.settled OR t.dark_ns >= :long_s * 1e9
 ORDER BY t.first_ns, t.flow_id;
