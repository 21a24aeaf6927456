-- id:        tcp.timer-reset
-- title:     An idle connection was reset by a timer
-- severity:  warning
-- over:      reset
-- needs:     frames
-- yields:    tcp.reset-after-idle
-- explains:  After {idle_s} s without a segment a RST came by itself, in answer to nothing. {why}
--            So it is a time-out for idle connections, of a device on the way that says so when it expires
--            (Azure's balancer where TCP reset is on, Alibaba's SLB, many firewalls), or of a proxy. What the
--            program sends next fails; one that listens meanwhile learns of it at once.
--            The time-out lies between the longest silence that a connection to {server} survived
--            ({survived_s} s) and the shortest that killed one ({fatal_s} s). Known timers in between:
--            {candidates}
--            {contrast}
-- remedy:    Let something pass more often than every {fatal_s} s, TCP keep-alive for one (SO_KEEPALIVE in the
--            program):
--                sysctl -w net.ipv4.tcp_keepalive_time={keepalive_s} net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=10
--            or raise the device's time-out; or let the pool give up idle connections sooner than that.
-- confirm:   A connection to {server} left idle is reset after the same time, to a second. A capture on the
--            other host shows a RST at that time as well, which this one did not send.
-- not:       A program that aborts a connection it no longer wants resets it, too: then the RST comes from the
--            host itself, and the times differ, or are those of its pool. A RST in answer to something is
--            tcp.reset-after-idle or tcp.reset-no-state.
-- reference: RFC 5382, REQ-5; https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset
WITH timed AS MATERIALIZED (
  SELECT d.idle_ns, r.*, f.capture_id, f.server_ip, f.server_port, n.server,
         (SELECT o.frame FROM reset o WHERE o.flow_id = r.flow_id AND o.sender <> r.sender
             AND o.trigger_frame IS NULL AND abs(o.ns - r.ns) <= 100000000) AS other_frame,
         (SELECT max(p.frame) FROM packet p WHERE p.flow_id = r.flow_id AND p.frame < r.frame) AS before_frame,
         (SELECT count(*) FROM idle_death o
           WHERE (o.capture_id, o.server_ip, o.server_port) = (d.capture_id, d.server_ip, d.server_port)
             AND o.how = 'timer' AND o.idle_ns BETWEEN d.idle_ns * 0.99 AND d.idle_ns * 1.01) AS alike
    FROM idle_death d
    JOIN reset_anatomy r ON r.flow_id = d.flow_id AND r.frame = d.frame
    JOIN flow f ON f.id = d.flow_id
    JOIN flow_name n ON n.flow_id = d.flow_id
   WHERE d.how = 'timer' AND d.sure
)
SELECT t.flow_id, t.ns - t.idle_ns AS from_ns, t.ns AS to_ns,
       -- a client whose host sends them, with its own TTL, may well clear up its pool
       iif(t.sender = 'client' AND t.class <> 'injected' AND t.other_frame IS NULL, 'note', 'warning') AS severity,
       CASE WHEN t.other_frame IS NOT NULL THEN 'proven' WHEN t.class = 'injected' THEN 'likely' ELSE 'possible' END AS confidence,
       'After ' || printf('%.1f s', t.idle_ns / 1e9) || ' of silence a RST came by itself, in the name of the ' || t.sender
         || CASE WHEN t.other_frame IS NOT NULL THEN ' and, at the same time, one in the name of the other side: a device on the way reset an idle connection'
                 WHEN t.class = 'injected' THEN ', with TTL ' || t.ttl || ' (the host''s is ' || t.usual_ttl || '): a device on the way reset an idle connection'
                 ELSE ': a timer, of that host or of a device in its name' END
         || iif(t.alike > 1, ', as it did with ' || (t.alike - 1) || iif(t.alike = 2, ' other', ' others') || ' after the same time', '')
         || '.' AS summary,
       json_object('idle_s', seconds(t.idle_ns), 'alike', t.alike, 'survived_s', seconds(b.survived_ns), 'fatal_s', seconds(b.fatal_ns),
                   'rst_has_ack_flag', json(iif(t.has_ack, 'true', 'false')), 'rst_ttl', t.ttl, 'usual_ttl', t.usual_ttl,
                   'contrast', json((SELECT json_group_array(x.text) FROM survivor_contrast x
                                WHERE (x.capture_id, x.server_ip, x.server_port) = (t.capture_id, t.server_ip, t.server_port)
                               HAVING count(*) > 0)),
                   'sender', t.sender, 'server', t.server, 'keepalive_s', max(1, CAST(b.fatal_ns / 1e9 / 4 AS INTEGER)),
                   'why', CASE WHEN t.other_frame IS NOT NULL THEN 'At the same moment both sides got one, so neither of them sent it.'
                               WHEN t.class = 'injected' THEN 'Its TTL (' || t.ttl || ') is not that of the host''s other segments (' || t.usual_ttl || ').'
                               ELSE t.alike || ' connections ended so after the same time.' END,
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT text FROM idle_candidate c
                                          WHERE (c.capture_id, c.server_ip, c.server_port)
                                              = (t.capture_id, t.server_ip, t.server_port)
                                          ORDER BY seconds DESC, text LIMIT 12))),
                   'bucket', round(b.fatal_ns / 1e9 / 10)) AS numbers,
       json_array(json_object('frame', t.before_frame, 'role', 'last segment before the silence'),
                  json_object('frame', t.frame, 'role', 'RST in the name of the ' || t.sender),
                  json_object('frame', t.other_frame, 'role', 'RST in the name of the other side')) AS evidence
  FROM timed t
  JOIN idle_bracket b ON (b.capture_id, b.server_ip, b.server_port) = (t.capture_id, t.server_ip, t.server_port)
 ORDER BY t.ns, t.flow_id;
