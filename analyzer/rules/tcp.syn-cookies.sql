-- id:        tcp.syn-cookies
-- title:     The server answered some SYNs without the options that it else agrees to
-- severity:  note
-- param:     min_count = 3         such connections of one server at the least
-- explains:  {count} connections to {server} got a SYN,ACK without window scaling, though their client offered it and
--            {with_scale} others of the same server have it. A server whose queue of half-open connections is
--            full (a SYN flood, or a burst) answers with SYN cookies, which have no room for it: windows stay
--            below 64 KiB, and such connections are slow on long ways for as long as they live.
-- remedy:    On the server: nstat -az TcpExtSyncookiesSent TcpExtTCPReqQFullDoCookies; a longer queue:
--                sysctl -w net.ipv4.tcp_max_syn_backlog=4096 net.core.somaxconn=4096
--            and timestamps on both sides (net.ipv4.tcp_timestamps=1), which carry the options through a cookie.
-- confirm:   dmesg | grep 'Possible SYN flooding' at that time on the server.
-- not:       Several hosts behind one address of which one is set otherwise; a device on the way that takes options off.
-- reference: RFC 4987, section 3.6; RFC 7323, section 2
WITH few AS MATERIALIZED (
  SELECT id FROM flow                                                -- an index of its own
   WHERE server_window_scale IS NULL AND client_window_scale IS NOT NULL AND syn_ack_ns IS NOT NULL
), bare AS (
  SELECT f.capture_id, f.server_ip, f.server_port, count(*) AS n, min(f.id) AS flow_id, min(syn_ns) AS from_ns, max(syn_ack_ns) AS to_ns
    FROM few
    JOIN connection f ON f.id = few.id
   GROUP BY f.capture_id, f.server_ip, f.server_port
  HAVING count(*) >= :min_count
), both AS (
  SELECT b.*, count(f.id) AS with_scale
    FROM bare b
    CROSS JOIN flow f ON f.server_ip = b.server_ip AND f.server_port = b.server_port
                     AND f.capture_id = b.capture_id AND f.server_window_scale IS NOT NULL
   GROUP BY b.capture_id, b.server_ip, b.server_port
)
SELECT NULL AS flow_id, b.capture_id, b.from_ns, b.to_ns, 'note' AS severity, 'possible' AS confidence,
       NULL AS client, n.server,
       n.server || ' answered ' || b.n || ' of ' || (b.n + b.with_scale)
         || ' SYNs without window scaling, which it else agrees to: SYN cookies, as when its queue of half-open connections is full.' AS summary,
       json_object('count', b.n, 'with_scale', b.with_scale, 'server', n.server) AS numbers,
       (SELECT json_group_array(json_object('frame', syn_ack_frame, 'flow', id, 'role', 'SYN,ACK without window scale'))
          FROM (SELECT f.id, f.syn_ack_frame FROM flow f
                 WHERE f.server_window_scale IS NULL AND f.client_window_scale IS NOT NULL AND f.syn_ack_ns IS NOT NULL
                   AND f.server_ip = b.server_ip AND f.server_port = b.server_port AND f.capture_id = b.capture_id
                 ORDER BY f.id LIMIT 8)) AS evidence
  FROM both b
  JOIN flow_name n ON n.flow_id = b.flow_id
 ORDER BY b.capture_id, b.from_ns, b.flow_id;
