-- id:        http.duplicate-request
-- title:     A request was sent again after it had failed
-- severity:  warning
-- over:      http_exchange
-- param:     within_s = 60         a repetition later than this is another matter
-- param:     storm = 5             so many attempts are a storm
-- needs:     payload, both-sides, frames
-- yields:    http.keepalive-race
-- explains:  {method} {target} with the same body of {body_len} bytes was sent {attempts} times, each on a connection of
--            its own, within {span_s} s. Of the earlier attempts the server's host had acknowledged the whole request,
--            and the client got no answer: it cannot know whether the work was done. {method} is not idempotent (RFC 9110,
--            9.2.2), so an order may be there twice, a payment made twice.
-- remedy:    Look in the server's data whether the work of {at} was done more than once. Then give such
--            requests a key by which the server knows a repetition (an Idempotency-Key header, the order's own
--            number with a unique constraint), and let clients and proxies repeat only what may be:
--                nginx: proxy_next_upstream without non_idempotent; HAProxy: retry-on without "all-retryable-errors" for POST; urllib3: Retry(allowed_methods=...)
-- confirm:   The server's access log has the request {attempts} times.
-- not:       A program that sends the same body again and again on purpose, and is answered each time, repeats nothing. A
--            request that met a closed connection was never seen by the program (http.keepalive-race).
-- reference: RFC 9110, section 9.2.2; RFC 9112, section 9.3.1
WITH same AS (
  SELECT request_body_hash, request_bytes FROM http_exchange
   WHERE request_body_hash IS NOT NULL AND request_bytes > 0
   GROUP BY request_body_hash, request_bytes HAVING count(*) BETWEEN 2 AND 64
), sent AS (
  SELECT x.flow_id, x.nr, x.method, x.target, x.request_bytes, x.request_body_hash, x.request_ns, x.request_frame, x.request_end_ns,
         x.response_ns, x.response_frame, x.status, f.capture_id, f.client_ip, f.server_ip, f.server_port, f.ended_ns, f.ended_frame, f.ended_by,
         -- acknowledged whole, and the client was left without an answer
         f.client_acked_off >= x.request_off + x.request_bytes AND x.request_state = 'complete'
           AND (x.response_ns IS NULL AND x.response_state = 'none' AND f.ended <> 'open'
                  AND (f.ended_by = 'client' OR EXISTS (SELECT 1 FROM http_unanswered h WHERE h.flow_id = x.flow_id AND h.nr = x.nr))
                OR f.ended_by = 'client' AND x.response_off >= f.client_fin_acks_off) AS failed
    FROM same s
    JOIN http_exchange x ON x.request_body_hash = s.request_body_hash AND x.request_bytes = s.request_bytes
    JOIN connection f ON f.id = x.flow_id
   WHERE x.request_body_hash IS NOT NULL AND x.method IN ('POST', 'PATCH')
), attempt AS (
  SELECT s.*, row_number() OVER w AS nth, lag(s.failed) OVER w AS failed_before,
         lag(s.request_ns) OVER w AS before_ns, lag(s.ended_ns) OVER w AS before_end_ns, lag(s.flow_id) OVER w AS before_flow
    FROM sent s
  WINDOW w AS (PARTITION BY s.capture_id, s.client_ip, s.server_ip, s.server_port, s.method, s.target, s.request_body_hash
               ORDER BY s.request_ns, s.flow_id, s.nr)
), linked AS (
  -- whether it follows one that failed, soon, on another connection
  SELECT *, coalesce(failed_before AND before_flow <> flow_id AND request_ns >= before_end_ns
                     AND request_ns - before_end_ns <= :within_s * 1e9, 0) AS repeats
    FROM attempt
), run AS (
  SELECT *, sum(NOT repeats) OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, method, target, request_body_hash
                                   ORDER BY nth) AS run
    FROM linked
), numbered AS (
  SELECT *, row_number() OVER (PARTITION BY capture_id, client_ip, server_ip, server_port, method, target, request_body_hash, run
                               ORDER BY nth) AS attempt
    FROM run
)
SELECT min(r.flow_id) AS flow_id, r.capture_id, min(r.request_ns) AS from_ns, max(coalesce(r.response_ns, r.ended_ns, r.request_ns)) AS to_ns,
       -- that the work was done twice at least can be where one attempt was answered well, or there were many
       iif(max(r.status) BETWEEN 200 AND 299 OR count(*) >= :storm, 'warning', 'note') AS severity,
       'possible' AS confidence, r.client_ip AS client, n.server,
       r.method || ' ' || substr(r.target, 1, 80) || ' with the same body (' || r.request_bytes || ' bytes) was sent ' || count(*) || ' times within '
         || printf('%.3f s', (max(r.request_ns) - min(r.request_ns)) / 1e9) || '; the server had received ' || sum(r.failed)
         || iif(sum(r.failed) = 1, ' attempt', ' attempts') || ' and not answered'
         || iif(max(r.status) IS NULL, '', '; the last was answered ' || max(r.status)) || '. Its work may have been done more than once.' AS summary,
       json_object('attempts', count(*), 'failed', sum(r.failed), 'span_s', seconds(max(r.request_ns) - min(r.request_ns)),
                   'repeated_after_s', seconds(min(iif(r.repeats, r.request_ns - r.before_end_ns, NULL))),
                   'method', r.method, 'target', r.target, 'body_len', r.request_bytes, 'status', max(r.status),
                   'at', strftime('%Y-%m-%d %H:%M:%S', min(r.request_ns) / 1000000000, 'unixepoch') || ' UTC') AS numbers,
       '[' || group_concat(json_object('frame', r.request_frame, 'role', 'request, attempt ' || r.attempt, 'flow', r.flow_id) || ','
                || json_object('frame', iif(r.failed, r.ended_frame, r.response_frame),
                               'role', iif(r.failed, r.ended_by || ' ends the connection', 'response ' || r.status), 'flow', r.flow_id)) || ']' AS evidence
  FROM numbered r
  JOIN flow_name n ON n.flow_id = r.flow_id
 GROUP BY r.capture_id, r.client_ip, r.server_ip, r.server_port, r.method, r.target, r.request_body_hash, r.run
HAVING count(*) >= 2
 ORDER BY from_ns, flow_id;
