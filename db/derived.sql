-- derived.sql - conclusions, and the views rules read: dropped and made again
-- by every rules pass. See schema.sql for the conventions.

DROP VIEW  IF EXISTS incident;
DROP VIEW  IF EXISTS heartbeat_inferred;
DROP VIEW  IF EXISTS amqp_reply_code;
DROP VIEW  IF EXISTS amqp_delivery;
DROP VIEW  IF EXISTS amqp_consumer;
DROP VIEW  IF EXISTS amqp_ending;
DROP VIEW  IF EXISTS amqp_blocked;
DROP VIEW  IF EXISTS amqp_lost_publish;
DROP VIEW  IF EXISTS amqp_unacked;
DROP VIEW  IF EXISTS amqp_confirm_latency;
DROP VIEW  IF EXISTS amqp_confirm;
DROP VIEW  IF EXISTS amqp_tag;
DROP VIEW  IF EXISTS reset_anatomy;
DROP VIEW  IF EXISTS flow_doubt;
DROP VIEW  IF EXISTS flow_lack;
DROP VIEW  IF EXISTS nat_remap;
DROP VIEW  IF EXISTS nat_untranslated;
DROP VIEW  IF EXISTS connection;
DROP TABLE IF EXISTS nat_leg;
DROP VIEW  IF EXISTS flow_name;
DROP TABLE IF EXISTS evidence;
DROP TABLE IF EXISTS finding;
DROP TABLE IF EXISTS rule;

-- The rules of this pass: what each says of itself (its header).
CREATE TABLE rule(
  id         TEXT PRIMARY KEY,
  title      TEXT NOT NULL,
  severity   TEXT NOT NULL CHECK( severity IN ('error', 'warning', 'note') ),
  benign     INTEGER NOT NULL,          -- 1: what it finds is listed as no problem
  about      TEXT NOT NULL CHECK( about IN ('connections', 'capture') ),
                                        -- 'capture': what it finds limits what the capture can
                                        -- show, and accuses nobody
  needs      TEXT,                      -- words of flow_lack: where one of these is lacking,
                                        -- its findings are one step less sure
  yields     TEXT,                      -- rules, with commas between: where one of these tells of
                                        -- the same connection, it has explained what this rule
                                        -- would tell, and this one is silent
  explains   TEXT NOT NULL,
  remedy     TEXT NOT NULL,             -- {names} stand for the finding's numbers
  confirm    TEXT NOT NULL,
  not_when   TEXT NOT NULL,
  reference  TEXT NOT NULL,
  params     TEXT NOT NULL,             -- JSON object: the values of this pass
  origin     TEXT NOT NULL              -- 'built in', or the file it came from
) STRICT;

-- One conclusion.
CREATE TABLE finding(
  id          INTEGER PRIMARY KEY,
  rule        TEXT NOT NULL REFERENCES rule,
  severity    TEXT NOT NULL CHECK( severity IN ('error', 'warning', 'note') ),
  confidence  TEXT NOT NULL CHECK( confidence IN ('proven', 'likely', 'possible') ),
  flow_id     INTEGER REFERENCES flow,  -- NULL: it concerns no single flow
  capture_id  INTEGER REFERENCES capture,
  from_ns     INTEGER,
  to_ns       INTEGER,
  client      TEXT,                     -- 'address:port', or an address for many connections
  server      TEXT,
  summary     TEXT NOT NULL,
  numbers     TEXT NOT NULL CHECK( json_valid(numbers) ),
  fingerprint TEXT NOT NULL,            -- the same for the same trouble in another run
  doubt       TEXT                      -- what the capture lacks for it, and how sure the rule
                                        -- would be otherwise; NULL: nothing that matters to it
) STRICT;

-- The frames that prove a finding.
CREATE TABLE evidence(
  finding_id  INTEGER NOT NULL REFERENCES finding,
  nr          INTEGER NOT NULL,         -- from 1, in order of time
  flow_id     INTEGER REFERENCES flow,
  frame       INTEGER NOT NULL,         -- the capture's number
  ns          INTEGER,
  role        TEXT NOT NULL,            -- what this frame is: 'request', 'client FIN', …
  PRIMARY KEY (finding_id, nr)
) STRICT;

