-- id:        tcp.timer-close
-- title:     Connections are closed by a timer
-- severity:  note
-- needs:     both-sides
-- yields:    tcp.half-closed-leak, tcp.mass-close, http.client-gave-up, http.response-cut, http.server-aborted, http.no-response, http.keepalive-race, http.keepalive-stale-reuse, http.keepalive-mismatch, http.unsolicited-408, http.health-check, tcp.health-check, tcp.timer-reset, tcp.write-after-close, tcp.blackhole, tcp.idle-blackhole, tcp.keepalive-unanswered, amqp.missed-heartbeats, amqp.unclosed, amqp.handshake-stalled, amqp.connection-closed
-- explains:  The {actor} closed {connections} connections {after_s} s after {since_words}, each time the same to
--            {spread_s} s. Such regularity is a timer, not a decision of users or of load: a keep-alive or idle
--            time-out of the program, of a proxy in its place, or a limit on a request's time. It is no failure by
--            itself. It becomes one where the other side uses the connection at that very moment, or waits for
--            an answer longer than that. Known timers of that length: {candidates}
-- remedy:    Know it: let the other side give up idle connections earlier than {after_s} s, or let the {actor} wait
--            longer, and where an answer takes longer than that, raise the limit or answer sooner.
-- confirm:   Leave a connection to {server} alone: it is closed after {after_s} s again.
-- not:       A restart closes connections at one moment, whatever the time since they were used (tcp.mass-close).
-- reference: RFC 9112, section 9.5; RFC 9293, section 3.9.1
WITH chosen AS (
  SELECT t.*, f.client_ip, f.client_last_data_ns, f.server_last_data_ns,
         row_number() OVER (PARTITION BY t.capture_id, t.server_ip, t.server_port, t.actor, t.class, t.since, t.cluster ORDER BY t.ns, t.frame) AS nth
    FROM close_timer t
    JOIN flow f ON f.id = t.flow_id
), told AS (
  SELECT min(flow_id) AS flow_id, capture_id, min(ns) AS from_ns, max(ns) AS to_ns, count(*) AS connections, actor, class,
         CASE since WHEN 'request' THEN 'a request that was not answered in full' ELSE 'the ' || since END AS words, since,
         iif(count(DISTINCT client_ip) = 1, min(client_ip), NULL) AS client,
         CAST(avg(after_ns) AS INTEGER) AS after_ns, min(after_ns) AS min_ns, max(after_ns) AS max_ns,
         since = 'last data' AND actor = 'server' AND min(client_last_data_ns > coalesce(server_last_data_ns, 0)) AS unanswered,
         '[' || group_concat(json_object('frame', frame, 'role', iif(class = 'fin', 'FIN', 'RST') || ' of the ' || actor, 'flow', flow_id))
                  FILTER (WHERE nth <= 64) || ']' AS evidence
    FROM chosen
   GROUP BY capture_id, server_ip, server_port, actor, class, since, cluster
  HAVING count(*) >= 3
)
SELECT told.flow_id, capture_id, from_ns, to_ns, 'note' AS severity, iif(connections >= 5, 'proven', 'likely') AS confidence,
       told.client, n.server,
       'The ' || actor || ' closes (' || iif(class = 'fin', 'FIN', 'RST') || ') ' || printf('%.3f s', after_ns / 1e9)
         || ' after ' || words || ', ' || connections || ' times, the same to ' || duration(max_ns - min_ns) || ': a timer'
         || iif(unanswered, '. What the client had sent last was not answered.', '.') AS summary,
       json_object('connections', connections, 'after_s', seconds(after_ns), 'after_min_s', seconds(min_ns), 'after_max_s', seconds(max_ns),
                   'spread_s', seconds(max_ns - min_ns), 'since', since, 'since_words', words, 'actor', actor, 'class', class, 'server', n.server,
                   'candidates', json((SELECT json_group_array(text) FROM
                                        (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
                                           FROM known_timer t
                                          WHERE t.layer NOT IN ('closing', 'offload', 'check', 'connect')
                                            AND abs(t.seconds - told.after_ns / 1e9) <= t.tolerance_s + 0.05
                                          ORDER BY text LIMIT 12))),
                   'bucket', round(after_ns / 1e9)) AS numbers,
       evidence
  FROM told
  JOIN flow_name n ON n.flow_id = told.flow_id
 ORDER BY from_ns, n.server, actor, class, since;
