-- doctor.sql - what `tcpwhy doctor` says, as temporary views over the case:
-- doctor_fact (what a capture is), doctor_judgement (each thing that is looked at),
-- doctor_better and doctor_command (what to do otherwise). What is wrong with a capture is concluded by the rules that are
-- `about: capture` (the table shown_quality has their findings); here are only the table
-- around these, and the options of tcpdump that go with them.

DROP VIEW IF EXISTS temp.doctor_command;
DROP VIEW IF EXISTS temp.doctor_better;
DROP VIEW IF EXISTS temp.doctor_filter;
DROP VIEW IF EXISTS temp.doctor_interface;
DROP VIEW IF EXISTS temp.doctor_judgement;
DROP VIEW IF EXISTS temp.doctor_check;
DROP VIEW IF EXISTS temp.doctor_fact;

-- What a capture is. Of files, interfaces and comments the first ones, then how many more.
CREATE TEMP VIEW doctor_fact(capture_id, nr, seq, label, text) AS
  SELECT capture_id, 1, seq, 'File',
         iif(seq > 3, 'and ' || (n - 3) || ' more',
             one_line(path) || char(10)
               || format || coalesce(' (' || compression || ')', '') || coalesce(', ' || link_type, '')
               || coalesce(', snaplen ' || snaplen, '')
               || ', ' || frames || iif(frames = 1, ' frame, ', ' frames, ') || size || ' bytes' || char(10)
               || iif(sha256 = '', 'not hashed (--no-hash)', 'SHA-256 ' || substr(sha256, 1, 32) || char(10) || substr(sha256, 33)))
    FROM (SELECT *, count(*) OVER (PARTITION BY capture_id) AS n FROM capture_file)
   WHERE seq <= 4
  UNION ALL
  SELECT id, 2, 0, 'Taken for',
         CASE taken_for WHEN 'series'  THEN 'a rotated series: names and times follow'
                        WHEN 'follows' THEN 'one capture: the times follow one another'
                        WHEN 'point'   THEN 'a capture of its own: its times overlap another''s'
                        WHEN 'unlike'  THEN 'a capture of its own: it was written otherwise'
                        WHEN 'joined'  THEN 'one capture, as --join says'
                        ELSE 'a capture of its own, as --separate says' END
    FROM capture WHERE taken_for <> 'file'
  UNION ALL
  SELECT id, 3, 0, 'Time',
         clock_s(first_ns) || ', for ' || duration(last_ns - first_ns)
    FROM capture WHERE first_ns IS NOT NULL
  UNION ALL
  SELECT id, 4, 0, 'Frames',
         frames || ', of them ' || tcp_frames || ' TCP, in ' || n || iif(n = 1, ' connection', ' connections')
    FROM (SELECT *, (SELECT coalesce(sum(flows), 0) FROM flow_kind WHERE capture_id = c.id AND what = 'app') AS n FROM capture c)
  UNION ALL
  SELECT capture_id, 5, 0, 'Not followed', group_concat(frames || ' ' || kind, ', ')
    FROM (SELECT *, row_number() OVER (PARTITION BY capture_id ORDER BY frames DESC, kind) AS place
            FROM not_followed ORDER BY capture_id, place)
   WHERE place <= 8 GROUP BY capture_id
  UNION ALL
  SELECT capture_id, 6, 0, 'Inside of',
         group_concat(iif(name = '', 'others', name) || ' (' || flows || iif(flows = 1, ' connection)', ' connections)'), ', ')
    FROM (SELECT *, row_number() OVER (PARTITION BY capture_id ORDER BY flows DESC, name) AS place
            FROM flow_kind WHERE what = 'path' ORDER BY capture_id, place)
   WHERE place <= 8 GROUP BY capture_id
  UNION ALL
  SELECT capture_id, 7, place, 'Interface',
         iif(n > 4 AND place = 4, 'and ' || (n - 3) || ' more',
             one_line(coalesce(name, 'number ' || nr) || coalesce(' (' || description || ')', '')
                      || coalesce(', ' || link_type, '') || coalesce(', snaplen ' || snaplen, '')
                      || ': ' || frames || iif(frames = 1, ' frame', ' frames') || coalesce(', ' || os, '')))
    FROM (SELECT *, count(*) OVER (PARTITION BY capture_id) AS n,
                 row_number() OVER (PARTITION BY capture_id ORDER BY file_seq, nr) AS place
            FROM capture_interface)
   -- the one interface of a pcap file, of which nothing is known, is no news
   WHERE place <= 4 AND (n > 1 OR coalesce(name, description, os) IS NOT NULL)
  UNION ALL
  SELECT capture_id, 8, place, 'Comment',
         iif(n > 3 AND place = 3, 'and ' || (n - 2) || ' more',
             coalesce('frame ' || frame || ': ', '') || one_line(substr(text, 1, 200)))
    FROM (SELECT *, count(*) OVER (PARTITION BY capture_id) AS n,
                 row_number() OVER (PARTITION BY capture_id ORDER BY rowid) AS place
            FROM capture_comment)
   WHERE place <= 3;

