-- id:        http.keepalive-race
-- title:     A request crossed the server's closing of an idle connection
-- severity:  error
-- over:      http_exchange
-- param:     min_idle_s = 0.5      a connection that was idle for less was not closed for being idle
-- param:     queue_s = 0.02        a close this soon after the request had been decided before it
-- param:     slack_s = 0.05        how much longer than a round trip both may be under way
-- needs:     payload, both-sides, frames
-- explains:  The server kept the idle connection for {idle_s} s and closed it: its keep-alive time-out. The
--            client's next request was on its way at that very moment, so neither could know of the
--            other. The server's host answered the request with RST, and the program behind it never
--            read it. A client that does not retry, or must not (POST), reports "connection reset";
--            a balancer answers 502.{apart}
-- remedy:    Let the side that asks close first: its idle limit must be some seconds shorter than the
--            server's {idle_s} s, or the server's longer than that of every client and balancer in front:
--                nginx keepalive_timeout 75s; Node.js server.keepAliveTimeout = 65000; gunicorn --keep-alive 75; uvicorn --timeout-keep-alive 75
--                Go http.Transport.IdleConnTimeout; Apache HttpClient setConnectionTimeToLive; Envoy idle_timeout
--            The server has not worked on the request, so it may be sent again once on a new connection.{known}
-- confirm:   The server's configuration has a keep-alive time-out of about {idle_s} s. It happens only to
--            requests that come that long after the one before, and seldom.
-- not:       A request that acknowledges the FIN was sent by a client that could have known of it
--            (http.keepalive-stale-reuse). A RST without a FIN before it, from a host that does not know the
--            connection, is a restart or a forgotten address translation.
-- reference: RFC 9112, section 9.3.1; RFC 9110, section 9.2.2
WITH waiting AS (
  -- requests that met the end of a connection on which nothing was awaited
  SELECT x.flow_id, x.nr, x.method, x.target, x.request_ns, x.request_frame, x.request_off,
         f.capture_id, f.rtt_ns, f.ended, f.ended_ns, f.ended_frame, f.server_fin_acked_frame,
         f.server_fin_acks_off, p.response_ns AS last_response_ns, p.response_frame AS last_response_frame,
         coalesce(p.response_end_ns, f.established_ns) AS idle_from_ns
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id AND f.ended_by = 'server' AND f.ended IN ('fin', 'rst')
    LEFT JOIN http_exchange p ON p.flow_id = x.flow_id AND p.nr = x.nr - 1
   WHERE x.response_state <> 'complete' AND x.response_state = 'none' AND x.method IS NOT NULL
     -- the first of several
     AND (x.nr = 1 OR p.response_state = 'complete' AND NOT p.close_announced)
     AND f.ended_ns - coalesce(p.response_end_ns, f.established_ns) >= :min_idle_s * 1e9
), met AS (
  SELECT w.*, 'crossed' AS how,
         (SELECT min(r.frame) FROM reset r WHERE r.flow_id = w.flow_id AND r.sender = 'server'
             AND r.frame > max(w.request_frame, w.ended_frame)) AS rst_frame
    FROM waiting w
   WHERE w.ended = 'fin' AND w.server_fin_acks_off <= w.request_off
     -- it was sent before its sender had the FIN
     AND (w.server_fin_acked_frame IS NULL OR w.server_fin_acked_frame > w.request_frame)
     AND abs(w.request_ns - w.ended_ns) <= coalesce(w.rtt_ns, 0) + :slack_s * 1e9
  UNION ALL
  -- it had come, but the program was closing the socket: unread data makes that a RST
  SELECT w.*, 'unread', w.ended_frame
    FROM waiting w
    JOIN reset_anatomy r ON r.flow_id = w.flow_id AND r.frame = w.ended_frame
   WHERE w.ended = 'rst' AND r.class = 'abort' AND r.has_ack AND w.nr > 1
     AND w.ended_ns - w.request_ns BETWEEN 0 AND :queue_s * 1e9
     AND w.request_ns - w.idle_from_ns >= :min_idle_s * 1e9
), told AS (
  SELECT m.*, r.ns AS rst_ns,
         (SELECT count(*) FROM reset c WHERE c.flow_id = m.flow_id AND c.sender = 'server') AS resets
    FROM met m LEFT JOIN reset r ON r.flow_id = m.flow_id AND r.frame = m.rst_frame
)
SELECT t.flow_id, t.idle_from_ns AS from_ns, max(t.request_ns, t.ended_ns, coalesce(t.rst_ns, 0)) AS to_ns,
       -- what may be repeated without harm is, by most clients
       iif(t.method IN ('GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'), 'warning', 'error') AS severity,
       CASE WHEN t.how = 'unread' THEN 'possible' WHEN t.rst_frame IS NULL THEN 'likely' ELSE 'proven' END AS confidence,
       CASE t.how WHEN 'crossed'
         THEN t.method || ' ' || substr(t.target, 1, 80) || ' and the server''s FIN crossed: the server closed the connection '
              || printf('%.3f s', (t.ended_ns - t.idle_from_ns) / 1e9) || ' after '
              || iif(t.nr > 1, 'its last response', 'the handshake') || ', the request was sent before that FIN had arrived'
              || iif(t.rst_frame IS NULL, '.', ', and was reset.')
         ELSE t.method || ' ' || substr(t.target, 1, 80) || ' came ' || printf('%.3f s', (t.request_ns - t.idle_from_ns) / 1e9)
              || ' after the last response and was reset ' || duration(t.ended_ns - t.request_ns)
              || ' later: the server was probably just closing the idle connection.' END AS summary,
       json_object('request_minus_fin_s', iif(t.how = 'crossed', seconds(t.request_ns - t.ended_ns), NULL),
                   'request_ack_minus_fin_seq', iif(t.how = 'crossed', 0, NULL),
                   'idle_s', seconds(t.ended_ns - t.idle_from_ns),
                   'last_response_to_fin_s', iif(t.how = 'crossed', seconds(t.ended_ns - t.last_response_ns), NULL),
                   'rst_after_request_s', seconds(t.rst_ns - t.request_ns),
                   'resets', t.resets, 'rtt_s', seconds(t.rtt_ns), 'method', t.method, 'target', t.target,
                   'may_be_repeated', json(iif(t.method IN ('GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'), 'true', 'false')),
                   'candidates', json((SELECT json_group_array(text) FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text
                        FROM known_timer k
                       WHERE k.layer IN ('http', 'balancer', 'proxy')
                         AND abs(k.seconds - (t.ended_ns - t.idle_from_ns) / 1e9) <= k.tolerance_s ORDER BY 1))),
                   'apart', iif(t.how = 'crossed', ' In this capture the two are ' || duration(abs(t.request_ns - t.ended_ns)) || ' apart; a round trip takes '
                                  || coalesce(duration(t.rtt_ns), 'a time that is not known here') || '.', NULL),
                   'known', (SELECT ' Timers that fit: ' || group_concat(text, ', ') || '.' FROM (
                      SELECT printf('%g s ', k.seconds) || k.product || ' (' || k.setting || ')' AS text
                        FROM known_timer k
                       WHERE k.layer IN ('http', 'balancer', 'proxy')
                         AND abs(k.seconds - (t.ended_ns - t.idle_from_ns) / 1e9) <= k.tolerance_s ORDER BY 1)),
                   'bucket', round((t.ended_ns - t.idle_from_ns) / 1e9)) AS numbers,
       json_array(json_object('frame', t.last_response_frame, 'role', 'last response'),
                  json_object('frame', t.request_frame, 'role', 'next request'),
                  json_object('frame', iif(t.how = 'crossed', t.ended_frame, NULL), 'role', 'server FIN'),
                  json_object('frame', t.rst_frame, 'role', 'RST')) AS evidence
  FROM told t
 ORDER BY t.request_ns, t.flow_id;
