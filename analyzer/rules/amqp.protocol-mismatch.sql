-- id:        amqp.protocol-mismatch
-- title:     Something else than AMQP 0-9-1 on an AMQP port
-- severity:  error
-- explains:  The client sent {sent}. The broker answered with its own protocol header ("AMQP", version
--            {offered}) and closed: it speaks nothing else on this port.
-- remedy:    {advice}
-- confirm:   RabbitMQ's log has "bad_header" or "bad_version". Which protocol is on which port:
--                rabbitmq-diagnostics listeners
-- not:       A client that offers AMQP 1.0 and gets the same version back is welcome.
-- reference: https://www.rabbitmq.com/docs/networking#ports ; AMQP 0-9-1 specification, section 4.2.2
WITH foreign_words AS (
  -- the dissector of what the client speaks met the broker's header
  SELECT a.flow_id, iif(f.app = 'tls', 'a TLS handshake', upper(f.app)) AS sent, f.app AS kind, '0-9-1' AS offered,
         f.client_first_data_frame AS sent_frame, f.client_first_data_ns AS sent_ns, a.frame AS answer_frame,
         f.ended_frame, f.ended, f.ended_by
    FROM anomaly a
    JOIN connection f ON f.id = a.flow_id
   WHERE a.what IN ('AMQP''s header in place of a status line', 'AMQP''s header in place of a TLS record')
     AND a.sender = 'server' AND a.off = 0
  UNION ALL
  SELECT c.flow_id, 'AMQP ' || coalesce(c.version, 'of an unknown version'), 'amqp', c.server_version,
         f.client_first_data_frame, f.client_first_data_ns, f.server_first_data_frame, f.ended_frame, f.ended, f.ended_by
    FROM amqp_connection c
    CROSS JOIN connection f ON f.id = c.flow_id
   WHERE c.server_version IS NOT NULL AND c.server_version IS NOT c.version
     AND NOT EXISTS (SELECT 1 FROM amqp_method m WHERE m.flow_id = c.flow_id)
)
SELECT w.flow_id, w.sent_ns AS from_ns, w.sent_ns AS to_ns, 'error' AS severity, 'proven' AS confidence,
       'The client sent ' || w.sent || ' to an AMQP port; the broker answered with its own protocol header (' || w.offered || ')'
         || iif(w.ended IN ('fin', 'rst') AND w.ended_by = 'server', ' and closed', '') || '.' AS summary,
       json_object('sent', w.sent, 'offered', w.offered,
                   'advice', CASE w.kind
                     WHEN 'tls' THEN 'Send TLS to the TLS listener (amqps://, port 5671), or switch TLS off in the client.'
                     WHEN 'amqp' THEN 'For AMQP 1.0: rabbitmq-plugins enable rabbitmq_amqp1_0 (RabbitMQ 4.0 has it by itself), or use a client library for 0-9-1.'
                     ELSE 'Send HTTP to the management port (15672), a health check too: /api/health/checks/alarms; or let the check be a TCP connect.' END,
                   'bucket', w.sent) AS numbers,
       json_array(json_object('frame', w.sent_frame, 'role', w.sent),
                  json_object('frame', w.answer_frame, 'role', 'the broker''s protocol header'),
                  json_object('frame', w.ended_frame, 'role', 'end')) AS evidence
  FROM foreign_words w
 ORDER BY w.sent_ns, w.flow_id;