-- What is looked at, in this order, the rule that judges it, and what was found. Where one
-- rule judges two things `kind` tells which of its findings is meant.
CREATE TEMP VIEW doctor_check(capture_id, nr, label, rule, kind, found) AS
  SELECT id, 1, 'Whole', 'capture.cut-short', NULL,
         coalesce((SELECT CASE WHEN count(*) > 1 THEN count(*) || ' files break off'
                               WHEN min(cut_short_at) IS NULL THEN 'not read to its end'
                               WHEN trouble GLOB '*: reading was stopped after frame *'
                               THEN 'read until frame ' || min(cut_short_at)
                               ELSE 'breaks off after frame ' || min(cut_short_at) END
                     FROM capture_file n
                    WHERE n.capture_id = c.id AND (cut_short_at IS NOT NULL OR trouble IS NOT NULL)
                   HAVING count(*)), 'to the end')
    FROM capture c
  UNION ALL
  SELECT id, 2, 'Series', 'capture.series', NULL,
         (SELECT iif(count(*) = 1, 'one file', count(*) || ' files') FROM capture_file n WHERE n.capture_id = c.id)
    FROM capture c
  UNION ALL
  SELECT id, 3, 'Frames cut', 'capture.snapped', NULL,
         iif(snapped_frames, snapped_frames, 'none') || ' of ' || tcp_frames || ' TCP frames' FROM capture
  UNION ALL
  SELECT id, 4, 'Captured twice', 'capture.duplicates', NULL,
         iif(duplicate_frames, duplicate_frames, 'none') || ' of ' || frames || ' frames' FROM capture
  UNION ALL
  SELECT id, 5, 'Drops reported', 'capture.drops', 'dropped',
         CASE WHEN dropped_frames IS NULL THEN 'nothing is reported'
              ELSE iif(dropped_frames, dropped_frames, 'no') || iif(dropped_frames = 1, ' frame', ' frames') END
    FROM capture
  UNION ALL
  SELECT id, 6, 'Drops inferred', 'capture.drops', 'ack_lost',
         iif(ack_lost_segments, ack_lost_segments, 'no')
           || iif(ack_lost_segments > 1, ' ACKs', ' ACK') || ' of unseen bytes'
    FROM capture
  UNION ALL
  SELECT id, 7, 'One direction', 'capture.one-way', NULL,
         iif(one_way_flows, one_way_flows, 'none')
           || (SELECT ' of ' || coalesce(sum(flows), 0) || iif(sum(flows) = 1, ' connection', ' connections')
                 FROM flow_kind WHERE capture_id = c.id AND what = 'app')
    FROM capture c
  UNION ALL
  SELECT id, 8, 'Begun before', 'capture.begun-before', NULL,
         iif(midstream_flows, midstream_flows, 'none')
           || (SELECT ' of ' || coalesce(sum(flows), 0) || iif(sum(flows) = 1, ' connection', ' connections')
                 FROM flow_kind WHERE capture_id = c.id AND what = 'app')
    FROM capture c
  UNION ALL
  SELECT id, 9, 'Clock', 'capture.clock-steps', NULL,
         CASE clock_steps_back WHEN 0 THEN 'never stepped back' WHEN 1 THEN 'stepped back once'
              ELSE 'stepped back ' || clock_steps_back || ' times' END
    FROM capture
  UNION ALL
  SELECT id, 10, 'Length', 'capture.too-short', NULL, coalesce(duration(last_ns - first_ns), 'no time at all')
    FROM capture
  UNION ALL
  SELECT id, 11, 'Filter', 'capture.filtered', NULL,
         coalesce((SELECT substr(min(filter), 1, 50) || iif(count(DISTINCT filter) > 1, ' and more', '')
                     FROM capture_interface i WHERE i.capture_id = c.id AND filter IS NOT NULL
                   HAVING count(*)),
                  iif(filtered_frames, '-f', 'none known'))
    FROM capture c
  UNION ALL
  SELECT id, 12, 'Protocols', 'capture.nothing-understood', NULL,
         coalesce((SELECT group_concat(app, ', ')
                     FROM (SELECT iif(name = '', 'others', name) || ' ' || spoken AS app FROM flow_kind
                            WHERE capture_id = c.id AND what = 'app' AND spoken > 0
                            ORDER BY spoken DESC, 1 LIMIT 4)), 'none')
    FROM capture c
  UNION ALL
  -- rules of somebody's own have no line above
  SELECT DISTINCT capture_id, 13, 'And', rule, NULL, rule FROM temp.shown_quality
   WHERE rule NOT IN ('capture.cut-short', 'capture.series', 'capture.snapped', 'capture.duplicates',
                      'capture.drops', 'capture.one-way', 'capture.begun-before', 'capture.clock-steps',
                      'capture.too-short', 'capture.filtered', 'capture.nothing-understood');

