-- derived.sql - conclusions, and the views rules read: dropped and made again
-- by every rules pass. See schema.sql for the conventions. For conclusions that
-- are not kept every `main.` here becomes `temp.`: temporary tables hide those of
-- the case, which stays as it is.

DROP TABLE IF EXISTS main.capture_bucket;
DROP TABLE IF EXISTS main.flow_kind;
DROP VIEW  IF EXISTS main.server_summary;
DROP TABLE IF EXISTS main.server_slow;
DROP TABLE IF EXISTS main.server_survived;
DROP TABLE IF EXISTS main.server_count;
DROP TABLE IF EXISTS main.health_flow;
DROP TABLE IF EXISTS main.flow_finding;
DROP TABLE IF EXISTS main.quality_listed;
DROP TABLE IF EXISTS main.incident_listed;
DROP TABLE IF EXISTS main.incident_of;
DROP VIEW  IF EXISTS main.incident;
DROP VIEW  IF EXISTS main.finding_client;
DROP VIEW  IF EXISTS main.http_dropped;        -- of earlier versions
DROP TABLE IF EXISTS main.http_unanswered;
DROP VIEW  IF EXISTS main.http_error_burst;
DROP VIEW  IF EXISTS main.heartbeat_inferred;
DROP VIEW  IF EXISTS main.amqp_reply_code;
DROP VIEW  IF EXISTS main.amqp_delivery;
DROP VIEW  IF EXISTS main.amqp_consumer;
DROP VIEW  IF EXISTS main.amqp_ending;
DROP VIEW  IF EXISTS main.amqp_blocked;
DROP VIEW  IF EXISTS main.amqp_lost_publish;
DROP VIEW  IF EXISTS main.amqp_unacked;
DROP VIEW  IF EXISTS main.amqp_confirm_latency;
DROP VIEW  IF EXISTS main.amqp_confirm;
DROP VIEW  IF EXISTS main.amqp_tag;
DROP VIEW  IF EXISTS main.reset_anatomy;
DROP TABLE IF EXISTS main.reset_class;
DROP VIEW  IF EXISTS main.flow_doubt;
DROP VIEW  IF EXISTS main.flow_lack;
DROP TABLE IF EXISTS main.late_segment;
DROP VIEW  IF EXISTS main.nat_remap;
DROP VIEW  IF EXISTS main.nat_untranslated;
DROP VIEW  IF EXISTS main.connection;
DROP TABLE IF EXISTS main.survivor_contrast;
DROP TABLE IF EXISTS main.close_timer;
DROP VIEW  IF EXISTS main.idle_candidate;
DROP TABLE IF EXISTS main.idle_bracket;
DROP VIEW  IF EXISTS main.idle_survived;
DROP TABLE IF EXISTS main.idle_death;
DROP TABLE IF EXISTS main.dark_sent;
DROP TABLE IF EXISTS main.dark;
DROP TABLE IF EXISTS main.nat_leg;
DROP VIEW  IF EXISTS main.flow_name;
DROP TABLE IF EXISTS main.evidence;
DROP TABLE IF EXISTS main.finding;
DROP TABLE IF EXISTS main.rule;

-- The rules of this pass: what each says of itself (its header).
CREATE TABLE main.rule(
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
  origin     TEXT NOT NULL,             -- 'built in', or the file it came from
  sha256     TEXT NOT NULL              -- of the rule's whole text
) STRICT;

