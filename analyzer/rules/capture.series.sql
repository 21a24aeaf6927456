-- id:        capture.series
-- title:     The rotated series is not whole
-- severity:  warning
-- about:     capture
-- explains:  The files were taken for one capture in several files. Some seem to be missing, or overlap:
--            {trouble}. Across a missing file a connection looks silent, and what ended the silence may
--            have been in it.
-- remedy:    Fetch the missing files and give all of them at once. A ring (-W) overwrites its oldest file:
--            copy them soon, or give it more room
--                tcpdump -i eth0 -s 0 -C 100 -W 50 -w better.pcap
--            Files of different places are no series: give them with --separate.
-- confirm:   The names and first times of the files on the capturing host (ls -ltr) have no hole.
-- not:       A quiet hour leaves no hole in the names, only in the times.
-- reference: https://www.tcpdump.org/manpages/tcpdump.1.html
SELECT NULL AS flow_id, c.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns, 'warning' AS severity,
       'likely' AS confidence, 'The series is not whole: ' || rtrim(c.series_trouble, '.') || '.' AS summary,
       json_object('kind', 'series', 'count', 1, 'trouble', rtrim(c.series_trouble, '.'), 'taken_for', c.taken_for,
                   'files', (SELECT count(*) FROM capture_file n WHERE n.capture_id = c.id),
                   'means', 'a silence may be a missing file') AS numbers,
       '[]' AS evidence
  FROM capture c
 WHERE c.series_trouble IS NOT NULL
 ORDER BY c.id;
