-- id:        capture.one-way
-- title:     Connections were seen in one direction only
-- severity:  note
-- about:     capture
-- param:     warn_percent = 50     of the connections with payload: from here on a warning
-- explains:  Of {count} connections with payload the packets of one side never passed the place of the
--            capture: the way back is another one (asymmetric routing, one member of a bond, a mirror of
--            one direction), or a filter names one side only. Who answered, and when, cannot be seen.
-- remedy:    Capture where both directions pass, best on the hosts themselves and on both at once:
--                tcpdump -i eth0 -s 0 -w client.pcap 'host 10.0.0.9 or icmp or icmp6'
--                tcpdump -i eth0 -s 0 -w server.pcap 'host 10.0.0.5 or icmp or icmp6'
--            A filter says `host` and `port`, not `src` and `dst`; a mirror takes both directions.
-- confirm:   The acknowledgements of the side that is seen go up: the other side did send.
-- not:       A SYN that nobody answers has no payload and is not counted: that is a finding, not a fault
--            of the capture.
-- reference: https://www.tcpdump.org/manpages/pcap-filter.7.html
WITH counted AS (
  SELECT c.id AS capture_id, count(*) AS flows
    FROM capture c
   CROSS JOIN flow f ON f.capture_id = c.id
   WHERE c.one_way_flows > 0 AND f.client_bytes + f.server_bytes > 0
   GROUP BY c.id
)
SELECT NULL AS flow_id, c.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns,
       iif(100.0 * c.one_way_flows >= :warn_percent * n.flows, 'warning', 'note') AS severity,
       'proven' AS confidence,
       iif(n.flows = 1, 'The one connection', c.one_way_flows || ' of ' || n.flows || ' connections')
         || ' with payload' || iif(c.one_way_flows = 1, ' was', ' were')
         || ' seen in one direction only; the other took a way that was not captured.' AS summary,
       json_object('kind', 'one_way', 'count', c.one_way_flows, 'connections', n.flows,
                   'percent', round(100.0 * c.one_way_flows / n.flows, 1),
                   'means', 'who answered, and when, cannot be seen there') AS numbers,
       (SELECT json_group_array(json_object('frame', first_frame, 'flow', id, 'role', 'one direction only'))
          FROM (SELECT id, first_frame FROM flow f
                 WHERE f.capture_id = c.id AND (f.client_frames = 0 OR f.server_frames = 0)
                   AND f.client_bytes + f.server_bytes > 0 ORDER BY id LIMIT 8)) AS evidence
  FROM capture c
  JOIN counted n ON n.capture_id = c.id
 WHERE c.one_way_flows > 0
 ORDER BY c.id;