-- One conclusion.
CREATE TABLE main.finding(
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
CREATE TABLE main.evidence(
  finding_id  INTEGER NOT NULL REFERENCES finding,
  nr          INTEGER NOT NULL,         -- from 1, in order of time
  flow_id     INTEGER REFERENCES flow,
  frame       INTEGER NOT NULL,         -- the capture's number
  ns          INTEGER,
  role        TEXT NOT NULL,            -- what this frame is: 'request', 'client FIN', …
  PRIMARY KEY (finding_id, nr)
) STRICT;


-- A flow's endpoints as people write them.
CREATE VIEW main.flow_name AS
  SELECT id AS flow_id,
         iif(instr(client_ip, ':'), '[' || client_ip || ']', client_ip) || ':' || client_port AS client,
         iif(instr(server_ip, ':'), '[' || server_ip || ']', server_ip) || ':' || server_port AS server
    FROM flow;

-- What the capture lacks of a flow, a row for each kind of thing: the one place where
-- that is decided. A rule names the kinds that it `needs`; where one is lacking, the
-- pass makes its findings one step less sure and gives them `why` for a doubt.
CREATE VIEW main.flow_lack AS
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
CREATE VIEW main.flow_doubt AS
  SELECT f.id AS flow_id,
         EXISTS (SELECT 1 FROM flow_lack l
                  WHERE l.flow_id = f.id AND l.what IN ('payload', 'both-sides')) AS doubt
    FROM flow f;

-- What kind of reset each RST is (RFC 9293, 3.5.2 and 3.10.7). Worked out once: the rules ask for
-- one kind or another, and need not look up the flows of all the others.
CREATE TABLE main.reset_class(
  flow_id INTEGER NOT NULL REFERENCES flow,
  frame   INTEGER NOT NULL,
  class   TEXT NOT NULL,
  PRIMARY KEY (flow_id, frame)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO main.reset_class
  SELECT r.flow_id, r.frame,
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
         END
    FROM reset r JOIN flow f ON f.id = r.flow_id;

CREATE VIEW main.reset_anatomy AS
  SELECT r.*, k.class FROM reset r JOIN reset_class k ON k.flow_id = r.flow_id AND k.frame = r.frame;

-- The two legs of a connection through address translation, where both were
-- captured: the SYN keeps its sequence number and its timestamp, and goes out a
-- moment later. `front` is the leg towards the client.
CREATE TABLE main.nat_leg(
  front INTEGER NOT NULL REFERENCES flow,
  back  INTEGER NOT NULL REFERENCES flow,
  PRIMARY KEY (back, front)
) STRICT, WITHOUT ROWID;

INSERT INTO main.nat_leg
  WITH shared AS MATERIALIZED (
    -- only from an index; a number that many connections share tells nothing (and would cost their square)
    SELECT client_isn FROM flow WHERE client_isn IS NOT NULL GROUP BY client_isn HAVING count(*) BETWEEN 2 AND 8
  )
  SELECT a.id AS front, b.id AS back
    FROM shared n
   CROSS JOIN flow a ON a.client_isn = n.client_isn
   CROSS JOIN flow b ON b.client_isn = a.client_isn AND b.capture_id = a.capture_id AND b.id <> a.id
   WHERE b.syn_ns BETWEEN a.syn_ns AND a.syn_ns + 50000000 AND b.syn_frame > a.syn_frame
     AND (b.server_isn = a.server_isn OR a.server_isn IS NULL OR b.server_isn IS NULL)
     AND b.client_tsval IS a.client_tsval
     AND (b.server_ip <> a.server_ip OR b.client_ip <> a.client_ip
          OR b.server_port <> a.server_port OR b.client_port <> a.client_port);

-- A side that speaks and is not answered any more: what it sends last is sent again and
-- again and never acknowledged, or its keep-alives stay unanswered; nothing at all of the
-- other side follows. That side sends again proves that no acknowledgement reached it,
-- even where a capture misses some.
CREATE TABLE main.dark(
  flow_id       INTEGER NOT NULL REFERENCES flow,
  sender        TEXT NOT NULL,          -- who speaks
  what          TEXT NOT NULL CHECK( what IN ('data', 'keep_alive') ),
  heard_frame   INTEGER NOT NULL,       -- the other side's last segment
  heard_ns      INTEGER NOT NULL,
  first_frame   INTEGER NOT NULL,       -- the first segment that should have been answered
  first_ns      INTEGER NOT NULL,
  last_frame    INTEGER NOT NULL,       -- and the last one
  last_ns       INTEGER NOT NULL,
  pause_frame   INTEGER,                -- the flow's last segment before the first
  pause_ns      INTEGER,                -- and how long before it
  transmissions INTEGER NOT NULL,       -- of the first byte that was not acknowledged; or keep-alives
  bytes         INTEGER NOT NULL,       -- payload that was sent and never acknowledged
  acked_seq     INTEGER NOT NULL,       -- the first byte of that, as on the wire
  PRIMARY KEY (flow_id, sender)
) STRICT, WITHOUT ROWID;

INSERT INTO main.dark
  WITH side AS (
    -- where each side's payload had been acknowledged to, as on the wire
    SELECT e.flow_id, e.sender, e.what, e.frame, e.n,
           iif(e.sender = 'client', f.client_first_seq + f.client_acked_off,
                                    f.server_first_seq + f.server_acked_off) AS acked_seq
      FROM (SELECT e.flow_id, e.sender, 'data' AS what, min(e.frame) AS frame, count(DISTINCT e.frame) AS n
              FROM tcp_event e JOIN flow f ON f.id = e.flow_id
             WHERE e.kind = 'retransmission' AND e.len > 0
               AND (e.seq + e.len - iif(e.sender = 'client', f.client_first_seq + f.client_acked_off,
                                                             f.server_first_seq + f.server_acked_off))
                   & 4294967295 BETWEEN 1 AND 2147483647
             GROUP BY e.flow_id, e.sender
            UNION ALL
            SELECT e.flow_id, e.sender, 'keep_alive', min(e.frame), count(*)
              FROM tcp_event e JOIN flow f ON f.id = e.flow_id
             WHERE e.kind = 'keep_alive'
               AND e.frame > coalesce((SELECT max(a.frame) FROM tcp_event a
                                        WHERE a.flow_id = e.flow_id AND a.kind = 'keep_alive_ack'
                                          AND a.sender <> e.sender), 0)
               AND e.frame > coalesce(iif(e.sender = 'client', f.server_last_data_frame, f.client_last_data_frame), 0)
             GROUP BY e.flow_id, e.sender) e
      JOIN flow f ON f.id = e.flow_id
     WHERE e.n >= 2 AND f.client_frames > 0 AND f.server_frames > 0
  ), alone AS (
    -- and nothing of the other side came after the first repetition
    SELECT s.*,
           (SELECT max(p.frame) FROM packet p WHERE p.flow_id = s.flow_id AND p.sender <> s.sender) AS heard_frame,
           (SELECT min(p.frame) FROM packet p
             WHERE p.flow_id = s.flow_id AND p.sender = s.sender AND p.frame <= s.frame
               AND (s.what = 'keep_alive' AND p.frame = s.frame OR p.len > 0
                    AND (p.seq + p.len - s.acked_seq) & 4294967295 BETWEEN 1 AND 2147483647)) AS first_frame
      FROM side s
     WHERE NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = s.flow_id AND p.sender <> s.sender
                          AND p.frame > s.frame)
  ), sent AS (
    -- what was sent over and over: all that covers the first byte not acknowledged
    SELECT a.flow_id, a.sender, a.what, a.acked_seq, a.heard_frame, a.first_frame, min(p.ns) AS first_ns,
           max(p.frame) AS last_frame, max(p.ns) AS last_ns, count(*) AS transmissions,
           max((p.seq + p.len - a.acked_seq) & 4294967295) AS bytes
      FROM alone a
      JOIN packet p ON p.flow_id = a.flow_id AND p.frame >= a.first_frame AND p.sender = a.sender
     WHERE a.heard_frame IS NOT NULL
       AND iif(a.what = 'data',
               p.len > 0 AND (a.acked_seq - p.seq) & 4294967295 < p.len,
               p.len <= 1 AND p.flags & 7 = 0)
     GROUP BY a.flow_id, a.sender, a.what
  )
  SELECT s.flow_id, s.sender, s.what, s.heard_frame, h.ns, s.first_frame, s.first_ns, s.last_frame, s.last_ns,
         b.frame, s.first_ns - b.ns, s.transmissions, iif(s.what = 'data', s.bytes, 0), s.acked_seq & 4294967295
    FROM sent s
    JOIN packet h ON h.flow_id = s.flow_id AND h.frame = s.heard_frame
    LEFT JOIN packet b ON b.flow_id = s.flow_id
         AND b.frame = (SELECT max(q.frame) FROM packet q WHERE q.flow_id = s.flow_id AND q.frame < s.first_frame)
   WHERE s.transmissions >= 3
   -- a side that has unacknowledged payload sends no keep-alives
   GROUP BY s.flow_id, s.sender HAVING s.what = min(s.what);

-- The flows to speak of: a translated connection that was captured on both legs
-- is one, and told as its client knows it.
CREATE VIEW main.connection AS
  SELECT * FROM flow WHERE id NOT IN (SELECT back FROM nat_leg);

-- A segment of a translated connection that was sent on to a host which does not
-- know the connection: the RST came back through both legs, with one number.
CREATE VIEW main.nat_remap AS
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
CREATE VIEW main.nat_untranslated AS
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

-- What such a side sent over and over, one row each, with the time since the one before.
CREATE TABLE main.dark_sent(
  flow_id INTEGER NOT NULL,
  sender  TEXT NOT NULL,
  nth     INTEGER NOT NULL,             -- from 1
  frame   INTEGER NOT NULL,
  ns      INTEGER NOT NULL,
  gap_ns  INTEGER,                      -- NULL: the first
  PRIMARY KEY (flow_id, sender, nth)
) STRICT, WITHOUT ROWID;

INSERT INTO main.dark_sent
  SELECT d.flow_id, d.sender, row_number() OVER (PARTITION BY d.flow_id, d.sender ORDER BY p.frame), p.frame, p.ns,
         p.ns - lag(p.ns) OVER (PARTITION BY d.flow_id, d.sender ORDER BY p.frame)
    FROM dark d
    JOIN packet p ON p.flow_id = d.flow_id AND p.frame BETWEEN d.first_frame AND d.last_frame AND p.sender = d.sender
   WHERE iif(d.what = 'data', p.len > 0 AND (d.acked_seq - p.seq) & 4294967295 < p.len,
             p.len <= 1 AND p.flags & 7 = 0);

-- Connections that a silence of 10 s or more killed, as far as their segments tell:
--   'reset'  the first use after it was answered by a RST of a host that has no such connection
--   'dark'   it was not answered at all, while new connections did not fail
--   'timer'  a RST came by itself, in the silence
-- A restart of the server in the silence looks alike: where busy connections to it were
-- reset within the same 2 s it is told as that (tcp.reset-no-state) and is not here.
CREATE TABLE main.idle_death(
  flow_id     INTEGER PRIMARY KEY REFERENCES flow,
  capture_id  INTEGER NOT NULL,
  server_ip   TEXT NOT NULL,
  server_port INTEGER NOT NULL,
  how         TEXT NOT NULL CHECK( how IN ('reset', 'dark', 'timer') ),
  frame       INTEGER NOT NULL,         -- the RST; the first segment that was not answered
  ns          INTEGER NOT NULL,
  idle_ns     INTEGER NOT NULL,
  sure        INTEGER NOT NULL          -- 0: a live program's abort could look so as well
) STRICT;

INSERT OR IGNORE INTO main.idle_death
  WITH lost AS (
    SELECT r.flow_id, r.frame, r.ns, f.capture_id, f.server_ip, f.server_port,
           r.pause_to_ns - r.pause_from_ns AS pause_ns
      FROM reset_anatomy r
      JOIN connection f ON f.id = r.flow_id
     WHERE r.class IN ('unknown_socket', 'injected') AND r.seq_matches_trigger_ack
       AND NOT r.has_ack AND r.usual_ttl IS NOT NULL
       AND NOT r.after_peer_fin AND NOT r.after_own_fin AND NOT r.after_own_rst
       AND NOT EXISTS (SELECT 1 FROM reset earlier WHERE earlier.flow_id = r.flow_id AND earlier.frame < r.frame)
       -- nothing more of it: a side that goes on later did know the connection
       AND NOT EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = r.flow_id AND p.sender = r.sender
                          AND p.frame > r.frame AND p.flags & 4 = 0)
       -- nor a FIN of it that was acknowledged and never captured
       AND iif(r.sender = 'server', f.server_gap_bytes, f.client_gap_bytes) = 0
       -- a SYN,ACK sent again: the connection had never been accepted
       AND (r.own_bytes > 0 OR r.peer_bytes_acked > 0
            OR (SELECT count(*) FROM tcp_event e WHERE e.flow_id = r.flow_id AND e.kind = 'syn_ack') = 1)
  ), by_itself AS (
    SELECT r.flow_id, r.frame, r.ns, r.sender, r.class, f.capture_id, f.server_ip, f.server_port, r.idle_ns,
           -- two others after nearly the same time
           lag(r.idle_ns, 2) OVER near >= r.idle_ns * 0.99 OR lead(r.idle_ns, 2) OVER near <= r.idle_ns * 1.01
             OR lag(r.idle_ns) OVER near >= r.idle_ns * 0.99 AND lead(r.idle_ns) OVER near <= r.idle_ns * 1.01 AS alike
      FROM reset_anatomy r
      JOIN connection f ON f.id = r.flow_id
     WHERE r.class IN ('timer', 'injected', 'abort') AND r.trigger_frame IS NULL AND r.idle_ns >= 10000000000
       AND (r.class <> 'abort'
            OR EXISTS (SELECT 1 FROM reset o WHERE o.flow_id = r.flow_id AND o.sender <> r.sender
                          AND o.trigger_frame IS NULL AND o.ns - r.ns BETWEEN 0 AND 100000000))
       AND NOT r.after_peer_fin AND NOT r.after_own_rst AND f.established_ns IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM dark d WHERE d.flow_id = r.flow_id)
       AND NOT EXISTS (SELECT 1 FROM reset earlier WHERE earlier.flow_id = r.flow_id AND earlier.frame < r.frame)
    WINDOW near AS (PARTITION BY f.capture_id, f.server_ip, f.server_port, r.sender ORDER BY r.idle_ns, r.flow_id)
  )
  SELECT flow_id, capture_id, server_ip, server_port, 'reset', frame, ns, pause_ns, 1
    FROM lost d
   WHERE pause_ns >= 10000000000
     AND flow_id NOT IN (SELECT front FROM nat_remap) AND flow_id NOT IN (SELECT back FROM nat_remap)
     AND NOT EXISTS (SELECT 1 FROM lost busy
                      WHERE busy.capture_id = d.capture_id AND busy.server_ip = d.server_ip
                        AND busy.server_port = d.server_port AND busy.pause_ns < 10000000000
                        AND abs(busy.ns - d.ns) <= 2000000000)
  UNION ALL
  SELECT d.flow_id, f.capture_id, f.server_ip, f.server_port, 'dark', d.first_frame, d.first_ns, d.pause_ns, 1
    FROM dark d
    JOIN connection f ON f.id = d.flow_id
   WHERE d.pause_ns >= 10000000000 AND f.established_ns IS NOT NULL
     -- what it had survived before did not kill it
     AND NOT EXISTS (SELECT 1 FROM silence s
                      WHERE s.flow_id = d.flow_id AND s.scope = 'both' AND s.to_ns < d.heard_ns
                        AND 100 * (s.to_ns - s.from_ns) >= 95 * d.pause_ns)
     -- nor was it idle by its protocol's measure: a heartbeat was not even due twice
     AND NOT EXISTS (SELECT 1 FROM amqp_connection c WHERE c.flow_id = d.flow_id AND d.pause_ns <= c.heartbeat_s * 1000000000)
     -- nor where new connections fail too; those begun since have greater ids
     AND NOT EXISTS (SELECT 1 FROM flow n
                      WHERE n.server_ip = f.server_ip AND n.server_port = f.server_port
                        AND n.id BETWEEN d.flow_id - f.first_frame + d.first_frame AND d.flow_id - f.first_frame + d.last_frame
                        AND n.ended = 'unanswered')
  UNION ALL
  SELECT b.flow_id, b.capture_id, b.server_ip, b.server_port, 'timer', b.frame, b.ns, b.idle_ns,
         b.class = 'injected'
           -- the same RST went to both sides, or the same time passed with others
           OR EXISTS (SELECT 1 FROM reset o WHERE o.flow_id = b.flow_id AND o.sender <> b.sender
                         AND o.trigger_frame IS NULL AND abs(o.ns - b.ns) <= 100000000)
           OR coalesce(b.alike, 0)
    FROM by_itself b;

