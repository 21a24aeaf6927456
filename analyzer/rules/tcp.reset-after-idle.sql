-- id:        tcp.reset-after-idle
-- title:     Reset on first use after a long silence
-- severity:  error
-- param:     min_idle_s = 10       the shortest silence worth blaming on a timer; not less than 10
-- needs:     payload, both-sides, frames
-- explains:  The connection was silent for {idle_s} s; the next segment was answered by a RST without ACK,
--            numbered by that very segment: whoever got it has no such connection (RFC 9293, 3.10.7.1).
--            Nobody had closed it. So something on the way that remembers connections (address
--            translation, a balancer, a firewall) forgot this one while it was silent, and the segment
--            went to a host that never knew it, or the device itself answered.
--            The time-out lies between the longest silence that a connection to {server} survived
--            ({survived_s} s) and the shortest that killed one ({fatal_s} s). Known timers in between:
--            {candidates}
--            {contrast}
-- remedy:    Let something pass more often than the time-out: TCP keep-alive well below {fatal_s} s, and
--            switched on in the program (SO_KEEPALIVE):
--                sysctl -w net.ipv4.tcp_keepalive_time={keepalive_s} net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=10
--            or the protocol's own (gRPC keepalive, AMQP heartbeat, HTTP pool idle limit); or raise the
--            device's timer; or let the pool drop connections idle for longer, and retry once.
-- confirm:   ipvsadm -l --timeout; sysctl net.netfilter.nf_conntrack_tcp_timeout_established; the
--            balancer's idle time-out. Watch the entry vanish: conntrack -E -e DESTROY -p tcp.
--            A capture behind the device shows the segment arrive at another host, or not at all.
-- not:       A restart of the server in the silence gives the same reset; then connections that were
--            not silent are reset at the same time. A FIN before it would make it a write after close.
-- reference: RFC 9293, section 3.10.7.1; RFC 5382, REQ-5
WITH idle AS (
  SELECT r.*, f.capture_id, f.server_ip, f.server_port, n.server, d.idle_ns AS pause_ns
    FROM idle_death d
    JOIN reset_anatomy r ON r.flow_id = d.flow_id AND r.frame = d.frame
    JOIN flow f ON f.id = d.flow_id
    JOIN flow_name n ON n.flow_id = d.flow_id
   WHERE d.how = 'reset' AND d.idle_ns >= :min_idle_s * 1e9
)
SELECT i.flow_id, i.pause_from_ns AS from_ns, i.ns AS to_ns, 'error' AS severity,
       iif(i.class = 'injected', 'possible', 'likely') AS confidence,
       'Reset on first use after ' || printf('%.1f s', i.pause_ns / 1e9) || ' of silence: '
         || iif(i.class = 'injected', 'a device on the way (TTL ' || i.ttl || ', the host''s is ' || i.usual_ttl || ') refused the ',
                'whoever received the ')
         || iif(i.sender = 'server', 'client''s', 'server''s') || ' next segment'
         || iif(i.class = 'injected', '', ' has no such connection (any more)')
         || '. An entry on the way expired after at most ' || printf('%.1f s', b.fatal_ns / 1e9)
         || iif(b.survived_ns IS NULL, '', iif(b.longer, ' (probably', ' (and') || ' more than '
                || printf('%.1f s', b.survived_ns / 1e9) || ', which others survived)')
         || iif(i.class = 'injected', '', ', or the host was restarted meanwhile')
         || iif(b.longer, '. ' || b.longer || iif(b.longer = 1, ' connection', ' connections')
                || ' survived as long or longer, as happens where the next choice falls on the same host', '')
         || '.' AS summary,
       json_object('idle_s', seconds(i.pause_ns), 'rst_after_data_s', seconds(i.trigger_delay_ns),
                   'survived_s', seconds(b.survived_ns), 'fatal_s', seconds(b.fatal_ns),
                   'survived_longer', b.longer,
                   'rst_has_ack_flag', json(iif(i.has_ack, 'true', 'false')), 'rst_ttl', i.ttl,
                   'syn_ack_ttl', i.usual_ttl, 'keepalive_s', max(1, CAST(b.fatal_ns / 1e9 / 4 AS INTEGER)),
                   'contrast', json((SELECT json_group_array(x.text) FROM survivor_contrast x
                                WHERE (x.capture_id, x.server_ip, x.server_port) = (i.capture_id, i.server_ip, i.server_port)
                               HAVING count(*) > 0)),
                   'server', i.server,
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT text FROM idle_candidate c
                                          WHERE (c.capture_id, c.server_ip, c.server_port)
                                              = (i.capture_id, i.server_ip, i.server_port)
                                          ORDER BY seconds DESC, text LIMIT 12))),
                   'bucket', round(b.fatal_ns / 1e9 / 10)) AS numbers,
       json_array(json_object('frame', i.pause_from_frame, 'role', 'last segment before the silence'),
                  json_object('frame', i.pause_to_frame, 'role', 'first use after the silence'),
                  json_object('frame', i.trigger_frame, 'role', 'segment that was answered'),
                  json_object('frame', i.frame, 'role', 'RST: no such connection')) AS evidence
  FROM idle i
  JOIN idle_bracket b ON (b.capture_id, b.server_ip, b.server_port) = (i.capture_id, i.server_ip, i.server_port)
 ORDER BY i.ns, i.flow_id;
