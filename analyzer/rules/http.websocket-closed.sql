-- id:        http.websocket-closed
-- title:     A WebSocket was closed with an error
-- severity:  warning
-- over:      websocket_close
-- needs:     payload, both-sides, frames
-- explains:  The {closed_by} closed the WebSocket {target} with code {code}: {meaning}.{said} It had been open for {open_s} s.
-- remedy:    {look}
-- confirm:   The other side's log, and in a browser the event's code and reason (onclose), say the same.
-- not:       1000 (normal), 1001 (going away: the page was left, the server is shutting down) and a close without a
--            code are how WebSockets end. 1005 and 1006 are never sent; they stand for "no code" and "no close
--            frame" in programs.
-- reference: RFC 6455, section 7.4.1
WITH first AS (
  SELECT w.*, x.target, x.response_ns AS opened_ns, x.response_frame AS opened_frame,
         row_number() OVER (PARTITION BY w.flow_id ORDER BY w.frame) AS nth
    FROM websocket_close w
    JOIN connection f ON f.id = w.flow_id
    LEFT JOIN http_exchange x ON x.flow_id = w.flow_id AND x.status = 101
)
SELECT c.flow_id, c.opened_ns AS from_ns, c.ns AS to_ns,
       iif(c.code IN (1002, 1003, 1007, 1008, 1009, 1010, 1011, 1014, 1015) OR c.code < 1000, 'warning', 'note') AS severity, 'proven' AS confidence,
       'The ' || c.sender || ' closed the WebSocket' || coalesce(' ' || substr(c.target, 1, 80), '') || ' with code ' || c.code || ' ('
         || CASE c.code WHEN 1002 THEN 'protocol error' WHEN 1003 THEN 'kind of data not accepted' WHEN 1007 THEN 'data that contradicts its type'
              WHEN 1008 THEN 'policy violation' WHEN 1009 THEN 'message too big' WHEN 1010 THEN 'an extension is missing'
              WHEN 1011 THEN 'unexpected condition in the server' WHEN 1012 THEN 'service restart' WHEN 1013 THEN 'try again later'
              WHEN 1014 THEN 'bad gateway' WHEN 1015 THEN 'TLS handshake failed'
              ELSE iif(c.code BETWEEN 3000 AND 3999, 'registered for a library or framework', iif(c.code >= 4000, 'the application''s own', 'not defined')) END
         || ')' || coalesce(', "' || nullif(substr(c.reason, 1, 80), '') || '"', '') || '.' AS summary,
       json_object('code', c.code, 'closed_by', c.sender, 'reason', c.reason, 'target', c.target,
                   'open_s', seconds(c.ns - c.opened_ns),
                   'said', ' Its reason: ' || nullif(c.reason, '') || '.',
                   'meaning', CASE c.code WHEN 1002 THEN 'protocol error' WHEN 1003 THEN 'it got a kind of data that it does not accept'
                      WHEN 1007 THEN 'it got data that contradicts its type (text that is not UTF-8)' WHEN 1008 THEN 'a message broke its policy'
                      WHEN 1009 THEN 'a message was too big' WHEN 1010 THEN 'the server did not agree to an extension that the client needs'
                      WHEN 1011 THEN 'the server met an unexpected condition' WHEN 1012 THEN 'the service is restarted' WHEN 1013 THEN 'it is overloaded; try again later'
                      WHEN 1014 THEN 'a gateway got a bad answer from the server behind it' ELSE 'a code of the application or its library' END,
                   'look', CASE WHEN c.code = 1009 THEN 'Raise the limit of the message size on the side that closed (ws: maxPayload; Python websockets: max_size), or send smaller messages.'
                      WHEN c.code IN (1011, 1014) THEN 'Look at the server''s error log at that time: an exception in the handler of this WebSocket.'
                      WHEN c.code IN (1012, 1013) THEN 'Nothing to mend in the client but to connect again after a pause that grows.'
                      WHEN c.code IN (1002, 1003, 1007, 1010) THEN 'Compare the libraries of both sides and what a proxy between them does to frames and extensions (permessage-deflate).'
                      WHEN c.code = 1008 THEN 'Look at the reason and the server''s log: expired credentials, an origin that is not allowed, too many messages.'
                      ELSE 'Look the code up in the application''s documentation and log.' END,
                   'bucket', c.code) AS numbers,
       json_array(json_object('frame', c.opened_frame, 'role', '101 (Switching Protocols)'),
                  json_object('frame', c.frame, 'role', 'close frame, code ' || c.code)) AS evidence
  FROM first c
 WHERE c.nth = 1 AND c.code NOT IN (1000, 1001, 1005)
 ORDER BY c.ns, c.flow_id;
