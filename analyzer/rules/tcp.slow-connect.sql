-- id:        tcp.slow-connect
-- title:     Connecting took a second or more
-- severity:  note
-- param:     min_s = 0.9           the shortest connect worth telling: one repetition of a SYN
-- param:     warn_s = 2.9          from here on a warning: two and more were lost
-- param:     few = 8               from more such connections of one client on they are told together
-- needs:     frames
-- yields:    tcp.accept-overflow
-- explains:  The handshake took {connect_s} s where a round trip takes {rtt_s} s: a SYN or its answer was
--            lost, and the kernel waits a second before it asks again (then 2, 4 s more; newer Linux kernels ask
--            about every second at first). From the client's side it cannot be told which of the two was
--            lost; at the server, a first SYN with an answer means that the answer was lost, one without
--            that the server itself dropped it, and none that it was lost on the way there.
--            Causes besides plain loss: a full queue of the listening program (drops SYNs), two clients
--            that a translating device gave one port, a full connection table.
-- remedy:    Look for lost packets on the way (tcp.loss), and at the server for SYNs that were dropped:
--                nstat -az TcpExtListenDrops TcpExtListenOverflows TcpExtTCPReqQFullDrop
--            Behind address translation: conntrack -S (insert_failed); --random-fully on MASQUERADE and
--            SNAT rules, or more addresses. Keep connections open, so that fewer are made.
-- confirm:   A capture at the server: does the first SYN come, and is it answered?
-- not:       A satellite link or a sleeping host answers late without any loss: then the answer to
--            every SYN comes, and later round trips take as long. A SYN that was never answered is tcp.connect-timeout.
-- reference: RFC 6298, section 2 (2.1) and 5.7; https://docs.kernel.org/networking/ip-sysctl.html
WITH few AS MATERIALIZED (
  SELECT id FROM flow WHERE established_ns - syn_ns >= 500000000      -- an index of its own
), slow AS (
  SELECT f.id, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.client, n.server, f.rtt_ns,
         f.syn_ns, f.syn_frame, f.syn_ack_ns, f.syn_ack_frame, f.established_ns,
         f.established_ns - f.syn_ns AS connect_ns,
         (SELECT count(*) FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'syn' AND e.sender = 'client') AS syns,
         (SELECT count(*) FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'syn_ack'
             AND e.ns <= f.established_ns) AS syn_acks,
         (SELECT max(e.frame) FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'syn' AND e.sender = 'client'
             AND e.ns <= f.established_ns) AS last_syn_frame,
         f.client_ttl IN (64, 128, 255) AS at_client, f.server_ttl IN (64, 128, 255) AS at_server
    FROM few
    JOIN connection f ON f.id = few.id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE f.established_ns - f.syn_ns >= :min_s * 1e9 AND NOT f.simultaneous_open
     -- a SYN that meets what is left of an older connection is tcp.port-reuse
     AND NOT EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = f.id AND e.kind IN ('port_reuse', 'challenge_ack')
                        AND e.frame <= f.syn_ack_frame)
     -- the ACK that ends the handshake was seen, not one long after it
     AND (f.rtt_ns < 500000000 OR f.established_ns - f.syn_ack_ns < 500000000
          OR EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'syn_ack' AND e.ns > f.syn_ack_ns))
), lost AS (
  SELECT *,
         CASE WHEN syns = 1 AND syn_acks = 1 THEN 'late'
              WHEN syn_acks > 1 AND syn_ack_ns - syn_ns < 500000000 THEN 'syn-ack'
              WHEN at_server AND NOT at_client AND syns > 1 THEN 'not answered'
              ELSE 'either' END AS lost,
         count(*) OVER (PARTITION BY capture_id, client_ip, server_ip, server_port) AS n
    FROM slow
), grouped AS (
  SELECT *, iif(n > :few, 0, id) AS own,
         row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, iif(n > :few, 0, id)
                            ORDER BY connect_ns DESC, id) AS nth
    FROM lost
)
SELECT min(id) AS flow_id, capture_id, min(syn_ns) AS from_ns, max(established_ns) AS to_ns,
       iif(max(connect_ns) >= :warn_s * 1e9, 'warning', 'note') AS severity,
       iif(min(lost) = 'late', 'possible', 'proven') AS confidence,
       iif(count(*) = 1, min(client), client_ip) AS client, min(server) AS server,
       iif(count(*) = 1, 'Connecting took ', count(*) || ' connections took up to ')
         || printf('%.3f s', max(connect_ns) / 1e9)
         || iif(count(*) = 1, '', ' to be made') || ': '
         || iif(count(*) > 1, 'SYNs or their answers were lost, and are repeated after a second.',
            CASE min(lost)
              WHEN 'late' THEN 'the SYN was sent once and answered late.'
              WHEN 'syn-ack' THEN 'the server''s first SYN,ACK, which left at once, was lost behind this place, or the client''s answer to it.'
              WHEN 'not answered' THEN 'the server''s host, near which this was captured, left '
                || iif(max(syns) = 2, 'the first SYN', 'the first ' || (max(syns) - 1) || ' SYNs') || ' unanswered, or the answer was lost before it got here.'
              ELSE iif(max(syns) = 2, 'the first SYN or the answer to it was lost',
                       'the first ' || (max(syns) - 1) || ' SYNs or the answers to them were lost')
                || '; from here it cannot be told which.' END) AS summary,
       json_object('connect_s', seconds(max(connect_ns)), 'syns', iif(count(*) = 1, max(syns), sum(syns)),
                   'syn_acks', sum(syn_acks),
                   'connections', count(*), 'rtt_s', seconds(min(rtt_ns)), 'lost', iif(count(*) = 1, min(lost), NULL),
                   'server', min(server)) AS numbers,
       '[' || group_concat(json_object('frame', syn_frame, 'flow', id, 'role', 'SYN') || ','
           || json_object('frame', iif(last_syn_frame > syn_frame, last_syn_frame, NULL), 'flow', id, 'role', 'SYN again') || ','
           || json_object('frame', syn_ack_frame, 'flow', id, 'role', 'SYN,ACK')) FILTER (WHERE nth <= 16) || ']' AS evidence
  FROM grouped
 GROUP BY capture_id, client_ip, server_ip, server_port, own
 ORDER BY capture_id, min(syn_ns), min(id);
