-- id:        capture.nothing-understood
-- title:     Nothing in the capture could be read
-- severity:  warning
-- about:     capture
-- explains:  There is no TCP in the capture, so nothing can be said about connections; or there is, and
--            nothing that it carries is read (what is under TLS, and every protocol but HTTP/1.x and AMQP
--            0-9-1): then what TCP alone shows is judged, and no more.
-- remedy:    Look whether interface and filter were the right ones, and whether the traffic is inside of
--            something else (a tunnel, an overlay network): capture where it is outside of it.
--                tcpdump -D
--                tcpdump -i eth0 -s 0 -w better.pcap 'host 10.0.0.9 or icmp or icmp6'
--            HTTP or AMQP that was not recognised: name its port, -d tcp.port==18000,http. Under TLS,
--            capture behind the proxy that ends it.
-- confirm:   tshark -r {file} -q -z io,phs shows what is inside.
-- not:       TCP trouble (resets, refusals, time-outs) is found whatever the connections carry.
-- reference: https://www.tcpdump.org/manpages/pcap-filter.7.html
WITH flows AS (
  SELECT c.id, count(f.id) AS flows, count(f.id) FILTER (WHERE f.client_bytes + f.server_bytes > 0) AS with_payload
    FROM capture c
    LEFT JOIN flow f ON f.capture_id = c.id
   WHERE NOT EXISTS (SELECT 1 FROM http_exchange x CROSS JOIN flow r ON r.id = x.flow_id WHERE r.capture_id = c.id)
     AND NOT EXISTS (SELECT 1 FROM amqp_connection a CROSS JOIN flow r ON r.id = a.flow_id WHERE r.capture_id = c.id)
   GROUP BY c.id
), blind AS (
  SELECT c.*, n.flows, n.with_payload,
         (SELECT group_concat(k.frames || ' ' || k.kind, ', ')
            FROM (SELECT * FROM not_followed o WHERE o.capture_id = c.id
                   ORDER BY o.frames DESC, o.kind LIMIT 6) k) AS kinds,
         (SELECT group_concat(a.app || ' ' || a.n, ', ')
            FROM (SELECT coalesce(f.app, 'unknown') AS app, count(*) AS n FROM flow f
                   WHERE f.capture_id = c.id AND f.client_bytes + f.server_bytes > 0
                   GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 6) a) AS apps
    FROM capture c
    JOIN flows n ON n.id = c.id
   WHERE n.flows = 0 OR n.with_payload > 0
)
SELECT NULL AS flow_id, id AS capture_id, first_ns AS from_ns, last_ns AS to_ns,
       iif(flows = 0, 'warning', 'note') AS severity, 'proven' AS confidence,
       CASE WHEN frames = 0 THEN 'The capture holds not one frame: it was stopped too soon, or interface or filter were'
                                 || ' the wrong ones.'
            WHEN flows = 0 AND filtered_frames = frames THEN 'The filter given with -f let none of the ' || frames
                                 || iif(frames = 1, ' frame', ' frames') || ' through.'
            WHEN flows = 0 THEN 'There is no TCP connection in the capture' || coalesce(', but ' || kinds || ' (frames by kind).', '.')
            ELSE iif(with_payload = 1, 'The one connection with payload carries neither HTTP nor AMQP (',
                     'None of the ' || with_payload || ' connections with payload carries HTTP or AMQP (')
                 || apps || '): only what TCP itself shows was judged.'
       END AS summary,
       json_object('kind', iif(flows = 0, 'no_tcp', 'not_read'), 'count', iif(flows = 0, frames, with_payload),
                   'connections', flows, 'not_followed', kinds, 'protocols', apps,
                   'file', (SELECT path FROM capture_file n WHERE n.capture_id = blind.id ORDER BY seq LIMIT 1),
                   'means', iif(flows = 0, 'there is nothing to judge', 'only what TCP shows can be judged')) AS numbers,
       '[]' AS evidence
  FROM blind
 ORDER BY id;