-- A flow's endpoints as people write them.
CREATE VIEW flow_name AS
  SELECT id AS flow_id,
         iif(instr(client_ip, ':'), '[' || client_ip || ']', client_ip) || ':' || client_port AS client,
         iif(instr(server_ip, ':'), '[' || server_ip || ']', server_ip) || ':' || server_port AS server
    FROM flow;

-- What the capture lacks of a flow, a row for each kind of thing: the one place where
-- that is decided. A rule names the kinds that it `needs`; where one is lacking, the
-- pass makes its findings one step less sure and gives them `why` for a doubt.
CREATE VIEW flow_lack AS
  -- bytes that were acknowledged, or cut off by the snaplen; the wire's count has the latter
  SELECT f.id AS flow_id, 'payload' AS what,
         'the capture lacks ' || printf('%.*f %%', 100.0 * gap < 9.95 * total,
                                        min(100.0, 100.0 * gap / total))
           || ' of what this connection carried (' || gap || iif(gap = 1, ' byte)', ' bytes)') AS why
    FROM (SELECT w.id, w.client_gap_bytes + w.server_gap_bytes AS gap,
                 w.client_bytes + w.server_bytes
                   + iif(c.snapped_frames, 0, w.client_gap_bytes + w.server_gap_bytes) AS total
            FROM flow w JOIN capture c ON c.id = w.capture_id
           WHERE w.client_gap_bytes + w.server_gap_bytes > 0) f
  UNION ALL
  SELECT id, 'both-sides', 'nothing of what the ' || iif(client_frames = 0, 'client', 'server')
           || ' sent was captured'
    FROM flow WHERE client_frames = 0 OR server_frames = 0
  UNION ALL
  SELECT id, 'beginning', 'the connection had begun before the capture'
    FROM flow WHERE syn_ns IS NULL AND syn_ack_ns IS NULL
  UNION ALL
  SELECT f.id, 'end', 'the capture breaks off before the connection had ended'
    FROM flow f
   WHERE (f.ended = 'open' OR f.ended = 'fin' AND (f.client_fin_ns IS NULL OR f.server_fin_ns IS NULL))
     AND EXISTS (SELECT 1 FROM capture_file n WHERE n.capture_id = f.capture_id AND n.cut_short_at IS NOT NULL)
  UNION ALL
  -- one frame in a hundred: enough to lose a FIN, a RST or an answer that nobody misses;
  -- where it is inferred, a few cases in a small capture say nothing of other connections
  SELECT f.id, 'frames',
         iif(c.dropped_frames > 0 AND 100 * c.dropped_frames >= c.frames + c.dropped_frames,
             'the capture lost ' || printf('%.0f %%', 100.0 * c.dropped_frames / (c.frames + c.dropped_frames))
               || ' of the frames, as the file reports',
             'the capture lost segments: ' || c.ack_lost_segments
               || ' times bytes were acknowledged that it never saw')
    FROM flow f JOIN capture c ON c.id = f.capture_id
   WHERE c.dropped_frames > 0 AND 100 * c.dropped_frames >= c.frames + c.dropped_frames
      OR c.ack_lost_segments >= 10 AND 100 * c.ack_lost_segments >= c.tcp_frames;

-- 1: the capture lacks part of this flow, so that what seems absent may just
-- not have been captured.
CREATE VIEW flow_doubt AS
  SELECT f.id AS flow_id,
         EXISTS (SELECT 1 FROM flow_lack l
                  WHERE l.flow_id = f.id AND l.what IN ('payload', 'both-sides')) AS doubt
    FROM flow f;

