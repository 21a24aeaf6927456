-- id:        capture.cut-short
-- title:     The capture file breaks off
-- severity:  note
-- about:     capture
-- explains:  {file} ends in the middle of a record, or was not read to its end. What came before
--            is used; what came later is unknown. A capture program that is killed while its buffer is
--            half written leaves such a file, and so does a copy that was made meanwhile.
-- remedy:    Stop tcpdump with Ctrl-C (SIGINT, not SIGKILL), and let it write each packet as it comes:
--                tcpdump -i eth0 -s 0 -U -w better.pcap
--            Copy the file after that, and compare its size and SHA-256 with the original's.
--            Where reading was stopped, read the file again and let it come to the end.
-- confirm:   capinfos {file} says "cut short". The original on the capturing host may be whole.
-- not:       A capture that ends while connections are open is whole all the same.
-- reference: https://www.tcpdump.org/manpages/tcpdump.1.html
WITH broken AS (
  SELECT n.*, n.seq < (SELECT max(m.seq) FROM capture_file m WHERE m.capture_id = n.capture_id) AS goes_on,
         (SELECT count(*) FROM flow f WHERE f.capture_id = n.capture_id AND f.ended = 'open') AS open_flows
    FROM capture_file n
   WHERE n.cut_short_at IS NOT NULL OR n.trouble IS NOT NULL
)
SELECT NULL AS flow_id, capture_id, first_ns AS from_ns, last_ns AS to_ns,
       -- a hole in the middle of a series is worse than an end that came too soon
       iif(goes_on OR cut_short_at = 0, 'warning', 'note') AS severity, 'proven' AS confidence,
       coalesce(trouble, path || ' breaks off after frame ' || cut_short_at) || '.'
         || iif(cut_short_at IS NULL, '', ' What came later is unknown.') AS summary,
       json_object('kind', iif(cut_short_at IS NULL, 'trouble', 'cut_short'), 'count', 1, 'file', path,
                   'after_frame', cut_short_at, 'connections_open', open_flows,
                   'means', iif(goes_on, 'there is a hole in the middle of the series',
                                'what came later is unknown')) AS numbers,
       json_array(json_object('frame', iif(cut_short_at > 0, first_frame + cut_short_at - 1, NULL),
                              'role', 'last whole frame')) AS evidence
  FROM broken
 ORDER BY capture_id, seq;