CREATE INDEX main.idle_death_by_server ON idle_death(capture_id, server_ip, server_port, how, idle_ns);

-- Silences after which both sides went on.
CREATE VIEW main.idle_survived AS
  SELECT f.capture_id, f.server_ip, f.server_port, s.flow_id, s.to_ns - s.from_ns AS ns,
         s.from_ns, s.to_ns, s.from_frame, s.to_frame, s.ended_by
    FROM silence s
    JOIN flow f ON f.id = s.flow_id
   WHERE s.scope = 'both' AND s.ended_by <> 'end_of_capture' AND s.ended_by IN ('data', 'heartbeat', 'keep_alive')
     AND NOT EXISTS (SELECT 1 FROM reset r WHERE r.flow_id = f.id AND r.pause_to_frame = s.to_frame)
     AND coalesce(iif(s.ended_sender = 'client', f.server_last_data_ns, f.client_last_data_ns), 0) > s.to_ns;

-- The idle time-out on the way to a server, bracketed: more than the longest silence that a
-- connection survived, at most the shortest that killed one.
CREATE TABLE main.idle_bracket(
  capture_id  INTEGER NOT NULL,
  server_ip   TEXT NOT NULL,
  server_port INTEGER NOT NULL,
  fatal_ns    INTEGER NOT NULL,
  survived_ns INTEGER,                  -- NULL: none shorter than fatal_ns was seen
  deaths      INTEGER NOT NULL,
  longer      INTEGER NOT NULL,         -- connections that survived fatal_ns or more all the same
  PRIMARY KEY (capture_id, server_ip, server_port)
) STRICT, WITHOUT ROWID;

