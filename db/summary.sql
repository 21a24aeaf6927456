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
