-- id:        amqp.heartbeat-jitter
-- title:     AMQP heartbeats came late
-- severity:  note
-- over:      amqp_connection
-- param:     late = 1.25           silence of a side, in intervals, that is late
-- needs:     payload, both-sides, frames
-- yields:    amqp.missed-heartbeats, amqp.blocked, tcp.blackhole, tcp.idle-blackhole
-- explains:  With a heartbeat interval of {heartbeat_negotiated_s} s each side says something every half
--            interval; a healthy one is never silent for much more than a whole one. The {silent_side} was silent
--            {times} times for longer, at most {max_silence_s} s ({intervals} intervals). The other side did not close
--            yet: RabbitMQ does after two to three intervals, other peers after two.
-- remedy:    Let the {silent_side} serve its connection while it works (pika: process_data_events(), or work in
--            another thread and add_callback_threadsafe()); at a broker look for pauses: garbage
--            collection, swap, a stopped virtual machine. The interval is then too short only if such
--            pauses are to be borne.
-- confirm:   What did the {silent_side} do from {at} on? The silence begins there.
-- not:       A blocked publisher may be silent for long; RabbitMQ does not count that. Bytes that the
--            capture lacks look like silence.
-- reference: https://www.rabbitmq.com/docs/heartbeats
WITH late AS (
  SELECT c.flow_id, s.scope AS side, c.heartbeat_s, s.from_ns, s.to_ns, s.from_frame, s.to_frame, s.to_ns - s.from_ns AS ns,
         row_number() OVER (PARTITION BY c.flow_id, s.scope ORDER BY s.to_ns - s.from_ns DESC, s.from_ns) AS nth,
         count(*) OVER (PARTITION BY c.flow_id, s.scope) AS times,
         max(s.to_ns) OVER (PARTITION BY c.flow_id, s.scope) AS last_ns,
         min(s.from_ns) OVER (PARTITION BY c.flow_id, s.scope) AS first_ns
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
    CROSS JOIN flow_doubt q ON q.flow_id = c.flow_id
    CROSS JOIN silence s ON s.flow_id = c.flow_id AND s.scope IN ('client', 'server')
   WHERE c.heartbeat_s > 0 AND s.to_ns - s.from_ns >= :late * c.heartbeat_s * 1e9
     AND s.ended_by IN ('data', 'heartbeat') AND s.ended_sender = s.scope AND NOT q.doubt
     -- after its Open-Ok, and before a close
     AND s.to_ns <= coalesce(f.ended_ns, s.to_ns) AND s.from_ns >= coalesce(c.opened_ns, s.from_ns) AND s.to_ns < coalesce(c.close_ns, s.to_ns + 1)
)
SELECT l.flow_id, l.first_ns AS from_ns, l.last_ns AS to_ns, 'note' AS severity, 'proven' AS confidence,
       'The ' || l.side || ' was silent for ' || duration(l.ns) || iif(l.times > 1, ' (and ' || (l.times - 1) || ' more times for long)', '')
         || ', with a heartbeat interval of ' || l.heartbeat_s || ' s; it spoke again before the other side gave up.' AS summary,
       json_object('heartbeat_negotiated_s', l.heartbeat_s, 'silent_side', l.side, 'times', l.times,
                   'max_silence_s', seconds(l.ns), 'max_in_T', round(l.ns / 1e9 / l.heartbeat_s, 3), 'intervals', round(l.ns / 1e9 / l.heartbeat_s, 2),
                   'at', strftime('%Y-%m-%d %H:%M:%S', l.from_ns / 1000000000, 'unixepoch') || ' UTC', 'bucket', l.side) AS numbers,
       (SELECT json_group_array(json_object('frame', e.frame, 'role', e.role)) FROM
         (SELECT x.from_frame AS frame, 'last byte of the ' || x.side || ' before a silence' AS role FROM late x
           WHERE x.flow_id = l.flow_id AND x.side = l.side AND x.nth <= 8
          UNION ALL
          SELECT x.to_frame, 'the ' || x.side || ' speaks again' FROM late x
           WHERE x.flow_id = l.flow_id AND x.side = l.side AND x.nth <= 8
          ORDER BY 1) e) AS evidence
  FROM late l
 WHERE l.nth = 1
 ORDER BY l.first_ns, l.flow_id, l.side;
