-- id:        amqp.slow-confirms
-- title:     Publisher confirms came late, or refused messages
-- severity:  warning
-- over:      amqp_method
-- param:     slow_s = 1            a confirm that takes longer is late
-- param:     part = 0.01           the part of the confirms that may be late
-- needs:     payload, both-sides, frames
-- yields:    amqp.blocked, amqp.missed-heartbeats, tcp.blackhole, tcp.idle-blackhole, tcp.zero-window, tcp.loss, amqp.lost-publishes
-- explains:  Of {confirmed} messages published with confirms on channel {channel}, half were confirmed within
--            {p50_s} s, 99 of 100 within {p99_s} s, the slowest after {max_s} s; {unconfirmed} were not confirmed
--            at all and {refused} were refused (basic.nack). A message is confirmed when every queue it
--            went to has taken it: on the disk for persistent ones, on a majority of nodes for quorum
--            queues.
-- remedy:    Where all are slow: disks (fsync), replication over a slow network, synchronous mirrors; do not
--            wait for each message, keep some tens to hundreds in flight. Where some are: the broker paused
--            (garbage collection, swap, an alarm), look at its metrics at that time. Refused ones: the
--            queue is full (x-overflow reject-publish) or not available; its log says which.
-- confirm:   On the broker, while it is slow:
--                rabbitmq-diagnostics status
--                iostat -x 1
--                rabbitmqctl list_queues name type messages
-- not:       The broker may confirm several at once (multiple), so a publisher that waits only now and then
--            sees no delay. While publishers are blocked confirms are late for that reason
--            (amqp.blocked).
-- reference: https://www.rabbitmq.com/docs/confirms
WITH confirm AS MATERIALIZED (
  SELECT * FROM amqp_confirm
), slow AS (
  -- few channels are, and only these are put in order
  SELECT flow_id, channel, count(latency_ns) AS confirmed, count(*) - count(latency_ns) AS unconfirmed,
         coalesce(sum(refused), 0) AS refused, max(latency_ns) AS max_ns, sum(latency_ns >= :slow_s * 1e9) AS late
    FROM confirm
   GROUP BY flow_id, channel
  HAVING coalesce(sum(refused), 0) > 0 OR sum(latency_ns >= :slow_s * 1e9) > :part * count(latency_ns)
), ranked AS (
  SELECT s.*, c.latency_ns, row_number() OVER (PARTITION BY c.flow_id, c.channel ORDER BY c.latency_ns, c.tag) AS nth
    FROM slow s
    JOIN confirm c ON c.flow_id = s.flow_id AND c.channel = s.channel AND c.latency_ns IS NOT NULL
), channel AS (
  -- as in amqp_confirm_latency
  SELECT flow_id, channel, confirmed, unconfirmed, refused, late, max_ns,
         min(iif(100 * nth >= 50 * confirmed, latency_ns, NULL)) AS p50_ns,
         min(iif(100 * nth >= 99 * confirmed, latency_ns, NULL)) AS p99_ns
    FROM ranked
   GROUP BY flow_id, channel
), worst AS (
  SELECT s.*, c.tag, c.frame, c.ns, c.confirm_frame, c.confirm_ns, c.refused AS is_refused, c.latency_ns,
         row_number() OVER (PARTITION BY s.flow_id, s.channel ORDER BY c.latency_ns DESC, c.tag) AS nth,
         row_number() OVER (PARTITION BY s.flow_id, s.channel ORDER BY c.refused DESC, c.ns, c.tag) AS nth_refused
    FROM channel s
    JOIN confirm c ON c.flow_id = s.flow_id AND c.channel = s.channel AND c.latency_ns IS NOT NULL
)
SELECT w.flow_id, w.ns AS from_ns, w.confirm_ns AS to_ns, 'warning' AS severity, 'proven' AS confidence,
       iif(w.refused, 'The broker refused ' || w.refused || ' of ' || w.confirmed || ' published messages (basic.nack)', '')
         || iif(w.refused AND w.late, '; ', '')
         || iif(w.late, iif(w.refused, '', 'Of ' || w.confirmed || iif(w.confirmed = 1, ' confirm ', ' confirms ')) || w.late || iif(w.late = 1, ' was', ' were') || ' late: the slowest took '
                || duration(w.max_ns) || ', half came within ' || duration(w.p50_ns) || ', 99 of 100 within ' || duration(w.p99_ns), '')
         || '.' AS summary,
       json_object('channel', w.channel, 'confirmed', w.confirmed, 'unconfirmed', w.unconfirmed, 'refused', w.refused, 'late', w.late,
                   'p50_s', seconds(w.p50_ns), 'p99_s', seconds(w.p99_ns), 'max_s', seconds(w.max_ns)) AS numbers,
       json_array(json_object('frame', w.frame, 'role', 'publish ' || w.tag),
                  json_object('frame', w.confirm_frame, 'role', 'its confirm, ' || duration(w.latency_ns) || ' later'),
                  (SELECT json_object('frame', r.confirm_frame, 'role', 'basic.nack of publish ' || r.tag) FROM worst r
                    WHERE r.flow_id = w.flow_id AND r.channel = w.channel AND r.nth_refused = 1 AND r.is_refused)) AS evidence
  FROM worst w JOIN connection f ON f.id = w.flow_id
 WHERE w.nth = 1
 ORDER BY w.ns, w.flow_id, w.channel;
