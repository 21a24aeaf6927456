-- id:        http.plain-on-tls-port
-- title:     Plain HTTP was spoken to a port of TLS
-- severity:  error
-- over:      http_exchange
-- needs:     payload
-- explains:  The client sent a plain HTTP request to {server}, and that port speaks TLS: {how}.
--            nginx answers 400 "The plain HTTP request was sent to HTTPS port", Go 400 "Client sent an HTTP
--            request to an HTTPS server", others an alert, or they close without a word.
-- remedy:    Use https:// in the client's URL; in a proxy, for this backend (nginx: proxy_pass https://;
--            HAProxy: "ssl verify required" in the server line; Kubernetes ingress: backend-protocol "HTTPS").
--            A health check needs the scheme too.
-- confirm:   openssl s_client -connect {server} completes a handshake; curl -vk https://{server}{target} is
--            answered.
-- not:       A 400 of a server that never speaks TLS on that port is about the request itself.
-- reference: RFC 9110, section 4.2.2; RFC 8446, section 5.1
WITH asked AS (
  -- what such a server does: 400 at once, an alert, or no word
  SELECT x.flow_id, x.nr, x.method, x.target, x.request_ns, x.request_frame, x.response_frame AS answer_frame,
         x.response_ns AS answer_ns, 'answered 400' AS how, 1 AS wants_tls
    FROM http_exchange x WHERE x.status = 400 AND x.status >= 400 AND x.nr = 1 AND x.method IS NOT NULL
  UNION ALL
  SELECT h.flow_id, h.nr, h.method, h.target, h.request_ns, h.request_frame, h.close_frame, h.close_ns,
         'closed without an answer', 1
    FROM http_unanswered h WHERE h.nr = 1 AND h.wait_ns < 1000000000
  UNION ALL
  SELECT x.flow_id, x.nr, x.method, x.target, x.request_ns, x.request_frame, a.frame, a.ns, 'sent a TLS alert', 0
    FROM anomaly a JOIN http_exchange x ON x.flow_id = a.flow_id AND x.nr = 1 AND x.method IS NOT NULL
   WHERE a.what = 'a TLS alert in place of a status line' AND a.sender = 'server' AND a.off = 0
), hit AS (
  SELECT a.*, f.capture_id, f.client_ip, f.server_ip, f.server_port, n.client, n.server,
         -- a connection on which TLS was spoken there
         (SELECT t.id FROM flow t
           WHERE t.server_ip = f.server_ip AND t.server_port = f.server_port AND t.capture_id = f.capture_id
             AND t.app >= 'tls' AND t.app < 'tlt' AND t.server_bytes > 0
             AND NOT EXISTS (SELECT 1 FROM anomaly w WHERE w.flow_id = t.id)
           LIMIT 1) AS tls_flow
    FROM asked a
    JOIN connection f ON f.id = a.flow_id
    JOIN flow_name n ON n.flow_id = a.flow_id
)
SELECT h.flow_id, h.request_ns AS from_ns, h.answer_ns AS to_ns, 'error' AS severity,
       iif(h.wants_tls, 'likely', 'proven') AS confidence,
       h.method || ' ' || substr(h.target, 1, 80) || ' was sent in plain HTTP to ' || h.server || ', which speaks TLS and '
         || h.how || '.' AS summary,
       json_object('server', h.server, 'method', h.method, 'target', h.target,
                   'how', iif(h.tls_flow IS NULL, 'it answered with a TLS alert', 'another connection of this capture was spoken to in TLS there')) AS numbers,
       json_array(json_object('frame', h.request_frame, 'role', 'plain HTTP request'),
                  json_object('frame', h.answer_frame, 'role', 'the server ' || h.how),
                  json_object('frame', t.server_first_data_frame, 'role', 'TLS on the same port', 'flow', t.id)) AS evidence
  FROM hit h
  LEFT JOIN flow t ON t.id = h.tls_flow
 WHERE h.tls_flow IS NOT NULL OR NOT h.wants_tls
 ORDER BY h.request_ns, h.flow_id;
