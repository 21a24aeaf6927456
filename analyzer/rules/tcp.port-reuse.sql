-- id:        tcp.port-reuse
-- title:     A new connection met what was left of an old one
-- severity:  warning
-- param:     delay_s = 0.9         a connect held up for so long is a warning
-- param:     recent_s = 240        an old connection closed no longer ago may be remembered
-- explains:  The client used the same address and port again. On the other side (or in a device on the way)
--            the old connection still existed, in state {state}. A SYN that does not fit it is answered
--            by an ACK with the old numbers (a challenge); the client resets that, and asks again after its
--            timer: connecting took {connect_s} s. A device that remembers the old one drops the SYN.
--            "time-wait": both sides had closed {closed_before_s} s before, and who closed first keeps the
--            pair of ports for a minute or two. "alive": the old connection was never closed; the client was
--            restarted, or lost it behind a device on the way.
-- remedy:    Let the client choose its port (no bind to a fixed one), close first on the client's side, and make
--            fewer, longer connections (keep-alive, a pool). Where ports run out:
--                sysctl -w net.ipv4.ip_local_port_range='1024 65000' net.ipv4.tcp_tw_reuse=1
--            (timestamps on, on both sides). Behind address translation: more addresses, conntrack -S.
-- confirm:   ss -tan state time-wait on the server shows {client} when the SYN comes.
-- not:       The same ports again after a normal close, answered by SYN,ACK at once, are no problem.
-- reference: RFC 9293, sections 3.6.1 and 3.10.7.4; RFC 6191; RFC 5961, section 4
WITH met AS (
  SELECT e.flow_id, min(e.frame) AS challenge_frame
    FROM tcp_event e
    JOIN flow f ON f.id = e.flow_id
   WHERE e.kind = 'challenge_ack' AND e.sender = 'server' AND f.syn_ns IS NOT NULL
     AND (f.syn_ack_frame IS NULL OR e.frame < f.syn_ack_frame)
   GROUP BY e.flow_id
  UNION ALL
  -- not answered at first
  SELECT e.flow_id, NULL
    FROM tcp_event e
    JOIN flow f ON f.id = e.flow_id
   WHERE e.kind = 'port_reuse' AND e.sender = 'client' AND e.frame = f.syn_frame
     AND f.established_ns - f.syn_ns >= :delay_s * 1e9 AND f.syn_ack_ns - f.syn_ns >= :delay_s * 1e9
     AND NOT EXISTS (SELECT 1 FROM tcp_event c WHERE c.flow_id = e.flow_id AND c.kind = 'challenge_ack')
), reused AS (
  SELECT m.*, f.syn_ns, f.syn_frame, f.syn_ack_frame, f.established_ns, f.last_ns, f.ended, f.rtt_ns, n.client, n.server,
         (SELECT count(*) FROM tcp_event s WHERE s.flow_id = f.id AND s.kind = 'syn' AND s.sender = 'client') AS syns,
         (SELECT min(r.frame) FROM reset r WHERE r.flow_id = f.id AND r.sender = 'client'
             AND r.frame > m.challenge_frame) AS rst_frame,
         (SELECT min(s.frame) FROM tcp_event s WHERE s.flow_id = f.id AND s.kind = 'syn' AND s.sender = 'client'
             AND s.frame > f.syn_frame) AS again_frame,
         (SELECT max(o.id) FROM flow o WHERE o.client_ip = f.client_ip AND o.client_port = f.client_port
             AND o.server_ip = f.server_ip AND o.server_port = f.server_port
             AND o.capture_id = f.capture_id AND o.id < f.id) AS old
    FROM met m
    JOIN connection f ON f.id = m.flow_id
    JOIN flow_name n ON n.flow_id = f.id
), judged AS (
  SELECT r.*, o.ended_frame AS old_frame, o.id AS old_flow,
         CASE WHEN o.id IS NULL THEN 'unknown' WHEN o.client_fin_ns IS NOT NULL AND o.server_fin_ns IS NOT NULL THEN 'time-wait'
              WHEN o.ended = 'rst' THEN 'reset' WHEN o.ended = 'fin' THEN 'half-closed' ELSE 'alive' END AS state,
         iif(o.ended IN ('fin', 'rst'), r.syn_ns - o.ended_ns, NULL) AS closed_ns
    FROM reused r
    LEFT JOIN flow o ON o.id = r.old
)
SELECT flow_id, syn_ns AS from_ns, coalesce(established_ns, last_ns) AS to_ns,
       iif(established_ns IS NULL AND syns > 1 OR established_ns - syn_ns >= :delay_s * 1e9, 'warning', 'note') AS severity,
       CASE WHEN challenge_frame IS NULL THEN 'possible' WHEN old_flow IS NULL THEN 'likely' ELSE 'proven' END AS confidence,
       'The client''s port was used again' || iif(closed_ns IS NULL, '', ' ' || printf('%.3f s', closed_ns / 1e9) || ' after its last connection was closed')
         || CASE WHEN challenge_frame IS NULL THEN ', and its first SYN was not answered: a device or the server may have dropped it because of the old connection'
                 ELSE ', and the server still had the old connection (' || state || '): it answered the SYN with an old ACK' END
         || CASE WHEN established_ns IS NULL THEN '; the connection was not made.'
                 ELSE '; connecting took ' || printf('%.3f s', (established_ns - syn_ns) / 1e9) || '.' END AS summary,
       json_object('connect_s', seconds(established_ns - syn_ns), 'syns', syns, 'closed_before_s', seconds(closed_ns),
                   'state', state, 'client', client, 'server', server) AS numbers,
       json_array(json_object('frame', old_frame, 'flow', old_flow, 'role', 'end of the old connection'),
                  json_object('frame', syn_frame, 'role', 'SYN'),
                  json_object('frame', challenge_frame, 'role', 'ACK of the old connection'),
                  json_object('frame', rst_frame, 'role', 'the client resets the old one'),
                  json_object('frame', again_frame, 'role', 'SYN again'),
                  json_object('frame', syn_ack_frame, 'role', 'SYN,ACK')) AS evidence
  FROM judged
 WHERE rst_frame > challenge_frame OR again_frame > challenge_frame OR challenge_frame IS NULL AND closed_ns <= :recent_s * 1e9
 ORDER BY syn_ns, flow_id;
