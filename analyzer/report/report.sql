-- report.sql - what every report format says, as temporary views over the case. Wording
-- that formats share is here; how it looks is theirs. Functions: report_model.h.

-- The time that was asked for (report_choice.h): any. What is not to be told is in left_out.
CREATE TEMP TABLE IF NOT EXISTS chosen_time(at_ns INTEGER NOT NULL, window_ns INTEGER NOT NULL);

-- The one incident to be told; none: all.
CREATE TEMP TABLE IF NOT EXISTS chosen_incident(id INTEGER PRIMARY KEY);

-- Incidents are worked out by the rules pass, or anew where something is left out (incidents.sql).
CREATE TEMP VIEW shown_incident_of AS
  SELECT finding_id AS id, incident_id FROM incident_of
   WHERE NOT EXISTS (SELECT 1 FROM temp.chosen_incident) OR incident_id IN (SELECT id FROM temp.chosen_incident)
      OR finding_id IN (SELECT id FROM quality_listed);
CREATE TEMP VIEW shown_incident AS
  SELECT l.id, nr, iif(c.id IS NULL, nth, 1) AS nth, iif(c.id IS NULL, of_rule, 1) AS of_rule, rule, severity, title,
         confidence, doubt, client, server, flow_id, capture_id, client_address, findings, first_ns, last_ns
    FROM incident_listed l LEFT JOIN temp.chosen_incident c
   WHERE c.id IS NULL OR c.id = l.id;

-- Findings with what their rule says, and where they stand: 'finding', 'benign', 'quality'.
CREATE TEMP VIEW shown_finding AS
  SELECT f.*, r.title, CASE WHEN r.about = 'capture' THEN 'quality' WHEN r.benign THEN 'benign'
         ELSE 'finding' END AS place, r.explains, r.remedy AS remedy_text, r.confirm, r.not_when,
         r.reference, i.incident_id, w.stream
    FROM finding f JOIN rule r ON r.id = f.rule JOIN temp.shown_incident_of i ON i.id = f.id
    LEFT JOIN flow w ON w.id = f.flow_id;

-- Their frames, with the file's own numbers.
CREATE TEMP VIEW shown_evidence AS
  SELECT e.finding_id, e.nr, e.flow_id, e.frame, e.ns, e.role, w.stream, c.id AS capture_id,
         c.first_ns AS capture_ns, coalesce(f.path, c.name) AS file, coalesce(f.seq, 0) AS file_seq,
         e.frame - coalesce(f.first_frame, 1) + 1 AS file_frame,
         (SELECT count(*) FROM capture_file n WHERE n.capture_id = c.id) AS files
    FROM evidence e JOIN finding d ON d.id = e.finding_id
    LEFT JOIN flow w ON w.id = e.flow_id
    LEFT JOIN capture c ON c.id = coalesce(w.capture_id, d.capture_id)
    LEFT JOIN capture_file f ON f.capture_id = c.id AND e.frame >= f.first_frame
                            AND e.frame < f.first_frame + f.frames;

-- What limits the captures.
CREATE TEMP VIEW shown_quality AS
  SELECT q.id, f.capture_id, f.rule, f.severity, f.confidence, f.summary, f.numbers, r.remedy AS remedy_text,
         q.kind, q.count
    FROM quality_listed q CROSS JOIN finding f ON f.id = q.id JOIN rule r ON r.id = f.rule;

-- "10.0.0.5 -> 10.0.0.9:80", of an incident
CREATE TEMP VIEW shown_between AS
  SELECT id, coalesce(nullif(client_address, '') || iif(server <> '', ' -> ' || server, ''), server, '') AS text
    FROM temp.shown_incident;

