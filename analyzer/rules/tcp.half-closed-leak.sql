-- id:        tcp.half-closed-leak
-- title:     One side closed and the other never did
-- severity:  warning
-- param:     min_wait_s = 60       from the FIN on
-- param:     many = 3              connections, from which on it is no accident
-- needs:     both-sides, end, frames
-- yields:    tcp.write-after-close, tcp.blackhole, tcp.idle-blackhole, http.keepalive-stale-reuse, http.client-gave-up, http.no-response, amqp.missed-heartbeats, amqp.unclosed
-- explains:  {connections} times the {closer} closed with FIN, the {leaker}'s host acknowledged it, and the {leaker}'s
--            program neither sent anything nor closed in turn, for {wait_s} s at the longest. Its sockets stay in CLOSE-WAIT,
--            each with a file descriptor, for as long as the program lives. A program that does not look at its idle
--            sockets leaks them and in the end runs out of them ("Too many open files"), or uses such a dead
--            connection for its next request.
-- remedy:    Close what the peer has closed: read idle sockets until 0, close the response body in every path (Go:
--            defer resp.Body.Close(); Java: EntityUtils.consume), let the pool evict idle connections sooner than
--            the {closer} closes them.
-- confirm:   ss -tnp state close-wait on {leaker_address} lists them with the program; their number grows.
-- not:       A side that goes on sending after the other's FIN uses a half-closed connection, as it may. A server
--            that still works at its answer closes when it is done.
-- reference: RFC 9293, sections 3.6 and 3.3.2
WITH lasting AS MATERIALIZED (
  -- a silence that lasts until the capture ends is of a side that has sent no FIN
  SELECT rowid AS id FROM silence WHERE ended_by <> 'end_of_capture' AND scope IN ('client', 'server')
  UNION ALL
  SELECT s.rowid FROM flow f CROSS JOIN silence s ON s.flow_id = f.id AND s.scope IN ('client', 'server')
   WHERE (f.client_fin_ns IS NULL) <> (f.server_fin_ns IS NULL) AND s.ended_by = 'end_of_capture'
), half AS (
  SELECT f.id AS flow_id, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.server, s.scope AS leaker,
         iif(s.scope = 'client', 'server', 'client') AS closer,
         iif(s.scope = 'client', f.server_fin_ns, f.client_fin_ns) AS fin_ns,
         iif(s.scope = 'client', f.server_fin_frame, f.client_fin_frame) AS fin_frame,
         iif(s.scope = 'client', f.server_fin_acked_frame, f.client_fin_acked_frame) AS acked_frame,
         min(s.to_ns, coalesce((SELECT min(r.ns) FROM reset r WHERE r.flow_id = f.id), s.to_ns)) AS until_ns,
         s.ended_by
    FROM lasting l
    JOIN silence s ON s.rowid = l.id
    JOIN connection f ON f.id = s.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE s.scope <> 'both' AND s.to_ns - s.from_ns >= :min_wait_s * 1e9
     AND iif(s.scope = 'client', f.server_fin_acked_ns, f.client_fin_acked_ns) BETWEEN s.from_ns AND s.to_ns
     -- the one who is asked for nothing: the last word was its own, or the closer's answer
     AND (s.scope = 'client' OR coalesce(f.server_last_data_ns, 0) >= coalesce(f.client_last_data_ns, 0))
     AND NOT EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = f.id AND s.scope = 'server' AND x.response_state IN ('none', 'open'))
), leak AS (
  SELECT *, until_ns - fin_ns AS wait_ns,
         row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, leaker ORDER BY fin_ns, flow_id) AS nth
    FROM half WHERE until_ns - fin_ns >= :min_wait_s * 1e9
)
SELECT min(flow_id) AS flow_id, capture_id, min(fin_ns) AS from_ns, max(until_ns) AS to_ns,
       iif(count(*) >= :many, 'warning', 'note') AS severity, iif(count(*) >= :many, 'likely', 'possible') AS confidence,
       client_ip AS client, min(server) AS server,
       'The ' || closer || ' closed ' || iif(count(*) = 1, 'a connection', count(*) || ' connections')
         || ' with FIN, and the ' || leaker || ' neither closed nor sent anything on ' || iif(count(*) = 1, 'it', 'them') || ' for '
         || printf('%.0f s', max(wait_ns) / 1e9) || iif(sum(ended_by = 'end_of_capture'), ' or longer', '') || ' (CLOSE-WAIT).' AS summary,
       json_object('connections', count(*), 'wait_s', seconds(max(wait_ns)), 'wait_min_s', seconds(min(wait_ns)),
                   'never_closed', sum(ended_by = 'end_of_capture'), 'closer', closer, 'leaker', leaker, 'server', min(server),
                   'leaker_address', iif(leaker = 'client', client_ip, server_ip)) AS numbers,
       '[' || group_concat(json_object('frame', fin_frame, 'role', 'FIN of the ' || closer, 'flow', flow_id) || ','
                           || json_object('frame', acked_frame, 'role', 'the ' || leaker || '''s host acknowledges it', 'flow', flow_id))
                FILTER (WHERE nth <= 32) || ']' AS evidence
  FROM leak
 GROUP BY capture_id, client_ip, server_ip, server_port, leaker
 ORDER BY from_ns, client_ip, server_ip, server_port, leaker;