INSERT INTO main.idle_bracket
  SELECT k.capture_id, k.server_ip, k.server_port, k.fatal_ns,
         max(iif(s.ns < k.fatal_ns, s.ns, NULL)), k.deaths,
         count(DISTINCT iif(s.ns >= k.fatal_ns, s.flow_id, NULL))
    FROM (SELECT capture_id, server_ip, server_port, min(idle_ns) AS fatal_ns, count(*) AS deaths
            FROM idle_death WHERE sure GROUP BY capture_id, server_ip, server_port) k
    LEFT JOIN idle_survived s ON (s.capture_id, s.server_ip, s.server_port)
                               = (k.capture_id, k.server_ip, k.server_port)
   GROUP BY k.capture_id, k.server_ip, k.server_port;

-- All known timers that could be the one in the bracket.
CREATE VIEW main.idle_candidate AS
  SELECT b.capture_id, b.server_ip, b.server_port, t.seconds,
         printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
    FROM idle_bracket b
    JOIN known_timer t ON t.layer IN ('nat', 'balancer', 'firewall', 'proxy')
                      AND t.seconds <= b.fatal_ns / 1e9 + t.tolerance_s
                      AND t.seconds > iif(b.longer, 0, coalesce(b.survived_ns, 0)) / 1e9
                      AND t.seconds >= b.fatal_ns / 1e9 / 20;