-- What kind of reset each RST is (RFC 9293, 3.5.2 and 3.10.7).
CREATE VIEW reset_anatomy AS
  SELECT r.*,
         CASE
           -- RST,ACK that answers a SYN: nobody listens.
           WHEN r.sender = 'server' AND r.has_ack AND r.trigger_flags & 18 = 2
                AND r.seq_matches_trigger_ack THEN 'refused'
           -- The opener's answer to an acknowledgement of a number it never sent.
           WHEN r.sender = 'client' AND NOT r.has_ack AND f.established_ns IS NULL
                AND r.trigger_flags & 16 AND r.seq_matches_trigger_ack
                AND r.seq <> (f.client_isn + 1) % 4294967296 THEN 'challenge'
           -- The opener hangs up without a byte in either direction.
           WHEN r.sender = 'client' AND r.own_bytes = 0 AND r.peer_bytes = 0
                AND NOT r.after_own_fin AND NOT r.after_peer_fin
                AND f.syn_ack_ns IS NOT NULL THEN 'probe'
           -- Its sender had closed already; something came too late.
           WHEN r.after_own_fin OR r.after_own_rst THEN 'late'
           -- Not from the host whose address it bears: the hops do not match.
           WHEN r.ttl <> r.usual_ttl THEN 'injected'
           -- Without ACK, numbered by the segment it answers: no such connection.
           WHEN NOT r.has_ack AND r.seq_matches_trigger_ack THEN 'unknown_socket'
           WHEN r.trigger_frame IS NULL AND r.idle_ns >= 1000000000
                AND NOT r.has_timestamps AND r.window = 0 THEN 'timer'
           ELSE 'abort'
         END AS class
    FROM reset r JOIN flow f ON f.id = r.flow_id;

-- The two legs of a connection through address translation, where both were
-- captured: the SYN keeps its sequence number and its timestamp, and goes out a
-- moment later. `front` is the leg towards the client.
CREATE TABLE nat_leg(
  front INTEGER NOT NULL REFERENCES flow,
  back  INTEGER NOT NULL REFERENCES flow,
  PRIMARY KEY (back, front)
) STRICT, WITHOUT ROWID;

INSERT INTO nat_leg
  SELECT a.id AS front, b.id AS back
    FROM flow a
    JOIN flow b ON b.client_isn = a.client_isn AND b.capture_id = a.capture_id AND b.id <> a.id
   WHERE a.client_isn IS NOT NULL
     -- a number that many connections share tells nothing (and would cost their square)
     AND (SELECT count(*) FROM (SELECT 1 FROM flow c WHERE c.client_isn = a.client_isn LIMIT 9)) <= 8
     AND b.syn_ns BETWEEN a.syn_ns AND a.syn_ns + 50000000 AND b.syn_frame > a.syn_frame
     AND (b.server_isn = a.server_isn OR a.server_isn IS NULL OR b.server_isn IS NULL)
     AND b.client_tsval IS a.client_tsval
     AND (b.server_ip <> a.server_ip OR b.client_ip <> a.client_ip
          OR b.server_port <> a.server_port OR b.client_port <> a.client_port);

-- The flows to speak of: a translated connection that was captured on both legs
-- is one, and told as its client knows it.
CREATE VIEW connection AS
  SELECT * FROM flow WHERE id NOT IN (SELECT back FROM nat_leg);

-- A segment of a translated connection that was sent on to a host which does not
-- know the connection: the RST came back through both legs, with one number.
CREATE VIEW nat_remap AS
  SELECT r.flow_id AS front, s.flow_id AS back, r.frame AS front_rst_frame, s.frame AS back_rst_frame
    FROM reset s
    JOIN flow b ON b.id = s.flow_id AND b.syn_ns IS NULL AND b.syn_ack_ns IS NULL
    JOIN reset r ON r.seq = s.seq AND r.flow_id <> s.flow_id AND r.sender = s.sender
                AND r.ns BETWEEN s.ns AND s.ns + 50000000
    JOIN flow a ON a.id = r.flow_id AND a.capture_id = b.capture_id
   WHERE s.usual_ttl IS NULL AND r.trigger_len = s.trigger_len
     AND (SELECT count(*) FROM (SELECT 1 FROM reset x WHERE x.seq = s.seq LIMIT 9)) <= 8;

