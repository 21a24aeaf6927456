-- summary.sql - what a browser asks of every flow it lists, worked out at the end of each
-- rules pass from facts and findings. See derived.sql, which drops it.

CREATE INDEX main.finding_by_flow        ON finding(flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX main.finding_by_rule        ON finding(rule);
CREATE INDEX main.finding_by_fingerprint ON finding(fingerprint);
CREATE INDEX main.evidence_by_flow       ON evidence(flow_id, finding_id);

-- The gravest finding that speaks of a flow, and not of the capture: its own, or one of
-- whose evidence it is part. One that explains what is no problem only where there is no other.
CREATE TABLE main.flow_finding(
  flow_id    INTEGER PRIMARY KEY REFERENCES flow,
  finding_id INTEGER NOT NULL REFERENCES finding,
  severity   TEXT NOT NULL,
  benign     INTEGER NOT NULL           -- rule.benign
) STRICT;

INSERT INTO main.flow_finding
  SELECT flow_id, id, severity, benign
    FROM (SELECT s.flow_id, f.id, f.severity, r.benign,
                 -- findings are numbered in the order of the report, the gravest first
                 min(r.benign * 4611686018427387904 + f.id)
            FROM (SELECT flow_id, id FROM finding WHERE flow_id IS NOT NULL
                  UNION ALL
                  SELECT flow_id, finding_id FROM evidence WHERE flow_id IS NOT NULL) s
            JOIN finding f ON f.id = s.id
            JOIN rule r ON r.id = f.rule
           WHERE r.about <> 'capture'
           GROUP BY s.flow_id);

-- Flows that are health checks and nothing else, and went well: of a balancer or monitor that
-- a finding of tcp.health-check or http.health-check tells of, which keeps 64 frames of them
-- only. Other connections of the same client to the same server are not here.
CREATE TABLE main.health_flow(
  flow_id INTEGER PRIMARY KEY REFERENCES flow
) STRICT;

INSERT OR IGNORE INTO main.health_flow
  WITH checks AS MATERIALIZED (
    SELECT d.capture_id, w.client_ip, w.server_ip, w.server_port, d.from_ns, d.to_ns, d.rule = 'http.health-check' AS http,
           json_extract(d.numbers, '$.target') AS target,
           (SELECT x.method FROM http_exchange x
             WHERE x.flow_id = d.flow_id AND x.target = json_extract(d.numbers, '$.target')
               AND x.method IN ('GET', 'HEAD', 'OPTIONS') ORDER BY x.nr LIMIT 1) AS method
      FROM finding d JOIN flow w ON w.id = d.flow_id
     WHERE d.rule IN ('tcp.health-check', 'http.health-check')
  )
  SELECT f.id
    FROM (SELECT DISTINCT client_ip FROM checks) c
   CROSS JOIN flow f ON f.client_ip = c.client_ip
   CROSS JOIN checks h ON (h.capture_id, h.client_ip, h.server_ip, h.server_port)
                        = (f.capture_id, f.client_ip, f.server_ip, f.server_port)
   WHERE iif(h.http,
             EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = f.id AND x.request_ns BETWEEN h.from_ns AND h.to_ns)
               AND NOT EXISTS (SELECT 1 FROM http_exchange x
                                WHERE x.flow_id = f.id
                                  AND NOT (x.method IS h.method AND x.target IS h.target AND x.response_state = 'complete'
                                           AND coalesce(x.status BETWEEN 200 AND 399, 0))),
             f.client_bytes = 0 AND f.server_bytes = 0 AND f.syn_ack_ns IS NOT NULL
               AND f.ended IN ('rst', 'fin') AND f.ended_by = 'client'
               AND f.first_ns BETWEEN h.from_ns AND h.to_ns);

-- and their other legs, behind address translation
INSERT OR IGNORE INTO main.health_flow
  SELECT back FROM nat_leg WHERE front IN (SELECT flow_id FROM health_flow);

-- Flows of each server, counted (analyzer/rules_summary.c). An empty address stands for all
-- servers beyond the first 65536 of a capture.
CREATE TABLE main.server_count(
  capture_id    INTEGER NOT NULL REFERENCES capture,
  server_ip     TEXT NOT NULL,
  server_port   INTEGER NOT NULL,
  app           TEXT,                   -- of the first flow that has one
  apps_differ   INTEGER NOT NULL,       -- 1: others have another
  flows         INTEGER NOT NULL,
  clients       INTEGER NOT NULL,       -- addresses; at least so many, where there are a million
  client_bytes  INTEGER NOT NULL,
  server_bytes  INTEGER NOT NULL,
  refused       INTEGER NOT NULL,       -- how the flows ended, as flow.ended and flow.ended_by say
  unanswered    INTEGER NOT NULL,
  open          INTEGER NOT NULL,
  rst_by_client INTEGER NOT NULL,
  rst_by_server INTEGER NOT NULL,
  fin_by_client INTEGER NOT NULL,
  fin_by_server INTEGER NOT NULL,
  rtt_min_ns    INTEGER,                -- NULL: no handshake was captured
  rtt_avg_ns    INTEGER,
  rtt_max_ns    INTEGER,
  PRIMARY KEY (capture_id, server_ip, server_port)
) STRICT, WITHOUT ROWID;

