-- id:        amqp.frame-error
-- title:     A broken AMQP frame ended the connection
-- severity:  error
-- over:      amqp_connection
-- needs:     payload
-- explains:  {closer} closed with {reply_code}: {reply_text}. {what}
-- remedy:    {advice}
-- confirm:   Wireshark shows the frame at which its own reading goes wrong, too; the evidence names ours.
-- not:       503 and 504 are about the order of methods, not about frames (amqp.connection-closed).
-- reference: AMQP 0-9-1 specification, section 4.2; https://www.rabbitmq.com/amqp-0-9-1-reference#constants
WITH broken AS (
  SELECT c.flow_id, c.close_sender, c.close_code, rtrim(c.close_text, '. ') AS close_text, c.close_ns, c.close_frame, c.frame_max,
         f.ended_frame,
         (SELECT a.frame FROM anomaly a WHERE a.flow_id = c.flow_id AND a.sender <> c.close_sender AND a.ns <= c.close_ns
           ORDER BY a.ns LIMIT 1) AS bad_frame,
         (SELECT a.what FROM anomaly a WHERE a.flow_id = c.flow_id AND a.sender <> c.close_sender AND a.ns <= c.close_ns
           ORDER BY a.ns LIMIT 1) AS what
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE c.close_code IN (501, 502, 505) AND c.close_ns IS NOT NULL
)
SELECT b.flow_id, b.close_ns AS from_ns, b.close_ns AS to_ns, 'error' AS severity, 'proven' AS confidence,
       'The ' || iif(b.close_sender = 'server', 'broker', 'client') || ' could not make sense of what the other side sent and closed the connection: '
         || b.close_code || ' ' || b.close_text || iif(b.what IS NULL, '', ' (' || b.what || ')') || '.' AS summary,
       json_object('reply_code', b.close_code, 'reply_text', b.close_text, 'frame_max', b.frame_max,
                   'closer', iif(b.close_sender = 'server', 'The broker', 'The client'),
                   'what', iif(b.what IS NULL, '', 'The capture shows the same: ' || b.what || '.'),
                   'advice', CASE
                     WHEN b.close_text LIKE '%frame_too_large%' OR b.what = 'frame larger than frame_max'
                     THEN 'The client sent a frame larger than what was agreed on (frame_max ' || coalesce(b.frame_max, 'not seen') || '): a client library must cut bodies into frames; update it, or look for what changes frame_max.'
                     WHEN b.close_code = 505 THEN 'Two threads wrote to one channel, so that their frames mixed: one channel a thread (and in pika one connection a thread).'
                     WHEN b.close_code = 502 THEN 'An argument of a method was ill-formed: update the client library; look at the tables it sends (headers with types the broker does not know).'
                     ELSE 'Something wrote other bytes into the connection: two threads on one connection without a lock, a forked process that shares the socket, a faulty client library.' END,
                   'bucket', b.close_code) AS numbers,
       json_array(json_object('frame', b.bad_frame, 'role', b.what),
                  json_object('frame', b.close_frame, 'role', 'Connection.Close ' || b.close_code),
                  json_object('frame', b.ended_frame, 'role', 'end of the TCP connection')) AS evidence
  FROM broken b
 ORDER BY b.close_ns, b.flow_id;
