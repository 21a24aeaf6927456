-- id:        tcp.reordering
-- title:     Segments overtook one another on the way
-- severity:  note
-- over:      late_segment
-- param:     min_count = 5         late segments at the least
-- param:     percent = 0.5         of the bytes sent
-- needs:     both-sides
-- explains:  {count} segments from the {sender} arrived after later ones, by up to {late_by_s} s: they were not lost, for
--            they came too soon to have been sent again, or bear an older IP identification. Each one
--            costs duplicate acknowledgements; where a segment comes later than the sender expects, it
--            is sent again without need and the sender slows down ({needless} times here).
-- remedy:    Usually none. Where throughput suffers, look for packets of one connection that take
--            several ways: per-packet balancing on a bond (mode balance-rr) or router, a link that repeats
--            frames (radio), software queues without flow affinity.
--                cat /proc/net/bonding/*; nstat -az TcpExtTCPSACKReorder TcpExtTCPDSACKRecv
-- confirm:   A capture at the sender has the segments in order.
-- not:       Loss: there the missing segment comes a round trip or more later. Several capture queues
--            that are merged without order in one file look the same; then acknowledgements are not duplicated.
-- reference: RFC 4653; RFC 8985
WITH counted AS (
  SELECT flow_id, sender, count(*) AS n, sum(len) AS bytes, max(ns - hole_ns) AS late_ns,
         min(hole_ns) AS from_ns, max(ns) AS to_ns
    FROM late_segment
   WHERE how = 'reordered'
   GROUP BY flow_id, sender
  HAVING count(*) >= :min_count
)
SELECT c.flow_id, c.from_ns, c.to_ns, 'note' AS severity, 'likely' AS confidence,
       c.n || ' segments from the ' || c.sender || ' were overtaken by later ones, by up to '
         || duration(c.late_ns) || ': reordered on the way, not lost.' AS summary,
       json_object('count', c.n, 'late_by_s', seconds(c.late_ns), 'sender', c.sender,
                   'needless', (SELECT count(*) FROM late_segment p WHERE p.flow_id = c.flow_id
                                   AND p.sender = c.sender AND p.how = 'spurious')) AS numbers,
       (SELECT json_group_array(json_object('frame', frame, 'role', role))
          FROM (SELECT frame, role FROM
                 (SELECT hole_frame AS frame, 'came first' AS role FROM late_segment l
                   WHERE l.flow_id = c.flow_id AND l.sender = c.sender AND l.how = 'reordered'
                  UNION
                  SELECT frame, 'overtaken' FROM late_segment l
                   WHERE l.flow_id = c.flow_id AND l.sender = c.sender AND l.how = 'reordered')
                 ORDER BY frame LIMIT 16)) AS evidence
  FROM counted c
  JOIN connection f ON f.id = c.flow_id
 WHERE 100.0 * c.bytes >= :percent * iif(c.sender = 'client', f.client_bytes, f.server_bytes)
 ORDER BY c.from_ns, c.flow_id, c.sender;