CREATE TEMP VIEW doctor_judgement AS
  SELECT k.capture_id, k.nr, k.label, k.rule, k.found,
         CASE WHEN count(q.id) = 0 THEN 'ok'
              WHEN max(q.severity <> 'note') THEN 'warning' ELSE 'note' END AS judgement,
         group_concat(coalesce(json_extract(q.numbers, '$.means'), q.summary), '; ') AS means
    FROM temp.doctor_check k
    LEFT JOIN temp.shown_quality q ON q.capture_id = k.capture_id AND q.rule = k.rule
                                  AND q.kind = coalesce(k.kind, q.kind)
   GROUP BY k.capture_id, k.nr, k.label, k.rule, k.found;

-- Names and filters are the file's, and who reads the command may paste it into a shell:
-- what could be more than a name or a filter there is not taken over.
CREATE TEMP VIEW doctor_interface AS
  SELECT c.id AS capture_id,
         coalesce((SELECT iif(count(DISTINCT name) = 1, min(name), NULL) FROM capture_interface i
                    WHERE i.capture_id = c.id AND name <> 'any' AND name NOT GLOB '-*'
                      AND name NOT GLOB '*[^A-Za-z0-9._:-]*' AND length(name) BETWEEN 1 AND 15),
                  'eth0') AS name
    FROM capture c;

CREATE TEMP VIEW doctor_filter AS
  SELECT capture_id,
         iif(severity <> 'note' OR filter GLOB '*[^A-Za-z0-9 .:/()-]*' OR length(filter) > 100,
             '''tcp or icmp or icmp6''', '''(' || filter || ') or icmp or icmp6''') AS text
    FROM (SELECT *, json_extract(numbers, '$.filter') AS filter FROM temp.shown_quality)
   WHERE kind = 'hidden';

-- What a next capture should do otherwise, and why. `part` is of tcpdump's command line,
-- NULL for what no option does.
CREATE TEMP VIEW doctor_better(capture_id, nr, part, why) AS
  SELECT q.capture_id, 1, '-i ' || i.name, 'the one interface with the traffic; tcpdump -D lists them'
    FROM temp.shown_quality q JOIN temp.doctor_interface i ON i.capture_id = q.capture_id
   WHERE q.kind IN ('duplicates', 'no_tcp')
   GROUP BY q.capture_id
  UNION ALL
  SELECT capture_id, 2, '-s 0', 'whole frames, so that what they carry can be read'
    FROM temp.shown_quality WHERE kind = 'snapped' AND NOT coalesce(json_extract(numbers, '$.cut_afterwards'), 0)
  UNION ALL
  SELECT capture_id, 3, '-B 65536', 'a buffer of 64 MiB, against drops; write to a disk that keeps up'
    FROM temp.shown_quality WHERE kind IN ('dropped', 'ack_lost') GROUP BY capture_id
  UNION ALL
  SELECT capture_id, 4, '-U', 'each packet written as it comes; stop it with Ctrl-C, not with kill -9'
    FROM temp.shown_quality WHERE kind IN ('cut_short', 'trouble') GROUP BY capture_id
  UNION ALL
  SELECT capture_id, 5, '-j host', 'one clock for all frames, which the time service slews and does not set'
    FROM temp.shown_quality WHERE kind = 'clock_steps'
  UNION ALL
  SELECT capture_id, 6, '-C 100 -W 50',
         'a ring of 50 files of 100 MB: '
           || iif(max(kind = 'midstream'), 'begin before the program connects, and ', '')
           || coalesce('let it run for ' || CAST(max(json_extract(numbers, '$.needed_s')) AS INTEGER)
                         || ' s or longer', 'let it run until the trouble has come')
           || iif(max(kind = 'series'), '; fetch all of its files', '')
    FROM temp.shown_quality WHERE kind IN ('too_short', 'midstream', 'series') GROUP BY capture_id
  UNION ALL
  SELECT capture_id, 7, text, 'with ICMP, in which routers and hosts say what is wrong'
    FROM temp.doctor_filter
  UNION ALL
  SELECT capture_id, 8, NULL, 'Run it on both hosts at once, or where both directions pass; a filter says'
                              || ' host and port, not src and dst.'
    FROM temp.shown_quality WHERE kind = 'one_way'
  UNION ALL
  SELECT capture_id, 9, NULL, 'The frames were cut after they had been captured: ask for the original file.'
    FROM temp.shown_quality WHERE kind = 'snapped' AND json_extract(numbers, '$.cut_afterwards')
  UNION ALL
  SELECT capture_id, 10, NULL, 'What -f left out is still in the file: read it again without -f.'
    FROM temp.shown_quality WHERE kind = 'filtered';

-- The whole command. No row: there is nothing to improve that a command could.
CREATE TEMP VIEW doctor_command(capture_id, text) AS
  SELECT i.capture_id,
         'tcpdump -i ' || i.name
           || coalesce((SELECT group_concat(part, '')
                          FROM (SELECT ' ' || part AS part FROM temp.doctor_better b
                                 WHERE b.capture_id = i.capture_id AND nr BETWEEN 2 AND 6 ORDER BY nr)), '')
           || ' -w better.pcap'
           || coalesce(' ' || (SELECT text FROM temp.doctor_filter f WHERE f.capture_id = i.capture_id), '')
    FROM temp.doctor_interface i
   WHERE EXISTS (SELECT 1 FROM temp.doctor_better b WHERE b.capture_id = i.capture_id AND nr < 9);
