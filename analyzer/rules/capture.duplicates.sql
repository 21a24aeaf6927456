-- id:        capture.duplicates
-- title:     Frames were captured twice
-- severity:  note
-- about:     capture
-- explains:  {count} frames are copies of others: the same packet was caught on several interfaces (-i any,
--            a bridge and its ports, a mirrored port). The copies are left out of every other fact, so that
--            they do not pass for retransmissions. Nothing is lost by them but room.
-- remedy:    Capture on the one interface that carries the traffic:
--                tcpdump -D
--                tcpdump -i eth0 -s 0 -w better.pcap
-- confirm:   The copies have the same IP identification, sequence number and payload, and come within
--            moments: tshark -r {file} -Y tcp.analysis.retransmission lists them.
-- not:       A retransmission has a new IP identification and takes the same way as its original. The two legs of
--            a translated connection have other addresses and are not counted here.
-- reference: https://www.tcpdump.org/manpages/tcpdump.1.html
SELECT NULL AS flow_id, c.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns, 'note' AS severity,
       'proven' AS confidence,
       c.duplicate_frames || ' of ' || c.frames || ' frames' || iif(c.duplicate_frames = 1, ' was', ' were')
         || ' captured twice; the second copies are left out.' AS summary,
       json_object('kind', 'duplicates', 'count', c.duplicate_frames, 'frames', c.frames,
                   'percent', round(100.0 * c.duplicate_frames / c.frames, 1),
                   'file', (SELECT path FROM capture_file n WHERE n.capture_id = c.id ORDER BY seq LIMIT 1),
                   'means', 'the copies are left out; nothing is lost') AS numbers,
       '[]' AS evidence
  FROM capture c
 WHERE c.duplicate_frames > 0
 ORDER BY c.id;
