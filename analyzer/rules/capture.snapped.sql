-- id:        capture.snapped
-- title:     Frames were cut by the snapshot length
-- severity:  note
-- about:     capture
-- param:     warn_percent = 10     of the TCP frames: from here on a warning
-- param:     whole = 65535         a snapshot length that cuts no frame
-- explains:  {count} TCP frames were longer than what was kept of them: the capture keeps {snaplen} bytes of a
--            frame at most, or the file was cut afterwards (editcap -s). TCP's own numbers are whole, so
--            resets, closes and silences can be judged. The payload beyond is gone: HTTP and AMQP messages
--            are read as far as their heads were kept, and no further.
-- remedy:    Capture whole frames, which is tcpdump's default:
--                tcpdump -i eth0 -s 0 -w better.pcap
--            Where the file was cut afterwards, ask for the original. To save space, limit the hosts and ports instead, or keep a ring of files (-C 100 -W 50).
-- confirm:   tcpdump -r {file} | head -1 says "snapshot length".
-- not:       Frames beyond the MTU are normal on the host that sends them (segmentation offload).
-- reference: https://www.tcpdump.org/manpages/tcpdump.1.html
SELECT NULL AS flow_id, c.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns,
       iif(100.0 * c.snapped_frames >= :warn_percent * c.tcp_frames, 'warning', 'note') AS severity,
       'proven' AS confidence,
       c.snapped_frames || ' of ' || c.tcp_frames || ' TCP frames' || iif(c.snapped_frames = 1, ' was', ' were')
         || iif(c.snaplen >= :whole, ' cut, not by the snaplen of ' || c.snaplen || ' bytes but afterwards; what'
                  || ' more they carried is unknown (the original file may have it).',
                ' cut by the snaplen' || coalesce(' of ' || c.snaplen || ' bytes', '')
                  || '; what they carried beyond it is unknown (capture with -s 0).') AS summary,
       json_object('kind', 'snapped', 'count', c.snapped_frames, 'tcp_frames', c.tcp_frames, 'snaplen', c.snaplen,
                   'percent', round(100.0 * c.snapped_frames / c.tcp_frames, 1),
                   'file', (SELECT path FROM capture_file n WHERE n.capture_id = c.id ORDER BY seq LIMIT 1),
                   'cut_afterwards', json(iif(c.snaplen >= :whole, 'true', 'false')), 'means', 'HTTP and AMQP beyond the cut are not read; TCP''s numbers are whole') AS numbers,
       '[]' AS evidence
  FROM capture c
 WHERE c.snapped_frames > 0
 ORDER BY c.id;
