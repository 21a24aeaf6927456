-- id:        tcp.zero-window
-- title:     The receiver's window was closed: its program did not read
-- severity:  warning
-- param:     min_s = 1             the shortest stall worth telling
-- param:     paced_s = 5           a client that stops often, and never so long, reads at its own pace
-- needs:     both-sides, frames
-- yields:    amqp.blocked
-- explains:  The {receiver} advertised a window of 0 for {stall_s} s: its buffer was full, because its program
--            did not read. The other side had more to send, waited, and only probed ({probes} times in all). The
--            network carried everything; neither it nor the sender is to blame.
--            So look at what the {receiver} did at that time: blocked on a disk, a lock or another
--            service, a long garbage collection, a paused container or debugger, a consumer slower than
--            its producer. RabbitMQ stops reading from publishers on purpose while an alarm of memory or disk is on
--            (connection.blocked), or to slow them down. Players and limited downloads pause on purpose.
-- remedy:    On the {receiver}'s host at such a time, see what fills and who does not read it (Recv-Q stays high):
--                ss -tnpmoi 'sport = :{port}'
--                cat /proc/PID/wchan; gdb -p PID -batch -ex 'thread apply all bt'   (jstack, py-spy dump)
--                rabbitmqctl list_connections name state; rabbitmq-diagnostics alarms
--            A larger buffer (net.ipv4.tcp_rmem) only puts it off.
-- confirm:   ss shows Recv-Q full on the {receiver} and Send-Q full on the other side. With a reader that
--            is faster the window stays open.
-- not:       A window of 0 for some milliseconds is ordinary flow control. One with nothing left to send
--            hurts nobody. 0 is 0 whatever the window scale, so that a capture without the handshake shows it as well.
-- reference: RFC 9293, sections 3.8.6 and 3.8.6.1
WITH zero AS (
  SELECT e.flow_id, e.sender AS reader, s.from_ns, s.to_ns, s.to_frame, s.ended_by, s.ended_sender,
         min(e.frame) AS zero_frame, min(e.ns) AS zero_ns, count(*) AS acks
    FROM tcp_event e
    -- the other side sent nothing new for a second and more
    JOIN silence s ON s.flow_id = e.flow_id AND s.scope = iif(e.sender = 'client', 'server', 'client')
                  AND e.ns BETWEEN s.from_ns AND s.to_ns
   WHERE e.kind = 'zero_window'
   GROUP BY e.flow_id, e.sender, s.from_frame
), opened AS (
  SELECT z.*,
         (SELECT min(p.frame) FROM packet p WHERE p.flow_id = z.flow_id AND p.frame > z.zero_frame
             AND p.frame <= z.to_frame AND p.sender = z.reader AND p.window > 0 AND p.flags & 4 = 0) AS open_frame
    FROM zero z
), stall AS (
  SELECT o.*, f.last_ns, f.ended, f.ended_by AS closer, f.ended_frame, p.ns AS open_ns,
         coalesce(p.ns, min(o.to_ns, f.last_ns)) - o.zero_ns AS stall_ns,
         (SELECT count(*) FROM tcp_event b WHERE b.flow_id = o.flow_id AND b.kind IN ('keep_alive', 'zero_window_probe')
             AND b.sender <> o.reader AND b.ns BETWEEN o.zero_ns AND coalesce(p.ns, o.to_ns)) AS probes,
         (SELECT min(b.frame) FROM tcp_event b WHERE b.flow_id = o.flow_id AND b.kind IN ('keep_alive', 'zero_window_probe')
             AND b.sender <> o.reader AND b.ns BETWEEN o.zero_ns AND coalesce(p.ns, o.to_ns)) AS probe_frame,
         EXISTS (SELECT 1 FROM tcp_event b WHERE b.flow_id = o.flow_id AND b.kind = 'window_full'
                    AND b.sender <> o.reader AND b.ns BETWEEN o.from_ns AND o.zero_ns) AS full
    FROM opened o
    JOIN connection f ON f.id = o.flow_id
    LEFT JOIN packet p ON p.flow_id = o.flow_id AND p.frame = o.open_frame
), wanted AS (
  SELECT *, row_number() OVER (PARTITION BY flow_id, reader ORDER BY stall_ns DESC, zero_frame) AS nth
    FROM stall
   WHERE stall_ns >= :min_s * 1e9
     -- somebody waited: it probed, had filled the window, or went on as soon as it could
     AND (probes OR full OR open_ns IS NOT NULL AND ended_by IN ('data', 'heartbeat') AND ended_sender <> reader
                            AND to_ns - open_ns <= 500000000)
), told AS (
  SELECT flow_id, reader, count(*) AS stalls, sum(stall_ns) AS total_ns, max(stall_ns) AS stall_ns,
         sum(probes) AS probes, sum(acks) AS acks, min(zero_ns) AS from_ns, max(coalesce(open_ns, zero_ns + stall_ns)) AS to_ns,
         sum(open_ns IS NULL) AS never, max(ended) AS ended, max(closer) AS closer, max(ended_frame) AS ended_frame
    FROM wanted
   GROUP BY flow_id, reader
)
SELECT t.flow_id, t.from_ns, t.to_ns,
       CASE WHEN t.never AND t.ended = 'rst' THEN 'error'
            WHEN t.reader = 'client' AND t.stalls >= 3 AND t.stall_ns < :paced_s * 1e9 AND NOT t.never THEN 'note'
            ELSE 'warning' END AS severity,
       iif(w.probes OR w.full, 'proven', 'likely') AS confidence,
       'The ' || t.reader || ' (' || iif(t.reader = 'client', n.client, n.server) || ') did not read: its window was closed for '
         || printf('%.3f s', t.stall_ns / 1e9)
         || iif(t.stalls > 1, ', ' || t.stalls || ' times for ' || printf('%.1f s', t.total_ns / 1e9) || ' in all', '')
         || ', while the ' || iif(t.reader = 'client', 'server', 'client') || ' had more to send'
         || CASE WHEN NOT t.never THEN '; then it went on.'
                 WHEN t.ended = 'rst' THEN '; it did not open again, and the ' || t.closer || ' reset the connection.'
                 ELSE '; it had not opened again when the capture of it ended.' END AS summary,
       json_object('stall_s', seconds(t.stall_ns), 'stalls', t.stalls, 'total_stall_s', seconds(t.total_ns),
                   'probes', t.probes, 'zero_window_acks', t.acks, 'receiver', t.reader,
                   'opened', json(iif(t.never, 'false', 'true')),
                   'port', iif(t.reader = 'client', f.client_port, f.server_port)) AS numbers,
       json_array(json_object('frame', w.zero_frame, 'role', 'window 0'),
                  json_object('frame', w.probe_frame, 'role', 'probe'),
                  json_object('frame', w.open_frame, 'role', 'window opens'),
                  json_object('frame', iif(t.never AND t.ended = 'rst', t.ended_frame, NULL), 'role', 'RST')) AS evidence
  FROM told t
  JOIN wanted w ON w.flow_id = t.flow_id AND w.reader = t.reader AND w.nth = 1
  JOIN flow f ON f.id = t.flow_id
  JOIN flow_name n ON n.flow_id = t.flow_id
 ORDER BY t.from_ns, t.flow_id, t.reader;
