-- id:        amqp.missed-heartbeats
-- title:     AMQP connection closed after missed heartbeats
-- severity:  error
-- over:      amqp_connection
-- param:     least = 1.0           silence, in heartbeat intervals, after which a peer may close
-- param:     rabbitmq_least = 1.9  the same of RabbitMQ, which looks twice
-- param:     most = 4.0            a close later than this has another cause
-- needs:     payload, both-sides, beginning, frames
-- explains:  Either side of an AMQP connection must say something, if only a heartbeat, in each half of
--            the negotiated interval; any octet counts. The {silent_side} said nothing for {silence_s} s, and
--            the other side closed the connection, as it may: RabbitMQ looks once an interval and
--            closes at the second look without a byte, that is after two to three intervals; many
--            clients close after two to two and a half.
--            Meanwhile the silent side's host acknowledged what came {acks_during_silence} times: where
--            that is not 0, network and kernel were well and the program was stuck or did not run its
--            client library (a blocking client in a long callback, a garbage collection, a frozen
--            process). Where it is 0, the path or the host was dead.
--            It fell silent at {silent_since}; what it was doing: {doing}.
-- remedy:    {advice}
-- confirm:   RabbitMQ's log has "missed heartbeats from client, timeout: {heartbeat_s}s" at the time of the
--            close. On the silent side: what was its thread doing (py-spy dump, jstack) at that time?
-- not:       A close long before an interval has passed is not about heartbeats: a proxy's idle
--            time-out, or a deliberate close. While a resource alarm blocks a publisher, RabbitMQ does
--            not check heartbeats.
-- reference: https://www.rabbitmq.com/docs/heartbeats
WITH ended AS (
  -- who closed is not who was silent
  SELECT f.*, f.id AS flow_id, f.ended_by AS closer, iif(f.ended_by = 'client', 'server', 'client') AS silent,
         iif(f.ended_by = 'client', f.server_first_data_ns, f.client_first_data_ns) AS silent_first_ns,
         iif(f.ended_by = 'client', f.server_last_data_ns, f.client_last_data_ns) AS silent_last_ns,
         iif(f.ended_by = 'client', f.server_last_data_frame, f.client_last_data_frame) AS silent_last_frame,
         c.heartbeat_s, f.ended_by = 'server' AND coalesce(c.product, '') LIKE 'RabbitMQ%' AS rabbitmq
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE f.ended IN ('fin', 'rst') AND coalesce(c.heartbeat_s, 1) > 0
     AND c.close_ns IS NULL                   -- a Connection.Close says its reason itself
), closed AS (
  -- when the silent side had last been heard; NULL: never in this capture. It may
  -- have written again after the close: then a silence spans the close.
  SELECT e.flow_id, e.rabbitmq, e.first_ns, e.first_frame, e.ended, e.ended_ns, e.ended_frame, e.silent, e.closer, e.heartbeat_s,
         CASE WHEN e.silent_last_ns <= e.ended_ns THEN e.silent_last_ns
              WHEN e.silent_first_ns <= e.ended_ns THEN s.from_ns END AS last_ns,
         CASE WHEN e.silent_last_ns <= e.ended_ns THEN e.silent_last_frame
              WHEN e.silent_first_ns <= e.ended_ns THEN s.from_frame END AS last_frame
    FROM ended e
    LEFT JOIN silence s ON s.flow_id = e.flow_id AND s.scope = e.silent
                       AND e.ended_ns > s.from_ns AND e.ended_ns <= s.to_ns
), beat AS (
  -- the closer's heartbeats since the silent side was last heard
  SELECT c.flow_id, h.ns, h.frame, h.ns - lag(h.ns) OVER (PARTITION BY c.flow_id ORDER BY h.ns, h.frame) AS gap_ns
    FROM closed c
    JOIN heartbeat h ON h.flow_id = c.flow_id AND h.sender = c.closer
                    AND h.ns > coalesce(c.last_ns, c.first_ns - 1) AND h.ns <= c.ended_ns
), inferred AS (
  -- heartbeats go out every half interval
  SELECT flow_id, count(*) AS beats, round(2 * avg(gap_ns) / 1e9) AS interval_s, avg(gap_ns) AS gap_ns,
         max(gap_ns) - min(gap_ns) <= 0.2 * avg(gap_ns) AS regular
    FROM beat GROUP BY flow_id
), quiet AS (
  SELECT c.*, coalesce(c.last_ns, c.first_ns) AS from_ns, coalesce(i.beats, 0) AS beats, i.gap_ns,
         coalesce(c.heartbeat_s, iif(i.regular, i.interval_s, NULL)) AS interval_s,
         c.ended_ns - coalesce(c.last_ns, c.first_ns) AS silence_ns
    FROM closed c LEFT JOIN inferred i ON i.flow_id = c.flow_id
), counted AS (
  SELECT s.*, s.silence_ns / 1e9 / s.interval_s AS intervals,
         -- acknowledgements of what the closer sent in the silence (not just in answer
         -- to the last words): they show that the path and the silent side's host were well
         (SELECT count(*) FROM packet p WHERE p.flow_id = s.flow_id AND p.sender = s.silent
             AND p.ns > s.from_ns AND p.ns < s.ended_ns AND p.flags & 16
             AND (p.ack - (SELECT h.seq FROM packet h WHERE h.flow_id = s.flow_id AND h.sender = s.closer
                              AND h.ns > s.from_ns + 1000000000 AND h.len > 0 ORDER BY h.frame LIMIT 1)
                  + 4294967296) % 4294967296 BETWEEN 1 AND 2147483647) AS acks,
         -- whether the closer acknowledged ever more of the silent side: then that
         -- side spoke, and its words are not in the capture
         (SELECT count(DISTINCT p.ack) > 1 FROM packet p
           WHERE p.flow_id = s.flow_id AND p.sender = s.closer AND p.flags & 16
             AND p.ns > s.from_ns + 1000000000 AND p.ns <= s.ended_ns) AS spoke,
         (SELECT count(*) FILTER (WHERE e.kind = 'retransmission')
                 - count(*) FILTER (WHERE e.kind = 'spurious_retransmission')
            FROM tcp_event e WHERE e.flow_id = s.flow_id AND e.sender = s.closer AND e.ns > s.from_ns) AS repeats,
         (SELECT m.name FROM amqp_method m WHERE m.flow_id = s.flow_id AND m.sender = s.silent
             AND m.ns <= s.from_ns ORDER BY m.ns DESC, m.frame DESC, m.rowid DESC LIMIT 1) AS last_said,
         (SELECT m.name FROM amqp_method m WHERE m.flow_id = s.flow_id AND m.sender = s.closer
             AND m.ns <= s.ended_ns ORDER BY m.ns DESC, m.frame DESC, m.rowid DESC LIMIT 1) AS last_heard
    FROM quiet s
   WHERE s.interval_s > 0
     AND s.silence_ns / 1e9 >= iif(s.rabbitmq, :rabbitmq_least, :least) * s.interval_s - 0.05
     AND (s.silence_ns / 1e9 <= :most * s.interval_s OR s.last_ns IS NULL)
), held AS (
  -- what a silent client had in its hands: the oldest delivery that it had not acknowledged
  SELECT c.flow_id, d.frame, d.ns, d.tag, d.queue, d.channel,
         row_number() OVER (PARTITION BY c.flow_id ORDER BY d.ns, d.channel, d.tag) AS nth
    FROM counted c
    JOIN amqp_delivery d ON d.flow_id = c.flow_id AND d.ns <= c.ended_ns
   WHERE c.silent = 'client' AND NOT c.spoke AND coalesce(d.settled_ns, c.ended_ns) > c.from_ns
)
SELECT c.flow_id, c.from_ns, c.ended_ns AS to_ns, 'error' AS severity,
       CASE WHEN c.heartbeat_s IS NULL THEN 'possible'
            WHEN c.intervals BETWEEN 1.9 AND 3.2 THEN 'proven' ELSE 'likely' END AS confidence,
       'The ' || c.silent || ' sent not one AMQP byte for ' || printf('%.1f s', c.silence_ns / 1e9)
         || iif(c.heartbeat_s IS NULL,
                ' or longer (heartbeats every ' || printf('%.1f s', c.gap_ns / 1e9) || ' suggest an interval of '
                || CAST(c.interval_s AS INTEGER) || ' s; its negotiation is not in the capture)',
                ' with a heartbeat interval of ' || c.heartbeat_s || ' s')
         || '; the ' || c.closer || iif(c.beats, ' sent ' || c.beats || iif(c.beats = 1, ' heartbeat', ' heartbeats') || ' and', '')
         || ' then closed (' || upper(c.ended) || '). '
         || CASE WHEN c.acks > 0 THEN 'The ' || c.silent || '''s host acknowledged all along: its program was stuck or did not serve the connection.'
                 WHEN c.beats OR c.repeats THEN 'Nothing came back at all, not even from its host: the path or the host was dead.'
                 ELSE 'Nothing was sent to it meanwhile that its host could have acknowledged.' END
         || CASE WHEN c.acks = 0 THEN ''
                 WHEN h.tag IS NOT NULL
                 THEN ' In its hands was delivery ' || h.tag || coalesce(' from queue ' || h.queue, '') || ' (channel ' || h.channel
                      || '), not acknowledged ' || duration(c.ended_ns - h.ns) || ' after it had come.'
                 WHEN c.last_said = 'basic.publish' THEN ' Its last word was basic.publish.' ELSE '' END AS summary,
       json_object('heartbeat_negotiated_s', c.heartbeat_s,
                   'heartbeat_inferred_s', iif(c.heartbeat_s IS NULL, c.interval_s, NULL),
                   'heartbeat_interval_observed_s', seconds(CAST(c.gap_ns AS INTEGER)),
                   'heartbeat_s', c.interval_s,
                   'silence_s', seconds(c.silence_ns),
                   'silence_before_close_s', iif(c.last_ns IS NULL, NULL, seconds(c.silence_ns)),
                   'silence_at_least_s', iif(c.last_ns IS NULL, seconds(c.silence_ns), NULL),
                   'silence_in_T', round(c.intervals, 3),
                   'silent_side', c.silent, 'close_is', upper(c.ended),
                   c.closer || '_heartbeats_during_silence', c.beats,
                   'acks_during_silence', c.acks, c.silent || '_acks_during_silence', c.acks,
                   'last_said', c.last_said, 'last_heard', c.last_heard,
                   'silent_since', strftime('%Y-%m-%d %H:%M:%S', c.from_ns / 1000000000, 'unixepoch') || ' UTC',
                   'delivery_tag', h.tag, 'queue', h.queue, 'channel', h.channel, 'unacked_s', seconds(c.ended_ns - h.ns),
                   'doing', CASE WHEN h.tag IS NOT NULL
                                 THEN 'delivery ' || h.tag || coalesce(' from queue ' || h.queue, '') || ' was not acknowledged'
                                 ELSE coalesce('its last method was ' || c.last_said, 'not seen') END,
                   'advice', CASE
                     WHEN c.acks = 0 AND (c.beats OR c.repeats)
                     THEN 'Look for the dead path first: the ' || c.silent || '''s host, its switch, a firewall that dropped the flow. Heartbeats did their work here.'
                     WHEN c.silent = 'client'
                     THEN 'Let the client serve its connection while it works: pika: process_data_events(), or work in another thread and add_callback_threadsafe(); others: do not block the consumer''s thread, acknowledge late from a worker. A longer heartbeat only delays the close.'
                     ELSE 'Look at the broker at that time: garbage collection, swap, a full disk, a frozen process (SIGSTOP, VM pause). Its log should have a gap.' END,
                   'bucket', c.interval_s) AS numbers,
       (SELECT json_group_array(json_object('frame', e.frame, 'role', e.role)) FROM (
          SELECT coalesce(c.last_frame, c.first_frame) AS frame,
                 iif(c.last_frame IS NULL, 'first frame of the capture: the ' || c.silent || ' is silent', 'last byte of the ' || c.silent) AS role
          UNION ALL
          SELECT h.frame, 'delivery ' || h.tag || ', not acknowledged' WHERE h.frame IS NOT NULL
          UNION ALL
          SELECT b.frame, 'heartbeat of the ' || c.closer FROM beat b WHERE b.flow_id = c.flow_id
          UNION ALL
          SELECT c.ended_frame, 'the ' || c.closer || ' closes: ' || upper(c.ended)
          ORDER BY frame) e) AS evidence
  FROM counted c
  LEFT JOIN held h ON h.flow_id = c.flow_id AND h.nth = 1
 WHERE NOT c.spoke AND (c.last_ns IS NOT NULL OR c.beats >= 2)
 ORDER BY c.ended_ns, c.flow_id;
