-- id:        tcp.stray-segment
-- title:     A segment of a connection that this host never had
-- severity:  error
-- over:      reset
-- param:     max_delay_s = 1       a RST later than this answers something else
-- param:     watched_s = 60        captured so long, an earlier close would have been seen
-- needs:     frames
-- explains:  A segment in the middle of a connection arrived where no SYN of it had been captured, and
--            the host answered at once with a RST without ACK, numbered by that segment: it has no such
--            connection (RFC 9293, 3.10.7.1). It never sent anything else on it. So the segment was
--            steered here by a device that lost track of the connection (address translation or a
--            balancer whose entry was gone chose this host anew), or by a routing change.
-- remedy:    Find the device on the way that sent them to this host (ipvsadm -Ln, conntrack -L -d {server_address}). The
--            fault is there and not on this host. See tcp.backend-changed and tcp.reset-after-idle: keep-alives
--            below the device's time-out, or a longer time-out.
-- confirm:   A capture in front of the device shows the same sequence number on its way to another
--            address, and the SYN of that connection long before.
-- not:       A port scan or a spoofed packet looks alike; its acknowledgement number is no real one, and
--            no other capture shows the connection. A host that was restarted answers in the same way.
-- reference: RFC 9293, section 3.10.7.1
WITH stray AS (
  SELECT r.*, f.capture_id, f.server_ip, n.server, c.first_ns AS capture_ns,
         row_number() OVER (PARTITION BY r.flow_id ORDER BY r.frame) AS nth
    FROM reset r
    JOIN flow f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = f.id
    JOIN capture c ON c.id = f.capture_id
   WHERE f.syn_ns IS NULL AND f.syn_ack_ns IS NULL
     AND r.usual_ttl IS NULL                  -- it sent nothing but resets
     AND NOT r.has_ack AND r.seq_matches_trigger_ack
     AND NOT r.after_peer_fin AND r.trigger_len > 0
     -- nothing is steered to the wrong host within one
     AND f.server_ip <> f.client_ip AND f.server_ip NOT LIKE '127.%'
     AND r.trigger_delay_ns <= :max_delay_s * 1e9
     AND r.flow_id NOT IN (SELECT back FROM nat_remap)
)
SELECT s.flow_id, s.trigger_ns AS from_ns, s.ns AS to_ns, 'error' AS severity,
       iif(s.trigger_ns - s.capture_ns >= :watched_s * 1e9, 'likely', 'possible') AS confidence,
       iif(s.sender = 'server', 'The server', 'The client') || '''s host got ' || s.trigger_len
         || ' bytes of a connection it never had (no SYN in this capture) and answered RST '
         || duration(s.trigger_delay_ns) || ' later: a device on the way sent them to the wrong host'
         || iif(s.trigger_ns - s.capture_ns >= :watched_s * 1e9, '.',
                ', or the connection had been closed before the capture began.') AS summary,
       json_object('data_len', s.trigger_len, 'rst_after_s', seconds(s.trigger_delay_ns),
                   'rst_seq_equals_segment_ack', json('true'), 'server', s.server,
                   'server_address', s.server_ip) AS numbers,
       json_array(json_object('frame', s.trigger_frame, 'role', 'data in the middle of a connection'),
                  json_object('frame', s.frame, 'role', 'RST: no such connection')) AS evidence
  FROM stray s
 WHERE s.nth = 1
   -- an earlier connection of the same endpoints would make it a late segment of that
   AND NOT EXISTS (SELECT 1 FROM flow f JOIN flow o ON o.capture_id = f.capture_id
                      AND o.client_ip = f.client_ip AND o.client_port = f.client_port
                      AND o.server_ip = f.server_ip AND o.server_port = f.server_port
                      AND o.first_frame < f.first_frame
                    WHERE f.id = s.flow_id)
   -- numbers that go on from a connection to another backend are tcp.backend-changed's
   AND NOT EXISTS (SELECT 1 FROM flow f JOIN flow o ON o.client_ip = f.client_ip
                      AND o.client_port = f.client_port AND o.capture_id = f.capture_id
                      AND o.server_port = f.server_port AND o.server_ip <> f.server_ip
                      AND o.syn_ns < f.first_ns
                    WHERE f.id = s.flow_id AND s.sender = 'server'
                      AND (f.client_first_seq - o.client_first_seq + 4294967296) % 4294967296 <= o.client_bytes)
   -- from the address behind the one the client speaks to: tcp.nat-untranslated
   AND NOT EXISTS (SELECT 1 FROM nat_untranslated u WHERE u.flow_id = s.flow_id)
 ORDER BY s.ns, s.flow_id;