-- Timers that show in how connections were closed: the time from the request, the last data
-- or the handshake to the close was the same, to 20 ms or 1 %, with three or more connections
-- of one server, closed by the same side in the same way. A row for each connection. Begins
-- from silences of 1 s and more: what closes in the midst of traffic is no timer; the time since
-- the handshake counts where one side had not spoken. Of several measures of a connection
-- the one that most others share is here.
CREATE TABLE main.close_timer(
  capture_id  INTEGER NOT NULL,
  server_ip   TEXT NOT NULL,
  server_port INTEGER NOT NULL,
  flow_id     INTEGER PRIMARY KEY REFERENCES flow,
  actor       TEXT NOT NULL,            -- who closed
  class       TEXT NOT NULL CHECK( class IN ('fin', 'rst') ),
  since       TEXT NOT NULL CHECK( since IN ('request', 'last data', 'handshake') ),
  frame       INTEGER NOT NULL,         -- of the close
  ns          INTEGER NOT NULL,
  after_ns    INTEGER NOT NULL,         -- since then
  cluster     INTEGER NOT NULL,         -- tells apart several timers of one server, actor, class and since
  members     INTEGER NOT NULL,
  min_ns      INTEGER NOT NULL,
  max_ns      INTEGER NOT NULL
) STRICT;

INSERT OR IGNORE INTO main.close_timer
  WITH closed AS (
    SELECT f.capture_id, f.server_ip, f.server_port, f.id AS flow_id, s.ended_sender AS actor, s.ended_by AS class,
           s.to_frame AS frame, s.to_ns AS ns, f.established_ns, f.client_bytes = 0 OR f.server_bytes = 0 AS one_sided,
           max(coalesce(iif(f.client_last_data_ns <= s.to_ns, f.client_last_data_ns, NULL), 0),
               coalesce(iif(f.server_last_data_ns <= s.to_ns, f.server_last_data_ns, NULL), 0)) AS data_ns,
           (SELECT x.request_ns FROM http_exchange x
             WHERE x.flow_id = f.id AND x.request_ns <= s.to_ns AND coalesce(x.response_end_ns, s.to_ns + 1) > s.to_ns
             ORDER BY x.nr DESC LIMIT 1) AS request_ns
      FROM silence s
      JOIN connection f ON f.id = s.flow_id
     WHERE s.scope = 'both' AND s.ended_by <> 'end_of_capture' AND s.ended_by IN ('fin', 'rst') AND f.ended_frame = s.to_frame
  ), measured AS (
    SELECT *, 'last data' AS since, ns - data_ns AS after_ns FROM closed WHERE data_ns > 0
    UNION ALL
    SELECT *, 'request', ns - request_ns FROM closed WHERE request_ns IS NOT NULL
    UNION ALL
    SELECT *, 'handshake', ns - established_ns FROM closed WHERE established_ns IS NOT NULL AND one_sided
  ), stepped AS (
    SELECT *, after_ns - lag(after_ns, 1, 0) OVER grp > max(20000000, after_ns / 100) AS begins
      FROM measured
    WINDOW grp AS (PARTITION BY capture_id, server_ip, server_port, actor, class, since ORDER BY after_ns, flow_id)
  ), clustered AS (
    SELECT *, sum(begins) OVER (PARTITION BY capture_id, server_ip, server_port, actor, class, since
                                ORDER BY after_ns, flow_id) AS cluster
      FROM stepped
  ), counted AS (
    SELECT *, count(*) OVER grp AS members, min(after_ns) OVER grp AS min_ns, max(after_ns) OVER grp AS max_ns,
           max(ns) OVER grp - min(ns) OVER grp AS span_ns
      FROM clustered
    WINDOW grp AS (PARTITION BY capture_id, server_ip, server_port, actor, class, since, cluster)
  )
  SELECT capture_id, server_ip, server_port, flow_id, actor, class, since, frame, ns, after_ns, cluster, members, min_ns, max_ns
    FROM counted c
   WHERE members >= 3 AND max_ns - min_ns <= max(20000000, max_ns / 100)
     -- what began together and ended together shows no timer
     AND span_ns >= max(200000000, 5 * (max_ns - min_ns))
   ORDER BY members DESC, CASE since WHEN 'request' THEN 0 WHEN 'last data' THEN 1 ELSE 2 END;