-- The one to speak of first: what broke, between whom and how often, what to do.
CREATE TEMP VIEW shown_verdict AS
  SELECT i.id, i.severity, i.title, i.confidence, i.rule, one_line(f.summary) AS summary,
         iif(named, 'Since', 'Who') AS who_label,
         iif(named, '', (SELECT text FROM temp.shown_between b WHERE b.id = i.id) || iif(first_ns IS NULL, '', ', '))
           || coalesce(clock_s(first_ns), '')
           || iif(findings > 1, ', ' || findings || ' times', '')
           || iif(findings > 1 AND first_ns IS NOT NULL, ' in ' || duration(last_ns - first_ns), '') AS who,
         first_sentence(filled(f.remedy_text, f.numbers)) AS remedy,
         (SELECT count(*) FROM temp.shown_incident) - 1 AS others
    FROM (SELECT n.*, instr(m.summary, coalesce(client_address, '')) AND instr(m.summary, coalesce(n.server, '')) AS named
            FROM (SELECT * FROM temp.shown_incident
                   ORDER BY severity = 'note', severity = 'warning', confidence = 'possible',
                            confidence = 'likely', findings DESC, id LIMIT 1) n
            JOIN finding m ON m.id = n.id) i
    JOIN temp.shown_finding f ON f.id = i.id;

-- What was left out because it was not asked for.
CREATE TEMP VIEW shown_left_out(text) AS
  SELECT 'Not shown: ' || group_concat(what, '; ') || '.'
    FROM (SELECT plural(count(*), 'finding') || CASE why WHEN 'known' THEN ' that the earlier case has too'
                   WHEN 'elsewhere' THEN ' about other addresses or ports'
                   WHEN 'other connection' THEN ' about other connections'
                   ELSE (SELECT ' not within ' || duration(window_ns) || ' of ' || clock(at_ns) FROM temp.chosen_time) END AS what, why
            FROM temp.left_out l JOIN finding f ON f.id = l.finding JOIN rule r ON r.id = f.rule
           WHERE r.about <> 'capture' GROUP BY why
          UNION ALL
          SELECT plural(count(*), 'finding') || ' that nobody asked for here', 'unasked'
            FROM temp.chosen_incident c JOIN incident_of i ON i.incident_id <> c.id
            JOIN finding f ON f.id = i.finding_id JOIN rule r ON r.id = f.rule
           WHERE r.about <> 'capture' HAVING count(*)
           ORDER BY why)
  HAVING count(*);