-- Flows of each capture by what they speak and by the headers around them (analyzer/rules_summary.c).
CREATE TABLE main.flow_kind(
  capture_id INTEGER NOT NULL REFERENCES capture,
  what       TEXT NOT NULL CHECK( what IN ('app', 'path') ),
  name       TEXT NOT NULL,             -- flow.app, or 'unknown'; flow.path. '': all beyond 4096 names
  flows      INTEGER NOT NULL,
  spoken     INTEGER NOT NULL,          -- of these, with payload
  PRIMARY KEY (capture_id, what, name)
) STRICT, WITHOUT ROWID;

-- The longest silence of each server after which both sides went on.
CREATE TABLE main.server_survived(
  capture_id  INTEGER NOT NULL,
  server_ip   TEXT NOT NULL,
  server_port INTEGER NOT NULL,
  ns          INTEGER NOT NULL,
  PRIMARY KEY (capture_id, server_ip, server_port)
) STRICT, WITHOUT ROWID;

INSERT INTO main.server_survived
  SELECT capture_id, server_ip, server_port, max(ns) FROM idle_survived GROUP BY capture_id, server_ip, server_port;

-- HTTP answers that took a second or more. Of all answers it would cost a look at every exchange.
CREATE TABLE main.server_slow(
  capture_id  INTEGER NOT NULL,
  server_ip   TEXT NOT NULL,
  server_port INTEGER NOT NULL,
  answers     INTEGER NOT NULL,
  slowest_ns  INTEGER NOT NULL,
  PRIMARY KEY (capture_id, server_ip, server_port)
) STRICT, WITHOUT ROWID;

INSERT INTO main.server_slow
  SELECT f.capture_id, f.server_ip, f.server_port, count(*), max(x.response_ns - x.request_end_ns)
    FROM http_exchange x CROSS JOIN flow f ON f.id = x.flow_id
   WHERE x.response_ns - x.request_end_ns >= 1000000000
   GROUP BY f.capture_id, f.server_ip, f.server_port;

-- All that is known of a server at once.
CREATE VIEW main.server_summary AS
  SELECT c.*, v.ns AS survived_ns, b.fatal_ns, coalesce(s.answers, 0) AS slow_answers, s.slowest_ns
    FROM server_count c
    LEFT JOIN server_survived v USING (capture_id, server_ip, server_port)
    LEFT JOIN idle_bracket b USING (capture_id, server_ip, server_port)
    LEFT JOIN server_slow s USING (capture_id, server_ip, server_port);

-- What happened in each 120th of a capture's time: nothing, where there is no row. A bucket is
-- (last_ns - first_ns) / 120 + 1 ns wide.
CREATE TABLE main.capture_bucket(
  capture_id      INTEGER NOT NULL REFERENCES capture,
  bucket          INTEGER NOT NULL,     -- from 0
  begins          INTEGER NOT NULL DEFAULT 0,   -- flows (analyzer/rules_summary.c)
  ends            INTEGER NOT NULL DEFAULT 0,
  resets          INTEGER NOT NULL DEFAULT 0,   -- RST segments
  retransmissions INTEGER NOT NULL DEFAULT 0,
  findings        INTEGER NOT NULL DEFAULT 0,   -- that are a problem, by their beginning
  PRIMARY KEY (capture_id, bucket)
) STRICT, WITHOUT ROWID;

INSERT INTO main.capture_bucket(capture_id, bucket, resets)
  SELECT c.id, min(max((r.ns - c.first_ns) / ((c.last_ns - c.first_ns) / 120 + 1), 0), 119) AS nr, count(*)
    FROM reset r JOIN flow f ON f.id = r.flow_id JOIN capture c ON c.id = f.capture_id
   GROUP BY c.id, nr;

INSERT INTO main.capture_bucket(capture_id, bucket, retransmissions)
  SELECT c.id, min(max((e.ns - c.first_ns) / ((c.last_ns - c.first_ns) / 120 + 1), 0), 119) AS nr, count(*)
    FROM tcp_event e JOIN flow f ON f.id = e.flow_id JOIN capture c ON c.id = f.capture_id
   WHERE e.kind = 'retransmission'
   GROUP BY c.id, nr
      ON CONFLICT DO UPDATE SET retransmissions = excluded.retransmissions;

INSERT INTO main.capture_bucket(capture_id, bucket, findings)
  SELECT c.id, min(max((f.from_ns - c.first_ns) / ((c.last_ns - c.first_ns) / 120 + 1), 0), 119) AS nr, count(*)
    FROM finding f JOIN rule r ON r.id = f.rule JOIN capture c ON c.id = f.capture_id
   WHERE f.from_ns IS NOT NULL AND NOT r.benign AND r.about <> 'capture'
   GROUP BY c.id, nr
      ON CONFLICT DO UPDATE SET findings = excluded.findings;