-- What tells the connections to a server that failed (went dark, died of a silence, were reset
-- by a host that did not know them, or in another's name) from those that lived: a row for each
-- thing in which the two differ without exception. Two of each at the least; nothing is said
-- of a server with more than 5000 connections.
CREATE TABLE main.survivor_contrast(
  capture_id  INTEGER NOT NULL,
  server_ip   TEXT NOT NULL,
  server_port INTEGER NOT NULL,
  trait       TEXT NOT NULL,            -- 'silence', 'bytes', 'expect', 'port', 'ttl', 'path', 'client', 'time'
  failed      INTEGER NOT NULL,         -- connections
  lived       INTEGER NOT NULL,
  text        TEXT NOT NULL,
  PRIMARY KEY (capture_id, server_ip, server_port, trait)
) STRICT, WITHOUT ROWID;

INSERT INTO main.survivor_contrast
  WITH failed AS MATERIALIZED (
    SELECT flow_id FROM dark WHERE what = 'data'
     UNION
    SELECT flow_id FROM idle_death
     UNION
    SELECT flow_id FROM reset_anatomy
     WHERE class IN ('unknown_socket', 'injected') AND usual_ttl IS NOT NULL
       AND NOT after_own_fin AND NOT after_peer_fin AND NOT after_own_rst
  ), endpoint AS (
    SELECT f.capture_id, f.server_ip, f.server_port
      FROM failed x JOIN connection f ON f.id = x.flow_id
     GROUP BY f.capture_id, f.server_ip, f.server_port
    HAVING count(*) >= 2
       AND (SELECT count(*) FROM (SELECT 1 FROM flow n WHERE n.server_ip = f.server_ip AND n.server_port = f.server_port
                                   LIMIT 5001)) <= 5000
  ), member AS MATERIALIZED (
    SELECT e.*, f.id, f.client_bytes, f.client_port, f.client_ttl, f.path, f.client_ip, f.first_ns,
           f.id IN (SELECT flow_id FROM failed) AS bad,
           coalesce((SELECT max(s.to_ns - s.from_ns) FROM silence s
                      WHERE s.flow_id = f.id AND s.scope = 'both' AND s.ended_by <> 'end_of_capture'), 0) AS silence_ns,
           EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = f.id AND x.expect_continue) AS expect
      FROM endpoint e
      JOIN connection f ON f.server_ip = e.server_ip AND f.server_port = e.server_port AND f.capture_id = e.capture_id
     WHERE f.established_ns IS NOT NULL AND (f.server_bytes > 0 OR f.id IN (SELECT flow_id FROM failed))
  ), value AS (
    SELECT capture_id, server_ip, server_port, bad, 'silence' AS trait, silence_ns AS v FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'bytes', client_bytes FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'expect', expect FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'port', client_port FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'ttl', client_ttl FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'path', coalesce(path, 'none') FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'client', client_ip FROM member
    UNION ALL SELECT capture_id, server_ip, server_port, bad, 'time', first_ns FROM member
  ), edge AS (
    SELECT capture_id, server_ip, server_port, trait, sum(bad) AS failed, sum(NOT bad) AS lived,
           min(v) FILTER (WHERE bad) AS bad_min, max(v) FILTER (WHERE bad) AS bad_max,
           min(v) FILTER (WHERE NOT bad) AS good_min, max(v) FILTER (WHERE NOT bad) AS good_max
      FROM value
     WHERE v IS NOT NULL
     GROUP BY capture_id, server_ip, server_port, trait
  ), clean AS (
    SELECT *, bad_min > good_max AS above
      FROM edge
     WHERE failed >= 2 AND lived >= 2 AND (bad_min > good_max OR bad_max < good_min)
       -- of names only one that failed, and for all of them
       AND (trait NOT IN ('path', 'client') OR bad_min = bad_max)
       -- a silence is no reason to live; nor are more bytes, of those that were cut short
       AND (trait NOT IN ('silence', 'bytes') OR bad_min > good_max)
  )
  SELECT capture_id, server_ip, server_port, trait, failed, lived,
         'the ' || failed || ' that failed '
           || CASE trait
              WHEN 'silence' THEN printf('had been silent for %.1f s or longer, the %d that lived for %.1f s at most', bad_min / 1e9, lived, good_max / 1e9)
              WHEN 'bytes'   THEN printf('had sent %d bytes or more, the %d that lived %d at most', bad_min, lived, good_max)
              WHEN 'expect'  THEN iif(above, 'had asked with Expect: 100-continue, none', 'had not asked with Expect: 100-continue, all') || ' of the ' || lived || ' that lived had'
              WHEN 'port'    THEN printf('came from ports %d to %d, the %d that lived from %d to %d', bad_min, bad_max, lived, good_min, good_max)
              WHEN 'ttl'     THEN printf('arrived with TTL %d to %d, the %d that lived with %d to %d', bad_min, bad_max, lived, good_min, good_max)
              WHEN 'path'    THEN 'came by the path ' || bad_min || ', none of the ' || lived || ' that lived did'
              WHEN 'client'  THEN 'came from ' || bad_min || ', none of the ' || lived || ' that lived did'
              ELSE                'began ' || iif(above, 'after', 'before') || ' all of the ' || lived || ' that lived' END
    FROM clean c
   -- ports are often given out in turn: then they only say when
   WHERE trait <> 'port' OR NOT EXISTS (SELECT 1 FROM clean t WHERE t.trait = 'time' AND (t.capture_id, t.server_ip, t.server_port)
                                                                                     = (c.capture_id, c.server_ip, c.server_port));