-- Data that reached a client from another address than the one it speaks to, with
-- the numbers of that connection, and was answered by a RST of the client's host.
CREATE VIEW nat_untranslated AS
  SELECT r.flow_id, r.frame, r.ns, r.trigger_frame, r.trigger_ns, r.trigger_len,
         a.id AS service_flow, na.server AS service, nb.server AS untranslated,
         p.frame AS last_frame, p.ns AS last_ns
    FROM reset r
    JOIN flow b ON b.id = r.flow_id AND b.syn_ns IS NULL AND b.syn_ack_ns IS NULL
    JOIN flow a ON a.capture_id = b.capture_id AND a.client_ip = b.client_ip
               AND a.client_port = b.client_port AND a.server_port = b.server_port
               AND a.server_ip <> b.server_ip AND a.first_ns < b.first_ns
    JOIN flow_name na ON na.flow_id = a.id
    JOIN flow_name nb ON nb.flow_id = b.id
    JOIN packet p ON p.flow_id = a.id
   WHERE r.sender = 'client' AND r.usual_ttl IS NULL AND NOT r.has_ack
     AND r.seq_matches_trigger_ack AND r.trigger_len > 0
     AND (b.server_first_seq - a.server_first_seq + 4294967296) % 4294967296 <= a.server_bytes
     AND p.frame = (SELECT max(q.frame) FROM packet q WHERE q.flow_id = a.id AND q.frame < r.trigger_frame);

-- Heartbeats inside of TLS, inferred: small records of one direction with the same length,
-- three or more that follow one another at one pace (to a tenth, and not faster than twice a
-- second). Other records may come between; then there is no heartbeat for a while.
CREATE VIEW heartbeat_inferred AS
  WITH spaced AS (
    SELECT *, ns - lag(ns) OVER w AS before_ns, lead(ns) OVER w - ns AS after_ns
      FROM tls_record
     -- most connections have no three records of one length over the time of two steps
     WHERE flow_id IN (SELECT flow_id FROM tls_record GROUP BY flow_id, sender, length
                       HAVING count(*) >= 3 AND max(ns) - min(ns) >= 700000000)
    WINDOW w AS (PARTITION BY flow_id, sender, length ORDER BY ns, frame)
  ), ranked AS (
    SELECT flow_id, sender, length, before_ns,
           row_number() OVER (PARTITION BY flow_id, sender, length ORDER BY before_ns) AS nth,
           count(*) OVER (PARTITION BY flow_id, sender, length) AS n
      FROM spaced WHERE before_ns IS NOT NULL
  ), pace AS (
    SELECT r.flow_id, r.sender, r.length, r.before_ns AS pace_ns
      FROM ranked r
     WHERE r.nth = (r.n + 1) / 2 AND r.n >= 2 AND r.before_ns >= 400000000
       -- most are at this pace
       AND (SELECT 2 * count(*) FROM spaced s
             WHERE s.flow_id = r.flow_id AND s.sender = r.sender AND s.length = r.length
               AND abs(s.before_ns - r.before_ns) * 10 <= r.before_ns) > r.n
  )
  SELECT s.flow_id, s.frame, s.ns, s.sender, 'tls' AS protocol, p.pace_ns
    FROM spaced s
    JOIN pace p ON p.flow_id = s.flow_id AND p.sender = s.sender AND p.length = s.length
   WHERE abs(s.before_ns - p.pace_ns) * 10 <= p.pace_ns OR abs(s.after_ns - p.pace_ns) * 10 <= p.pace_ns;

-- AMQP: what awaits an acknowledgement, and the one that settled it. A row for each
-- message with a tag: a publish on a channel in confirm mode, which the server settles,
-- or a delivery, which the client does. The first of these settles it: an ack, nack or
-- reject of the very tag, or one of several (multiple) up to a tag that is not less. Tags
-- begin anew with each opening of a channel.
CREATE VIEW amqp_tag AS
  WITH tagged AS (
    SELECT m.rowid AS nr, m.flow_id, m.channel, m.sender, m.tag, m.name, m.frame, m.ns, m.multiple,
           m.name IN ('basic.publish', 'basic.deliver', 'basic.get-ok') AS awaits,
           -- who is acknowledged: the one or the other side's messages
           iif(m.name IN ('basic.publish', 'basic.deliver', 'basic.get-ok'), m.sender,
               iif(m.name = 'basic.recover-ok', 'server',
                   iif(m.sender = 'client', 'server', 'client'))) AS of,
           sum(m.name = 'channel.open') OVER (PARTITION BY m.flow_id, m.channel ORDER BY m.rowid) AS opening
      FROM amqp_method m
     WHERE m.tag IS NOT NULL OR m.name = 'channel.open'
  ), paired AS (
    SELECT *,
           min(iif(awaits, NULL, nr)) OVER (PARTITION BY flow_id, channel, opening, of, tag) AS by_itself,
           min(iif(multiple AND NOT awaits, nr, NULL))
             OVER (PARTITION BY flow_id, channel, opening, of ORDER BY tag DESC) AS with_others
      FROM tagged
     WHERE tag IS NOT NULL
  )
  SELECT flow_id, channel, opening, sender, tag, name, frame, ns,
         CASE WHEN by_itself > nr AND (with_others IS NULL OR with_others < nr OR by_itself < with_others)
              THEN by_itself
              WHEN with_others > nr THEN with_others END AS settled_by
    FROM paired
   WHERE awaits;

