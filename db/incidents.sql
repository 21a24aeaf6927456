-- incidents.sql - findings grouped as reports tell them. Made by every rules pass; where
-- somebody chose what is to be told (temp.left_out has the rest) also by the report, as
-- temporary tables. See derived.sql.

DROP TABLE IF EXISTS main.quality_listed;
DROP TABLE IF EXISTS main.incident_listed;
DROP TABLE IF EXISTS main.incident_of;

-- The first finding of a rule on the same endpoints stands for all of them.
CREATE TABLE main.incident_of(
  finding_id  INTEGER PRIMARY KEY REFERENCES finding,
  incident_id INTEGER NOT NULL REFERENCES finding
) STRICT;

INSERT INTO main.incident_of
  SELECT id, min(id) OVER (PARTITION BY rule, severity, client_address, server)
    FROM finding_client WHERE id NOT IN (SELECT finding FROM temp.left_out);

CREATE INDEX main.incident_of_incident ON incident_of(incident_id, finding_id);

-- Incidents that are a problem, in the report's order.
CREATE TABLE main.incident_listed(
  id             INTEGER PRIMARY KEY,   -- of the first finding
  nr             INTEGER NOT NULL,      -- from 1
  nth            INTEGER NOT NULL,      -- of those of its rule
  of_rule        INTEGER NOT NULL,      -- how many these are
  rule           TEXT NOT NULL,
  severity       TEXT NOT NULL,
  title          TEXT NOT NULL,
  confidence     TEXT NOT NULL,
  doubt          TEXT,
  client         TEXT,                  -- of the first finding, as all that stands here
  server         TEXT,
  flow_id        INTEGER,
  capture_id     INTEGER,
  client_address TEXT,                  -- of all its findings
  findings       INTEGER NOT NULL,
  first_ns       INTEGER,
  last_ns        INTEGER
) STRICT;

INSERT INTO main.incident_listed
  SELECT f.id, row_number() OVER (ORDER BY f.id), row_number() OVER (PARTITION BY f.rule ORDER BY f.id),
         count(*) OVER (PARTITION BY f.rule), f.rule, f.severity, r.title, f.confidence, f.doubt, f.client, f.server,
         f.flow_id, f.capture_id, f.client_address, n.findings, n.first_ns, n.last_ns
    FROM (SELECT i.incident_id, count(*) AS findings, min(m.from_ns) AS first_ns,
                 max(coalesce(m.to_ns, m.from_ns)) AS last_ns
            FROM incident_of i JOIN finding m ON m.id = i.finding_id
           GROUP BY i.incident_id) n
    JOIN finding_client f ON f.id = n.incident_id
    JOIN rule r ON r.id = f.rule
   WHERE NOT r.benign AND r.about <> 'capture'
   ORDER BY f.id;

CREATE UNIQUE INDEX main.incident_listed_nr ON incident_listed(nr);

-- Findings about the captures.
CREATE TABLE main.quality_listed(
  id    INTEGER PRIMARY KEY REFERENCES finding,
  kind  TEXT NOT NULL,                  -- 'cut_short', …: what the finding says, or its rule
  count ANY NOT NULL                    -- of what it is about
) STRICT;

INSERT INTO main.quality_listed
  SELECT f.id, coalesce(json_extract(f.numbers, '$.kind'), f.rule), coalesce(json_extract(f.numbers, '$.count'), 1)
    FROM incident_of i JOIN finding f ON f.id = i.finding_id JOIN rule r ON r.id = f.rule
   WHERE r.about = 'capture' ORDER BY f.id;