-- Heartbeats inside of TLS, inferred: small records of one direction with the same length,
-- three or more that follow one another at one pace (to a tenth, and not faster than twice a
-- second). Other records may come between; then there is no heartbeat for a while.
CREATE VIEW main.heartbeat_inferred AS
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
CREATE VIEW main.amqp_tag AS
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
CREATE VIEW main.amqp_confirm AS
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
CREATE VIEW main.amqp_confirm_latency AS
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
CREATE VIEW main.amqp_unacked AS
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
CREATE VIEW main.amqp_lost_publish AS
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
CREATE VIEW main.amqp_blocked AS
  SELECT flow_id, frame, ns, detail AS reason, unblocked_ns
    FROM (SELECT *, lead(ns) OVER (PARTITION BY flow_id ORDER BY rowid) AS unblocked_ns
            FROM amqp_method WHERE name IN ('connection.blocked', 'connection.unblocked'))
   WHERE name = 'connection.blocked';

-- How each AMQP connection ended, in AMQP's own terms.
CREATE VIEW main.amqp_ending AS
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

-- Payload that came again or late, each range once: what of it was lost on the way and
-- sent again ('resent'), overtaken by later segments ('reordered'), or sent again without
-- need ('spurious'). `hole` is the segment that was seen first of those behind a missing
-- one; where there is none the original was captured, and lost behind this place. A
-- segment that was overtaken has the smaller IP identification, one that was sent again
-- the greater (RFC 6864 leaves the numbers free: only near ones tell); where these say
-- nothing, what comes within a round trip (of half a second at most) was overtaken.
CREATE TABLE main.late_segment(
  flow_id    INTEGER NOT NULL REFERENCES flow,
  frame      INTEGER NOT NULL,          -- the last time that it came
  ns         INTEGER NOT NULL,
  sender     TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  len        INTEGER NOT NULL,
  times      INTEGER NOT NULL,          -- that it came late
  hole_frame INTEGER,
  hole_ns    INTEGER,
  how        TEXT NOT NULL
) STRICT;

INSERT INTO main.late_segment
  WITH late AS (
    SELECT e.flow_id, e.frame, e.ns, e.sender, e.seq, e.len, e.ip_id, f.rtt_ns,
           -- the last hole before it, of which it may be a part
           (SELECT h.frame FROM tcp_event h
             WHERE h.flow_id = e.flow_id AND h.kind = 'lost_segment' AND h.frame < e.frame AND h.sender = e.sender
               AND (h.seq - e.seq + 4294967296) % 4294967296 < 67108864
             ORDER BY h.frame DESC LIMIT 1) AS hole_frame,
           e.kind = 'retransmission' AND EXISTS
             (SELECT 1 FROM tcp_event x WHERE x.flow_id = e.flow_id AND x.kind IN ('spurious_retransmission', 'keep_alive')
                 AND x.frame = e.frame) AS spurious
      FROM tcp_event e JOIN flow f ON f.id = e.flow_id
     WHERE e.kind IN ('retransmission', 'out_of_order') AND e.len > 0
  ), judged AS (
    SELECT l.*, h.ns AS hole_ns,
           CASE WHEN l.spurious THEN 'spurious'
                WHEN h.frame IS NULL THEN 'resent'
                WHEN l.ip_id <> h.ip_id AND l.ip_id <> 0 AND h.ip_id <> 0
                     AND (l.ip_id - h.ip_id + 65536) % 65536 < 4096 THEN 'resent'
                WHEN (h.ip_id - l.ip_id + 65536) % 65536 BETWEEN 1 AND 4095 AND l.ip_id <> 0 THEN 'reordered'
                WHEN l.ns - h.ns < min(coalesce(l.rtt_ns, 3000000), 500000000) THEN 'reordered'
                ELSE 'resent' END AS how
      FROM late l
      LEFT JOIN tcp_event h ON h.flow_id = l.flow_id AND h.kind = 'lost_segment' AND h.frame = l.hole_frame
  )
  SELECT flow_id, max(frame), max(ns), sender, seq, max(len), count(*), min(hole_frame), min(hole_ns), how
    FROM judged
   GROUP BY flow_id, sender, seq, how;

CREATE INDEX main.late_segment_by_flow ON late_segment(flow_id, sender, how);
-- Requests that reached the server's host, and whose connection the server's side then
-- ended without a byte of an answer: 'FIN', or 'RST' of a socket that lived (a host that
-- does not know the connection is told by tcp.*). The first such request of a connection.
CREATE TABLE main.http_unanswered(
  flow_id           INTEGER NOT NULL REFERENCES flow,
  nr                INTEGER NOT NULL,   -- of the http_exchange, whose columns follow
  method            TEXT NOT NULL,
  target            TEXT,
  request_ns        INTEGER NOT NULL,
  request_frame     INTEGER,
  request_end_ns    INTEGER,
  request_end_frame INTEGER,
  request_state     TEXT,
  request_declared  INTEGER,
  request_bytes     INTEGER,
  continue_ns       INTEGER,
  continue_frame    INTEGER,
  capture_id        INTEGER NOT NULL,   -- and the flow's
  server_ip         TEXT NOT NULL,
  server_port       INTEGER NOT NULL,
  close_is          TEXT NOT NULL CHECK( close_is IN ('RST', 'FIN') ),
  close_ns          INTEGER NOT NULL,
  close_frame       INTEGER NOT NULL,
  wait_ns           INTEGER NOT NULL,   -- since the last that the client had sent of it
  PRIMARY KEY (flow_id, nr)
) STRICT, WITHOUT ROWID;