-- Publishes in confirm mode: when the server confirmed them, and how long that took. As
-- amqp_tag, but only where there were confirms: most methods need not be looked at.
CREATE VIEW amqp_confirm AS
  WITH tagged AS (
    SELECT m.rowid AS nr, m.flow_id, m.channel, m.tag, m.frame, m.ns, m.multiple, m.sender = 'client' AS awaits,
           sum(m.name = 'channel.open') OVER (PARTITION BY m.flow_id, m.channel ORDER BY m.rowid) AS opening
      FROM amqp_method m
     WHERE m.flow_id IN (SELECT flow_id FROM amqp_channel WHERE confirms + nacks_from_server > 0)
       AND (m.sender = 'client' AND m.name = 'basic.publish' AND m.tag IS NOT NULL
            OR m.sender = 'server' AND m.name IN ('basic.ack', 'basic.nack') OR m.name = 'channel.open')
  ), paired AS (
    SELECT *,
           min(iif(awaits, NULL, nr)) OVER (PARTITION BY flow_id, channel, opening, tag) AS by_itself,
           min(iif(multiple AND NOT awaits, nr, NULL))
             OVER (PARTITION BY flow_id, channel, opening ORDER BY tag DESC) AS with_others
      FROM tagged
     WHERE tag IS NOT NULL
  ), settled AS (
    SELECT *, CASE WHEN by_itself > nr AND (with_others IS NULL OR with_others < nr OR by_itself < with_others)
                   THEN by_itself
                   WHEN with_others > nr THEN with_others END AS settled_by
      FROM paired
     WHERE awaits
  )
  SELECT t.flow_id, t.channel, t.opening, t.tag, t.frame, t.ns,
         a.frame AS confirm_frame, a.ns AS confirm_ns, a.name = 'basic.nack' AS refused,
         a.ns - t.ns AS latency_ns               -- NULL, as the three before: not confirmed
    FROM settled t
    LEFT JOIN amqp_method a ON a.rowid = t.settled_by;

-- The same of each channel: half of the confirms came within p50, 99 of 100 within p99.
CREATE VIEW amqp_confirm_latency AS
  SELECT flow_id, channel, count(latency_ns) AS confirmed, count(*) - count(latency_ns) AS unconfirmed,
         coalesce(sum(refused), 0) AS refused,
         min(iif(100 * nth >= 50 * n, latency_ns, NULL)) AS p50_ns,
         min(iif(100 * nth >= 99 * n, latency_ns, NULL)) AS p99_ns,
         max(latency_ns) AS max_ns
    FROM (SELECT *, count(latency_ns) OVER (PARTITION BY flow_id, channel) AS n,
                 iif(latency_ns IS NULL, NULL,
                     row_number() OVER (PARTITION BY flow_id, channel ORDER BY latency_ns IS NULL, latency_ns)) AS nth
            FROM amqp_confirm)
   GROUP BY flow_id, channel;

-- Deliveries that the client had not settled when the capture of the flow ended, the
-- oldest first; age_ns: until the flow's last segment.
CREATE VIEW amqp_unacked AS
  SELECT t.flow_id, t.channel, t.tag, t.frame, t.ns, f.last_ns - t.ns AS age_ns
    FROM amqp_tag t
    JOIN flow f ON f.id = t.flow_id
   WHERE t.sender = 'server' AND t.settled_by IS NULL
     -- the channel's end gives all of them back
     AND NOT EXISTS (SELECT 1 FROM amqp_method c
                      WHERE c.flow_id = t.flow_id AND c.channel = t.channel
                        AND c.name IN ('channel.open', 'channel.close-ok') AND c.ns > t.ns)
   ORDER BY t.ns;

