-- id:        tcp.icmp-reported
-- title:     An ICMP error says why the connection failed
-- severity:  error
-- over:      icmp
-- param:     late_s = 0.2          segments from the other side this long after the error refute it
-- yields:    tcp.unread-data-reset
-- explains:  {source} answered a segment of the {sender} with the ICMP error "{word}": it did not pass it on.
--            "communication prohibited", "host prohibited" and "net prohibited" are a firewall's rule
--            (REJECT). So is "port unreachable" for TCP: a host on which nobody listens sends RST.
--            "host unreachable" comes from the last router, where nobody answers for the address (host
--            down, wrong address); "net unreachable" and "no route" from a router without a route;
--            "ttl exceeded" from a routing loop.
-- remedy:    Ask at {source}, the device that says so. A firewall's rule there:
--                nft list ruleset | grep -i reject; iptables -nvL | grep REJECT
--            No route or no host: ip route get {server_address}; ip neigh show {server_address}
--            A loop: traceroute -n {server_address} shows the same addresses again and again.
-- confirm:   The error quotes the segment ({quoted_ttl} is the TTL that was left of it). The same connection
--            from a host that the rule lets through works.
-- not:       Errors about single segments of a connection that goes on are routing changes or forged, and
--            are not told. "fragmentation needed" is how a host learns the size that passes; where it
--            does not learn, see tcp.pmtu-blackhole.
-- reference: RFC 792; RFC 1122, section 4.2.3.9; RFC 4443, section 3; RFC 5461
WITH told AS (
  SELECT i.flow_id, i.source_ip, i.sender, i.word, i.frame, i.ns, i.quoted_ttl, f.capture_id, f.client_ip,
         f.server_ip, f.server_port, n.client, n.server, f.ended, f.syn_ack_ns, f.syn_ns,
         CASE WHEN f.ended = 'unanswered' OR f.syn_ack_ns IS NULL AND i.sender = 'client' THEN f.syn_frame
              WHEN i.sender = 'client' THEN f.client_last_data_frame ELSE f.server_last_data_frame END AS about_frame,
         row_number() OVER (PARTITION BY i.flow_id, i.source_ip, i.word ORDER BY i.frame) AS nth
    FROM icmp i
    JOIN connection f ON f.id = i.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE i.word NOT IN ('fragmentation needed', 'packet too big', 'source quench', 'redirect', 'reassembly timed out')
     AND CASE WHEN f.syn_ack_ns IS NULL THEN f.ended IN ('unanswered', 'open') AND i.sender = 'client'
              -- of an established one: what is quoted was never acknowledged
              WHEN i.sender = 'client'
              THEN (i.quoted_seq - f.client_first_seq + 4294967296) % 4294967296 < 2147483648
                   AND (i.quoted_seq - f.client_first_seq + 4294967296) % 4294967296 >= f.client_acked_off
              ELSE (i.quoted_seq - f.server_first_seq + 4294967296) % 4294967296 < 2147483648
                   AND (i.quoted_seq - f.server_first_seq + 4294967296) % 4294967296 >= f.server_acked_off END
     -- nor did the other side say anything more
     AND NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = i.flow_id AND p.frame > i.frame
                        AND p.sender <> i.sender AND p.ns > i.ns + :late_s * 1e9 AND p.flags & 4 = 0)
), grouped AS (
  SELECT *, row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, source_ip, word
                               ORDER BY ns, frame) AS place
    FROM told WHERE nth = 1
)
SELECT min(flow_id) AS flow_id, capture_id, min(coalesce(iif(syn_ack_ns IS NULL, syn_ns, NULL), ns)) AS from_ns, max(ns) AS to_ns,
       'error' AS severity, 'proven' AS confidence,
       iif(count(*) = 1, min(client), client_ip) AS client, min(server) AS server,
       source_ip || ' says "' || word || '" of '
         || CASE WHEN max(syn_ack_ns) IS NULL
                 THEN iif(count(*) = 1, 'a connection attempt', count(*) || ' connection attempts') || ' to ' || min(server)
                 ELSE 'what the ' || min(sender) || ' sent'
                   || iif(count(*) = 1, ' on this connection', ' on ' || count(*) || ' connections') || ', and nothing more got through' END
         || CASE WHEN word LIKE '%prohibited%' OR word IN ('port unreachable', 'policy failed', 'route rejected')
                 THEN ': a firewall''s rule rejects it.'
                 WHEN word IN ('ttl exceeded') THEN ': it went round in a loop.'
                 ELSE '.' END AS summary,
       json_object('word', word, 'source', source_ip, 'count', count(*), 'sender', min(sender), 'quoted_ttl', min(quoted_ttl),
                   'server', min(server), 'server_address', server_ip) AS numbers,
       '[' || group_concat(json_object('frame', about_frame, 'flow', flow_id, 'role', 'segment that did not pass') || ','
              || json_object('frame', frame, 'flow', flow_id, 'role', 'ICMP ' || word)) FILTER (WHERE place <= 16) || ']' AS evidence
  FROM grouped
 GROUP BY capture_id, client_ip, server_ip, server_port, source_ip, word
 ORDER BY capture_id, from_ns, min(flow_id), word, source_ip;
