-- id:        amqp.channel-leak
-- title:     Very many channels are open on a connection
-- severity:  note
-- over:      amqp_connection
-- param:     least = 100           channels open at once, whatever the limit
-- param:     part = 0.8            of the agreed channel_max, that is near it
-- param:     few = 16              fewer are no leak, however low the limit
-- needs:     payload
-- explains:  {open} channels of the connection were open at once; client and broker agreed on at
--            most {channel_max} (0: no limit). {refused} Each channel costs memory in the broker, and one more than the
--            limit ends the whole connection (530 NOT_ALLOWED) or is refused by the client library.
-- remedy:    Open a channel once for each thread and keep it, or close it after use (also where an exception
--            leaves the code). Do not raise channel_max to hide it.
-- confirm:   Whether the number rises as time goes by:
--                rabbitmqctl list_connections name channels
-- not:       A pool of channels that stays as large as it is, and is used, is no leak; it should be well
--            below the limit.
-- reference: https://www.rabbitmq.com/docs/channels#channel-leaks
WITH many AS (
  SELECT flow_id FROM amqp_channel GROUP BY flow_id HAVING count(opened_ns) >= :few
), step AS (
  -- a channel may have several rows: see amqp_channel
  SELECT a.flow_id, a.opened_ns AS ns, 1 AS by FROM amqp_channel a WHERE a.opened_ns IS NOT NULL AND a.flow_id IN (SELECT flow_id FROM many)
  UNION ALL
  SELECT a.flow_id, a.closed_ns, -1 FROM amqp_channel a WHERE a.closed_ns IS NOT NULL AND a.flow_id IN (SELECT flow_id FROM many)
), level AS (
  SELECT flow_id, sum(by) OVER (PARTITION BY flow_id ORDER BY ns, by) AS open FROM step
), counted AS (
  SELECT flow_id, max(open) AS open FROM level GROUP BY flow_id
), judged AS (
  SELECT c.flow_id, coalesce(n.open, 0) AS open, c.channel_max, c.close_code, c.close_ns, c.close_frame, rtrim(c.close_text, '. ') AS close_text,
         coalesce(c.close_sender = 'server' AND c.close_code = 530 AND c.close_text LIKE '%channel_max%', 0) AS is_refused
    FROM amqp_connection c
    LEFT JOIN counted n ON n.flow_id = c.flow_id
   WHERE n.open >= :few OR c.close_code = 530
)
SELECT j.flow_id, f.first_ns AS from_ns, coalesce(j.close_ns, f.last_ns) AS to_ns, iif(j.is_refused, 'error', 'note') AS severity,
       iif(j.is_refused, 'proven', 'likely') AS confidence,
       iif(j.is_refused, 'The broker closed the connection as it opened one channel too many: ' || j.close_code || ' ' || j.close_text || ' (',
           '') || j.open || ' channels were open at once'
         || iif(j.channel_max > 0, ', of ' || j.channel_max || ' that were agreed on', '') || iif(j.is_refused, ')', '') || '.' AS summary,
       json_object('open', j.open, 'channel_max', coalesce(j.channel_max, 0), 'reply_code', iif(j.is_refused, j.close_code, NULL),
                   'refused', iif(j.is_refused, 'The broker refused one more: ' || j.close_text || '.', '')) AS numbers,
       (SELECT json_group_array(json_object('frame', e.frame, 'role', e.role)) FROM
         (SELECT * FROM (SELECT a.opened_frame AS frame, 'channel ' || a.channel || ' opened' AS role FROM amqp_channel a
                          WHERE a.flow_id = j.flow_id AND a.opened_frame IS NOT NULL ORDER BY a.opened_frame DESC LIMIT 4)
          UNION ALL
          SELECT j.close_frame, 'Connection.Close 530' WHERE j.is_refused) e) AS evidence
  FROM judged j
  CROSS JOIN connection f ON f.id = j.flow_id
 WHERE j.is_refused OR j.open >= :least OR j.channel_max > 0 AND j.open >= :part * j.channel_max
 ORDER BY f.first_ns, j.flow_id;
