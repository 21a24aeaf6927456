-- id:        tcp.refused
-- title:     Connection refused
-- severity:  error
-- over:      reset
-- explains:  A SYN was answered by RST,ACK. The host was reached and no program listens on that
--            address and port (RFC 9293, 3.10.7.1), or a firewall rule rejects the connection in
--            its name. The client sees "Connection refused" at once.
--            Where the same port accepts others before, meanwhile or afterwards, the summary says so:
--            a service that went down at a time, a restart, or one dead host behind a shared address.
-- remedy:    Start the program behind {server}, or make it listen on that address; see what listens
--            with
--                ss -ltnp
--            on the server. Then look for a rule that rejects:
--                nft list ruleset | grep -i reject
-- confirm:   The refused SYN and its RST have the same ports, and the RST acknowledges the SYN's
--            number plus one. A SYN,ACK from the same port at that time would refute it.
-- not:       A RST long after the SYN, or one whose TTL is unlike the server's other packets, comes
--            from a device on the way. While a service restarts some refusals are expected.
-- reference: RFC 9293, section 3.10.7.1
WITH refused AS (
  SELECT r.flow_id, r.frame, r.ns, r.trigger_frame, r.trigger_ns, r.trigger_delay_ns,
         f.capture_id, f.client_ip, f.client_port, f.server_ip, f.server_port, n.client, n.server,
         row_number() OVER (PARTITION BY f.capture_id, f.client_ip, f.server_ip, f.server_port
                            ORDER BY r.ns, r.frame) AS nth,
         json_object('frame', r.trigger_frame, 'role', 'SYN', 'flow', r.flow_id) || ','
           || json_object('frame', r.frame, 'role', 'RST', 'flow', r.flow_id) AS proof
    FROM reset_anatomy r
    JOIN connection f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = r.flow_id
   WHERE r.class = 'refused'
), service AS (
  SELECT capture_id, server_ip, server_port, min(trigger_ns) AS from_ns, max(ns) AS to_ns, count(*) AS attempts
    FROM refused
   GROUP BY capture_id, server_ip, server_port
), accepted AS (
  -- whom the same port did accept: before the first refusal, between, and after the last
  SELECT s.capture_id, s.server_ip, s.server_port, s.attempts AS refusals,
         sum(f.syn_ack_ns < s.from_ns) AS before, sum(f.syn_ack_ns BETWEEN s.from_ns AND s.to_ns) AS between_,
         sum(f.syn_ack_ns > s.to_ns) AS after,
         s.from_ns - max(f.syn_ack_ns) FILTER (WHERE f.syn_ack_ns < s.from_ns) AS since_ns,
         min(f.syn_ack_ns) FILTER (WHERE f.syn_ack_ns > s.to_ns) - s.from_ns AS away_ns
    FROM service s
    CROSS JOIN flow f ON f.server_ip = s.server_ip AND f.server_port = s.server_port
                     AND f.capture_id = s.capture_id AND f.syn_ack_ns IS NOT NULL
   GROUP BY s.capture_id, s.server_ip, s.server_port
)
SELECT min(flow_id) AS flow_id, capture_id,
       min(trigger_ns) AS from_ns, max(ns) AS to_ns,
       'error' AS severity,
       'proven' AS confidence,
       iif(count(DISTINCT client_port) > 1, client_ip, min(client)) AS client,
       min(server) AS server,
       CASE count(*) WHEN 1 THEN 'A connection' ELSE count(*) || ' connection attempts' END
         || ' from ' || client_ip || ' to ' || min(server) || iif(count(*) = 1, ' was', ' were')
         || ' refused' || iif(count(*) = 1, ' within ', ', each within ') || duration(max(trigger_delay_ns)) || '.'
         || CASE WHEN min(a.between_) > 0
                 THEN ' In the same time ' || min(a.between_) || iif(min(a.between_) = 1, ' was', ' were')
                   || ' accepted: one of several hosts behind this address does not listen, or the program comes and goes.'
                 WHEN min(a.before) > 0 AND min(a.after) > 0
                 THEN ' The program was away for about ' || printf('%.1f s', min(a.away_ns) / 1e9) || ': others were accepted until '
                   || printf('%.1f s', min(a.since_ns) / 1e9) || ' before, and again afterwards.'
                 WHEN min(a.before) > 0
                 THEN ' Others were accepted until ' || printf('%.1f s', min(a.since_ns) / 1e9) || ' before: the program went away then.'
                 WHEN min(a.after) > 0
                 THEN ' From ' || printf('%.1f s', min(a.away_ns) / 1e9) || ' after the first refusal on the program is there.'
                 ELSE '' END AS summary,
       json_patch(json_object('attempts', count(*), 'rst_after_syn_max_s', seconds(max(trigger_delay_ns)), 'server', min(server)),
                  -- where there are none these are left out
                  json_object('accepted_before', min(a.before), 'accepted_between', min(a.between_),
                              'accepted_after', min(a.after), 'last_accepted_before_s', seconds(min(a.since_ns)),
                              'accepted_again_after_s', seconds(min(a.away_ns)))) AS numbers,
       '[' || group_concat(proof) FILTER (WHERE nth <= 32) || ']' AS evidence
  FROM refused
  LEFT JOIN accepted a USING (capture_id, server_ip, server_port)
 GROUP BY capture_id, client_ip, server_ip, server_port
 ORDER BY capture_id, client_ip, server_ip, server_port;
