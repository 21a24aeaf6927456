-- id:        capture.too-short
-- title:     The capture is shorter than the time-outs in question
-- severity:  note
-- about:     capture
-- param:     intervals = 2         heartbeat intervals without a byte after which a peer may close
-- param:     min_idle_s = 30       a silence that was still going on when the capture ended
-- explains:  A time-out shows only in a capture that goes on for longer. Heartbeats: a peer that is silent is
--            given up after two to three intervals ({heartbeat_s} s each here), and no connection was
--            watched for so long. Idle time-outs: the longest silence was still going on when the capture
--            ended, after {idle_s} s; whether the connection was alive then nobody can tell.
--            Neither says that anything is wrong.
-- remedy:    Let the capture run for {needed_s} s or longer, past the moment when the connection is used
--            again. A ring of files may run for days:
--                tcpdump -i eth0 -s 0 -C 100 -W 50 -w better.pcap 'tcp or icmp or icmp6'
-- confirm:   In the longer capture the connection is used again after the silence: with an answer, a reset,
--            or nothing.
-- not:       Where the trouble is in the capture already, this adds nothing to it.
-- reference: https://www.rabbitmq.com/docs/heartbeats
WITH watched AS (
  SELECT f.capture_id, a.heartbeat_s, iif(f.ended = 'open', c.last_ns, coalesce(f.ended_ns, f.last_ns)) - f.first_ns AS ns,
         f.ended = 'open' AS is_open
    FROM amqp_connection a
    JOIN connection f ON f.id = a.flow_id
    JOIN capture c ON c.id = f.capture_id
   WHERE a.heartbeat_s > 0
), heartbeat_unseen AS (
  SELECT capture_id, max(heartbeat_s) AS timer_s, max(ns) AS ns, sum(is_open) AS flows
    FROM watched
   GROUP BY capture_id
  HAVING max(ns / 1e9 / heartbeat_s) < :intervals AND sum(is_open) > 0
), idle_to_end AS (
  SELECT c.id AS capture_id, max(s.to_ns - s.from_ns) FILTER (WHERE s.ended_by = 'end_of_capture') AS ns,
         max(s.to_ns - s.from_ns) FILTER (WHERE s.ended_by <> 'end_of_capture') AS survived_ns,
         count(*) FILTER (WHERE s.ended_by = 'end_of_capture') AS flows
    FROM capture c
   -- the ids of a capture's flows follow one another: nothing has to be looked up
   CROSS JOIN silence s ON s.flow_id > c.flow_base AND s.flow_id <= c.flow_base + c.frames
   WHERE +s.scope = 'both' AND s.flow_id NOT IN (SELECT back FROM nat_leg)
   GROUP BY c.id
), idle_unseen AS (
  SELECT i.*, (SELECT min(t.seconds) FROM known_timer t
                WHERE t.layer IN ('nat', 'balancer', 'firewall', 'proxy')
                  AND t.seconds + t.tolerance_s > i.ns / 1e9) AS timer_s
    FROM idle_to_end i
   WHERE i.ns >= :min_idle_s * 1e9 AND i.ns > coalesce(i.survived_ns, 0)
), told AS (
  SELECT capture_id, 'heartbeat' AS what, timer_s, 3 * timer_s AS needed_s, ns,
         'Heartbeats cannot be judged: their interval is ' || timer_s || ' s, and no AMQP connection was watched for'
           || ' longer than ' || duration(ns) || '; a silent peer is given up after two to three intervals.' AS text,
         'a missed heartbeat would not show' AS means
    FROM heartbeat_unseen
  UNION ALL
  SELECT capture_id, 'idle', timer_s, timer_s + 60, ns,
         iif(flows = 1, 'A connection had', flows || ' connections had') || ' been silent'
           || iif(flows = 1, ' for ', ' for up to ') || duration(ns) || ' when the capture ended: it cannot show an idle time-out'
           || ' longer than that (the next known one is ' || printf('%g s', timer_s) || ').',
         'an idle time-out above ' || duration(ns) || ' would not show'
    FROM idle_unseen
   WHERE timer_s IS NOT NULL
)
SELECT NULL AS flow_id, t.capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns, 'note' AS severity,
       'proven' AS confidence, t.text AS summary,
       json_object('kind', 'too_short', 'count', 1, 'timer', t.what, 'timer_s', t.timer_s, 'needed_s', t.needed_s,
                   'heartbeat_s', iif(t.what = 'heartbeat', t.timer_s, NULL),
                   'idle_s', iif(t.what = 'idle', seconds(t.ns), NULL),
                   'watched_s', iif(t.what = 'heartbeat', seconds(t.ns), NULL),
                   'capture_s', seconds(c.last_ns - c.first_ns), 'means', t.means) AS numbers,
       '[]' AS evidence
  FROM told t
  JOIN capture c ON c.id = t.capture_id
 ORDER BY t.capture_id, t.what;
