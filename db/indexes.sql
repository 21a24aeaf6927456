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
CREATE INDEX IF NOT EXISTS http_interim_by_flow ON http_interim(flow_id, frame);
CREATE INDEX IF NOT EXISTS websocket_close_by_flow ON websocket_close(flow_id, frame);
CREATE INDEX IF NOT EXISTS anomaly_by_flow      ON anomaly(flow_id);
-- few flows have these, and rules begin from them
CREATE INDEX IF NOT EXISTS flow_unanswered      ON flow(client_frames) WHERE ended = 'unanswered';
CREATE INDEX IF NOT EXISTS flow_half_closed     ON flow(id) WHERE (client_fin_ns IS NULL) <> (server_fin_ns IS NULL);
CREATE INDEX IF NOT EXISTS flow_slow_connect    ON flow(id) WHERE established_ns - syn_ns >= 500000000;
CREATE INDEX IF NOT EXISTS flow_without_scale   ON flow(server_ip, server_port) WHERE server_window_scale IS NULL
                                                   AND client_window_scale IS NOT NULL AND syn_ack_ns IS NOT NULL;
-- exchanges that went wrong are few: rules about HTTP begin from these
CREATE INDEX IF NOT EXISTS http_exchange_by_state  ON http_exchange(response_state) WHERE response_state <> 'complete';
CREATE INDEX IF NOT EXISTS http_exchange_by_status ON http_exchange(status) WHERE status >= 400;
-- only a body that was sent twice has to be compared
CREATE INDEX IF NOT EXISTS http_exchange_by_body   ON http_exchange(request_body_hash, request_bytes) WHERE request_body_hash IS NOT NULL;
CREATE INDEX IF NOT EXISTS http_exchange_slow      ON http_exchange(flow_id) WHERE response_ns - request_end_ns >= 1000000000;
-- most silences only last until the capture ends
CREATE INDEX IF NOT EXISTS silence_broken          ON silence(scope, ended_by) WHERE ended_by <> 'end_of_capture';
CREATE INDEX IF NOT EXISTS http_exchange_expect    ON http_exchange(flow_id) WHERE expect_continue;
CREATE INDEX IF NOT EXISTS flow_websocket          ON flow(id) WHERE app = 'websocket';
-- whether a server speaks TLS at all
CREATE INDEX IF NOT EXISTS flow_tls             ON flow(server_ip, server_port) WHERE app >= 'tls' AND app < 'tlt';