INSERT INTO main.http_unanswered
  SELECT x.flow_id, x.nr, x.method, x.target, x.request_ns, x.request_frame, x.request_end_ns, x.request_end_frame,
         x.request_state, x.request_declared, x.request_bytes, x.continue_ns, x.continue_frame,
         f.capture_id, f.server_ip, f.server_port, iif(f.ended = 'rst', 'RST', 'FIN'), f.ended_ns, f.ended_frame,
         f.ended_ns - CASE WHEN x.request_end_ns < f.ended_ns THEN x.request_end_ns ELSE x.request_ns END
    FROM http_exchange x
    JOIN connection f ON f.id = x.flow_id AND f.ended_by = 'server' AND f.ended IN ('fin', 'rst')
    JOIN flow_doubt d ON d.flow_id = f.id AND NOT d.doubt
   WHERE x.response_state <> 'complete' AND x.response_state = 'none'
     AND x.method IS NOT NULL AND x.request_ns < f.ended_ns
     AND iif(f.ended = 'fin', f.server_fin_acks_off > x.request_off,
             EXISTS (SELECT 1 FROM reset_anatomy r
                      WHERE r.flow_id = f.id AND r.frame = f.ended_frame AND r.sender = 'server'
                        AND r.has_ack AND NOT r.after_peer_fin AND r.peer_bytes > x.request_off
                        AND (r.class = 'abort'
                             -- without timestamps this says nothing of who made it
                             OR r.class = 'timer' AND f.server_tsval IS NULL)))
     -- it said nothing else instead
     AND coalesce(f.server_last_data_ns, 0)
         <= max(x.request_ns, coalesce(x.continue_ns, 0),
                coalesce((SELECT max(e.response_end_ns) FROM http_exchange e WHERE e.flow_id = x.flow_id), 0))
     -- nobody has to answer what comes after "Connection: close", or after a request before
     -- that had no answer
     AND NOT EXISTS (SELECT 1 FROM http_exchange p WHERE p.flow_id = x.flow_id AND p.nr < x.nr
                        AND (p.close_announced OR p.response_state <> 'complete'));

-- Times in which an endpoint answered mostly with 5xx: ten and more of them, none later than
-- 5 s after the one before, at least half of all answers of that time, and not all that it
-- ever gave.
CREATE VIEW main.http_error_burst AS
  WITH failed AS (
    SELECT f.capture_id, f.server_ip, f.server_port, x.response_ns AS ns,
           x.response_ns - lag(x.response_ns) OVER (PARTITION BY f.capture_id, f.server_ip, f.server_port
                                                    ORDER BY x.response_ns) AS after_ns
      FROM http_exchange x JOIN connection f ON f.id = x.flow_id
     WHERE x.status >= 400 AND x.status >= 500 AND x.method <> 'CONNECT' AND x.response_ns IS NOT NULL
  ), numbered AS (
    SELECT *, sum(after_ns IS NULL OR after_ns > 5000000000)
                OVER (PARTITION BY capture_id, server_ip, server_port ORDER BY ns) AS burst
      FROM failed
  ), burst AS (
    SELECT capture_id, server_ip, server_port, burst, count(*) AS errors, min(ns) AS from_ns, max(ns) AS to_ns
      FROM numbered
     GROUP BY capture_id, server_ip, server_port, burst HAVING count(*) >= 10
  )
  SELECT b.capture_id, b.server_ip, b.server_port, b.from_ns, b.to_ns, b.errors,
         sum(x.response_ns BETWEEN b.from_ns AND b.to_ns) AS answers,
         sum(x.status < 500 AND x.response_ns < b.from_ns) AS good_before,
         sum(x.status < 500 AND x.response_ns > b.to_ns) AS good_after
    FROM burst b
    JOIN flow f ON f.capture_id = b.capture_id AND f.server_ip = b.server_ip AND f.server_port = b.server_port
    JOIN http_exchange x ON x.flow_id = f.id
   GROUP BY b.capture_id, b.server_ip, b.server_port, b.burst
  HAVING 2 * b.errors >= answers AND good_before + good_after > 0;
-- Who consumes from which queue. A consumer that named no tag has the one of the answer.
CREATE VIEW main.amqp_consumer AS
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
CREATE VIEW main.amqp_delivery AS
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
CREATE VIEW main.amqp_reply_code(code, name, means) AS
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

-- Findings with the client's address alone.
CREATE VIEW main.finding_client AS
  SELECT *, CASE WHEN client LIKE '[%' THEN substr(client, 2, instr(client, ']') - 2)
                 WHEN client LIKE '%:%:%' THEN client
                 WHEN instr(client, ':') THEN substr(client, 1, instr(client, ':') - 1)
                 ELSE client END AS client_address
    FROM finding;

-- Findings of one rule on the same endpoints, counted.
CREATE VIEW main.incident AS
  SELECT min(id) AS id, rule, severity, client_address, server, count(*) AS findings,
         min(from_ns) AS first_ns, max(to_ns) AS last_ns, min(fingerprint) AS fingerprint,
         min(summary) AS summary
    FROM finding_client
   GROUP BY rule, severity, client_address, server;
