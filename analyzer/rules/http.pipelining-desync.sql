-- id:        http.pipelining-desync
-- title:     Both sides may disagree about where a message ends
-- severity:  warning
-- over:      anomaly
-- explains:  {what} So a proxy and the server behind it may cut the stream of bytes at different places, and
--            take a part of one request's body for the next request, or one client's answer for another's (request
--            smuggling). {count} such messages were seen on this connection.
-- remedy:    The sender must give one length only: Transfer-Encoding: chunked without Content-Length, or one Content-Length. Let
--            the outermost proxy refuse such requests with 400 and close (HAProxy does; Apache: HttpProtocolOptions
--            Strict; nginx since 1.21.1), and speak one version of HTTP to the servers behind it. If
--            the sender is no program of yours, look at it as an attack.
-- confirm:   The message's head has both fields, or the same with different values: look at the frame.
-- not:       A retransmission or a gap in the capture is no disagreement.
-- reference: RFC 9112, sections 6.1, 6.3 and 11.2
SELECT a.flow_id, min(a.ns) AS from_ns, max(a.ns) AS to_ns, 'warning' AS severity, 'likely' AS confidence,
       'The ' || a.sender || ' sent ' || iif(count(*) = 1, 'a message', count(*) || ' messages') || ' whose length is told twice: '
         || group_concat(DISTINCT a.what) || '.' AS summary,
       json_object('count', count(*), 'sender', a.sender, 'anomaly', min(a.what),
                   'what', CASE min(a.what) WHEN 'Content-Length and Transfer-Encoding together'
                             THEN 'A message has both Content-Length and Transfer-Encoding.'
                             ELSE 'A message has more than one Content-Length, with different values.' END) AS numbers,
       json_group_array(json_object('frame', a.frame, 'role', a.what)) AS evidence
  FROM anomaly a
  JOIN connection f ON f.id = a.flow_id
 WHERE a.what IN ('Content-Length and Transfer-Encoding together', 'Content-Length values differ')
 GROUP BY a.flow_id, a.sender
 ORDER BY from_ns, a.flow_id;
