-- id:        http.keepalive-mismatch
-- title:     The server closes idle connections that the client still uses
-- severity:  note
-- over:      http_exchange
-- param:     min_closes = 3        so many idle connections closed after the same time make it a time-out
-- param:     near = 0.05           how far from the usual time they may be, as a part of it
-- param:     risky = 0.5           a use after this part of the time-out may one day come too late
-- yields:    http.keepalive-race, http.keepalive-stale-reuse
-- explains:  {server} closes connections that were idle for {keepalive_s} s ({closes} times here), and clients still use
--            connections that were idle for up to {reused_after_s} s. Nothing failed in this capture. But a request that
--            starts in the moment of the close is lost: "connection reset" in the client, 502 from a balancer.
-- remedy:    Let the client, or the balancer in front, close first: its idle limit some seconds below {keepalive_s} s; or
--            raise the server's above theirs:
--                nginx keepalive_timeout 75s; Node.js server.keepAliveTimeout = 65000; gunicorn --keep-alive 75
--            {known}
-- confirm:   The server's configuration has a keep-alive time-out of about {keepalive_s} s, and the client's pool a
--            longer idle limit, or none.
-- not:       A client that never uses a connection again after so long a pause is not in danger.
-- reference: RFC 9112, section 9.3.1
WITH closed AS (
  -- idle connections that the server closed first
  SELECT s.flow_id, s.from_ns, s.to_ns, s.from_frame, s.to_frame, s.to_ns - s.from_ns AS idle_ns,
         f.capture_id, f.server_ip, f.server_port
    FROM silence s
    JOIN connection f ON f.id = s.flow_id AND f.app = 'http' AND f.server_fin_frame = s.to_frame AND f.ended_by = 'server'
   WHERE s.scope = 'both' AND s.ended_by <> 'end_of_capture' AND s.ended_by = 'fin' AND s.ended_sender = 'server'
     AND EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = s.flow_id)
     AND NOT EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = s.flow_id AND (x.response_state <> 'complete' OR x.close_announced))
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY capture_id, server_ip, server_port ORDER BY idle_ns) AS rank,
         count(*) OVER (PARTITION BY capture_id, server_ip, server_port) AS n
    FROM closed
), compared AS (
  SELECT *, max(iif(rank = (n + 1) / 2, idle_ns, NULL)) OVER (PARTITION BY capture_id, server_ip, server_port) AS usual_ns
    FROM ranked WHERE n >= :min_closes
), timed AS (
  SELECT c.capture_id, c.server_ip, c.server_port, c.usual_ns, count(*) AS closes, min(c.flow_id) AS flow_id,
         min(c.from_ns) AS from_ns, max(c.to_ns) AS to_ns,
         group_concat(json_object('frame', c.to_frame, 'role', 'server FIN on an idle connection', 'flow', c.flow_id)) AS proof
    FROM compared c
   WHERE abs(c.idle_ns - c.usual_ns) <= max(:near * c.usual_ns, 20000000) AND c.rank <= 1000
   GROUP BY c.capture_id, c.server_ip, c.server_port HAVING count(*) >= :min_closes
), reused AS (
  SELECT t.capture_id, t.server_ip, t.server_port, max(s.to_ns - s.from_ns) AS reused_ns, s.flow_id, s.to_frame
    FROM timed t
    CROSS JOIN flow f ON f.capture_id = t.capture_id AND f.server_ip = t.server_ip AND f.server_port = t.server_port
    CROSS JOIN silence s ON s.flow_id = f.id AND s.scope = 'both' AND s.ended_by = 'data' AND s.ended_sender = 'client'
    JOIN http_exchange x ON x.flow_id = f.id AND x.request_frame = s.to_frame AND x.nr > 1
   WHERE s.to_ns - s.from_ns >= :risky * t.usual_ns
   GROUP BY t.capture_id, t.server_ip, t.server_port
)
SELECT t.flow_id, t.capture_id, t.from_ns, t.to_ns, 'note' AS severity, 'likely' AS confidence,
       f.client_ip AS client, n.server,
       n.server || ' closes connections idle for ' || printf('%.3f s', t.usual_ns / 1e9) || ' (' || t.closes
         || ' times), and a client still used one that was idle for ' || printf('%.3f s', r.reused_ns / 1e9)
         || ': one day the two will meet.' AS summary,
       json_object('keepalive_s', seconds(t.usual_ns), 'closes', t.closes, 'reused_after_s', seconds(r.reused_ns), 'server', n.server,
                   'candidates', json((SELECT json_group_array(text) FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text FROM known_timer k
                       WHERE k.layer IN ('http', 'balancer', 'proxy') AND abs(k.seconds - t.usual_ns / 1e9) <= k.tolerance_s ORDER BY k.seconds, text))),
                   'known', (SELECT 'Timers that fit: ' || group_concat(text, ', ') || '.' FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text FROM known_timer k
                       WHERE k.layer IN ('http', 'balancer', 'proxy') AND abs(k.seconds - t.usual_ns / 1e9) <= k.tolerance_s ORDER BY k.seconds, text)),
                   'bucket', round(t.usual_ns / 1e9)) AS numbers,
       '[' || json_object('frame', r.to_frame, 'role', 'use after a long pause', 'flow', r.flow_id) || ',' || t.proof || ']' AS evidence
  FROM timed t
  JOIN reused r ON r.capture_id = t.capture_id AND r.server_ip = t.server_ip AND r.server_port = t.server_port
  JOIN flow f ON f.id = t.flow_id
  JOIN flow_name n ON n.flow_id = t.flow_id
 ORDER BY t.capture_id, t.from_ns, n.server;
