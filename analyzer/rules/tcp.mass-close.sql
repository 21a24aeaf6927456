-- id:        tcp.mass-close
-- title:     Many connections of a server ended at one moment
-- severity:  warning
-- param:     least = 5             connections
-- param:     many = 10             so many that others of the server may have stayed open (another backend)
-- param:     part = 0.5            of the server's open connections, where they are fewer than that
-- param:     within_s = 1          apart at the most, one from the next
-- needs:     both-sides, frames
-- explains:  {connections} connections to {server} ended within {span_s} s, all by the server's side: {resets} by RST, {fins}
--            by FIN. They had been silent for different times ({idle_min_s} s to {idle_max_s} s), so no timer
--            closed each of them: one event ended all. With FINs a program stopped or reloaded in order; with
--            RSTs it was killed, or its host, container or a device with the table of connections was restarted or
--            replaced, and the peers learn of it when they next send.
-- remedy:    Look for what happened at {at} around {server}: deployments, restarts, failover (journalctl --since,
--            last reboot, kubectl get events, docker events). Drain before a planned restart (preStop hook,
--            nginx -s quit, HAProxy: set server state drain), and let clients connect again after a random pause
--            so that they do not all come at once.
-- confirm:   The program's or container's age on {server} is that of this moment; refused connections or slow
--            handshakes follow it at once.
-- not:       Connections that were last used together and closed after the same time were closed by a timer
--            (tcp.timer-close). Clients that close together were stopped themselves.
-- reference: RFC 9293, sections 3.6 and 3.10.7.1
WITH ended AS (
  -- closed by the server out of a silence
  SELECT f.id AS flow_id, f.capture_id, f.server_ip, f.server_port, f.client_ip, s.ended_by AS how, s.to_frame AS frame, s.to_ns AS ns,
         s.to_ns - s.from_ns AS idle_ns, 0 AS lost
    FROM silence s
    JOIN connection f ON f.id = s.flow_id
   WHERE s.scope = 'both' AND s.ended_by <> 'end_of_capture' AND s.ended_by IN ('fin', 'rst') AND s.ended_sender = 'server' AND f.ended_frame = s.to_frame
     AND f.ended_by = 'server' AND f.established_ns IS NOT NULL
     AND s.flow_id NOT IN (SELECT flow_id FROM idle_death)
     AND s.flow_id NOT IN (SELECT flow_id FROM close_timer WHERE since <> 'request')
   UNION
  -- or reset by it, in answer to a segment or without
  SELECT f.id, f.capture_id, f.server_ip, f.server_port, f.client_ip, 'rst', r.frame, r.ns,
         coalesce(r.pause_to_ns - r.pause_from_ns, r.idle_ns), r.trigger_len > 0
    FROM reset_anatomy r
    JOIN connection f ON f.id = r.flow_id
   WHERE r.class IN ('unknown_socket', 'abort') AND r.sender = 'server' AND f.ended_frame = r.frame
     AND NOT r.after_own_fin AND NOT r.after_peer_fin AND NOT r.after_own_rst
     AND r.own_bytes + r.peer_bytes_acked > 0 AND r.trigger_frame IS NOT NULL
     AND r.flow_id NOT IN (SELECT flow_id FROM idle_death)
     -- what was exchanged last was not just answered and closed
     AND (r.class = 'unknown_socket' OR r.idle_ns >= 1000000000)
), stepped AS (
  SELECT *, ns - lag(ns, 1, 0) OVER (PARTITION BY capture_id, server_ip, server_port ORDER BY ns, frame) > :within_s * 1e9 AS begins
    FROM ended
), grouped AS (
  SELECT *, sum(begins) OVER (PARTITION BY capture_id, server_ip, server_port ORDER BY ns, frame) AS burst
    FROM stepped
), burst AS (
  SELECT capture_id, server_ip, server_port, min(flow_id) AS flow_id, count(DISTINCT flow_id) AS connections,
         count(DISTINCT client_ip) AS clients, min(client_ip) AS client_ip,
         min(ns) AS from_ns, max(ns) AS to_ns, min(idle_ns) AS idle_min_ns, max(idle_ns) AS idle_max_ns,
         sum(how = 'rst') AS resets, sum(how = 'fin') AS fins, max(lost) AS lost,
         '[' || group_concat(json_object('frame', frame, 'role', upper(how) || ' of the server''s side', 'flow', flow_id)) || ']' AS evidence
    FROM grouped
   GROUP BY capture_id, server_ip, server_port, burst
  HAVING count(DISTINCT flow_id) >= :least
), judged AS MATERIALIZED (
  SELECT b.*, n.server,
         -- open at that moment and still there a while later
         (SELECT count(*) FROM flow f
           WHERE f.server_ip = b.server_ip AND f.server_port = b.server_port AND f.capture_id = b.capture_id
             AND f.established_ns < b.from_ns AND coalesce(f.ended_ns, f.last_ns) > b.to_ns + 1000000000) AS stayed
    FROM burst b JOIN flow_name n ON n.flow_id = b.flow_id
)
SELECT j.flow_id, j.capture_id, j.from_ns, j.to_ns,
       CASE WHEN j.lost THEN 'error' WHEN j.resets THEN 'warning' ELSE 'note' END AS severity,
       iif(j.stayed = 0 OR j.connections >= :many, 'likely', 'possible') AS confidence,
       iif(j.clients = 1, j.client_ip, NULL) AS client, j.server,
       j.connections || ' connections to ' || j.server || ' were ended by the server''s side within '
         || duration(j.to_ns - j.from_ns) || ' (' || j.resets || ' by RST, ' || j.fins || ' by FIN), after silences of '
         || printf('%.1f s', j.idle_min_ns / 1e9) || ' to ' || printf('%.1f s', j.idle_max_ns / 1e9)
         || iif(j.resets, ': a restart, a failover or a flushed table.', ': a program that was stopped or reloaded.') AS summary,
       json_object('connections', j.connections, 'clients', j.clients, 'span_s', seconds(j.to_ns - j.from_ns),
                   'resets', j.resets, 'fins', j.fins, 'stayed_open', j.stayed,
                   'idle_min_s', seconds(j.idle_min_ns), 'idle_max_s', seconds(j.idle_max_ns), 'server', j.server,
                   'at', strftime('%Y-%m-%d %H:%M:%S', j.from_ns / 1000000000, 'unixepoch') || ' UTC') AS numbers,
       j.evidence
  FROM judged j
 WHERE (j.connections >= :many OR j.connections >= :part * (j.connections + j.stayed))
   -- a timer closes each after the same time
   AND j.idle_max_ns - j.idle_min_ns > max(50000000, j.idle_max_ns / 50)
 ORDER BY j.from_ns, j.server_ip, j.server_port;
