-- id:        tcp.pmtu-blackhole
-- title:     Large packets do not get through, small ones do
-- severity:  error
-- param:     big = 500             bytes of payload from which on size can be to blame
-- param:     times = 2             repetitions of a large segment that nobody acknowledged
-- param:     wait_s = 1            silence of a sender that may be waiting for an acknowledgement
-- needs:     both-sides, frames
-- explains:  The {sender} sent a segment of {stuck_len} bytes again and again ({times} times) and it was never acknowledged,
--            while the other side was there and small segments of the {sender} passed. So the size is
--            what stops it: some link on the way carries less than the sender believes (a tunnel, VPN,
--            PPPoE, VXLAN take 8 to 50 bytes and more), and the ICMP message that says so
--            ("fragmentation needed", "packet too big"; MTU {mtu}) is filtered, or was not heeded.
-- remedy:    Let these ICMP messages pass everywhere (IPv4 type 3 code 4, IPv6 type 2), or
--            clamp the segment size where the narrow link begins:
--                iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
--                nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu
--            or set the MTU of the overlay right (VXLAN: 50 bytes below the link's). To get along without ICMP:
--                sysctl -w net.ipv4.tcp_mtu_probing=1
-- confirm:   From the {sender}'s host, with and without 28 bytes below the size that should pass:
--                ping -M do -s 1472 {receiver_address}; tracepath -n {receiver_address}
-- not:       A path that is dead for all sizes (then the other side falls silent, too, or repeats what it sent). A
--            closed window. A host that learns the size from the ICMP message goes on with smaller segments.
-- reference: RFC 2923, section 2.1; RFC 1191; RFC 8201; RFC 4821
WITH stuck AS (
  SELECT l.flow_id, l.sender, l.seq, l.len, l.times, l.frame, l.ns,
         row_number() OVER (PARTITION BY l.flow_id, l.sender
                            ORDER BY (l.seq - iif(l.sender = 'client', f.client_first_seq, f.server_first_seq) + 4294967296) % 4294967296) AS nth,
         iif(l.sender = 'client', f.client_first_seq, f.server_first_seq) AS first_seq,
         iif(l.sender = 'client', f.client_acked_off, f.server_acked_off) AS acked_off
    FROM late_segment l
    JOIN connection f ON f.id = l.flow_id
   WHERE l.how = 'resent' AND l.times >= :times AND l.len >= :big
     AND (l.seq - iif(l.sender = 'client', f.client_first_seq, f.server_first_seq) + 4294967296) % 4294967296
           BETWEEN iif(l.sender = 'client', f.client_acked_off, f.server_acked_off) AND 2147483647
     AND f.established_ns IS NOT NULL
), head AS MATERIALIZED (
  SELECT s.*,
         (SELECT min(e.ns) FROM tcp_event e WHERE e.flow_id = s.flow_id AND e.kind = 'retransmission'
             AND e.sender = s.sender AND e.seq = s.seq) AS again_ns,
         (SELECT min(e.frame) FROM tcp_event e WHERE e.flow_id = s.flow_id AND e.kind = 'retransmission'
             AND e.sender = s.sender AND e.seq = s.seq) AS again_frame,
         (SELECT min(i.frame) FROM icmp i WHERE i.flow_id = s.flow_id AND i.sender = s.sender
             AND i.word IN ('fragmentation needed', 'packet too big')) AS icmp_frame,
         (SELECT min(i.mtu) FROM icmp i WHERE i.flow_id = s.flow_id AND i.sender = s.sender
             AND i.word IN ('fragmentation needed', 'packet too big')) AS mtu
    FROM stuck s
   WHERE s.nth = 1
), judged AS MATERIALIZED (
  SELECT h.*, f.client_ip, f.server_ip, f.rtt_ns, n.client, n.server,
         -- the other side afterwards: there, and in no need of repeating itself
         (SELECT min(p.frame) FROM packet p WHERE p.flow_id = h.flow_id AND p.frame > h.again_frame AND p.sender <> h.sender
             AND p.ns > h.again_ns + coalesce(f.rtt_ns, 0) + 10000000 AND p.flags & 4 = 0) AS alive_frame,
         (SELECT count(*) FROM tcp_event e WHERE e.flow_id = h.flow_id AND e.kind = 'retransmission'
             AND e.sender <> h.sender AND e.frame > h.again_frame) AS peer_repeats,
         -- the largest that got through
         (SELECT max(p.len) FROM packet p WHERE p.flow_id = h.flow_id AND p.sender = h.sender AND p.len > 0
             AND p.frame < h.again_frame
             AND (p.seq - h.first_seq + 4294967296) % 4294967296 + p.len <= h.acked_off) AS passed,
         (SELECT min(p.frame) FROM packet p WHERE p.flow_id = h.flow_id AND p.sender = h.sender AND p.seq = h.seq
             AND p.len > 0 AND p.frame < h.again_frame) AS first_frame
    FROM head h
    JOIN flow f ON f.id = h.flow_id
    JOIN flow_name n ON n.flow_id = h.flow_id
), unseen AS (
  -- at the receiver: the sender's own numbers tell of much that never came, though small segments do
  SELECT e.flow_id, e.sender, e.frame, e.ns, f.client_ip, f.server_ip, f.last_ns, f.last_frame,
         (e.seq - iif(e.sender = 'client', f.client_first_seq, f.server_first_seq) + 4294967296) % 4294967296
           - iif(e.sender = 'client', f.client_acked_off, f.server_acked_off) AS missing,
         (SELECT max(p.frame) FROM packet p WHERE p.flow_id = e.flow_id AND p.frame < e.frame AND p.sender = e.sender) AS before_frame,
         row_number() OVER (PARTITION BY e.flow_id, e.sender ORDER BY e.frame) AS nth
    FROM tcp_event e
    JOIN connection f ON f.id = e.flow_id
   WHERE e.kind = 'lost_segment' AND e.len < :big AND e.flags & 4 = 0 AND f.established_ns IS NOT NULL
     AND (e.seq - iif(e.sender = 'client', f.client_first_seq, f.server_first_seq) + 4294967296) % 4294967296
           - iif(e.sender = 'client', f.client_acked_off, f.server_acked_off) BETWEEN :big AND 2147483647
), waited AS (
  SELECT u.*, p.ns AS before_ns, p.ack AS before_ack
    FROM unseen u
    JOIN packet p ON p.flow_id = u.flow_id AND p.frame = u.before_frame
   WHERE u.nth = 1 AND (u.ns - p.ns >= :wait_s * 1e9 OR u.last_ns - u.ns >= 3 * :wait_s * 1e9)
     AND NOT EXISTS (SELECT 1 FROM packet q WHERE q.flow_id = u.flow_id AND q.sender = u.sender AND q.len >= :big)
), told AS (
  SELECT j.flow_id, coalesce(p.ns, j.again_ns) AS from_ns, j.ns AS to_ns, 'error' AS severity,
         iif(j.icmp_frame IS NULL, 'likely', 'proven') AS confidence,
         'A segment of ' || j.len || ' bytes from the ' || j.sender || ' was sent ' || (j.times + 1) || ' times in '
           || printf('%.1f s', (j.ns - coalesce(p.ns, j.again_ns)) / 1e9) || ' and never got through, while '
           || iif(j.passed IS NULL, 'its small ones did', 'up to ' || j.passed || ' bytes did')
           || iif(j.icmp_frame IS NULL, ': a link on the way is narrower than its packets, and no ICMP message says so.',
                  ': a router said "fragmentation needed"' || coalesce(' (MTU ' || nullif(j.mtu, 0) || ')', '')
                    || ', and the sender did not heed it or never got it.') AS summary,
         json_object('stuck_len', j.len, 'times', j.times + 1, 'passed_len', j.passed, 'mtu', j.mtu, 'sender', j.sender,
                     'stuck_s', seconds(j.ns - coalesce(p.ns, j.again_ns)), 'icmp', json(iif(j.icmp_frame IS NULL, 'false', 'true')),
                     'receiver_address', iif(j.sender = 'client', j.server_ip, j.client_ip)) AS numbers,
         json_array(json_object('frame', j.first_frame, 'role', 'large segment'),
                    json_object('frame', j.icmp_frame, 'role', 'ICMP: too big'),
                    json_object('frame', j.again_frame, 'role', 'sent again'),
                    json_object('frame', j.alive_frame, 'role', 'the other side is there'),
                    json_object('frame', j.frame, 'role', 'sent for the last time')) AS evidence
    FROM judged j
    LEFT JOIN packet p ON p.flow_id = j.flow_id AND p.frame = j.first_frame
   WHERE coalesce(j.passed, 0) < j.len
     AND (j.alive_frame IS NOT NULL AND j.peer_repeats = 0 OR j.icmp_frame IS NOT NULL)
  UNION ALL
  SELECT w.flow_id, w.before_ns, max(w.ns, w.last_ns), 'error', 'likely',
         'At least ' || w.missing || ' bytes that the ' || w.sender || ' sent in '
           || printf('%.1f s', (max(w.ns, w.last_ns) - w.before_ns) / 1e9)
           || ' never arrived here, as its own sequence number tells, while its small segments did: a link on the way is narrower than its packets.',
         json_object('missing_bytes', w.missing, 'sender', w.sender, 'stuck_s', seconds(max(w.ns, w.last_ns) - w.before_ns),
                     'icmp', json('false'),
                     'receiver_address', iif(w.sender = 'client', w.server_ip, w.client_ip)),
         json_array(json_object('frame', w.before_frame, 'role', 'the last small segment before'),
                    json_object('frame', w.frame, 'role', 'numbered behind what never came'))
    FROM waited w
)
SELECT flow_id, from_ns, to_ns, severity, confidence, summary, numbers, evidence
  FROM told
 ORDER BY from_ns, flow_id, summary;