-- Publishes that cannot have arrived as a whole: 'after FIN', the server had closed
-- before; 'unacknowledged', its host never acknowledged their last byte. The content of
-- the last one that was acknowledged ends where the client's next method begins, or,
-- where there is none, with amqp_connection.content_off.
CREATE VIEW amqp_lost_publish AS
  SELECT flow_id, channel, frame, ns, iif(frame > server_fin_frame, 'after FIN', 'unacknowledged') AS why
    FROM (SELECT m.*, f.server_fin_frame, f.client_acked_off, f.ended,
                 CASE WHEN m.next_off IS NULL THEN max(m.end_off, coalesce(c.content_off, 0))
                      WHEN EXISTS (SELECT 1 FROM heartbeat h WHERE h.flow_id = m.flow_id AND h.sender = 'client'
                                      AND h.ns BETWEEN m.ns AND m.next_ns) THEN m.end_off
                      ELSE m.next_off END AS content_end_off
            FROM (SELECT *, lead(begin_off) OVER (PARTITION BY flow_id ORDER BY begin_off) AS next_off,
                         lead(ns) OVER (PARTITION BY flow_id ORDER BY begin_off) AS next_ns
                    FROM amqp_method
                   WHERE sender = 'client'
                     -- only where some bytes of the client were not acknowledged, or came after that FIN
                     AND flow_id IN (SELECT q.flow_id FROM amqp_connection q CROSS JOIN flow w ON w.id = q.flow_id
                                      WHERE w.client_acked_off < w.client_bytes + w.client_gap_bytes
                                         OR w.server_fin_ns < w.client_last_data_ns)) m
            JOIN flow f ON f.id = m.flow_id
            LEFT JOIN amqp_connection c ON c.flow_id = m.flow_id
           WHERE m.name = 'basic.publish' AND f.server_frames > 0)
   WHERE frame > server_fin_frame OR (content_end_off > client_acked_off AND ended <> 'open');

-- The times in which the server had publishers blocked; unblocked_ns NULL: to the end.
CREATE VIEW amqp_blocked AS
  SELECT flow_id, frame, ns, detail AS reason, unblocked_ns
    FROM (SELECT *, lead(ns) OVER (PARTITION BY flow_id ORDER BY rowid) AS unblocked_ns
            FROM amqp_method WHERE name IN ('connection.blocked', 'connection.unblocked'))
   WHERE name = 'connection.blocked';

-- How each AMQP connection ended, in AMQP's own terms.
CREATE VIEW amqp_ending AS
  SELECT c.flow_id,
         CASE WHEN c.close_ok_ns IS NOT NULL THEN 'closed'
              WHEN c.close_ns IS NOT NULL THEN 'close unanswered'
              WHEN f.ended = 'open' THEN 'open'
              ELSE 'no close' END AS how,
         -- what a side said after its own connection.close, or its answer to one
         (SELECT count(*) FROM amqp_method m
           WHERE m.flow_id = c.flow_id AND m.ns > c.close_ns
             AND (m.sender = c.close_sender OR m.ns > c.close_ok_ns)
             AND m.name <> 'connection.close-ok') AS methods_after_close,
         (SELECT count(*) FROM amqp_lost_publish l WHERE l.flow_id = c.flow_id) AS lost_publishes
    FROM amqp_connection c
    JOIN flow f ON f.id = c.flow_id;

-- Who consumes from which queue. A consumer that named no tag has the one of the answer.
CREATE VIEW amqp_consumer AS
  SELECT m.flow_id, m.channel, m.ns, m.frame,
         CASE WHEN instr(m.detail, ' consumer_tag=')
              THEN substr(m.detail, 7, instr(m.detail, ' consumer_tag=') - 7)
              WHEN instr(m.detail, ' no_ack=1') THEN substr(m.detail, 7, instr(m.detail, ' no_ack=1') - 7)
              ELSE substr(m.detail, 7) END AS queue,
         iif(instr(m.detail, ' consumer_tag='),
             substr(m.detail, instr(m.detail, ' consumer_tag=') + 14),
             (SELECT substr(o.detail, 14) FROM amqp_method o
               WHERE o.flow_id = m.flow_id AND o.channel = m.channel AND o.ns >= m.ns
                 AND o.name = 'basic.consume-ok' ORDER BY o.ns LIMIT 1)) || ' ' AS tag_and_rest
    FROM amqp_method m
   WHERE m.name = 'basic.consume' AND m.detail LIKE 'queue=%';

