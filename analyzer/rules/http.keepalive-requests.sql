-- id:        http.keepalive-requests
-- title:     Requests were lost at the server's limit of requests per connection
-- severity:  note
-- over:      http_exchange
-- param:     at_once_s = 0.5       a close this soon after a response is no idle time-out
-- needs:     payload, both-sides
-- explains:  The server closed the connection after {requests_served} requests, {announced}. {lost_requests} further
--            requests were on their way by then (pipelined, or sent before the close could be seen) and
--            were not answered. The client may send them again on a new connection: no server works on a
--            request behind its own "Connection: close".
-- remedy:    Nothing is broken if the client repeats them. To see it less often, raise the limit:
--                nginx keepalive_requests 10000; Apache MaxKeepAliveRequests 0; Node.js server.maxRequestsPerSocket = 0
--            A client that pipelines must keep what it sent until it is answered.
-- confirm:   Other connections to {server} end after {requests_served} requests too.
-- not:       A close after a time without requests is a keep-alive time-out (http.keepalive-race).
-- reference: RFC 9112, sections 9.3.2 and 9.6
WITH lost AS (
  SELECT x.flow_id, x.nr, x.request_ns, x.request_frame, p.nr AS served, p.response_ns AS last_ns, p.response_frame AS last_frame,
         p.close_announced, f.server_fin_frame, f.server_fin_ns, n.server
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id AND f.server_fin_ns IS NOT NULL
    JOIN flow_name n ON n.flow_id = f.id
    JOIN http_exchange p ON p.flow_id = x.flow_id AND p.nr = x.nr - 1
   WHERE x.response_state <> 'complete' AND x.response_state = 'none' AND x.method IS NOT NULL
     AND p.response_state = 'complete' AND p.method IS NOT NULL AND p.nr > 1
     AND f.server_fin_ns - p.response_end_ns BETWEEN 0 AND :at_once_s * 1e9
     -- the client's own wish to close is another matter
     AND NOT lower(p.request_head) LIKE '%connection: close%'
     AND (p.close_announced
          OR f.server_fin_acks_off <= x.request_off
             AND (f.server_fin_acked_frame IS NULL OR f.server_fin_acked_frame > x.request_frame))
)
SELECT l.flow_id, l.last_ns AS from_ns, max(l.server_fin_ns, l.request_ns) AS to_ns, 'note' AS severity,
       iif(l.close_announced, 'proven', 'possible') AS confidence,
       'The server closed after ' || l.served || ' requests' || iif(l.close_announced, ' (Connection: close)', '') || '; '
         || (SELECT count(*) || iif(count(*) = 1, ' more was sent and', ' more were sent and')
               FROM http_exchange u WHERE u.flow_id = l.flow_id AND u.nr >= l.nr AND u.method IS NOT NULL)
         || ' not answered.' AS summary,
       json_object('requests_served', l.served, 'server', l.server,
                   'lost_requests', (SELECT count(*) FROM http_exchange u WHERE u.flow_id = l.flow_id AND u.nr >= l.nr AND u.method IS NOT NULL),
                   'announced', iif(l.close_announced, 'as it had said in its last response (Connection: close)', 'without having said so'),
                   'bucket', l.served) AS numbers,
       json_array(json_object('frame', l.last_frame, 'role', 'last response'),
                  json_object('frame', l.server_fin_frame, 'role', 'server FIN'),
                  json_object('frame', l.request_frame, 'role', 'first request that was lost')) AS evidence
  FROM lost l
 ORDER BY l.last_ns, l.flow_id;
