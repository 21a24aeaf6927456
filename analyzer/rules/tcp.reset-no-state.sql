-- id:        tcp.reset-no-state
-- title:     The peer no longer knew the connection
-- severity:  error
-- over:      reset
-- param:     min_idle_s = 10       from this silence on a timer may be to blame (tcp.reset-after-idle)
-- param:     lost_s = 0.2          nobody loses its state and is back sooner than this
-- param:     restart_s = 2         resets of busy connections this near speak of a restart
-- needs:     frames
-- yields:    tcp.mass-close, tcp.injected-reset
-- explains:  Data on an established connection was answered by a RST without ACK, numbered by that very
--            segment: the host that got it has no such connection (RFC 9293, 3.10.7.1). Nobody had closed
--            it, and the silence before ({idle_s} s) is too short for an idle time-out. So the state was
--            lost at one stroke: the host or container was restarted or replaced, a standby took over,
--            or a table of connections on the way was flushed (conntrack -F, a reloaded balancer).
--            {contrast}
-- remedy:    Look for what happened at {at} around {server}: restarts and deployments (last reboot,
--            kubectl get pods -o wide, docker ps), failover, firewall or balancer reloads. Let clients
--            reconnect and retry once; drain connections before a planned restart.
-- confirm:   Other connections to {server} are reset in the same second. The host's uptime or the
--            container's age is shorter than the connection's. A capture behind a balancer shows the
--            segment go to another host.
-- not:       A host that never acknowledged more than the SYN did not lose the connection, it never
--            accepted it (accept queue). A RST with another TTL than the host's usual one was made by a device on the way. After a
--            FIN from the same side it is a write after close.
-- reference: RFC 9293, section 3.10.7.1
WITH dead AS (
  SELECT r.*, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.server,
         r.pause_to_ns - r.pause_from_ns AS pause_ns
    FROM reset_anatomy r
    JOIN connection f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = r.flow_id
   WHERE r.class = 'unknown_socket' AND r.usual_ttl IS NOT NULL
     -- it had known the connection: it said something, or acknowledged something
     AND (r.own_bytes > 0 OR r.peer_bytes_acked > 0)
     AND r.ns - r.pause_from_ns >= :lost_s * 1e9
     AND (r.trigger_len > 0 OR EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = r.flow_id
                                          AND e.kind = 'keep_alive' AND e.frame = r.trigger_frame))
     AND NOT r.after_peer_fin AND NOT r.after_own_fin AND NOT r.after_own_rst
     -- nothing more of it: a side that goes on later did know the connection
     AND NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = r.flow_id AND p.sender = r.sender
                        AND p.frame > r.frame AND p.flags & 4 = 0)
     AND NOT EXISTS (SELECT 1 FROM reset earlier WHERE earlier.flow_id = r.flow_id AND earlier.frame < r.frame)
     AND r.flow_id NOT IN (SELECT front FROM nat_remap) AND r.flow_id NOT IN (SELECT back FROM nat_remap)
)
SELECT d.flow_id, d.pause_from_ns AS from_ns, d.ns AS to_ns, 'error' AS severity,
       iif(d.sender = 'client', 'possible', 'likely') AS confidence,
       iif(d.sender = 'server', 'The server', 'The client') || '''s side answered data on an established connection'
         || ' with a bare RST after ' || iif(d.pause_ns < 60e9, 'only ', '') || printf('%.1f s', d.pause_ns / 1e9)
         || ' of silence: it no longer knows the connection (restart, failover, or a flushed table on the way'
         || iif(d.sender = 'client', '; or it had aborted it, and that RST is not in the capture).', ').')
         AS summary,
       json_object('idle_s', seconds(d.pause_ns), 'rst_after_data_s', seconds(d.trigger_delay_ns),
                   'ttl_rst', d.ttl, 'ttl_syn_ack', d.usual_ttl, 'server', d.server,
                   'contrast', json((SELECT json_group_array(x.text) FROM survivor_contrast x
                                WHERE (x.capture_id, x.server_ip, x.server_port) = (d.capture_id, d.server_ip, d.server_port)
                               HAVING count(*) > 0)),
                   'at', strftime('%Y-%m-%d %H:%M:%S', d.ns / 1000000000, 'unixepoch') || ' UTC') AS numbers,
       json_array(json_object('frame', d.pause_from_frame, 'role', 'last segment before the pause'),
                  json_object('frame', d.pause_to_frame, 'role', 'first segment after it'),
                  json_object('frame', d.trigger_frame, 'role', 'segment that was answered'),
                  json_object('frame', d.frame, 'role', 'RST: no such connection')) AS evidence
  FROM dead d
  JOIN flow_doubt q ON q.flow_id = d.flow_id
 WHERE NOT q.doubt           -- a FIN that was not captured would explain it
   AND (d.pause_ns < :min_idle_s * 1e9
        OR EXISTS (SELECT 1 FROM dead busy
                WHERE busy.capture_id = d.capture_id AND busy.server_ip = d.server_ip
                  AND busy.server_port = d.server_port AND busy.pause_ns < :min_idle_s * 1e9
                  AND abs(busy.ns - d.ns) <= :restart_s * 1e9))
 ORDER BY d.ns, d.flow_id;
