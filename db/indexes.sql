-- indexes.sql - made after the facts are in: inserting is faster without them.
CREATE INDEX IF NOT EXISTS flow_by_capture      ON flow(capture_id);
CREATE INDEX IF NOT EXISTS flow_by_server       ON flow(server_ip, server_port);
CREATE INDEX IF NOT EXISTS flow_by_client       ON flow(client_ip, client_port);
CREATE INDEX IF NOT EXISTS flow_by_client_isn   ON flow(client_isn, syn_ns) WHERE client_isn IS NOT NULL;
CREATE INDEX IF NOT EXISTS tcp_event_by_flow    ON tcp_event(flow_id, kind, frame);
CREATE INDEX IF NOT EXISTS tcp_event_by_kind    ON tcp_event(kind);
CREATE INDEX IF NOT EXISTS reset_by_flow        ON reset(flow_id, frame);
CREATE INDEX IF NOT EXISTS reset_by_seq         ON reset(seq, ns);
CREATE INDEX IF NOT EXISTS icmp_by_flow         ON icmp(flow_id, frame);
CREATE INDEX IF NOT EXISTS silence_by_flow      ON silence(flow_id, scope, from_ns);
CREATE INDEX IF NOT EXISTS amqp_method_by_flow  ON amqp_method(flow_id, ns);
-- closes and returns, which are few
CREATE INDEX IF NOT EXISTS amqp_method_by_code  ON amqp_method(code, flow_id, ns) WHERE code IS NOT NULL;
CREATE INDEX IF NOT EXISTS amqp_method_blocked  ON amqp_method(flow_id, ns) WHERE name IN ('connection.blocked', 'connection.unblocked');
CREATE INDEX IF NOT EXISTS amqp_channel_by_flow ON amqp_channel(flow_id);
CREATE INDEX IF NOT EXISTS heartbeat_by_flow    ON heartbeat(flow_id, sender, ns);
CREATE INDEX IF NOT EXISTS tls_record_by_flow   ON tls_record(flow_id, sender, length, ns);
CREATE INDEX IF NOT EXISTS anomaly_by_flow      ON anomaly(flow_id);
