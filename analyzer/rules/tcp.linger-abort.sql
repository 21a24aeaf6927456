-- id:        tcp.linger-abort
-- title:     Connections are ended by RST after a complete exchange
-- severity:  note
-- over:      reset
-- benign:    yes
-- param:     least = 3             connections of a protocol that is not understood
-- needs:     payload, both-sides
-- yields:    http.client-gave-up, http.response-cut, http.health-check, http.server-aborted, tcp.health-check, tcp.unread-data-reset, tcp.injected-reset, tcp.timer-reset, tcp.keepalive-unanswered, tcp.mass-close, amqp.missed-heartbeats, amqp.unclosed, http.keepalive-race
-- explains:  The {sender} ends its connections with RST where a FIN is usual, {connections} times in this capture.
--            All had been said and acknowledged before, so nothing was lost. Programs do that on purpose
--            (SO_LINGER with a time of 0, to keep their ports out of TIME-WAIT), by habit (Windows programs that
--            abort pooled connections, some checkers and load generators), or because their kernel does when
--            a process ends.
-- remedy:    Nothing is broken. The other side may log "Connection reset by peer". If that disturbs, close
--            in the usual way: do not set SO_LINGER to 0, call shutdown() and read to the end before close().
--            To have fewer ports in TIME-WAIT, let the other side close first, or
--                sysctl -w net.ipv4.tcp_tw_reuse=1
-- confirm:   strace -f -e trace=setsockopt,close on the {sender} shows SO_LINGER {l_onoff=1, l_linger=0}.
-- not:       A RST in the middle of an exchange, or with data not yet acknowledged, is a failure and is not told
--            here. A RST behind a FIN only answers what came too late.
-- reference: RFC 9293, section 3.10.5; RFC 1337
WITH aborted AS (
  SELECT r.*, f.capture_id, f.app, f.client_ip, f.client_port, f.server_ip, f.server_port, f.client_last_data_ns, f.server_last_data_ns,
         iif(r.sender = 'client', f.client_acked_off, f.server_acked_off) AS own_acked, n.client, n.server
    FROM reset_anatomy r
    JOIN connection f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE r.class IN ('abort', 'timer') AND r.has_ack AND r.in_window
     AND NOT r.after_own_fin AND NOT r.after_own_rst AND NOT r.after_peer_fin
     AND r.own_bytes > 0 AND r.peer_bytes > 0 AND r.unread_bytes = 0
     AND NOT EXISTS (SELECT 1 FROM dark d WHERE d.flow_id = f.id)
), complete AS (
  SELECT a.*, a.app IN ('http', 'amqp') AS understood,
         row_number() OVER (PARTITION BY a.capture_id, a.client_ip, a.server_ip, a.server_port, a.sender ORDER BY a.ns, a.frame) AS nth
    FROM aborted a
   WHERE a.own_acked >= a.own_bytes
     AND CASE a.app
         WHEN 'http' THEN EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = a.flow_id)
                      AND NOT EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = a.flow_id
                                         AND (x.response_state <> 'complete' OR x.request_state <> 'complete'))
         WHEN 'amqp' THEN EXISTS (SELECT 1 FROM amqp_connection c WHERE c.flow_id = a.flow_id AND c.close_ok_ns IS NOT NULL)
         -- otherwise: who aborts had its answer
         ELSE iif(a.sender = 'client', a.server_last_data_ns > a.client_last_data_ns, a.client_last_data_ns < a.server_last_data_ns)
         END
)
SELECT min(flow_id) AS flow_id, capture_id, min(ns) AS from_ns, max(ns) AS to_ns, 'note' AS severity,
       iif(min(understood), 'proven', 'possible') AS confidence,
       iif(count(*) > 1, client_ip, min(client)) AS client, min(server) AS server,
       'The ' || sender || ' ended ' || iif(count(*) = 1, 'a connection', count(*) || ' connections')
         || ' with RST instead of FIN, ' || iif(min(understood), 'after a complete exchange', 'when nothing was outstanding')
         || ' (all data acknowledged): nothing was lost' || iif(min(understood), '.', ', as far as TCP shows.') AS summary,
       json_object('connections', count(*), 'sender', sender, 'server', min(server),
                   'rst_after_last_segment_min_s', seconds(min(idle_ns)), 'rst_after_last_segment_max_s', seconds(max(idle_ns))) AS numbers,
       '[' || group_concat(json_object('frame', frame, 'role', 'RST of the ' || sender, 'flow', flow_id)) FILTER (WHERE nth <= 64) || ']' AS evidence
  FROM complete
 GROUP BY capture_id, client_ip, server_ip, server_port, sender
HAVING min(understood) OR count(*) >= :least
 ORDER BY from_ns, client_ip, server_ip, server_port, sender;
