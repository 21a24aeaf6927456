-- id:        amqp.encrypted-heartbeat-stopped
-- title:     Inferred: heartbeats inside of TLS stopped, and the other side closed
-- severity:  error
-- over:      tls_record
-- param:     port = 5671           where AMQP inside of TLS is spoken
-- param:     least = 3.8           silence, in steps between heartbeats (half intervals), after which a peer may close
-- param:     most = 8              a close later than this has another cause
-- needs:     payload, both-sides, frames
-- yields:    tcp.blackhole, tcp.idle-blackhole, tcp.reset-after-idle, tcp.injected-reset
-- explains:  The connection is encrypted; nothing of it was read. But small records of constant length passed
--            every {pace_s} s, which looks like AMQP heartbeats with an interval of {heartbeat_inferred_s} s (they go out
--            every half interval). The {silent_side} was last heard {silence_before_close_s} s before the
--            {closer} closed ({close_is}): that is {intervals} intervals, and after two to three a peer takes a silent
--            one for dead. Its host acknowledged {acks_during_silence} times meanwhile: where that is not 0, the
--            network was well and its program was stuck or did not serve the connection.
-- remedy:    {advice}
-- confirm:   RabbitMQ's log: "missed heartbeats from client, timeout: {heartbeat_inferred_s}s". The program's TLS keys
--            (SSLKEYLOGFILE) let Wireshark show the frames.
-- not:       Other protocols inside of TLS have pings too; this rule looks at port {port} only. A close right
--            after data of the silent side has another cause.
-- reference: https://www.rabbitmq.com/docs/heartbeats
WITH ended AS (
  SELECT f.id AS flow_id, f.ended, f.ended_by AS closer, iif(f.ended_by = 'client', 'server', 'client') AS silent,
         f.ended_ns, f.ended_frame,
         iif(f.ended_by = 'client', f.server_last_data_ns, f.client_last_data_ns) AS last_ns,
         iif(f.ended_by = 'client', f.server_last_data_frame, f.client_last_data_frame) AS last_frame
    FROM (SELECT DISTINCT flow_id FROM tls_record) t
    CROSS JOIN connection f ON f.id = t.flow_id
    CROSS JOIN flow_doubt q ON q.flow_id = f.id
   WHERE f.server_port = :port AND f.ended IN ('fin', 'rst') AND NOT q.doubt
), quiet AS (
  -- it may have written again after the close: then a silence spans the close
  SELECT e.*, iif(e.last_ns <= e.ended_ns, e.last_ns, s.from_ns) AS from_ns,
         iif(e.last_ns <= e.ended_ns, e.last_frame, s.from_frame) AS from_frame,
         e.ended_ns - iif(e.last_ns <= e.ended_ns, e.last_ns, s.from_ns) AS silence_ns
    FROM ended e
    LEFT JOIN silence s ON s.flow_id = e.flow_id AND s.scope = e.silent AND e.ended_ns > s.from_ns AND e.ended_ns <= s.to_ns
), beat AS (
  SELECT h.flow_id, h.sender, h.ns, h.frame, h.pace_ns
    FROM heartbeat_inferred h
   WHERE h.flow_id IN (SELECT flow_id FROM quiet)
), paced AS (
  SELECT q.*, b.pace_ns, count(*) FILTER (WHERE b.ns > q.from_ns) AS beats,
         EXISTS (SELECT 1 FROM beat o WHERE o.flow_id = q.flow_id AND o.sender = q.silent) AS both
    FROM quiet q
    JOIN beat b ON b.flow_id = q.flow_id AND b.sender = q.closer
   GROUP BY q.flow_id
), counted AS (
  SELECT p.*, p.silence_ns * 1.0 / p.pace_ns AS steps,
         (SELECT count(*) FROM packet k WHERE k.flow_id = p.flow_id AND k.sender = p.silent AND k.ns > p.from_ns + 1000000000
             AND k.ns < p.ended_ns AND k.flags & 16) AS acks
    FROM paced p
   WHERE p.beats >= 2 AND p.silence_ns BETWEEN :least * p.pace_ns AND :most * p.pace_ns
)
SELECT c.flow_id, c.from_ns, c.ended_ns AS to_ns, 'error' AS severity, iif(c.both, 'likely', 'possible') AS confidence,
       'Inferred from the sizes and times of encrypted records: the ' || c.silent || ' sent nothing for ' || duration(c.silence_ns)
         || ', while the ' || c.closer || ' sent ' || c.beats || ' heartbeats, one every ' || duration(c.pace_ns) || ', and then closed ('
         || upper(c.ended) || '). '
         || iif(c.acks, 'The ' || c.silent || '''s host acknowledged all along: its program was stuck or did not serve the connection.',
                'Nothing came back at all, not even from its host.') AS summary,
       json_object('inferred', json('true'), 'heartbeat_inferred_s', round(2 * c.pace_ns / 1e9), 'pace_s', seconds(c.pace_ns),
                   'silence_before_close_s', seconds(c.silence_ns), 'silence_in_T', round(c.steps / 2, 3), 'intervals', round(c.steps / 2, 2),
                   'silent_side', c.silent, 'closer', c.closer, 'close_is', upper(c.ended), 'heartbeats_during_silence', c.beats,
                   'acks_during_silence', c.acks, 'port', :port,
                   'advice', CASE
                     WHEN c.acks = 0 THEN 'Look for the dead path first: the ' || c.silent || '''s host, its switch, a firewall that dropped the flow.'
                     WHEN c.silent = 'client' THEN 'Let the client serve its connection while it works: pika: process_data_events(), or work in another thread and add_callback_threadsafe(); others: do not block the consumer''s thread.'
                     ELSE 'Look at the broker at that time: garbage collection, swap, a frozen process.' END) AS numbers,
       (SELECT json_group_array(json_object('frame', e.frame, 'role', e.role)) FROM
         (SELECT c.from_frame AS frame, 'last byte of the ' || c.silent AS role
          UNION ALL
          SELECT b.frame, 'heartbeat of the ' || c.closer || ' (inferred)' FROM beat b
           WHERE b.flow_id = c.flow_id AND b.sender = c.closer AND b.ns > c.from_ns
          UNION ALL
          SELECT c.ended_frame, 'the ' || c.closer || ' closes: ' || upper(c.ended)
          ORDER BY 1) e) AS evidence
  FROM counted c
 ORDER BY c.ended_ns, c.flow_id;
