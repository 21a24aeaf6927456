-- id:        tcp.refused
-- title:     Connection refused
-- severity:  error
-- explains:  A SYN was answered by RST,ACK. The host was reached and no program listens on that
--            address and port (RFC 9293, 3.10.7.1), or a firewall rule rejects the connection in
--            its name. The client sees "Connection refused" at once.
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
)
SELECT min(flow_id) AS flow_id, capture_id,
       min(trigger_ns) AS from_ns, max(ns) AS to_ns,
       'error' AS severity,
       'proven' AS confidence,
       iif(count(DISTINCT client_port) > 1, client_ip, min(client)) AS client,
       min(server) AS server,
       CASE count(*) WHEN 1 THEN 'A connection' ELSE count(*) || ' connection attempts' END
         || ' from ' || client_ip || ' to ' || min(server) || iif(count(*) = 1, ' was', ' were')
         || ' refused' || iif(count(*) = 1, ' within ', ', each within ') || duration(max(trigger_delay_ns)) || '.' AS summary,
       json_object('attempts', count(*),
                   'rst_after_syn_max_s', seconds(max(trigger_delay_ns)),
                   'server', min(server)) AS numbers,
       '[' || group_concat(proof) FILTER (WHERE nth <= 32) || ']' AS evidence
  FROM refused
 GROUP BY capture_id, client_ip, server_ip, server_port
 ORDER BY capture_id, client_ip, server_ip, server_port;