-- Where a time was asked for: the connections in which something happened around it, those
-- where it went wrong first, then by how near it was. One row a connection.
CREATE TEMP VIEW shown_near AS
  WITH t AS (SELECT at_ns, at_ns - window_ns AS from_ns, at_ns + window_ns AS to_ns FROM temp.chosen_time),
  happened(flow_id, ns, weight, what) AS (
    SELECT r.flow_id, r.ns, 1, 'RST of the ' || r.sender FROM t JOIN reset r ON r.ns BETWEEN from_ns AND to_ns
    UNION ALL
    SELECT f.id, f.syn_ns, 1, 'SYN that nobody answers' FROM t JOIN flow f ON f.ended = 'unanswered' AND f.syn_ns BETWEEN from_ns AND to_ns
    UNION ALL
    SELECT x.flow_id, coalesce(x.response_ns, x.request_end_ns, x.request_ns),
           iif(x.status >= 500 OR x.response_state <> 'complete', 2, 5),
           x.method || ' ' || substr(x.target, 1, 60)
             || coalesce(': ' || x.status || ' after ' || duration(x.response_ns - x.request_end_ns), ', no response')
      FROM t JOIN http_exchange x ON coalesce(x.response_ns, x.request_end_ns, x.request_ns) BETWEEN from_ns AND to_ns
     WHERE x.method IS NOT NULL
    UNION ALL
    SELECT m.flow_id, m.ns, 2, m.name || coalesce(' ' || m.code, '') FROM t JOIN amqp_method m ON m.ns BETWEEN from_ns AND to_ns
     WHERE m.name IN ('connection.close', 'channel.close', 'connection.blocked', 'basic.return') AND m.code IS NOT 200
    UNION ALL
    SELECT e.flow_id, e.ns, 3, replace(e.kind, '_', ' ') || ' of the ' || e.sender
      FROM t JOIN tcp_event e ON e.kind IN ('retransmission', 'zero_window') AND e.ns BETWEEN from_ns AND to_ns
    UNION ALL
    SELECT s.flow_id, s.to_ns, 4, 'the end of ' || duration(s.to_ns - s.from_ns) || ' of silence'
      FROM t JOIN silence s ON s.scope = 'both' AND s.ended_by <> 'end_of_capture' AND s.to_ns BETWEEN t.from_ns AND t.to_ns
    UNION ALL
    SELECT f.id, f.ended_ns, 5, 'FIN of the ' || f.ended_by FROM t JOIN flow f ON f.ended = 'fin' AND f.ended_ns BETWEEN from_ns AND to_ns
    UNION ALL
    SELECT f.id, f.syn_ns, 6, 'SYN' FROM t JOIN flow f ON f.syn_ns BETWEEN from_ns AND to_ns
    UNION ALL
    SELECT f.id, at_ns, 7, 'open, and silent' FROM t JOIN flow f ON f.first_ns < t.from_ns AND f.last_ns > t.to_ns
  ), nearest AS (
    SELECT h.*, abs(h.ns - at_ns) AS away_ns, h.ns - at_ns AS off_ns, count(*) OVER (PARTITION BY flow_id, what) AS times,
           row_number() OVER (PARTITION BY flow_id ORDER BY weight, abs(h.ns - at_ns), h.ns, what) AS nth
      FROM happened h, t
  )
  SELECT f.stream, f.id AS flow_id, a.ns, n.client, n.server, f.app, clock(a.ns) AS time,
         iif(a.weight = 7, '', iif(a.off_ns < 0, '-', '+') || duration(a.away_ns)) AS off,
         one_line(a.what) || iif(a.times > 1, ' (' || a.times || ' such)', '') AS what,
         row_number() OVER (ORDER BY a.weight > 3, a.away_ns, a.weight, f.id) AS nr, count(*) OVER () AS flows
    FROM nearest a JOIN flow f ON f.id = a.flow_id JOIN flow_name n ON n.flow_id = f.id
   WHERE a.nth = 1;

-- What to say where there is no incident.
CREATE TEMP VIEW shown_nothing(text) AS
  SELECT iif(EXISTS (SELECT 1 FROM temp.shown_left_out), 'Nothing found of what was asked for', 'No trouble found');

CREATE TEMP VIEW shown_no_trouble(nr, text) AS
  SELECT 1, 'Looked at ' || plural(flows, 'TCP connection') || ', ' || plural(http, 'HTTP exchange')
            || ' and ' || plural(amqp, 'AMQP connection') || ' in ' || duration(ns) || ' of capture.'
    FROM (SELECT (SELECT count(*) FROM flow) AS flows, (SELECT count(*) FROM http_exchange) AS http,
                 (SELECT count(*) FROM amqp_connection) AS amqp,
                 (SELECT coalesce(sum(last_ns - first_ns), 0) FROM capture) AS ns)
   WHERE NOT EXISTS (SELECT 1 FROM temp.shown_incident)
  UNION ALL
  SELECT 2, 'The capture has limits that may hide trouble; see "Capture quality" below.'
   WHERE NOT EXISTS (SELECT 1 FROM temp.shown_incident) AND EXISTS (SELECT 1 FROM temp.shown_quality);

-- Why a finding is not surer than it is.
CREATE TEMP VIEW shown_why_not_surer AS
  SELECT id, CASE WHEN doubt IS NOT NULL THEN doubt
                  WHEN confidence = 'proven' THEN ''
                  WHEN confidence = 'likely' THEN 'the frames show the effect; what caused it is concluded, not seen'
                  ELSE 'the frames fit, and so would another cause' END AS text
    FROM finding;

