-- id:        tcp.backend-changed
-- title:     One connection was sent to two backends
-- severity:  error
-- over:      reset
-- explains:  Both legs of a translated connection are in the capture. It was opened towards
--            {backend_at_open}; after {idle_s} s without a segment its next data went to
--            {backend_after}, which never saw its SYN and answered RST. The entry that tied the
--            connection to its backend had gone (idle time-out of IPVS or conntrack, a flush, a reload),
--            and the choice of a backend was made anew.
-- remedy:    Keep the entry alive: TCP keep-alive more often than the table's time-out
--                sysctl -w net.ipv4.tcp_keepalive_time=600 net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=10
--            and SO_KEEPALIVE in the program; or raise the time-out
--                sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=432000
--                ipvsadm --set 7200 120 300
--            After a short silence look for who emptied the table (conntrack -F, a restarted proxy).
-- confirm:   conntrack -E -e NEW,DESTROY -p tcp while it happens; ipvsadm -l --timeout.
-- not:       With one backend only the new choice is the old one, and nothing breaks.
-- reference: https://github.com/moby/moby/issues/31208; https://docs.kernel.org/networking/nf_conntrack-sysctl.html
WITH both_legs AS (
  -- the client's leg was captured too: the reset came back through both
  SELECT m.front AS flow_id, m.back AS new_leg, l.back AS old_leg, m.front_rst_frame, m.back_rst_frame
    FROM nat_remap m
    LEFT JOIN nat_leg l ON l.front = m.front
), backend_legs AS (
  -- only the backends' side: the client's numbers go on towards another address
  SELECT o.id AS flow_id, b.id AS new_leg, o.id AS old_leg, NULL AS front_rst_frame, s.frame AS back_rst_frame
    FROM reset s
    JOIN flow b ON b.id = s.flow_id AND b.syn_ns IS NULL AND b.syn_ack_ns IS NULL
    JOIN flow o ON o.client_ip = b.client_ip AND o.client_port = b.client_port
               AND o.capture_id = b.capture_id AND o.server_port = b.server_port
               AND o.server_ip <> b.server_ip AND o.syn_ns < b.first_ns
   WHERE s.usual_ttl IS NULL AND s.sender = 'server' AND s.seq_matches_trigger_ack
     AND (b.client_first_seq - o.client_first_seq + 4294967296) % 4294967296 <= o.client_bytes
     AND b.id NOT IN (SELECT back FROM nat_remap)
     AND o.id NOT IN (SELECT front FROM nat_leg)     -- that one speaks to the service, not to a backend
), moved AS (
  SELECT * FROM both_legs UNION ALL SELECT * FROM backend_legs
), told AS (
  SELECT m.*, f.last_ns, r.ns AS rst_ns, r.pause_from_frame, r.pause_from_ns, r.pause_to_frame, r.pause_to_ns,
         s.trigger_frame AS new_data_frame, s.ns AS back_rst_ns,
         coalesce(o.syn_frame, f.syn_frame) AS open_frame, o.client_bytes AS unused,
         (SELECT server FROM flow_name WHERE flow_id = m.old_leg) AS at_open,
         (SELECT server FROM flow_name WHERE flow_id = m.new_leg) AS after,
         nb.first_ns AS new_first_ns
    FROM moved m
    JOIN flow f ON f.id = m.flow_id
    JOIN flow nb ON nb.id = m.new_leg
    LEFT JOIN flow o ON o.id = m.old_leg
    JOIN reset s ON s.flow_id = m.new_leg AND s.frame = m.back_rst_frame
    LEFT JOIN reset r ON r.flow_id = m.flow_id AND r.frame = m.front_rst_frame
), timed AS (
  SELECT *, coalesce(pause_to_ns - pause_from_ns,
                     new_first_ns - (SELECT max(ns) FROM packet p
                                      WHERE p.flow_id = told.flow_id AND p.ns < told.new_first_ns)) AS idle_ns
    FROM told
)
SELECT flow_id, coalesce(pause_from_ns, new_first_ns) AS from_ns, coalesce(rst_ns, back_rst_ns) AS to_ns,
       'error' AS severity, iif(at_open IS NULL, 'likely', 'proven') AS confidence,
       'The connection was opened towards ' || coalesce(at_open, 'a backend that is not in the capture')
         || '; after ' || printf('%.1f s', idle_ns / 1e9) || ' of silence its next data was sent to ' || after
         || ', which does not know it and answered RST.' AS summary,
       json_object('idle_s', seconds(idle_ns), 'backend_at_open', at_open,
                   'backend_after_idle', after, 'backend_after', after) AS numbers,
       json_array(json_object('frame', open_frame, 'role', 'SYN towards the first backend', 'flow', old_leg),
                  json_object('frame', pause_from_frame, 'role', 'last segment before the silence', 'flow', flow_id),
                  json_object('frame', pause_to_frame, 'role', 'first data after it', 'flow', flow_id),
                  json_object('frame', new_data_frame, 'role', 'the same data towards the other backend', 'flow', new_leg),
                  json_object('frame', back_rst_frame, 'role', 'RST from that backend', 'flow', new_leg),
                  json_object('frame', front_rst_frame, 'role', 'RST as the client gets it', 'flow', flow_id)) AS evidence
  FROM timed
 WHERE at_open IS NULL OR at_open <> after
 GROUP BY flow_id, new_leg
 ORDER BY to_ns, flow_id;
