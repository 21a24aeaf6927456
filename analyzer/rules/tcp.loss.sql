-- id:        tcp.loss
-- title:     Segments were lost on the way
-- severity:  warning
-- over:      late_segment
-- param:     min_lost = 3          lost segments of a connection that make a rate
-- param:     percent = 1           of the bytes sent: loss at which throughput collapses
-- param:     note_percent = 0.1    from here on a note
-- param:     stall_s = 1           a connection held up for so long is told, however few were lost
-- param:     first_timer_s = 3.2   one repetition alone is no longer late than the kernel's first timer
-- param:     path_lost = 10        lost segments of many connections together
-- param:     few = 8               from more such connections of two hosts on they are told together
-- needs:     both-sides, frames
-- yields:    tcp.accept-overflow
-- explains:  {lost} segments from the {sender} ({rate_percent} % of its bytes) did not arrive and were sent
--            again; the receiver has them all in the end. {lost_before_capture} were lost between their sender and the
--            place of the capture (it saw the hole, then the repetition), {lost_after_capture} behind it (it saw
--            both). Segments that were only overtaken on the way, repetitions that were not needed,
--            probes, and what the capture holds twice are not counted. The longest time that this
--            held the connection up is {stall_s} s.
--            Loss is the network's, not the programs': a full queue (a slow link, a policer, a burst), a
--            bad cable or radio link, a duplex mismatch, an overloaded host or virtual switch.
-- remedy:    Find the hop: count drops on both hosts and on each device between them:
--                ip -s link show; ethtool -S eth0 | grep -iE 'drop|err|crc|miss'; nstat -az TcpRetransSegs TcpExtTCPTimeouts
--                tc -s qdisc show dev eth0
--            mtr --tcp -P {server_port} {server_address} shows from which hop on it begins. Loss in one
--            direction only speaks of one link or policer; at fixed rates of a policer (cloud, shaper).
-- confirm:   iperf3 between the hosts, both directions (-R). A second capture on the other host, at the
--            same time: the segments that are in one and not in the other were lost in between.
-- not:       Reordering (tcp.reordering), a capture that dropped frames itself (its own count says so, and
--            nothing is sent again), keep-alives and zero-window probes, packets captured twice.
-- reference: RFC 5681, section 3; RFC 6298; RFC 2018
WITH late AS (
  -- lost and made good: it was acknowledged at last
  SELECT l.*, f.capture_id
    FROM late_segment l
    JOIN connection f ON f.id = l.flow_id
   WHERE l.how = 'resent' AND f.client_frames > 0 AND f.server_frames > 0
     -- too large for a link, and said to be: not lost, but refused
     AND NOT EXISTS (SELECT 1 FROM icmp i WHERE i.flow_id = l.flow_id AND i.sender = l.sender
                        AND i.word IN ('fragmentation needed', 'packet too big'))
     AND CASE l.sender
           WHEN 'client' THEN f.client_acked_off >= 4294967296 OR
             (l.seq - f.client_first_seq + 4294967296) % 4294967296 < f.client_acked_off
           ELSE f.server_acked_off >= 4294967296 OR
             (l.seq - f.server_first_seq + 4294967296) % 4294967296 < f.server_acked_off END
), counted AS (
  SELECT flow_id, sender, count(*) AS late, sum(len) AS bytes, sum(hole_frame IS NOT NULL) AS filled,
         max(ns - hole_ns) AS hole_ns, min(coalesce(hole_ns, ns)) AS from_ns, max(ns) AS to_ns
    FROM late
   GROUP BY flow_id, sender
), held AS (
  -- silences of a sender in which it repeated what was lost: up to the last time that it did
  SELECT l.flow_id, l.sender, max(l.ns - s.from_ns) AS ns
    FROM late l
    JOIN silence s ON s.flow_id = l.flow_id AND s.scope = l.sender AND l.ns BETWEEN s.from_ns AND s.to_ns
   WHERE l.times > 1 OR l.ns - s.from_ns <= :first_timer_s * 1e9
   GROUP BY l.flow_id, l.sender
), lossy AS (
  SELECT c.*, f.capture_id, f.client_ip, f.server_ip, f.server_port,
         -- less those that the receiver reports to have had twice
         max(0, c.late - max(0, (SELECT count(*) FROM tcp_event d WHERE d.flow_id = c.flow_id AND d.kind = 'd_sack'
                                    AND d.sender <> c.sender)
                                - (SELECT count(*) FROM late_segment p WHERE p.flow_id = c.flow_id
                                      AND p.sender = c.sender AND p.how = 'spurious'))) AS lost,
         iif(c.sender = 'client', f.client_bytes, f.server_bytes) AS sent,
         f.client_duplicates + f.server_duplicates > 0 AS copies,
         max(coalesce(c.hole_ns, 0), coalesce(h.ns, 0)) AS stall_ns
    FROM counted c
    JOIN flow f ON f.id = c.flow_id
    LEFT JOIN held h ON h.flow_id = c.flow_id AND h.sender = c.sender
), graded AS (
  SELECT *, 100.0 * bytes / sent AS percent,
         CASE WHEN lost >= 20 AND bytes > 0.4 * sent THEN -1            -- numbers that make no sense, not a path
              -- and copies that were cut otherwise (offload, a tunnel) among copies that were recognised
              WHEN copies AND filled = 0 AND bytes > 0.1 * sent THEN -1
              WHEN lost > 0 AND stall_ns >= :stall_s * 1e9 THEN 2
              WHEN lost >= :min_lost AND 100.0 * bytes / sent >= :percent THEN 2
              WHEN lost >= :min_lost AND 100.0 * bytes / sent >= :note_percent THEN 1
              ELSE 0 END AS grade
    FROM lossy
   WHERE sent > 0
), cut AS MATERIALIZED (
  -- segments and the pieces they are cut into, both captured: these follow at once, which no repetition does
  SELECT g.flow_id, g.sender, count(*) AS n
    FROM graded g
    JOIN late l ON l.flow_id = g.flow_id AND l.sender = g.sender
    JOIN flow f ON f.id = g.flow_id
   WHERE g.grade > 0 AND l.hole_frame IS NULL
     AND EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = l.flow_id AND p.frame BETWEEN l.frame - 64 AND l.frame - 1
                    AND p.sender = l.sender AND (l.seq - p.seq + 4294967296) % 4294967296 < p.len
                    AND l.ns - p.ns <= max(10000, min(1000000, coalesce(f.rtt_ns, 0) / 2)))
   GROUP BY g.flow_id, g.sender
), path AS (
  SELECT *, count(*) FILTER (WHERE grade = 2) OVER way AS bad, count(*) OVER way AS flows, sum(lost) OVER way AS way_lost
    FROM graded g
   WHERE grade >= 0
     AND NOT EXISTS (SELECT 1 FROM cut WHERE cut.flow_id = g.flow_id AND cut.sender = g.sender
                        AND 2 * cut.n >= g.late - g.filled)
  WINDOW way AS (PARTITION BY capture_id, client_ip, server_ip, server_port, sender)
), chosen AS (
  -- connections of their own, or all of two hosts together
  SELECT p.*, iif(p.bad > :few OR p.bad = 0 AND p.way_lost >= :path_lost AND p.flows > 2, 0, p.flow_id) AS own,
         p.bad OR p.way_lost >= :path_lost AND 100.0 * p.way_lost >= :percent * c.tcp_frames AS serious
    FROM path p
    JOIN capture c ON c.id = p.capture_id
), told AS (
  SELECT capture_id, client_ip, server_ip, server_port, sender, own, min(flow_id) AS flow_id, count(*) AS flows,
         sum(lost) AS lost, sum(filled) AS filled, sum(late) AS late, 100.0 * sum(bytes) / sum(sent) AS percent,
         max(stall_ns) AS stall_ns, min(from_ns) AS from_ns, max(to_ns) AS to_ns, max(grade) AS grade,
         max(serious) AS serious
    FROM chosen
   WHERE own = 0 OR grade > 0
   GROUP BY capture_id, client_ip, server_ip, server_port, sender, own
  HAVING own <> 0 OR max(serious)
), proof AS MATERIALIZED (
  SELECT capture_id, client_ip, server_ip, server_port, sender, own, flow_id, frame, hole_frame, len,
         row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, sender, own
                            ORDER BY frame) AS nth
    FROM (SELECT c.capture_id, c.client_ip, c.server_ip, c.server_port, c.sender, c.own, l.flow_id, l.frame, l.hole_frame, l.len
            FROM chosen c JOIN late l ON l.flow_id = c.flow_id AND l.sender = c.sender
           WHERE c.own = 0 OR c.grade > 0)
)
SELECT t.flow_id, t.capture_id, t.from_ns, t.to_ns,
       iif(t.grade = 2 OR t.own = 0, 'warning', 'note') AS severity,
       iif(t.filled = t.late OR t.lost = t.late, 'proven', 'likely') AS confidence,
       iif(t.own = 0, t.client_ip, n.client) AS client, n.server,
       t.lost || iif(t.lost = 1, ' segment', ' segments') || ' from the ' || t.sender
         || iif(t.own = 0, ' in ' || t.flows || ' connections', '') || iif(t.lost = 1, ' was', ' were') || ' lost '
         || CASE WHEN t.filled = t.late THEN 'on the way to the place of this capture'
                 WHEN t.filled = 0 THEN 'behind the place of this capture' ELSE 'on the way' END
         || ' and sent again (' || printf('%.2g %%', t.percent) || ' of its bytes'
         || iif(t.own = 0, ' there', '') || ')'
         || iif(t.stall_ns >= 200000000, '; the longest wait for one was ' || printf('%.2f s', t.stall_ns / 1e9), '')
         || '. All arrived in the end.' AS summary,
       json_object('lost', t.lost, 'rate_percent', round(t.percent, 3), 'hole_fills', t.filled,
                   'lost_before_capture', t.filled, 'lost_after_capture', t.late - t.filled,
                   'connections', t.flows, 'stall_s', seconds(t.stall_ns), 'sender', t.sender,
                   'server', n.server, 'server_address', t.server_ip, 'server_port', t.server_port) AS numbers,
       (SELECT json_group_array(json_object('frame', p.frame, 'flow', p.flow_id,
                  'role', iif(p.hole_frame, 'fills a hole', 'sent again')))
          FROM proof p
         WHERE (p.capture_id, p.client_ip, p.server_ip, p.server_port, p.sender, p.own)
             = (t.capture_id, t.client_ip, t.server_ip, t.server_port, t.sender, t.own)
           AND p.nth <= 16) AS evidence
  FROM told t
  JOIN flow_name n ON n.flow_id = t.flow_id
 WHERE t.lost > 0
 ORDER BY t.capture_id, t.from_ns, t.flow_id, t.sender;