-- Deliveries that await an acknowledgement: when one settled it, or the channel's end did
-- (NULL: neither came), and the queue, where the consumer's beginning was captured. To be
-- asked for single flows; amqp_tag serves all of them at once.
CREATE VIEW amqp_delivery AS
  SELECT d.flow_id, d.channel, d.frame, d.ns, d.tag,
         (SELECT a.ns FROM amqp_method a
           WHERE a.flow_id = d.flow_id AND a.ns >= d.ns AND a.channel = d.channel
             AND (a.sender = 'client' AND a.name IN ('basic.ack', 'basic.nack', 'basic.reject')
                  AND (a.tag = d.tag OR a.multiple AND a.tag >= d.tag)
                  OR a.name IN ('channel.close-ok', 'channel.open') AND a.ns > d.ns)
           ORDER BY a.ns LIMIT 1) AS settled_ns,
         (SELECT u.queue FROM amqp_consumer u
           WHERE u.flow_id = d.flow_id AND u.channel = d.channel AND u.ns < d.ns
             AND instr(d.detail, 'consumer_tag=') = 1
             AND instr(u.tag_and_rest, substr(d.detail, 14, instr(d.detail, ' delivery_tag=') - 13)) = 1
           ORDER BY u.ns DESC LIMIT 1) AS queue
    FROM amqp_method d
   WHERE d.name IN ('basic.deliver', 'basic.get-ok') AND d.tag IS NOT NULL;

-- What the reply codes of AMQP 0-9-1 mean (specification, section 1.2, and RabbitMQ).
CREATE VIEW amqp_reply_code(code, name, means) AS
  VALUES (311, 'CONTENT_TOO_LARGE', 'a message was larger than the other side takes'),
         (312, 'NO_ROUTE', 'no queue took the message'),
         (313, 'NO_CONSUMERS', 'no consumer was there to take the message at once'),
         (320, 'CONNECTION_FORCED', 'an operator, or the broker as it shut down, closed the connection'),
         (402, 'INVALID_PATH', 'the virtual host is not known'),
         (403, 'ACCESS_REFUSED', 'the user may not do this'),
         (404, 'NOT_FOUND', 'there is no such queue or exchange'),
         (405, 'RESOURCE_LOCKED', 'the queue belongs to another connection alone (exclusive)'),
         (406, 'PRECONDITION_FAILED', 'what was asked for contradicts what is there'),
         (501, 'FRAME_ERROR', 'a frame could not be read'),
         (502, 'SYNTAX_ERROR', 'a method''s arguments could not be read'),
         (503, 'COMMAND_INVALID', 'the method is not allowed in this place'),
         (504, 'CHANNEL_ERROR', 'the channel is not open, or is open already'),
         (505, 'UNEXPECTED_FRAME', 'a frame came that does not belong there: two threads wrote at once?'),
         (506, 'RESOURCE_ERROR', 'the broker, or this connection, has run out of something'),
         (530, 'NOT_ALLOWED', 'the broker''s settings forbid this'),
         (540, 'NOT_IMPLEMENTED', 'the broker does not have this function'),
         (541, 'INTERNAL_ERROR', 'the program failed within itself');

-- Findings of one rule on the same endpoints, counted.
CREATE VIEW incident AS
  SELECT min(id) AS id, rule, severity, client_address, server, count(*) AS findings,
         min(from_ns) AS first_ns, max(to_ns) AS last_ns, min(fingerprint) AS fingerprint,
         min(summary) AS summary
    FROM (SELECT *, CASE WHEN client LIKE '[%' THEN substr(client, 2, instr(client, ']') - 2)
                         WHEN client LIKE '%:%:%' THEN client
                         WHEN instr(client, ':') THEN substr(client, 1, instr(client, ':') - 1)
                         ELSE client END AS client_address
            FROM finding)
   GROUP BY rule, severity, client_address, server;
