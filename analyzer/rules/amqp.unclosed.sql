-- id:        amqp.unclosed
-- title:     AMQP connection ended without Connection.Close
-- severity:  error
-- over:      amqp_connection
-- param:     min_idle_s = 5        the shortest silence worth blaming on an idle time-out
-- needs:     payload, both-sides, frames
-- yields:    amqp.missed-heartbeats, tcp.reset-after-idle, tcp.reset-no-state, tcp.backend-changed, tcp.stray-segment, tcp.nat-untranslated, tcp.injected-reset, tcp.timer-reset, tcp.idle-blackhole, tcp.blackhole, tcp.keepalive-unanswered
-- explains:  The {ended_by}'s side ended the TCP connection ({close_is}) and never said Connection.Close,
--            {idle_before_close_s} s after the last byte in either direction. {heartbeats}
--            {candidates}
-- remedy:    {advice}
-- confirm:   RabbitMQ's log at that time: "client unexpectedly closed TCP connection" where it was the
--            other side; nothing, or a shutdown, where it was the broker. A capture between proxy and
--            broker shows which of the two closed first.
-- not:       An ordinary end is Connection.Close, Close-Ok, and then FIN; RabbitMQ's RST after that is part
--            of it. A health check opens a connection without a byte. A refused login may end without
--            a close (amqp.auth-refused).
-- reference: https://www.rabbitmq.com/docs/connections#lifecycle ; https://www.rabbitmq.com/docs/networking
WITH ended AS (
  SELECT f.id AS flow_id, f.capture_id, f.server_ip, f.server_port, f.ended, f.ended_by, f.ended_ns, f.ended_frame,
         f.first_ns, c.heartbeat_s, c.opened_ns,
         (SELECT p.frame FROM packet p WHERE p.flow_id = f.id AND p.frame < f.ended_frame AND p.len > 0
           ORDER BY p.frame DESC LIMIT 1) AS last_frame
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    JOIN flow_doubt q ON q.flow_id = f.id
   WHERE c.close_ns IS NULL AND f.ended IN ('fin', 'rst')
     -- it was up: a handshake that failed is told otherwise
     AND (c.opened_ns IS NOT NULL OR f.syn_ns IS NULL AND f.client_bytes > 0 AND f.server_bytes > 0)
     -- a close may be in what could not be read
     AND NOT q.doubt
     AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.flow_id = f.id AND a.what <> 'bytes skipped up to the next sure frame')
     -- a RST that a live socket sent; the others answer something, or come from elsewhere
     AND (f.ended = 'fin' OR EXISTS (SELECT 1 FROM reset_anatomy r WHERE r.flow_id = f.id
                                        AND r.frame = f.ended_frame AND r.class IN ('abort', 'timer')))
), timed AS (
  SELECT e.*, e.ended_ns - coalesce(p.ns, e.first_ns) AS idle_ns, coalesce(p.ns, e.first_ns) AS last_ns
    FROM ended e
    LEFT JOIN packet p ON p.flow_id = e.flow_id AND p.frame = e.last_frame
), known AS (
  -- what the connection had survived before
  SELECT t.*, (SELECT max(s.to_ns - s.from_ns) FROM silence s
                WHERE s.flow_id = t.flow_id AND s.scope = 'both' AND s.to_ns <= t.last_ns) AS survived_ns
    FROM timed t
), judged AS (
  SELECT t.*,
         -- an idle time-out would not have let a longer silence pass
         t.idle_ns >= :min_idle_s * 1e9 AND coalesce(t.survived_ns, 0) < 0.98 * t.idle_ns AS idle,
         -- others to this server that ended after the same silence
         count(*) OVER (PARTITION BY t.capture_id, t.server_ip, t.server_port, t.ended_by ORDER BY ln(max(t.idle_ns, 1))
                        RANGE BETWEEN 0.02 PRECEDING AND 0.02 FOLLOWING) - 1 AS same_idle,
         (SELECT coalesce(sum(unacked_now), 0) FROM amqp_channel a WHERE a.flow_id = t.flow_id) AS unacked,
         iif(EXISTS (SELECT 1 FROM heartbeat h WHERE h.flow_id = t.flow_id AND h.ns = t.last_ns), 'heartbeat',
             (SELECT m.name FROM amqp_method m WHERE m.flow_id = t.flow_id AND m.ns <= t.ended_ns
               ORDER BY m.ns DESC, m.rowid DESC LIMIT 1)) AS last_said
    FROM known t
), candidate AS (
  SELECT j.flow_id, printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
    FROM judged j
    JOIN known_timer t ON t.layer IN ('nat', 'balancer', 'firewall', 'proxy')
                      AND abs(t.seconds - j.idle_ns / 1e9) <= t.tolerance_s
   WHERE j.idle
)
SELECT j.flow_id, j.last_ns AS from_ns, j.ended_ns AS to_ns,
       iif(j.ended_by = 'server', 'error', 'warning') AS severity, 'proven' AS confidence,
       'The ' || j.ended_by || '''s side ended the connection (' || upper(j.ended) || ') without Connection.Close, '
         || duration(j.idle_ns) || ' after the last byte'
         || coalesce(' (' || j.last_said || ')', '')
         || CASE WHEN j.idle AND j.ended_by = 'client'
                 THEN ': its program ended or dropped the connection, or an idle time-out on the way did'
                 WHEN j.idle AND j.heartbeat_s > 0 AND j.idle_ns < j.heartbeat_s * 5e8
                 THEN ', before a heartbeat was due (interval ' || j.heartbeat_s || ' s): an idle time-out of a proxy or balancer on the way is the first suspect'
                 WHEN j.idle AND j.heartbeat_s = 0
                 THEN ', with heartbeats switched off: an idle time-out of a proxy or balancer on the way is the first suspect'
                 WHEN j.idle THEN ''
                 WHEN j.ended_by = 'server' THEN ': a proxy on the way that closed, or the broker''s process ended'
                 ELSE ': its program ended, or dropped the connection' END
         || iif(j.idle AND j.same_idle, '; ' || j.same_idle || ' more ended after the same silence, which speaks of a timer', '')
         || iif(j.unacked > 0, '. ' || j.unacked || iif(j.unacked = 1, ' delivery had', ' deliveries had') || ' not been acknowledged', '')
         || '.' AS summary,
       json_object('idle_before_close_s', seconds(j.idle_ns), 'heartbeat_negotiated_s', j.heartbeat_s,
                   'close_in_T', iif(j.heartbeat_s > 0, round(j.idle_ns / 1e9 / j.heartbeat_s, 3), NULL),
                   'open_s', seconds(j.ended_ns - j.opened_ns), 'ended_by', j.ended_by, 'close_is', upper(j.ended),
                   'survived_s', seconds(j.survived_ns), 'last_said', j.last_said, 'unacked', j.unacked, 'same_idle', j.same_idle,
                   'heartbeats', CASE WHEN j.heartbeat_s > 0
                                      THEN 'The heartbeat interval is ' || j.heartbeat_s || ' s; the end came ' || printf('%.2f', j.idle_ns / 1e9 / j.heartbeat_s)
                                           || ' intervals after the last byte, and a peer gives up after two at the soonest.'
                                      WHEN j.heartbeat_s = 0 THEN 'Heartbeats are switched off.' ELSE '' END,
                   'candidates', coalesce(iif(j.idle, 'Known timers of that length: ' || nullif((SELECT group_concat(text, '; ') FROM
                                   (SELECT text FROM candidate c WHERE c.flow_id = j.flow_id ORDER BY text LIMIT 12)), ''), NULL),
                                 iif(j.idle, 'No timer of that length is known by name; proxies let it be set freely (HAProxy: timeout client, timeout server, timeout tunnel).', '')),
                   'advice', CASE
                     WHEN j.idle THEN 'If a proxy or balancer stands between: raise its idle time-out (HAProxy: timeout client, timeout server, timeout tunnel, or nginx: proxy_timeout), or let heartbeats pass more often: an interval of '
                       || max(1, CAST(j.idle_ns / 2e9 AS INTEGER)) || ' s or less in the client (heartbeats go out every half interval). Let the client connect again by itself.'
                     WHEN j.ended_by = 'server' THEN 'Look at the broker and at proxies on the way at that time: a restart, a kill, an OOM, a reloaded configuration. Let the client connect again by itself (automatic recovery).'
                     ELSE 'Let the client close its connection before it ends: connection.close() in a finally block or a signal handler. If it should not have ended at all: its log at that time, kill, OOM, a crash.' END,
                   'bucket', j.ended_by || iif(j.idle, round(j.idle_ns / 1e9), '')) AS numbers,
       json_array(json_object('frame', j.last_frame, 'role', 'last byte before the end'),
                  json_object('frame', j.ended_frame, 'role', 'the ' || j.ended_by || '''s side ends it: ' || upper(j.ended))) AS evidence
  FROM judged j
 ORDER BY j.ended_ns, j.flow_id;