-- What its rule says of a finding, with its numbers; and how to see it once more.
CREATE TEMP VIEW shown_part(finding_id, nr, label, text) AS
  SELECT f.id, column1, column2,
         CASE column1 WHEN 1 THEN filled(f.explains, f.numbers) WHEN 2 THEN filled(f.remedy_text, f.numbers)
                      WHEN 3 THEN filled(f.confirm, f.numbers) WHEN 5 THEN filled(f.not_when, f.numbers)
                      WHEN 6 THEN f.reference
                      ELSE (SELECT 'To capture it once more, on both hosts at the same time:' || char(10)
                                   || '    tcpdump -i any -s 0 -C 100 -W 50 -w again.pcap ''(host ' || w.client_ip
                                   || ' and tcp port ' || w.server_port || ') or icmp or icmp6'''
                              FROM flow w WHERE w.id = f.flow_id) END
    FROM temp.shown_finding f,
         (VALUES (1, 'Why'), (2, 'Remedy'), (3, 'Confirm'), (4, 'Capture'), (5, 'Not if'), (6, 'See'));

-- The findings of an incident after its first.
CREATE TEMP VIEW shown_again AS
  SELECT a.incident_id, a.id, f.from_ns - c.first_ns AS after_ns, f.client, f.confidence,
         (SELECT one_line(group_concat(key || ' ' || iif(type = 'real', round(value, 3), value), ', '))
            FROM json_each(f.numbers)
           WHERE type IN ('integer', 'real', 'text') AND length(value) <= 24) AS numbers,
         a.nth, a.n
    FROM (SELECT incident_id, id, row_number() OVER (PARTITION BY incident_id ORDER BY id) - 1 AS nth,
                 count(*) OVER (PARTITION BY incident_id) - 1 AS n
            FROM temp.shown_incident_of) a
    JOIN finding f ON f.id = a.id LEFT JOIN capture c ON c.id = f.capture_id
   WHERE a.nth > 0;

CREATE TEMP VIEW shown_timeline AS
  SELECT f.id, f.incident_id, f.from_ns, f.from_ns - c.first_ns AS after_ns, f.to_ns - f.from_ns AS lasted_ns,
         f.severity, f.title, f.client, f.server
    FROM temp.shown_finding f LEFT JOIN capture c ON c.id = f.capture_id
   WHERE f.place = 'finding' ORDER BY f.from_ns IS NULL, f.from_ns, f.id;

CREATE TEMP VIEW shown_benign AS
  SELECT incident_id, one_line(summary) || ' (' || rule
         || iif(count(*) > 1, ', ' || count(*) || ' times)', ')') AS text, min(id) AS id
    FROM temp.shown_finding WHERE place = 'benign' GROUP BY incident_id;

-- Notes of an analyst on findings, with the incident in which these are told.
CREATE TEMP VIEW shown_incident_note AS
  SELECT DISTINCT i.incident_id, n.id, iif(n.text = '', 'Bookmarked.', n.text) AS text
    FROM note n CROSS JOIN finding f ON f.fingerprint = n.fingerprint JOIN temp.shown_incident_of i ON i.id = f.id;

