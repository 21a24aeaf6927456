-- id:        capture.filtered
-- title:     A filter left out what may matter
-- severity:  note
-- about:     capture
-- explains:  The capture was filtered ({filter}), while it was made or now, with -f. A filter by port or by
--            `tcp` leaves out ICMP, with which routers say that a host cannot be reached or a packet was too
--            large; one by TCP flags leaves out most of each connection, and what is missing looks lost.
-- remedy:    Let ICMP through, and filter by host and port, never by flags:
--                tcpdump -i eth0 -s 0 -w better.pcap 'port 5672 or icmp or icmp6'
--            What -f left out of this run is still in the file: read it again without -f.
-- confirm:   A capture without the filter at the same place shows ICMP, or nothing more.
-- not:       A filter by host lets ICMP to and from that host pass.
-- reference: https://www.tcpdump.org/manpages/pcap-filter.7.html
WITH hiding AS (
  -- of a capture's interfaces the worst filter
  SELECT i.capture_id, max(instr(i.filter, 'tcp[') > 0 OR instr(i.filter, 'tcpflags') > 0) AS by_flags, min(i.filter) AS filter
    FROM capture_interface i
   WHERE i.filter IS NOT NULL AND lower(i.filter) NOT LIKE '%icmp%'
     AND (lower(i.filter) LIKE '%port%' OR lower(i.filter) LIKE '%tcp%')
   GROUP BY i.capture_id
), told AS (
  SELECT c.id, 'filtered' AS kind, c.filtered_frames AS n, NULL AS filter, 'note' AS severity,
         c.filtered_frames || ' of ' || c.frames || ' frames' || iif(c.filtered_frames = 1, ' was', ' were')
           || ' passed over by the filter given with -f.' AS text,
         'what -f left out was not looked at' AS means
    FROM capture c
   WHERE c.filtered_frames > 0
  UNION ALL
  SELECT capture_id, 'hidden', 1, filter, iif(by_flags, 'warning', 'note'),
         'The capture was made with the filter "' || substr(filter, 1, 120) || '": '
           || iif(by_flags, 'it picks segments by their flags, and the rest of each connection is missing.',
                  'ICMP, which would tell of unreachable hosts and packets too large, is not in it.'),
         iif(by_flags, 'most of each connection is missing', 'ICMP errors would not show')
    FROM hiding
)
SELECT NULL AS flow_id, t.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns, t.severity,
       'proven' AS confidence, t.text AS summary,
       json_object('kind', t.kind, 'count', t.n, 'filter', coalesce(t.filter, '-f'), 'means', t.means) AS numbers,
       '[]' AS evidence
  FROM told t
  JOIN capture c ON c.id = t.id
 ORDER BY t.id, t.kind;
