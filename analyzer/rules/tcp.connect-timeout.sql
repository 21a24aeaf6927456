-- id:        tcp.connect-timeout
-- title:     A connection attempt got no answer at all
-- severity:  error
-- param:     attempts = 3          attempts of a single SYN that count like one that was repeated
-- param:     single = 1000         where more attempts have one SYN only, these are left out
-- param:     settled_s = 3         whoever waited so long for an answer got none
-- param:     before_s = 10         who was answered so shortly before is told, too
-- param:     scan_targets = 16     one address that tries more addresses and ports than these scans
-- needs:     frames
-- explains:  SYN after SYN went out and nothing came back: no SYN,ACK, no RST, no ICMP error. So either
--            the SYNs or all answers vanish on the way: a firewall or security group that drops, a host
--            that is down or has another address now, a route that leads nowhere, a full table of
--            connections (conntrack) or of translated ports on the way. A program that is not there would have
--            been refused by its host at once; so the host's own answer never came.
--            Others that {server} answered meanwhile: {answered}; in the seconds before: {answered_before}. If there are any
--            then the way and the program are there, and its queue of connections that wait to be accepted
--            may be full (Linux drops the SYN), or something treats this client differently.
--            All SYNs of one port with one number are one attempt. Kernels repeat after 1, 3, 7, 15 s,
--            newer Linux kernels about every second at first (tcp_syn_linear_timeouts).
--            {gave_up}
-- remedy:    Look on the server first whether the SYN arrives, then for what drops it:
--                tcpdump -ni any 'host {client_address} and tcp port {server_port} and tcp[tcpflags] & tcp-syn != 0'
--                nft list ruleset; iptables -nvL; nstat -az TcpExtListenDrops TcpExtListenOverflows
--                ss -ltn 'sport = :{server_port}'
--            On routers and nodes between: dmesg | grep 'table full'; conntrack -S (insert_failed, drop);
--            security groups and network policies for {server}. From the client: ip route get {server_address}.
-- confirm:   traceroute -T -p {server_port} {server_address} shows how far a SYN gets. A capture at the
--            server that has the SYNs but no answer accuses the server; one without them the way.
-- not:       A capture that holds one direction only shows SYNs alone, too; there the client goes on with
--            an ACK, and no SYN is repeated. A scanner tries many addresses and ports once. An attempt
--            that was answered late is tcp.slow-connect.
-- reference: RFC 9293, section 3.8.1; RFC 6298, section 5; https://docs.kernel.org/networking/ip-sysctl.html
WITH silent AS MATERIALIZED (
  -- an index of its own. Of attempts with one SYN there are few: more are a flood or a scan
  SELECT id FROM flow WHERE ended = 'unanswered' AND client_frames > 1
  UNION ALL
  SELECT id FROM flow WHERE ended = 'unanswered' AND client_frames = 1
     AND (SELECT count(*) FROM flow WHERE ended = 'unanswered' AND client_frames = 1) <= :single
), attempt AS (
  SELECT f.id, f.capture_id, f.client_ip, f.client_port, f.server_ip, f.server_port, f.syn_ns,
         f.syn_frame, f.last_ns, f.last_frame, f.client_frames AS syns, c.last_ns AS capture_ns,
         iif(f.client_ttl > 128, 255, iif(f.client_ttl > 64, 128, 64)) - f.client_ttl AS hops,
         c.one_way_flows
    FROM silent
    JOIN connection f ON f.id = silent.id
    JOIN capture c ON c.id = f.capture_id
   -- nothing but SYNs: a client that goes on has been answered, elsewhere than here
   WHERE NOT EXISTS (SELECT 1 FROM icmp i WHERE i.flow_id = f.id)   -- tcp.icmp-reported
     AND f.client_frames = (SELECT count(*) FROM tcp_event e WHERE e.flow_id = f.id AND e.kind = 'syn')
), target AS (
  SELECT capture_id, client_ip, server_ip, server_port, count(*) AS attempts, max(syns) AS most_syns,
         min(syn_ns) AS from_ns, max(last_ns) AS to_ns
    FROM attempt
   GROUP BY capture_id, client_ip, server_ip, server_port
), client AS (
  SELECT capture_id, client_ip, count(*) AS targets, count(DISTINCT server_ip) AS servers,
         min(from_ns) AS from_ns, max(to_ns) AS to_ns
    FROM target
   GROUP BY capture_id, client_ip
  HAVING max(most_syns) >= 2 OR max(attempts) >= :attempts
), server AS (
  SELECT capture_id, server_ip, server_port, min(from_ns) AS from_ns, max(to_ns) AS to_ns
    FROM target
   WHERE most_syns >= 2 OR attempts >= :attempts
   GROUP BY capture_id, server_ip, server_port
), answering AS (
  -- whom the server answered meanwhile, and shortly before
  SELECT s.capture_id, s.server_ip, s.server_port,
         sum(f.syn_ack_ns >= s.from_ns) AS answered, sum(f.syn_ack_ns < s.from_ns) AS before
    FROM server s
    CROSS JOIN flow f ON f.server_ip = s.server_ip AND f.server_port = s.server_port
                     AND f.capture_id = s.capture_id AND f.syn_ack_ns BETWEEN s.from_ns - :before_s * 1000000000 AND s.to_ns
   GROUP BY s.capture_id, s.server_ip, s.server_port
), answered AS (
  -- from whom the client had answers meanwhile
  SELECT l.capture_id, l.client_ip, count(f.id) AS answers
    FROM client l
    CROSS JOIN flow f ON f.client_ip = l.client_ip AND +f.capture_id = l.capture_id
                     AND f.server_frames > 0 AND f.first_ns BETWEEN l.from_ns - 10000000000 AND l.to_ns
   GROUP BY l.capture_id, l.client_ip
), kind AS (
  SELECT l.*, coalesce(a.answers, 0) AS answers,
         CASE WHEN l.targets > :scan_targets THEN 'scan'
              WHEN l.servers >= 3 AND a.answers IS NULL THEN 'nothing' ELSE 'one' END AS kind
    FROM client l
    LEFT JOIN answered a ON a.capture_id = l.capture_id AND a.client_ip = l.client_ip
), seen AS (
  SELECT a.*, n.client, n.server, k.kind, k.answers, k.servers, k.targets,
         row_number() OVER (PARTITION BY a.capture_id, a.client_ip, iif(k.kind = 'one', a.server_ip, ''),
                                         iif(k.kind = 'one', a.server_port, 0)
                            ORDER BY a.syn_ns, a.id) AS nth
    FROM target t
    JOIN kind k ON k.capture_id = t.capture_id AND k.client_ip = t.client_ip
    JOIN attempt a ON (a.capture_id, a.client_ip, a.server_ip, a.server_port)
                    = (t.capture_id, t.client_ip, t.server_ip, t.server_port)
    JOIN flow_name n ON n.flow_id = a.id
   WHERE t.most_syns >= 2 OR t.attempts >= :attempts OR k.kind <> 'one'
), step AS (
  -- the pauses between the SYNs, of the first attempt
  SELECT flow_id, json_group_array(seconds(gap_ns)) AS gaps, max(gap_ns) FILTER (WHERE back = 1) AS last_ns
    FROM (SELECT e.flow_id, e.ns - lag(e.ns) OVER (PARTITION BY e.flow_id ORDER BY e.frame) AS gap_ns,
                 row_number() OVER (PARTITION BY e.flow_id ORDER BY e.frame DESC) AS back
            FROM seen s CROSS JOIN tcp_event e ON e.flow_id = s.id AND e.kind = 'syn'
           WHERE s.nth = 1
           ORDER BY e.flow_id, e.frame)
   WHERE gap_ns IS NOT NULL
   GROUP BY flow_id
), told AS (
  SELECT s.capture_id, s.kind, s.client_ip, min(s.id) AS flow_id, min(s.server_ip) AS server_ip,
         min(s.server_port) AS server_port, min(s.server) AS server, min(s.client) AS client,
         min(s.servers) AS servers, min(s.targets) AS targets, min(s.answers) AS answers,
         coalesce(min(w.answered), 0) AS answered, coalesce(min(w.before), 0) AS before,
         count(*) AS attempts, sum(s.syns) AS syns, min(s.syn_ns) AS from_ns, max(s.last_ns) AS to_ns,
         max(s.last_ns - s.syn_ns) AS waited_ns, max(s.capture_ns - s.last_ns) AS after_ns,
         min(s.hops) AS hops, max(s.one_way_flows) AS one_way_flows,
         max(iif(s.nth = 1, g.gaps, NULL)) AS gaps, max(iif(s.nth = 1, g.last_ns, NULL)) AS last_gap_ns,
         '[' || group_concat(json_object('frame', s.syn_frame, 'flow', s.id, 'role', 'SYN') || ','
                || json_object('frame', iif(s.syns > 1, s.last_frame, NULL), 'flow', s.id, 'role', 'SYN for the last time'))
                FILTER (WHERE s.nth <= 16) || ']' AS proof
    FROM seen s
    LEFT JOIN step g ON g.flow_id = s.id
    LEFT JOIN answering w ON w.capture_id = s.capture_id AND w.server_ip = s.server_ip AND w.server_port = s.server_port
   GROUP BY s.capture_id, s.client_ip, iif(s.kind = 'one', s.server_ip, ''), iif(s.kind = 'one', s.server_port, 0)
), judged AS (
  SELECT *, attempts > 1 OR waited_ns >= :settled_s * 1e9 OR after_ns >= 2.5 * last_gap_ns AS settled,
         -- the client had given up before its next SYN was due
         attempts = 1 AND after_ns >= 2.5 * last_gap_ns AS gave_up
    FROM told
   -- SYNs that come together are no repetition by a timer
   WHERE kind <> 'one' OR waited_ns >= 300000000 OR attempts >= :attempts
)
SELECT iif(kind = 'one', flow_id, NULL) AS flow_id, capture_id, from_ns, to_ns,
       CASE WHEN kind = 'scan' THEN 'note' WHEN settled AND NOT one_way_flows THEN 'error' ELSE 'warning' END AS severity,
       CASE WHEN kind = 'scan' OR NOT settled OR one_way_flows THEN 'possible' ELSE 'likely' END AS confidence,
       iif(attempts = 1, client, client_ip) AS client, iif(kind = 'one', server, NULL) AS server,
       CASE kind
         WHEN 'scan' THEN client_ip || ' tried ' || targets || ' addresses and ports that did not answer: a scan, or a list of hosts that are gone.'
         WHEN 'nothing' THEN 'None of the ' || servers || ' servers that ' || client_ip || ' tried in '
           || printf('%.1f s', (to_ns - from_ns) / 1e9)
           || ' answered, and no other either: what it sends, or all that comes back, is lost near itself.'
         ELSE server || ' never answered '
           || iif(attempts = 1, 'a connection attempt: ' || syns || ' SYNs over ' || printf('%.1f s', waited_ns / 1e9),
                  attempts || ' connection attempts (' || syns || ' SYNs in ' || printf('%.1f s', (to_ns - from_ns) / 1e9) || ')')
           || ', no SYN,ACK, no RST, no ICMP'
           || iif(answered, ', though it accepted ' || answered || iif(answered = 1, ' other', ' others') || ' meanwhile: its queue is full, or something drops part of the SYNs.',
                  iif(before, ', though it had accepted ' || before || iif(before = 1, ' other', ' others')
                        || ' in the seconds before: its queue is full, its host has gone, or something began to drop SYNs',
                      ': something drops them, or the host is gone')
                  || iif(answers, '; other connections of the client were answered meanwhile.', '.'))
           || iif(settled, '', ' The capture ends while the client still waits.')
           || iif(one_way_flows, ' (Part of this capture shows one direction only: an answer may have taken another way.)', '')
       END AS summary,
       json_object('syns', syns, 'attempts', attempts, 'waited_s', seconds(waited_ns),
                   'retransmission_gaps_s', json(iif(attempts = 1, gaps, NULL)),
                   'gave_up_before_s', iif(gave_up, seconds(waited_ns + 2.5 * last_gap_ns), NULL),
                   'answered', answered, 'answered_before', before, 'client_answered_elsewhere', answers, 'hops_from_client', hops,
                   'kind', kind, 'client_address', client_ip,
                   'server', iif(kind = 'one', server, NULL), 'server_address', iif(kind = 'one', server_ip, NULL),
                   'server_port', iif(kind = 'one', server_port, NULL),
                   'gave_up', iif(gave_up, 'The client gave up after ' || printf('%.1f', waited_ns / 1e9) || ' to '
                       || printf('%.1f', (waited_ns + 2.5 * last_gap_ns) / 1e9) || ' s: its own time-out'
                       || coalesce(' (known: ' || (SELECT group_concat(text, '; ') FROM
                       (SELECT printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' AS text
                          FROM known_timer t
                         WHERE t.layer = 'connect' AND t.seconds >= waited_ns / 1e9 - t.tolerance_s
                           AND t.seconds <= (waited_ns + 2.5 * last_gap_ns) / 1e9
                         ORDER BY t.seconds, text LIMIT 12)) || ')', '') || ', or its user.', NULL)) AS numbers,
       iif(attempts = 1, (SELECT json_group_array(json_object('frame', frame, 'flow', flow_id, 'role',
                                                iif(frame = first, 'SYN', 'SYN again')))
                            FROM (SELECT e.frame, e.flow_id, min(e.frame) OVER () AS first
                                    FROM tcp_event e WHERE e.flow_id = j.flow_id AND e.kind = 'syn'
                                   ORDER BY e.frame LIMIT 16)), proof) AS evidence
  FROM judged j
 ORDER BY capture_id, from_ns, j.flow_id;
