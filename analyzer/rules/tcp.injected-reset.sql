-- id:        tcp.injected-reset
-- title:     A reset made in the name of another host
-- severity:  error
-- over:      reset
-- param:     goes_on_s = 0.01      what a host sends so long after its own RST is no reordering
-- needs:     both-sides
-- yields:    tcp.reset-after-idle, tcp.timer-reset, tcp.backend-changed, tcp.nat-untranslated, tcp.stray-segment
-- explains:  A RST in the name of the {sender} broke the connection, and the {sender} is unlikely to have sent it.
--            {why}
--            Firewalls and intrusion prevention reject connections in this way (by rule, by a word in the
--            content), balancers when they take a backend out, and so do devices that disturb on purpose.
--            The program at the other end sees "Connection reset by peer" and blames the wrong host.
--            {contrast}
-- remedy:    Look at what on the way may reset: a rule that rejects (on the host itself as well)
--                nft list ruleset | grep -i -e reject -e 'tcp reset'
--                iptables -S | grep tcp-reset
--            intrusion prevention, content filters and data loss prevention, the balancer's log at {at}.
--            {hops} What the connection carried last is most often what the rule looks at.
-- confirm:   Capture at both ends: at {server_or_client} the RST never leaves, or arrives there in the other
--            side's name. The same request with other content, or encrypted, passes.
-- not:       Some hosts send RSTs with another initial TTL (255, 128, 64) than data from as far away; that
--            alone is told as a note. Where routes differ from packet to packet the TTL of all segments
--            varies. A RST after a long silence belongs to a table's time-out (tcp.reset-after-idle).
-- reference: RFC 3360; RFC 9293, section 3.10.7
WITH suspect AS (
  SELECT r.*, f.capture_id, f.server_ip, f.server_port, f.client_ip, f.syn_frame, f.syn_ack_frame, f.rtt_ns, n.server, n.client,
         -- how far away, taken that 64, 128 or 255 was what it began with
         CASE WHEN r.ttl <= 64 THEN 64 WHEN r.ttl <= 128 THEN 128 ELSE 255 END - r.ttl AS hops,
         CASE WHEN r.usual_ttl <= 64 THEN 64 WHEN r.usual_ttl <= 128 THEN 128 ELSE 255 END - r.usual_ttl AS usual_hops,
         iif(max(coalesce(iif(r.sender = 'server', f.server_last_data_frame, f.client_last_data_frame), 0),
                 coalesce(iif(r.sender = 'server', f.server_fin_frame, f.client_fin_frame), 0)) > r.frame,
             (SELECT min(p.frame) FROM packet p
               WHERE p.flow_id = r.flow_id AND p.sender = r.sender AND p.frame > r.frame AND p.flags & 6 = 0
                 AND p.ns - r.ns >= :goes_on_s * 1e9 AND (p.len > 0 OR p.flags & 1)), NULL) AS on_frame,
         row_number() OVER (PARTITION BY r.flow_id ORDER BY r.frame) AS nth,
         count(*) OVER (PARTITION BY r.flow_id, r.sender) AS resets
    FROM reset_anatomy r
    JOIN connection f ON f.id = r.flow_id
    JOIN flow_name n ON n.flow_id = f.id
   WHERE r.class IN ('injected', 'unknown_socket', 'abort')
     -- the connection had come about
     AND r.usual_ttl IS NOT NULL AND (r.trigger_flags IS NULL OR NOT r.trigger_flags & 2)
     AND r.in_window AND NOT r.after_own_fin AND NOT r.after_own_rst AND NOT r.after_peer_fin
     AND NOT EXISTS (SELECT 1 FROM idle_death i WHERE i.flow_id = r.flow_id)
), judged AS MATERIALIZED (
  SELECT s.*, s.class = 'injected' AND s.hops <> s.usual_hops AS elsewhere,
         s.class = 'injected' AND s.hops = s.usual_hops AS other_start,
         -- the handshake's TTL was another as well: routes change
         EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = s.flow_id AND e.sender = s.sender
                    AND e.kind IN ('syn', 'syn_ack') AND e.ttl <> s.usual_ttl) AS varies,
         (SELECT p.ns FROM packet p WHERE p.flow_id = s.flow_id AND p.frame = s.on_frame) AS on_ns
    FROM suspect s
   WHERE s.nth = 1 AND (s.class = 'injected' OR s.on_frame IS NOT NULL)
)
SELECT j.flow_id, coalesce(j.trigger_ns, j.ns) AS from_ns, coalesce(j.on_ns, j.ns) AS to_ns,
       CASE WHEN j.on_frame IS NULL AND (j.other_start OR j.varies) THEN 'note'
            WHEN j.trigger_len > 0 OR j.unread_bytes > 0 OR j.own_bytes = 0 THEN 'error' ELSE 'warning' END AS severity,
       CASE WHEN j.on_frame IS NOT NULL AND j.elsewhere THEN 'proven'
            WHEN j.on_frame IS NOT NULL OR j.elsewhere AND NOT j.varies THEN 'likely' ELSE 'possible' END AS confidence,
       'A RST in the name of the ' || j.sender
         || iif(j.trigger_frame IS NULL, '', ', ' || duration(j.trigger_delay_ns) || ' after '
                || CASE WHEN j.trigger_len > 0 THEN j.trigger_len || ' bytes of the ' ELSE 'a segment of the ' END
                || iif(j.sender = 'server', 'client', 'server') || iif(j.class = 'injected', ',', ''))
         || iif(j.class = 'injected', ' has TTL ' || j.ttl || ' while the host''s other segments have ' || j.usual_ttl, '')
         || CASE WHEN j.elsewhere THEN ': it was made ' || abs(j.hops - j.usual_hops)
                      || iif(abs(j.hops - j.usual_hops) = 1, ' hop ', ' hops ')
                      || iif(j.hops < j.usual_hops, 'nearer, by a device on the way', 'farther away, not by that host')
                 WHEN j.other_start THEN ': perhaps made by a device beside that host, perhaps by its own kernel' ELSE '' END
         || iif(j.on_frame IS NULL, '', iif(j.class = 'injected', '; the', ' broke the connection; the') || ' host itself went on '
                || printf('%.3f s', (j.on_ns - j.ns) / 1e9) || ' later as if nothing had been') || '.' AS summary,
       json_object('ttl_rst', j.ttl, 'usual_ttl', j.usual_ttl,
                   'ttl_syn_ack', iif(j.sender = 'server', j.usual_ttl, NULL),
                   'rst_after_request_s', seconds(j.trigger_delay_ns), 'rst_after_data_s', seconds(j.trigger_delay_ns),
                   'goes_on_after_s', seconds(j.on_ns - j.ns), 'resets', j.resets, 'ip_id', j.ip_id, 'window', j.window,
                   'contrast', json((SELECT json_group_array(x.text) FROM survivor_contrast x
                                WHERE (x.capture_id, x.server_ip, x.server_port) = (j.capture_id, j.server_ip, j.server_port)
                               HAVING count(*) > 0)),
                   'sender', j.sender, 'server', j.server,
                   'server_or_client', iif(j.sender = 'server', j.server, j.client),
                   'at', strftime('%Y-%m-%d %H:%M:%S', j.ns / 1000000000, 'unixepoch') || ' UTC',
                   'hops', iif(j.elsewhere, 'By its TTL it comes from ' || j.hops || iif(j.hops = 1, ' hop', ' hops') || ' away, the host is ' || j.usual_hops
                                  || ' away (traceroute names what is there).', 'By its TTL it comes from as far away as the host: begin there.'),
                   'why', trim(iif(j.class = 'injected', 'Its TTL is ' || j.ttl || ', that of the host''s other segments ' || j.usual_ttl
                                  || ': it has not come the same way. ', '')
                               || iif(j.on_frame IS NULL, '', 'The host went on with the connection afterwards: it knew nothing of a reset.'))) AS numbers,
       json_array(json_object('frame', iif(j.sender = 'server', j.syn_ack_frame, j.syn_frame), 'role', 'handshake of the ' || j.sender || ', with its TTL'),
                  json_object('frame', j.trigger_frame, 'role', 'what the RST answers'),
                  json_object('frame', j.frame, 'role', 'RST in the name of the ' || j.sender),
                  json_object('frame', j.on_frame, 'role', 'the ' || j.sender || ' goes on')) AS evidence
  FROM judged j
 ORDER BY j.ns, j.flow_id;