-- All notes, and what each is about. A finding may be gone: other rules, other parameters.
CREATE TEMP VIEW shown_note AS
  SELECT n.id, n.text, iif(n.text = '', 'Bookmarked.', one_line(n.text)) AS said, n.fingerprint, f.rule,
         f.id AS finding_id, n.flow_id, w.stream, n.frame - coalesce(c.first_frame, 1) + 1 AS file_frame, c.path AS file,
         coalesce(f.client, e.client) AS client, coalesce(f.server, e.server) AS server,
         CASE WHEN f.id IS NOT NULL THEN r.title || coalesce(', ' || f.client || ' -> ' || f.server, '')
              WHEN n.fingerprint IS NOT NULL THEN 'A finding that these rules do not make'
              WHEN e.flow_id IS NULL THEN 'A connection that is not in the case'
              ELSE e.client || ' -> ' || e.server || ', tcp.stream ' || w.stream
                   || coalesce(', frame ' || (n.frame - coalesce(c.first_frame, 1) + 1)
                                 || iif(files.n > 1, ' of ' || one_line(c.path), ''), '') END AS about
    FROM note n
    LEFT JOIN finding f ON f.id = (SELECT min(d.id) FROM finding d WHERE d.fingerprint = n.fingerprint)
    LEFT JOIN rule r ON r.id = f.rule
    LEFT JOIN flow w ON w.id = n.flow_id
    LEFT JOIN flow_name e ON e.flow_id = n.flow_id
    LEFT JOIN capture_file c ON c.capture_id = w.capture_id AND n.frame >= c.first_frame AND n.frame < c.first_frame + c.frames
    LEFT JOIN (SELECT capture_id, count(*) AS n FROM capture_file GROUP BY capture_id) files ON files.capture_id = w.capture_id;

-- Those that stand with no finding that is told with all there is to say: of a rule ten
-- incidents are (INCIDENTS_OF_RULE).
CREATE TEMP VIEW shown_note_apart AS
  SELECT * FROM temp.shown_note n
   WHERE NOT EXISTS (SELECT 1 FROM temp.shown_incident_note m JOIN temp.shown_incident i ON i.id = m.incident_id
                      WHERE m.id = n.id AND i.nth <= 10);

-- What nobody can say from these captures, beside what limits each finding.
CREATE TEMP VIEW shown_unjudged(nr, text) AS
  SELECT 1, 'A time-out longer than the capture (' || duration(max(last_ns - first_ns))
            || ') cannot show in it.'
    FROM capture HAVING max(last_ns - first_ns) IS NOT NULL
  UNION ALL
  SELECT 2, iif(sum(flows) = 1, '1 connection is', sum(flows) || ' connections are')
            || ' encrypted (TLS): what was said inside was not read.'
    FROM flow_kind WHERE what = 'app' AND (name = 'tls' OR name LIKE 'tls.%') HAVING sum(flows)
  UNION ALL
  SELECT 3, iif(sum(open) = 1, '1 connection was', sum(open) || ' connections were')
            || ' still open when the capture ended: how they end is not known.'
    FROM server_count HAVING sum(open)
  UNION ALL
  SELECT 4, 'Frames that were not followed, by kind: ' || group_concat(n || ' ' || kind, ', ') || '.'
    FROM (SELECT kind, sum(frames) AS n FROM not_followed GROUP BY kind ORDER BY n DESC, kind LIMIT 10)
  HAVING count(*);

-- Inventory: who spoke, what was offered, what took longest.
CREATE TEMP VIEW shown_host AS
  SELECT ip, sum(side = 'client') AS as_client, sum(side = 'server') AS as_server, sum(sent) AS sent
    FROM (SELECT client_ip AS ip, 'client' AS side, client_bytes AS sent FROM flow
          UNION ALL SELECT server_ip, 'server', server_bytes FROM flow)
   GROUP BY ip ORDER BY count(*) DESC, ip;

