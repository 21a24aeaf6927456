-- packet_label.sql - a packet in words (packet_label.h): its flags where it opens or closes, and
-- what it carries; what stands out; then its number in its file. ?1 the flow, ?2 the frame,
-- ?3 its time, ?4 flags, ?5 payload, ?6 who sent it. ?7 and ?8 are numbers of exchanges: the
-- last that was asked, and the last that was answered, up to this packet. ?9: in detail.
WITH p AS (
  SELECT ?1 AS flow_id, ?2 AS frame, ?3 AS ns, ?4 AS flags, ?5 AS len, ?6 AS sender, ?9 AS detailed
), x AS MATERIALIZED (
  SELECT x.method, x.target, x.request_ns, x.request_frame, x.request_end_ns, x.request_end_frame, x.status,
         x.reason, x.response_ns, x.response_frame, x.response_end_ns, x.response_end_frame
    FROM p JOIN http_exchange x ON x.flow_id = p.flow_id
   WHERE x.nr BETWEEN ?7 - 8 AND ?7 OR x.nr BETWEEN ?8 - 8 AND ?8
), carried(nr, text, took_ns) AS (
  SELECT 1, x.method || ' ' || x.target, NULL FROM p JOIN x ON x.request_frame = p.frame
  UNION ALL
  SELECT 2, 'end of the request', x.request_end_ns - x.request_ns
    FROM p JOIN x ON x.request_end_frame = p.frame AND x.request_frame <> p.frame
  UNION ALL
  SELECT 3, i.status || iif(i.status = 100, ' Continue', ''), i.ns - e.request_head_end_ns
    FROM p JOIN http_interim i ON i.flow_id = p.flow_id AND i.frame = p.frame
    LEFT JOIN http_exchange e ON e.flow_id = i.flow_id AND e.nr = i.exchange_nr
  UNION ALL
  SELECT 4, x.status || coalesce(' ' || x.reason, ''), x.response_ns - x.request_end_ns
    FROM p JOIN x ON x.response_frame = p.frame
  UNION ALL
  SELECT 5, 'end of the response', x.response_end_ns - x.response_ns
    FROM p JOIN x ON x.response_end_frame = p.frame AND x.response_frame <> p.frame
  UNION ALL
  SELECT 6, n || iif(count(*) > 1, ' (' || count(*) || ' times)', iif(detailed, coalesce(' ' || detail, ''), '')), NULL
    FROM (SELECT iif(p.detailed AND m.channel, '#' || m.channel || ' ', '') || m.name AS n, m.detail, p.detailed
            FROM p JOIN amqp_method m ON m.flow_id = p.flow_id AND m.ns = p.ns AND m.frame = p.frame)
   GROUP BY n
  UNION ALL
  SELECT DISTINCT 7, CASE h.protocol WHEN 'amqp' THEN 'heartbeat' ELSE h.protocol || ' heartbeat' END, NULL
    FROM p JOIN heartbeat h ON h.flow_id = p.flow_id AND h.sender = p.sender AND h.ns = p.ns AND h.frame = p.frame
  UNION ALL
  SELECT 8, i.word || ', says ' || i.source_ip, NULL
    FROM p JOIN icmp i ON i.flow_id = p.flow_id AND i.frame = p.frame
   WHERE p.flags = 0
), told(nr, text) AS (
  SELECT 0, tcp_flags(flags & 23) FROM p WHERE flags & 7
  UNION ALL
  SELECT nr, text || iif(detailed AND took_ns >= 0, ' after ' || duration(took_ns), '') FROM carried, p WHERE text IS NOT NULL
  UNION ALL
  SELECT 1, iif(detailed AND (SELECT app = 'tls' FROM flow WHERE id = p.flow_id), 'TLS, ', '') || plural(len, 'byte')
    FROM p WHERE len > 0 AND NOT EXISTS (SELECT 1 FROM carried)
), mark(nr, text) AS (
  SELECT 1, replace(replace(replace(e.kind, 'keep_alive', 'keep-alive'), 'ack', 'ACK'), '_', ' ')
    FROM p JOIN tcp_event e ON e.flow_id = p.flow_id AND e.frame = p.frame
   WHERE e.kind IN ('retransmission', 'fast_retransmission', 'spurious_retransmission', 'out_of_order', 'dup_ack',
                    'zero_window', 'zero_window_probe', 'zero_window_probe_ack', 'window_full', 'keep_alive',
                    'keep_alive_ack', 'overlap_conflict', 'port_reuse', 'urgent', 'data_after_fin', 'd_sack',
                    'challenge_ack')
  UNION ALL
  SELECT 2, iif(e.kind = 'lost_segment', 'bytes before it were not captured', 'acknowledges bytes that were not captured')
    FROM p JOIN tcp_event e ON e.flow_id = p.flow_id AND e.frame = p.frame
   WHERE p.detailed AND e.kind IN ('lost_segment', 'ack_lost_segment')
  UNION ALL
  SELECT 3, CASE r.class WHEN 'refused' THEN 'nobody listens' WHEN 'challenge' THEN 'answers a wrong ACK'
                         WHEN 'probe' THEN 'hang-up of a probe' WHEN 'late' THEN 'its sender had closed'
                         WHEN 'injected' THEN 'from another host: TTL ' || r.ttl || ', else ' || r.usual_ttl
                         WHEN 'unknown_socket' THEN 'no such connection' WHEN 'timer' THEN 'by itself, in a silence'
                         ELSE r.class END
    FROM p JOIN reset_anatomy r ON r.flow_id = p.flow_id AND r.frame = p.frame
   WHERE p.detailed AND p.flags & 4
)
SELECT substr(one_line(coalesce((SELECT group_concat(text, ', ') FROM (SELECT text FROM told ORDER BY nr)),
                                iif(EXISTS (SELECT 1 FROM mark), '', nullif(tcp_flags(flags & 23), '')), '')),
              1, iif(detailed, 160, 60)),
       (SELECT group_concat(text, ', ') FROM (SELECT text FROM mark ORDER BY nr)),
       frame - coalesce((SELECT c.first_frame FROM capture_file c JOIN flow f ON f.capture_id = c.capture_id
                          WHERE f.id = p.flow_id AND p.frame >= c.first_frame
                            AND p.frame < c.first_frame + c.frames), 1) + 1
  FROM p
