-- id:        tcp.accept-overflow
-- title:     The server's queue of connections to accept was full
-- severity:  error
-- param:     abort_s = 0.5         a RST for the handshake's ACK comes within a round trip
-- param:     times = 3             repetitions of the first data that nobody answered
-- param:     few = 8               from more such connections of two hosts on they are told together
-- needs:     frames
-- explains:  The client ended the handshake and sent; the server's host answered neither that nor its data,
--            and repeated its SYN,ACK as if nothing had come, or is not heard again (newer kernels), while it
--            takes others. That is Linux when the
--            program does not accept fast enough and the listening socket's queue (backlog) is full: it
--            drops the ACK. The client believes it is connected and waits.
--            With net.ipv4.tcp_abort_on_overflow = 1 it sends a RST for the ACK instead (variant "{variant}").
-- remedy:    Let the program accept faster (more workers or threads, nothing slow between two accepts), and
--            make the queue longer; both limits count:
--                ss -ltn 'sport = :{server_port}'        (Recv-Q above Send-Q: full)
--                nstat -az TcpExtListenOverflows TcpExtListenDrops
--                sysctl -w net.core.somaxconn=4096
--            and listen(fd, 4096), nginx `listen ... backlog=`, Java `backlog`, php-fpm `listen.backlog`, gunicorn --backlog.
-- confirm:   ListenOverflows rises at such times. A capture at the server shows that the client's ACKs arrive.
-- not:       With TCP_DEFER_ACCEPT (nginx `deferred`) the server repeats its SYN,ACK until the first data, which
--            it acknowledges at once. A lost ACK is repeated by the next segment. A firewall that lets
--            the SYN pass and drops what follows looks the same from the client. A RST for the ACK may also mean
--            that the program was just ended, or a balancer without a backend.
-- reference: https://docs.kernel.org/networking/ip-sysctl.html (tcp_abort_on_overflow); man 2 listen
WITH repeated AS (
  SELECT e.flow_id, count(*) AS repeats, min(e.frame) AS again_frame, max(e.frame) AS last_frame, max(e.ns) AS last_ns
    FROM tcp_event e
    JOIN connection f ON f.id = e.flow_id
   WHERE e.kind = 'retransmission' AND e.sender = 'server' AND e.len = 0 AND e.flags & 18 = 18
     AND e.ns > f.established_ns + coalesce(f.rtt_ns, 0)
   GROUP BY e.flow_id
), ignored AS (
  SELECT r.*, f.client_first_data_ns < r.last_ns - 2 * f.rtt_ns - 100000000 AS with_data
    FROM repeated r
    JOIN flow f ON f.id = r.flow_id
   WHERE -- data that went unanswered while the SYN,ACK was repeated
         (f.client_first_data_ns < r.last_ns - 2 * f.rtt_ns - 100000000
          -- or a server that speaks first, as others show, and waits for no data
          OR f.client_first_data_ns IS NULL AND r.repeats >= 2 AND f.server_first_data_ns IS NULL
             AND EXISTS (SELECT 1 FROM flow o WHERE o.server_ip = f.server_ip AND o.server_port = f.server_port
                            AND o.capture_id = f.capture_id
                            AND o.server_first_data_ns < coalesce(o.client_first_data_ns, o.last_ns + 1)))
     AND NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = r.flow_id AND p.frame < r.last_frame AND p.sender = 'server'
                        AND p.flags & 2 = 0)
), unheard AS (
  -- newer kernels do not repeat the SYN,ACK: the first data is sent again and again, and nothing comes
  SELECT l.flow_id, l.times, l.frame, l.ns, f.capture_id, f.server_ip, f.server_port, f.client_first_data_ns AS data_ns
    FROM late_segment l
    JOIN connection f ON f.id = l.flow_id
   WHERE l.sender = 'client' AND l.how = 'resent' AND l.times >= :times AND l.len < 500 AND l.hole_frame IS NULL
     AND l.seq = f.client_first_seq AND f.established_ns IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = l.flow_id AND p.frame < l.frame AND p.sender = 'server'
                        AND p.flags & 2 = 0)
     AND NOT EXISTS (SELECT 1 FROM repeated r WHERE r.flow_id = l.flow_id)
), crowd AS (
  SELECT capture_id, server_ip, server_port, min(data_ns) AS from_ns, max(ns) AS to_ns
    FROM unheard
   GROUP BY capture_id, server_ip, server_port
  HAVING count(*) >= 2
), taken AS (
  -- the same server took others then, or shortly before
  SELECT c.*
    FROM crowd c
   WHERE EXISTS (SELECT 1 FROM flow o WHERE o.server_ip = c.server_ip AND o.server_port = c.server_port
                    AND o.capture_id = c.capture_id AND o.established_ns BETWEEN c.from_ns - 30000000000 AND c.to_ns
                    AND (o.client_acked_off > 0 OR o.server_first_data_ns IS NOT NULL)
                    AND o.id NOT IN (SELECT flow_id FROM unheard))
), refused AS (
  -- a RST without ACK for the ACK that ended the handshake
  SELECT r.flow_id, r.frame, r.ns
    FROM reset_anatomy r
    JOIN connection f ON f.id = r.flow_id
   WHERE r.class = 'unknown_socket' AND r.sender = 'server' AND r.own_bytes = 0 AND r.peer_bytes_acked = 0
     AND r.usual_ttl IS NOT NULL AND NOT r.after_peer_fin
     AND r.ns - f.established_ns <= :abort_s * 1e9
     AND f.established_ns IS NOT NULL AND f.ended_frame = r.frame
     -- data that follows at once is answered by one more
     AND (r.trigger_len = 0 OR EXISTS (SELECT 1 FROM reset s WHERE s.flow_id = r.flow_id AND s.frame > r.frame
                                          AND s.sender = 'server' AND s.seq = r.seq))
), overflow AS (
  SELECT flow_id, 'ignored' AS variant, repeats, again_frame, last_frame, last_ns, with_data FROM ignored
  UNION ALL
  SELECT u.flow_id, 'unheard', u.times, NULL, u.frame, u.ns, 1
    FROM unheard u JOIN taken USING (capture_id, server_ip, server_port)
  UNION ALL
  SELECT flow_id, 'reset', NULL, NULL, frame, ns, 0 FROM refused
), named AS (
  SELECT o.*, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.client, n.server, f.syn_ns, f.syn_ack_frame, f.established_ns,
         f.client_first_data_frame, f.client_first_data_ns, f.ended,
         f.server_ttl IN (64, 128, 255) AND f.client_ttl NOT IN (64, 128, 255) AS at_server,
         -- what the server's host took in the end
         iif(f.client_acked_off > 0 OR f.server_first_data_ns IS NOT NULL,
             (SELECT min(p.ns) FROM packet p WHERE p.flow_id = o.flow_id AND p.sender = 'server'
                 AND p.frame > o.last_frame AND p.flags & 6 = 0), NULL) AS accepted_ns,
         count(*) OVER (PARTITION BY f.capture_id, f.client_ip, f.server_ip, f.server_port, o.variant) AS n
    FROM overflow o
    JOIN flow f ON f.id = o.flow_id
    JOIN flow_name n ON n.flow_id = o.flow_id
), grouped AS (
  SELECT *, iif(n > :few, 0, flow_id) AS own,
         row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, variant, iif(n > :few, 0, flow_id)
                            ORDER BY flow_id) AS nth
    FROM named
)
SELECT min(flow_id) AS flow_id, capture_id, min(established_ns) AS from_ns, max(coalesce(accepted_ns, last_ns)) AS to_ns,
       iif(variant = 'reset' OR count(accepted_ns) = count(*), 'warning', 'error') AS severity,
       CASE WHEN variant = 'reset' THEN 'possible' WHEN variant = 'unheard' THEN 'likely' WHEN min(at_server) AND min(with_data) THEN 'proven'
            WHEN min(repeats) >= 2 THEN 'likely' ELSE 'possible' END AS confidence,
       iif(count(*) = 1, min(client), client_ip) AS client, min(server) AS server,
       iif(variant = 'reset',
           min(server) || ' answered the ACK that ended the handshake' || iif(count(*) = 1, '', ' of ' || count(*) || ' connections')
             || ' with RST: the queue of connections to accept was full (tcp_abort_on_overflow), or its program was just ended.',
           iif(variant = 'unheard', min(server) || ' accepted the handshake' || iif(count(*) = 1, '', ' of ' || count(*) || ' connections')
             || ' and was not heard again, though the client sent its first data ' || (max(repeats) + 1) || ' times and others were taken',
           min(server) || ' repeated its SYN,ACK ' || iif(count(*) = 1, iif(max(repeats) = 1, 'once', max(repeats) || ' times'), 'in ' || count(*) || ' connections')
             || ' after the client had acknowledged it' || iif(min(with_data), ' and sent data', ''))
             || ': it does not take the connection' || iif(count(*) = 1, '', 's')
             || ' (queue of connections to accept full'
             || iif(min(at_server), ')', ', or a device on the way drops what follows the SYN)')
             || iif(count(accepted_ns) = count(*), '. It did after ' || printf('%.1f s', max(accepted_ns - established_ns) / 1e9) || '.', ', and never did.')
       ) AS summary,
       json_object('variant', variant, 'repeats', sum(repeats), 'connections', count(*),
                   'accepted_after_s', iif(count(accepted_ns) = count(*), seconds(max(accepted_ns - established_ns)), NULL),
                   'server', min(server), 'server_port', server_port) AS numbers,
       '[' || group_concat(json_object('frame', syn_ack_frame, 'flow', flow_id, 'role', 'SYN,ACK') || ','
              || json_object('frame', iif(with_data, client_first_data_frame, NULL), 'flow', flow_id, 'role', 'client data') || ','
              || json_object('frame', again_frame, 'flow', flow_id, 'role', 'SYN,ACK again') || ','
              || json_object('frame', last_frame, 'flow', flow_id, 'role', CASE variant WHEN 'reset' THEN 'RST' WHEN 'unheard' THEN 'data for the last time' ELSE 'SYN,ACK for the last time' END))
              FILTER (WHERE nth <= 12) || ']' AS evidence
  FROM grouped
 GROUP BY capture_id, client_ip, server_ip, server_port, variant, own
 ORDER BY capture_id, from_ns, min(flow_id);
