-- id:        capture.begun-before
-- title:     Connections had begun before the capture
-- severity:  note
-- about:     capture
-- explains:  The handshake of {count} connections is not in the capture. What was agreed in it (window
--            scale, segment size, for AMQP the heartbeat interval) is unknown, who is the client is
--            inferred, and how long the connection had been silent before cannot be told.
-- remedy:    Begin the capture first, then let the program connect: restart the client, or wait for it
--            to reconnect. A ring of files may run for days and be stopped after the trouble:
--                tcpdump -i eth0 -s 0 -C 100 -W 50 -w better.pcap
-- confirm:   tshark -r {file} -Y 'tcp.flags.syn == 1' shows no SYN of these ports.
-- not:       A segment that was steered to a host which never had the connection looks the same and is a
--            finding (tcp.stray-segment).
-- reference: RFC 9293, section 3.5; RFC 7323, section 2.2
WITH counted AS (
  SELECT c.id AS capture_id, count(*) AS flows
    FROM capture c
   CROSS JOIN flow f ON f.capture_id = c.id
   WHERE c.midstream_flows > 0
   GROUP BY c.id
)
SELECT NULL AS flow_id, c.id AS capture_id, c.first_ns AS from_ns, c.last_ns AS to_ns, 'note' AS severity,
       'proven' AS confidence,
       iif(n.flows = 1, 'The one connection', c.midstream_flows || ' of ' || n.flows || ' connections')
         || ' had begun before the capture; '
         || iif(c.midstream_flows = 1, 'its handshake and earlier silence are unknown.',
                'their handshakes and earlier silences are unknown.') AS summary,
       json_object('kind', 'midstream', 'count', c.midstream_flows, 'connections', n.flows,
                   'percent', round(100.0 * c.midstream_flows / n.flows, 1),
                   'file', (SELECT path FROM capture_file n WHERE n.capture_id = c.id ORDER BY seq LIMIT 1),
                   'means', 'window scale, heartbeat interval and earlier silence are unknown') AS numbers,
       (SELECT json_group_array(json_object('frame', first_frame, 'flow', id, 'role', 'first captured segment'))
          FROM (SELECT id, first_frame FROM flow f
                 WHERE f.capture_id = c.id AND f.syn_ns IS NULL AND f.syn_ack_ns IS NULL
                 ORDER BY id LIMIT 8)) AS evidence
  FROM capture c
  JOIN counted n ON n.capture_id = c.id
 WHERE c.midstream_flows > 0
 ORDER BY c.id;
