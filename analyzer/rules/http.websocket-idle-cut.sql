-- id:        http.websocket-idle-cut
-- title:     A WebSocket was cut while it was idle
-- severity:  warning
-- over:      http_exchange
-- param:     min_idle_s = 5        a shorter silence is no time-out
-- needs:     payload, both-sides, frames
-- yields:    tcp.reset-after-idle, tcp.timer-reset, tcp.idle-blackhole, tcp.keepalive-unanswered
-- explains:  The WebSocket {target} was ended by the server's side ({close_is}) without a close frame, after a silence of
--            {idle_s} s (the server had sent nothing for {server_idle_s} s, the client for {client_idle_s} s). Programs see
--            this as code 1006. A server that wants to end a WebSocket says so with a close frame; who cuts
--            without one is mostly a proxy or balancer on the way whose idle time-out ran out.{known}
-- remedy:    Let one side send pings more often than every {idle_s} s (ws: setInterval(() => ws.ping(), 20000); Python
--            websockets: ping_interval=20; Spring: setHeartbeatTime), or raise the time-out on each proxy:
--                nginx: proxy_read_timeout 3600s; proxy_send_timeout 3600s; HAProxy: timeout tunnel 1h; AWS ALB: idle_timeout.timeout_seconds
-- confirm:   With pings every 20 s the connection lives. Other WebSockets through the same proxy are cut after the
--            same time.
-- not:       A connection that was cut in the middle of its traffic was not idle. A client that leaves the page may
--            close without a close frame.
-- reference: RFC 6455, sections 5.5.2 and 7.1.5; https://nginx.org/en/docs/http/websocket.html
WITH cut AS (
  SELECT f.*, x.target, x.response_frame AS opened_frame, n.server,
         max(coalesce(f.client_last_data_ns, 0), coalesce(f.server_last_data_ns, 0)) AS last_ns_of_both,
         iif(coalesce(f.client_last_data_ns, 0) > coalesce(f.server_last_data_ns, 0), f.client_last_data_frame, f.server_last_data_frame) AS last_data_frame
    FROM flow f
    CROSS JOIN http_exchange x ON x.flow_id = f.id AND x.status = 101
    JOIN flow_name n ON n.flow_id = f.id
   WHERE f.app = 'websocket' AND f.id NOT IN (SELECT back FROM nat_leg)
     AND f.ended IN ('fin', 'rst') AND f.ended_by = 'server'
     AND NOT EXISTS (SELECT 1 FROM websocket_close w WHERE w.flow_id = f.id)
)
SELECT c.id AS flow_id, c.last_ns_of_both AS from_ns, c.ended_ns AS to_ns, 'warning' AS severity, 'likely' AS confidence,
       'The WebSocket ' || substr(c.target, 1, 80) || ' was ended by the server''s side (' || upper(c.ended) || ', no close frame: code 1006) after '
         || printf('%.3f s', (c.ended_ns - c.last_ns_of_both) / 1e9) || ' of silence.' AS summary,
       json_object('idle_s', seconds(c.ended_ns - c.last_ns_of_both), 'server_idle_s', seconds(c.ended_ns - c.server_last_data_ns),
                   'client_idle_s', seconds(c.ended_ns - c.client_last_data_ns), 'close_is', upper(c.ended), 'target', c.target, 'server', c.server,
                   'candidates', json((SELECT json_group_array(text) FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text FROM known_timer k
                       WHERE (k.layer IN ('balancer', 'proxy', 'firewall', 'nat') OR k.setting IN ('proxy_read_timeout', 'stream_idle_timeout'))
                         AND (abs(k.seconds - (c.ended_ns - c.last_ns_of_both) / 1e9) <= k.tolerance_s
                              OR abs(k.seconds - (c.ended_ns - c.server_last_data_ns) / 1e9) <= k.tolerance_s) ORDER BY k.seconds, text))),
                   'known', (SELECT ' Known timers of that length: ' || group_concat(text, ', ') || '.' FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text FROM known_timer k
                       WHERE (k.layer IN ('balancer', 'proxy', 'firewall', 'nat') OR k.setting IN ('proxy_read_timeout', 'stream_idle_timeout'))
                         AND (abs(k.seconds - (c.ended_ns - c.last_ns_of_both) / 1e9) <= k.tolerance_s
                              OR abs(k.seconds - (c.ended_ns - c.server_last_data_ns) / 1e9) <= k.tolerance_s) ORDER BY k.seconds, text)),
                   'bucket', round((c.ended_ns - c.last_ns_of_both) / 1e9)) AS numbers,
       json_array(json_object('frame', c.opened_frame, 'role', '101 (Switching Protocols)'),
                  json_object('frame', c.last_data_frame, 'role', 'last data'),
                  json_object('frame', c.ended_frame, 'role', 'server ' || upper(c.ended))) AS evidence
  FROM cut c
 WHERE c.ended_ns - c.last_ns_of_both >= :min_idle_s * 1e9
 ORDER BY c.ended_ns, c.id;