-- Where a server is in several captures, or speaks several protocols, its connections are
-- counted: as one, its clients and protocols cannot be added up.
CREATE TEMP VIEW shown_service AS
  SELECT iif(instr(s.server_ip, ':'), '[' || s.server_ip || ']', s.server_ip) || ':' || s.server_port AS server,
         coalesce(iif(s.apps_differ,
                      (SELECT min(app) || iif(min(app) < max(app), ', …', '') FROM flow f
                        WHERE f.server_ip = s.server_ip AND f.server_port = s.server_port), s.app), '') AS app,
         s.flows,
         iif(s.captures = 1, s.clients,
             (SELECT count(DISTINCT client_ip) FROM flow f
               WHERE f.server_ip = s.server_ip AND f.server_port = s.server_port)) AS clients,
         s.received, s.sent, s.resets, s.refused, s.unanswered, s.rtt_ns
    FROM (SELECT server_ip, server_port, min(app) AS app, max(apps_differ) OR min(app) < max(app) AS apps_differ,
                 count(*) AS captures, sum(flows) AS flows, min(clients) AS clients, sum(client_bytes) AS received,
                 sum(server_bytes) AS sent, sum(rst_by_client + rst_by_server) AS resets, sum(refused) AS refused,
                 sum(unanswered) AS unanswered, max(rtt_max_ns) AS rtt_ns
            FROM server_count WHERE server_ip <> '' GROUP BY server_ip, server_port) s
   ORDER BY s.flows DESC, server;

CREATE TEMP VIEW shown_slow AS
  SELECT x.flow_id, x.method || ' ' || substr(x.target, 1, 80) AS what, x.status, n.client, n.server,
         x.response_ns - x.request_end_ns AS wait_ns,
         x.request_end_frame - coalesce((SELECT first_frame FROM capture_file c
           WHERE c.capture_id = f.capture_id AND x.request_end_frame >= c.first_frame
             AND x.request_end_frame < c.first_frame + c.frames), 1) + 1 AS frame
    FROM http_exchange x JOIN flow f ON f.id = x.flow_id JOIN flow_name n ON n.flow_id = x.flow_id
   WHERE x.response_ns > x.request_end_ns AND x.method IS NOT NULL
   ORDER BY wait_ns DESC, x.flow_id, x.nr LIMIT 5;

-- Custody: what the report was made from, and by what.
CREATE TEMP VIEW shown_file(capture_id, seq, nr, label, text) AS
  SELECT capture_id, seq, column1, column2,
         CASE column1
           WHEN 0 THEN one_line(path)
           WHEN 1 THEN size || ' bytes'
           WHEN 2 THEN iif(sha256 = '', 'not hashed (--no-hash): nothing tells this file from another of its name and size', sha256)
           WHEN 3 THEN format || coalesce(', ' || compression, '')
           WHEN 4 THEN link_type
           WHEN 5 THEN coalesce(snaplen, 'no limit')
           WHEN 6 THEN frames
           WHEN 7 THEN clock(first_ns) || ' to ' || clock(last_ns) || ', ' || duration(last_ns - first_ns)
           ELSE one_line(trouble) END
    FROM capture_file,
         (VALUES (0, 'Path'), (1, 'Size'), (2, 'SHA-256'), (3, 'Format'), (4, 'Link type'), (5, 'Snaplen'), (6, 'Frames'),
                 (7, 'Span'), (8, 'Trouble'));

-- One number for all that conclusions depend on beside the facts: the texts of the rules,
-- the values of their parameters, and the known time-outs.
CREATE TEMP VIEW shown_rule_set AS
  SELECT sha256(group_concat(line, char(10))) AS sha256
    FROM (SELECT id || ' ' || sha256 || ' ' || params AS line FROM rule
          UNION ALL
          SELECT printf('%.17g %.17g ', seconds, tolerance_s) || layer || ' ' || product || ' ' || setting FROM known_timer
          ORDER BY 1);

CREATE TEMP VIEW shown_made_with(nr, label, text) AS
  SELECT 1, 'Tool', 'tcpwhy ' || tool_version()
  UNION ALL SELECT 2, 'Rule set', sha256 FROM temp.shown_rule_set
  UNION ALL SELECT 3, 'Options', (SELECT coalesce(group_concat(read_with, '; '), 'none')
                                    FROM (SELECT DISTINCT one_line(read_with) AS read_with FROM capture
                                           WHERE read_with IS NOT NULL ORDER BY 1))
  UNION ALL SELECT 4, 'Time zone', time_zone();
