-- id:        capture.drops
-- title:     The capture lost packets
-- severity:  note
-- about:     capture
-- param:     warn_percent = 1      of the frames, or of the payload: from here on a warning
-- explains:  Packets passed and were not written down: the capturing program was too slow for them, or its
--            buffer too small. The file says so itself (reported: pcapng keeps the counts of interface and
--            system, pcap cannot), or bytes were acknowledged that the capture never saw (inferred). The
--            connections lost nothing; but a request, a FIN or a reset may be missing from the picture.
-- remedy:    Give the capture a larger buffer (in KiB) and less to write, on a disk that keeps up:
--                tcpdump -i eth0 -s 0 -B 65536 -w better.pcap 'host 10.0.0.9 or icmp or icmp6'
--            Do not resolve names or print packets meanwhile (-n, no -v).
-- confirm:   When it ends tcpdump prints "packets dropped by kernel"; capinfos shows what a pcapng file
--            reports. tshark -r {file} -Y tcp.analysis.ack_lost_segment lists the places.
-- not:       A packet that was lost on the way is sent again, and no acknowledgement goes beyond it before.
--            What one direction's way or a filter left out is missing too, and nobody dropped it.
-- reference: https://www.tcpdump.org/manpages/pcap_stats.3pcap.html
WITH lacking AS (
  -- payload that was acknowledged and never captured; what the snaplen cut off is another matter
  SELECT c.id AS capture_id, sum(f.client_gap_bytes + f.server_gap_bytes) AS gap, sum(f.client_bytes + f.server_bytes) AS seen
    FROM capture c
   CROSS JOIN flow f ON f.capture_id = c.id
   WHERE c.ack_lost_segments > 0 AND f.client_frames > 0 AND f.server_frames > 0
   GROUP BY c.id
), lost AS (
  SELECT c.*, c.dropped_frames AS n, 'dropped' AS kind,
         100.0 * c.dropped_frames / (c.frames + c.dropped_frames) AS percent, NULL AS gap
    FROM capture c
   WHERE c.dropped_frames > 0
  UNION ALL
  SELECT c.*, c.ack_lost_segments, 'ack_lost',
         iif(c.snapped_frames OR l.gap = 0, NULL, 100.0 * l.gap / (l.gap + l.seen)),
         iif(c.snapped_frames, NULL, l.gap)
    FROM capture c
    JOIN lacking l ON l.capture_id = c.id
   WHERE c.ack_lost_segments > 0
)
SELECT NULL AS flow_id, id AS capture_id, first_ns AS from_ns, last_ns AS to_ns,
       iif(percent >= :warn_percent, 'warning', 'note') AS severity,
       iif(kind = 'dropped', 'proven', 'likely') AS confidence,
       CASE kind
         WHEN 'dropped' THEN n || iif(n = 1, ' frame was', ' frames were')
           || ' dropped while capturing, as the file itself reports: ' || printf('%.1f %%', percent)
           || ' of all that passed.'
         ELSE iif(n = 1, 'Once', n || ' times') || ' bytes were acknowledged that the capture never saw'
           || CASE WHEN percent IS NULL THEN ''
                   ELSE ' (' || iif(percent < 0.1, 'less than 0.1', printf('%.1f', percent)) || ' % of the payload, '
                        || gap || iif(gap = 1, ' byte)', ' bytes)') END
           || iif(filtered_frames, ': the capture dropped packets, or the filter given with -f left them out.',
                  ': the capture dropped packets.') END AS summary,
       json_object('kind', kind, 'count', n, 'known_by', iif(kind = 'dropped', 'reported', 'inferred'),
                   'percent', round(percent, 1), 'bytes', gap,
                   'file', (SELECT path FROM capture_file n WHERE n.capture_id = lost.id ORDER BY seq LIMIT 1),
                   'means', 'what seems not to have been sent may just be missing') AS numbers,
       iif(kind = 'dropped', '[]',
           (SELECT json_group_array(json_object('frame', frame, 'flow', flow_id,
                                                'role', 'acknowledges bytes that were not captured'))
              FROM (SELECT e.flow_id, e.frame FROM tcp_event e JOIN flow f ON f.id = e.flow_id
                     WHERE e.kind = 'ack_lost_segment' AND f.capture_id = lost.id
                     ORDER BY e.frame LIMIT 8))) AS evidence
  FROM lost
 ORDER BY id, kind;
