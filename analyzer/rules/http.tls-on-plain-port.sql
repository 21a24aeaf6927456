-- id:        http.tls-on-plain-port
-- title:     TLS was spoken to a port of plain HTTP
-- severity:  error
-- over:      anomaly
-- needs:     payload
-- yields:    amqp.protocol-mismatch
-- explains:  The client began with a TLS ClientHello, and the server answered in plain HTTP (mostly "400 Bad
--            Request"): it does not speak TLS on {server}. The client reports "wrong version number",
--            "unexpected message" or "record layer failure". So on {attempts} connections.
-- remedy:    Use http:// instead of https:// in the client's URL, or the port on which the server has TLS;
--            or switch TLS on for that port (nginx: listen {port} ssl; Apache: SSLEngine on), or put the
--            program behind the proxy that ends TLS. A proxy that speaks TLS to its backend has the
--            wrong scheme for it (nginx: proxy_pass http://; HAProxy: a "ssl" too many in the server line).
-- confirm:   curl -v http://{server}/ is answered; openssl s_client -connect {server} is not.
-- not:       A server that answers a hello with a TLS alert speaks TLS and refuses something else.
-- reference: RFC 8446, section 5.1; RFC 9110, section 4.2.2
WITH hit AS (
  SELECT a.flow_id, a.frame, a.ns, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.client_first_data_ns,
         f.client_first_data_frame, n.client, n.server,
         row_number() OVER (PARTITION BY f.capture_id, f.client_ip, f.server_ip, f.server_port ORDER BY a.ns, a.frame) AS nth
    FROM anomaly a
    JOIN connection f ON f.id = a.flow_id
    JOIN flow_name n ON n.flow_id = a.flow_id
   WHERE a.what = 'HTTP in place of a TLS record' AND a.sender = 'server' AND a.off = 0
)
SELECT min(flow_id) AS flow_id, capture_id, min(client_first_data_ns) AS from_ns, max(ns) AS to_ns,
       'error' AS severity, 'proven' AS confidence,
       iif(count(*) = 1, min(client), client_ip) AS client, min(server) AS server,
       iif(count(*) = 1, 'The client', count(*) || ' connections of ' || client_ip) || ' spoke TLS to ' || min(server)
         || ', which answered in plain HTTP.' AS summary,
       json_object('attempts', count(*), 'server', min(server), 'port', server_port) AS numbers,
       '[' || group_concat(json_object('frame', client_first_data_frame, 'role', 'TLS ClientHello', 'flow', flow_id) || ','
                || json_object('frame', frame, 'role', 'plain HTTP', 'flow', flow_id)) FILTER (WHERE nth <= 32) || ']' AS evidence
  FROM hit
 GROUP BY capture_id, client_ip, server_ip, server_port
 ORDER BY capture_id, from_ns, server_ip;
