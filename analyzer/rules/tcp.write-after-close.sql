-- id:        tcp.write-after-close
-- title:     The client wrote to a connection that the server had closed
-- severity:  error
-- param:     min_ignored_s = 0.1   a write sooner after the FIN was acknowledged may have been on its way
-- param:     goodbye = 31          bytes of TLS that may be no more than a closing alert
-- param:     farewell = 6          bytes of another protocol that may be no more than a farewell (QUIT)
-- needs:     payload, both-sides
-- yields:    http.unsolicited-408
-- explains:  The server closed its side with FIN, and the client's host acknowledged it. The program did
--            not close in turn; {fin_to_write_s} s later it wrote, and the server's host, where the socket
--            was gone, answered RST. The program learns of the close only now, as EPIPE or "Connection
--            reset by peer". The time from the FIN to the write is how long it did not look at its
--            socket: a pool without validation, a blocking client whose event loop is not run.
-- remedy:    Let the client notice the close: read or poll the socket while it is idle, test a pooled
--            connection before use, run the client library's event loop or heartbeats (pika:
--            process_data_events() or a consumer thread). Then look at why the server closed at all;
--            its log at the time of the FIN says so.
-- confirm:   ss -tn state close-wait on the client shows the connection between the FIN and the write.
-- not:       A goodbye after the FIN (a TLS closing alert, QUIT) loses nothing. Data that crosses the FIN on the way does not acknowledge it: then nobody is to blame
--            (a keep-alive race). A client that only closes its sending side is not concerned.
-- reference: RFC 9293, sections 3.6 and 3.10.7.1
WITH written AS (
  SELECT r.*, f.app, f.server_fin_ns, f.server_fin_frame, f.server_fin_acked_frame, n.server,
         r.trigger_len <= :farewell AND coalesce(f.app, '') NOT IN ('http', 'amqp')
           AND f.client_last_data_frame = r.trigger_frame AS short,
         row_number() OVER (PARTITION BY r.flow_id ORDER BY r.frame) AS nth
    FROM reset r
    JOIN connection f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE r.sender = 'server' AND r.after_own_fin AND r.trigger_acks_fin AND r.trigger_len > 0
     AND (r.seq_matches_trigger_ack OR r.has_ack)
     AND r.trigger_ns - f.server_fin_acked_ns >= :min_ignored_s * 1e9
     AND (f.client_fin_ns IS NULL OR f.client_fin_ns > f.server_fin_ns)
)
SELECT w.flow_id, w.server_fin_ns AS from_ns, w.ns AS to_ns, iif(w.short, 'note', 'error') AS severity,
       iif(w.short, 'possible', 'proven') AS confidence,
       'The server closed (FIN); ' || printf('%.3f s', (w.trigger_ns - w.server_fin_ns) / 1e9)
         || ' later the client still wrote ' || w.trigger_len || ' bytes'
         || coalesce((SELECT ' (' || group_concat(name, ', ') || ')' FROM
                        (SELECT DISTINCT m.name FROM amqp_method m
                          WHERE m.flow_id = w.flow_id AND m.sender = 'client' AND m.ns >= w.trigger_ns
                          ORDER BY m.name LIMIT 4)), '')
         || ' and was reset.' || iif(w.short, ' So short it may have been a farewell, and nothing was lost.', '') AS summary,
       json_object('fin_to_write_s', seconds(w.trigger_ns - w.server_fin_ns),
                   'rst_after_write_s', seconds(w.trigger_delay_ns),
                   'bytes_written', w.trigger_len, 'server', w.server) AS numbers,
       json_array(json_object('frame', w.server_fin_frame, 'role', 'server FIN'),
                  json_object('frame', w.server_fin_acked_frame, 'role', 'the client''s host acknowledges it'),
                  json_object('frame', w.trigger_frame, 'role', 'client writes'),
                  json_object('frame', w.frame, 'role', 'RST')) AS evidence
  FROM written w
 WHERE w.nth = 1
   -- a goodbye is no work that was lost: a TLS alert, an AMQP close
   AND NOT (coalesce(w.app, '') LIKE 'tls%' AND w.trigger_len <= :goodbye)
   AND NOT EXISTS (SELECT 1 FROM amqp_method m WHERE m.flow_id = w.flow_id AND m.sender = 'client'
                      AND m.frame = w.trigger_frame AND m.name = 'connection.close')
   -- a request on a closed keep-alive connection is http.keepalive-stale-reuse
   AND NOT EXISTS (SELECT 1 FROM http_exchange x
                     JOIN flow f ON f.id = x.flow_id
                    WHERE x.flow_id = w.flow_id AND x.nr > 1 AND x.request_frame >= w.server_fin_frame
                      AND x.method IS NOT NULL AND f.server_fin_acked_frame <= x.request_frame
                      AND NOT EXISTS (SELECT 1 FROM http_exchange p WHERE p.flow_id = x.flow_id
                                         AND p.nr = x.nr - 1 AND p.close_announced))
 ORDER BY w.ns, w.flow_id;
