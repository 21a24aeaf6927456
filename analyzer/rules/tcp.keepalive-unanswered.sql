-- id:        tcp.keepalive-unanswered
-- title:     Keep-alive probes stayed without an answer
-- severity:  error
-- param:     least = 3             probes in a row
-- needs:     both-sides, frames
-- yields:    tcp.blackhole, tcp.idle-blackhole
-- explains:  The {speaker}'s host sent {probes} keep-alive probes, {interval_s} s apart, and nothing came back.
--            A host that has the connection answers each with an acknowledgement, one that has not with a
--            RST. So the other host was off, the path was dead, or something on the way had forgotten the
--            connection in the {idle_s} s of silence before the first probe and drops its packets.
-- remedy:    Let the program connect anew; the probes did what they are for, it learns of the death by them. Where probes
--            come too late for a device on the way (compare new connections to {server}: if they work, it is
--            one of these), probe more often than its time-out:
--                sysctl -w net.ipv4.tcp_keepalive_time={keepalive_s} net.ipv4.tcp_keepalive_intvl=30 net.ipv4.tcp_keepalive_probes=10
-- confirm:   ss -tno state established dst {peer_address} on the {speaker} shows timer:(keepalive,…) with a growing
--            count. In a capture at the other end the probes do not arrive, or their answers get lost on the way.
-- not:       A capture of one direction only shows probes without answers as well; then they go on for ever,
--            at one pace, and no RST follows.
-- reference: RFC 9293, section 3.8.4; RFC 1122, section 4.2.3.6
WITH probed AS MATERIALIZED (
  SELECT d.*, f.capture_id, f.server_ip, f.server_port, f.client_ip, f.ended, f.ended_by, f.ended_ns, f.ended_frame, n.server,
         iif(d.sender = 'client', f.server_ip, f.client_ip) AS peer_ip,
         iif(d.sender = 'client', n.server, n.client) AS peer_name,
         iif(f.ended = 'rst' AND f.ended_by = d.sender, f.ended_ns, NULL) AS given_up_ns,
         -- of the next connections, by their ids
         (SELECT count(*) FROM (SELECT established_ns, ended, client_ip FROM flow o WHERE o.server_ip = f.server_ip AND o.server_port = f.server_port
                                   AND o.id > d.flow_id - f.first_frame + d.first_frame AND o.capture_id = f.capture_id ORDER BY o.id LIMIT 100)
           WHERE established_ns IS NOT NULL AND client_ip = f.client_ip) AS new_good
    FROM dark d
    JOIN connection f ON f.id = d.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE d.what = 'keep_alive' AND d.transmissions >= :least
     AND coalesce(iif(d.sender = 'client', f.server_fin_ns, f.client_fin_ns), d.first_ns + 1) > d.first_ns
)
SELECT p.flow_id, p.first_ns AS from_ns, coalesce(p.given_up_ns, p.last_ns) AS to_ns,
       iif(p.given_up_ns IS NULL, 'warning', 'error') AS severity,
       iif(p.given_up_ns IS NULL, 'possible', 'proven') AS confidence,
       'The ' || p.sender || '''s host sent ' || p.transmissions || ' keep-alive probes to ' || p.peer_name || ', one every '
         || printf('%.1f s', (p.last_ns - p.first_ns) / 1e9 / (p.transmissions - 1)) || ', and none was answered'
         || iif(p.given_up_ns IS NULL, '', '; it gave up with RST')
         || '. The silence before the first was ' || printf('%.1f s', p.pause_ns / 1e9) || '.'
         || iif(p.new_good, ' New connections came about meanwhile: a device on the way forgot this one.', '') AS summary,
       json_object('probes', p.transmissions, 'interval_s', seconds((p.last_ns - p.first_ns) / (p.transmissions - 1)),
                   'idle_s', seconds(p.pause_ns), 'given_up_after_s', seconds(p.given_up_ns - p.first_ns),
                   'new_connections_good', p.new_good, 'speaker', p.sender, 'server', p.server, 'peer_address', p.peer_ip,
                   'keepalive_s', max(1, CAST(p.pause_ns / 1e9 / 4 AS INTEGER)),
                   'bucket', round(p.pause_ns / 1e9)) AS numbers,
       (SELECT json_group_array(json(proof)) FROM
          (SELECT json_object('frame', p.pause_frame, 'role', 'last segment before the silence') AS proof
            UNION ALL
           SELECT * FROM (SELECT json_object('frame', s.frame, 'role', 'keep-alive probe') AS proof
                            FROM dark_sent s WHERE s.flow_id = p.flow_id AND s.sender = p.sender ORDER BY s.nth LIMIT 24)
            UNION ALL
           SELECT json_object('frame', iif(p.given_up_ns IS NULL, NULL, p.ended_frame), 'role', 'RST: the ' || p.sender || ' gives up')))
         AS evidence
  FROM probed p
 ORDER BY p.first_ns, p.flow_id;
