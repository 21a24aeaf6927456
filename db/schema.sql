-- schema.sql - the case file: what tcpwhy saw, and what it concluded.
--
-- This is the data reference. A case is an ordinary SQLite database; any tool
-- that reads SQLite can read it. Facts are written while a capture is read and
-- never changed afterwards. Derived tables (derived.sql, incidents.sql, summary.sql)
-- are dropped and made again by a rules pass (`tcpwhy rules run case.db`).
--
-- Times    *_ns: nanoseconds since 1970-01-01 UTC.
-- Frames   count from 1 through a capture, as Wireshark does; for a capture of
--          several files capture_file.first_frame leads to a file's own numbers.
-- Sides    'client' and 'server', always the sender. The client is who sent
--          the SYN; flow.client_known_by says how that is known.
-- Offsets  *_off: bytes of one direction's payload before this place, from 0 at
--          the byte after the SYN (or the first byte captured). They do not wrap.
-- NULL     not known, or did not happen.

PRAGMA application_id = 1952673911;     -- 'tcpw'
PRAGMA user_version = 2;

-- ---------------------------------------------------------------- facts ----

-- One capture: a file, or a rotated series of files. Its columns from
-- tcp_frames on say how far the capture can be trusted.
CREATE TABLE capture(
  id                INTEGER PRIMARY KEY,
  name              TEXT NOT NULL,
  flow_base         INTEGER NOT NULL,   -- flow.id = flow_base + frame of its first packet
  first_ns          INTEGER,
  last_ns           INTEGER,
  frames            INTEGER NOT NULL,
  bytes             INTEGER NOT NULL,   -- on the wire
  link_types        TEXT,               -- libpcap's names, separated by commas
  snaplen           INTEGER,            -- the smallest of the files'
  tcp_frames        INTEGER NOT NULL,
  filtered_frames   INTEGER NOT NULL,   -- passed over by the BPF filter (-f)
  snapped_frames    INTEGER NOT NULL,   -- TCP frames cut by the snaplen
  duplicate_frames  INTEGER NOT NULL,   -- seen twice; left out of all other facts
  fragment_frames   INTEGER NOT NULL,   -- IP fragments of packets that a later frame completed
  icmp_frames       INTEGER NOT NULL,   -- errors about a flow of the capture: see icmp
  clock_steps_back  INTEGER NOT NULL,   -- frames stamped more than 1 ms before the one ahead of them
  one_way_flows     INTEGER NOT NULL,   -- flows with payload of which one direction was never seen
  midstream_flows   INTEGER NOT NULL,   -- flows begun before the capture
  ack_lost_segments INTEGER NOT NULL,   -- times that bytes were acknowledged but never captured
  dropped_frames    INTEGER,            -- lost while capturing, as the files themselves report it:
                                        -- what interface and system dropped, added up; these counts
                                        -- run from a capture's beginning, so a series has its
                                        -- greatest; NULL: not reported (pcap cannot)
  taken_for         TEXT NOT NULL,      -- why its files are one capture, and others not in it:
                                        -- 'file' (one alone), 'series' (names and times follow one
                                        -- another), 'follows' (times do, written alike), 'point'
                                        -- (its times overlap another's: taken elsewhere), 'unlike'
                                        -- (it follows, but was written otherwise), 'joined'
                                        -- (--join), 'separate' (--separate)
  series_trouble    TEXT,               -- files that seem to be missing from it, or that overlap
  read_with         TEXT                -- the options that decide what is read, as typed; NULL: none
) STRICT;

-- The files of a capture, in order of time.
CREATE TABLE capture_file(
  capture_id    INTEGER NOT NULL REFERENCES capture,
  seq           INTEGER NOT NULL,       -- from 1
  path          TEXT NOT NULL,          -- as given; '-' for standard input
  sha256        TEXT NOT NULL,          -- of the bytes read: all, but where reading was stopped;
                                        -- '': not hashed (--no-hash)
  size          INTEGER NOT NULL,       -- bytes read, compressed as they are
  compression   TEXT,                   -- 'gzip', 'zstd', 'xz', 'lz4'; NULL: none
  format        TEXT NOT NULL,          -- 'pcap', 'pcap-ns', 'pcap-modified', 'pcapng'
  link_type     TEXT,                   -- libpcap's names, separated by commas
  snaplen       INTEGER,                -- the smallest of its interfaces'
  first_frame   INTEGER NOT NULL,       -- the capture's number of this file's frame 1
  frames        INTEGER NOT NULL,
  first_ns      INTEGER,
  last_ns       INTEGER,
  cut_short_at  INTEGER,                -- the file broke off after this frame of its own, or reading
                                        -- was stopped there by whoever watched (trouble says which)
  trouble       TEXT,                   -- what was wrong with it, in words
  PRIMARY KEY (capture_id, seq)
) STRICT;

-- The interfaces on which a file's frames were captured: pcapng tells them, of a
-- pcap file there is one, without a name. Counts are the capturing program's.
CREATE TABLE capture_interface(
  capture_id    INTEGER NOT NULL REFERENCES capture,
  file_seq      INTEGER NOT NULL,       -- capture_file.seq
  nr            INTEGER NOT NULL,       -- from 0 through the file
  section       INTEGER NOT NULL,       -- of the pcapng file that names it, from 1
  name          TEXT,                   -- 'eth0'
  description   TEXT,
  link_type     TEXT,                   -- libpcap's name; 'LINKTYPE 999': it has none
  snaplen       INTEGER,                -- NULL: no limit
  filter        TEXT,                   -- what the capturing program let through
  os            TEXT,                   -- of the host
  frames        INTEGER NOT NULL,       -- in the file
  received      INTEGER,                -- these count from the capture's beginning
  dropped_by_interface INTEGER,
  passed_filter INTEGER,
  dropped_by_os INTEGER,
  delivered     INTEGER,                -- to the capturing program
  PRIMARY KEY (capture_id, file_seq, nr)
) STRICT;

-- What somebody wrote into a pcapng file: 4 KiB of each comment at most, and the
-- first ten thousand of a capture.
CREATE TABLE capture_comment(
  capture_id    INTEGER NOT NULL REFERENCES capture,
  file_seq      INTEGER NOT NULL,       -- capture_file.seq
  interface     INTEGER,                -- capture_interface.nr: it is about that one
  frame         INTEGER,                -- it is about this frame of the capture
  text          TEXT NOT NULL           -- where both are NULL: about the file
) STRICT;

-- Frames that carried nothing this program follows, by kind ('arp', 'udp', …). What
-- Wireshark numbers as a frame though it is no packet is 'pcapng custom block', ….
CREATE TABLE not_followed(
  capture_id  INTEGER NOT NULL REFERENCES capture,
  kind        TEXT NOT NULL,
  frames      INTEGER NOT NULL,
  PRIMARY KEY (capture_id, kind)
) STRICT;

-- One TCP connection as far as it was captured. A silence never splits it.
CREATE TABLE flow(
  id               INTEGER PRIMARY KEY, -- see capture.flow_base
  capture_id       INTEGER NOT NULL REFERENCES capture,
  stream           INTEGER NOT NULL,    -- Wireshark's tcp.stream
  client_ip        TEXT NOT NULL,
  client_port      INTEGER NOT NULL,
  server_ip        TEXT NOT NULL,
  server_port      INTEGER NOT NULL,
  client_known_by  TEXT NOT NULL,       -- 'syn', 'syn_ack', 'server' (its other flows), 'port', 'payload'
  path             TEXT,                -- headers around its first segment, from the outside in: 'vlan 5 vxlan 42'
  first_frame      INTEGER NOT NULL,
  last_frame       INTEGER NOT NULL,
  first_ns         INTEGER NOT NULL,
  last_ns          INTEGER NOT NULL,
  client_frames    INTEGER NOT NULL,
  server_frames    INTEGER NOT NULL,
  client_bytes     INTEGER NOT NULL,    -- payload on the wire, retransmissions included
  server_bytes     INTEGER NOT NULL,
  client_duplicates INTEGER NOT NULL,   -- further copies of its frames; counted nowhere else
  server_duplicates INTEGER NOT NULL,
  client_gap_bytes INTEGER NOT NULL,    -- payload that the capture lacks
  server_gap_bytes INTEGER NOT NULL,
  syn_ns           INTEGER,             -- the first SYN
  syn_frame        INTEGER,
  syn_ack_ns       INTEGER,
  syn_ack_frame    INTEGER,
  established_ns   INTEGER,             -- the client's ACK of the SYN,ACK
  rtt_ns           INTEGER,             -- from the SYN that was answered to that ACK, wherever the capture was taken
  client_isn       INTEGER,
  server_isn       INTEGER,
  client_first_seq INTEGER,             -- sequence number that offset 0 stands for
  server_first_seq INTEGER,
  client_mss       INTEGER,
  server_mss       INTEGER,
  client_window_scale INTEGER,          -- shift; NULL: not offered, or no SYN seen
  server_window_scale INTEGER,
  client_tsval     INTEGER,             -- TSval of the side's first segment
  server_tsval     INTEGER,
  client_ttl       INTEGER,             -- of its last segment that was no RST
  server_ttl       INTEGER,
  client_first_data_ns    INTEGER,
  client_first_data_frame INTEGER,
  client_last_data_ns     INTEGER,
  client_last_data_frame  INTEGER,
  server_first_data_ns    INTEGER,
  server_first_data_frame INTEGER,
  server_last_data_ns     INTEGER,
  server_last_data_frame  INTEGER,
  client_fin_ns    INTEGER,             -- its first FIN
  client_fin_frame INTEGER,
  client_fin_off   INTEGER,             -- its payload up to the FIN
  client_fin_acks_off INTEGER,          -- the server's payload that the FIN acknowledged
  client_fin_acked_ns INTEGER,          -- first acknowledgement of the FIN
  client_fin_acked_frame INTEGER,
  client_acked_off INTEGER NOT NULL,    -- of its payload, acknowledged by the server's host
  server_fin_ns    INTEGER,
  server_fin_frame INTEGER,
  server_fin_off   INTEGER,
  server_fin_acks_off INTEGER,
  server_fin_acked_ns INTEGER,
  server_fin_acked_frame INTEGER,
  server_acked_off INTEGER NOT NULL,
  window_scaling   TEXT NOT NULL,       -- 'on', 'off', 'unknown': a SYN that would tell was not captured
  fast_open        INTEGER NOT NULL,    -- 1: a SYN asked for TCP Fast Open (RFC 7413), or carried data
  simultaneous_open INTEGER NOT NULL,   -- 1: both sides sent a SYN (RFC 9293, 3.5)
  conn_state       TEXT NOT NULL,       -- Zeek's: S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH
  history          TEXT NOT NULL,       -- Zeek's letters
  completeness     INTEGER NOT NULL,    -- Wireshark's tcp.completeness: 1 SYN, 2 SYN,ACK, 4 ACK, 8 data, 16 FIN, 32 RST
  ended            TEXT NOT NULL CHECK( ended IN ('fin', 'rst', 'refused', 'unanswered', 'open') ),
  ended_by         TEXT,                -- who sent the first FIN, or the RST
  ended_ns         INTEGER,
  ended_frame      INTEGER,
  app              TEXT,                -- 'http', 'amqp', or nDPI's name in lower case
  app_known_by     TEXT,                -- 'payload', 'ndpi', 'decode-as'
  community_id     TEXT                 -- Community ID v1 of the five-tuple
) STRICT;

-- What stands out in a flow's segments; the words mean what tshark's
-- tcp.analysis.* mean, after duplicates are removed. As there, a fast or a
-- spurious retransmission is a retransmission too: one row for each word.
-- Words of our own: 'overlap_conflict', a segment repeats bytes that were others
-- before (the first are kept); 'urgent', urgent data; 'data_after_fin', payload
-- behind its sender's own FIN; 'd_sack', a report that data came twice (RFC 2883);
-- 'challenge_ack', an answer to a RST or SYN that was not believed (RFC 5961).
-- 'port_reuse': a SYN that begins another flow on the same endpoints, or a
-- SYN,ACK with another number than its side had.
CREATE TABLE tcp_event(
  flow_id  INTEGER NOT NULL REFERENCES flow,
  frame    INTEGER NOT NULL,
  ns       INTEGER NOT NULL,
  sender   TEXT NOT NULL,
  kind     TEXT NOT NULL CHECK( kind IN ('syn', 'syn_ack', 'fin', 'rst', 'retransmission',
           'fast_retransmission', 'spurious_retransmission', 'out_of_order', 'lost_segment',
           'ack_lost_segment', 'dup_ack', 'zero_window', 'zero_window_probe',
           'zero_window_probe_ack', 'window_full', 'window_update', 'keep_alive',
           'keep_alive_ack', 'overlap_conflict', 'port_reuse', 'urgent', 'data_after_fin',
           'd_sack', 'challenge_ack') ),
  seq      INTEGER NOT NULL,            -- as on the wire
  ack      INTEGER NOT NULL,
  len      INTEGER NOT NULL,            -- payload
  ttl      INTEGER NOT NULL,
  ip_id    INTEGER NOT NULL,            -- 0 for IPv6
  flags    INTEGER NOT NULL             -- the TCP header's eight: CWR ECE URG ACK PSH RST SYN FIN
) STRICT;

-- The anatomy of each RST. `trigger` is the peer's segment that it answers.
CREATE TABLE reset(
  flow_id          INTEGER NOT NULL REFERENCES flow,
  frame            INTEGER NOT NULL,
  ns               INTEGER NOT NULL,
  sender           TEXT NOT NULL,
  has_ack          INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  ack              INTEGER NOT NULL,
  window           INTEGER NOT NULL,    -- as on the wire, not scaled
  has_timestamps   INTEGER NOT NULL,    -- a live socket that uses them puts them into its RST
  ttl              INTEGER,
  usual_ttl        INTEGER,             -- of the sender's other segments
  ip_id            INTEGER NOT NULL,
  trigger_frame    INTEGER,
  trigger_ns       INTEGER,
  trigger_delay_ns INTEGER,             -- from the trigger to the RST
  trigger_len      INTEGER,
  trigger_flags    INTEGER,
  trigger_acks_fin INTEGER,             -- 1: the trigger's sender had received the resetter's FIN
  seq_matches_trigger_ack INTEGER NOT NULL,  -- RFC 9293, 3.10.7.1: no such connection
  in_window        INTEGER NOT NULL,    -- RFC 5961, section 3: acceptable to the receiver
  unread_bytes     INTEGER NOT NULL,    -- the peer's payload that the resetter had not acknowledged
  after_own_fin    INTEGER NOT NULL,
  after_own_rst    INTEGER NOT NULL,
  after_peer_fin   INTEGER NOT NULL,
  own_bytes        INTEGER NOT NULL,    -- the resetter's payload so far
  peer_bytes       INTEGER NOT NULL,    -- the peer's payload so far
  peer_bytes_acked INTEGER NOT NULL,    -- of that, acknowledged by the resetter
  idle_ns          INTEGER NOT NULL,    -- from the flow's last segment before it to the RST
  pause_from_frame INTEGER,             -- the flow's longest pause since the resetter last sent:
  pause_from_ns    INTEGER,             -- the segment before it
  pause_to_frame   INTEGER,             -- and the peer's segment that broke it
  pause_to_ns      INTEGER
) STRICT;

-- ICMP errors that quote a segment of a flow: a router, a firewall or the other
-- host says what became of it. One that quotes no known flow is in not_followed.
CREATE TABLE icmp(
  flow_id    INTEGER NOT NULL REFERENCES flow,
  frame      INTEGER NOT NULL,
  ns         INTEGER NOT NULL,
  source_ip  TEXT NOT NULL,             -- who says so
  sender     TEXT NOT NULL,             -- whose segment it is about
  protocol   TEXT NOT NULL,             -- 'icmp', 'icmpv6'
  type       INTEGER NOT NULL,          -- as on the wire
  code       INTEGER NOT NULL,
  word       TEXT NOT NULL,             -- 'port unreachable', 'fragmentation needed', 'ttl exceeded', …
  mtu        INTEGER,                   -- of the next hop: what the packet was too big for
  quoted_seq INTEGER NOT NULL,          -- the segment's sequence number, as on the wire
  quoted_ttl INTEGER NOT NULL           -- its TTL when it was given up
) STRICT;

-- Silences from 1 s up. 'both': no segment of the flow at all. 'client' and
-- 'server': no payload, SYN, FIN or RST of that side; its bare acknowledgements
-- and keep-alives do not count, for they are its kernel's, not its program's.
CREATE TABLE silence(
  flow_id      INTEGER NOT NULL REFERENCES flow,
  scope        TEXT NOT NULL CHECK( scope IN ('client', 'server', 'both') ),
  from_ns      INTEGER NOT NULL,
  to_ns        INTEGER NOT NULL,
  from_frame   INTEGER NOT NULL,        -- the last segment before it
  to_frame     INTEGER NOT NULL,        -- the segment that ended it
  ended_by     TEXT NOT NULL CHECK( ended_by IN ('data', 'heartbeat', 'keep_alive', 'ack', 'syn',
               'fin', 'rst', 'end_of_capture') ),
  ended_sender TEXT                     -- who ended it
) STRICT;

-- One HTTP/1.x request with its responses. A 1xx is never the response.
-- States: 'complete', 'cut_by_fin', 'cut_by_rst', 'cut_by_gap' (bytes that the
-- capture lacks), 'open' (the capture ends first), 'none' (not a byte of it).
CREATE TABLE http_exchange(
  flow_id             INTEGER NOT NULL REFERENCES flow,
  nr                  INTEGER NOT NULL, -- from 1 within the flow
  method              TEXT,             -- NULL: a response without a request
  target              TEXT,             -- secrets in it are replaced by ***
  host                TEXT,
  version             TEXT,             -- the request's: 'HTTP/1.1'
  user_agent          TEXT,
  request_head        TEXT,             -- as sent, secrets replaced, cut at 4 KiB
  response_head       TEXT,
  request_ns          INTEGER,          -- first byte of the request line
  request_frame       INTEGER,
  request_head_end_ns INTEGER,
  request_head_end_frame INTEGER,
  request_body_ns     INTEGER,          -- first byte of the body
  request_body_frame  INTEGER,
  request_end_ns      INTEGER,          -- last byte of the request
  request_end_frame   INTEGER,
  request_off         INTEGER,
  request_declared    INTEGER,          -- Content-Length; NULL: none, or chunked
  request_bytes       INTEGER,          -- body bytes that came
  request_body_hash   INTEGER,          -- of the body's first 4 KiB, chunks undone: with method, target
                                        -- and bytes it tells a request sent again. 32 bits, without a key:
                                        -- a short body can be guessed from it. NULL: no body, or not all
                                        -- of these bytes were captured
  expect_continue     INTEGER NOT NULL, -- 1: Expect: 100-continue (RFC 9110, 10.1.1)
  continue_ns         INTEGER,          -- the 100 (Continue)
  continue_frame      INTEGER,
  status              INTEGER,          -- of the final response
  reason              TEXT,
  response_version    TEXT,
  response_ns         INTEGER,          -- first byte of the final response
  response_frame      INTEGER,
  response_head_end_ns INTEGER,
  response_head_end_frame INTEGER,
  response_end_ns     INTEGER,
  response_end_frame  INTEGER,
  response_off        INTEGER,
  response_declared   INTEGER,
  response_bytes      INTEGER,
  response_until_close INTEGER NOT NULL,-- 1: the body ends with the connection (RFC 9112, 6.3)
  close_announced     INTEGER NOT NULL, -- 1: either side said that it would close
  request_state       TEXT NOT NULL,
  response_state      TEXT NOT NULL,
  expect_answer       TEXT CHECK( expect_answer IN ('100', 'final', 'none', 'unasked') ),
                                        -- what the client heard first: a 100, a final status instead,
                                        -- nothing; a 100 that was not asked for. NULL: neither
  expect_body         TEXT CHECK( expect_body IN ('before', 'after', 'without', 'unsent') ),
                                        -- when a client that asked sent its body: before or after that
                                        -- answer, without having any, or not at all. NULL: not asked
  PRIMARY KEY (flow_id, nr)
) STRICT;

-- Responses with a status of 1xx: 100 (Continue), 102, 103. 101 is final, for
-- what follows is no more HTTP.
CREATE TABLE http_interim(
  flow_id     INTEGER NOT NULL REFERENCES flow,
  frame       INTEGER NOT NULL,
  ns          INTEGER NOT NULL,
  exchange_nr INTEGER,                  -- http_exchange.nr; NULL: no request was seen
  status      INTEGER NOT NULL,
  late        INTEGER NOT NULL          -- 1: it came after the final response
) STRICT;

-- Close frames of a WebSocket (flow.app 'websocket'; RFC 6455, 5.5.1). Its pings and
-- pongs are in heartbeat.
CREATE TABLE websocket_close(
  flow_id INTEGER NOT NULL REFERENCES flow,
  frame   INTEGER NOT NULL,
  ns      INTEGER NOT NULL,
  sender  TEXT NOT NULL,
  code    INTEGER,                      -- RFC 6455, 7.4.1; NULL: none was given
  reason  TEXT
) STRICT;

-- One AMQP 0-9-1 connection: what was negotiated, and how it was closed. Texts are cut
-- at 127 bytes, capabilities at 255.
CREATE TABLE amqp_connection(
  flow_id            INTEGER PRIMARY KEY REFERENCES flow,
  version            TEXT,              -- that the client's protocol header asks for: '0-9-1'
  server_version     TEXT,              -- of a protocol header of the server: proposed instead, or agreed
  product            TEXT,              -- the server's
  product_version    TEXT,
  platform           TEXT,
  client_product     TEXT,
  client_version     TEXT,
  client_platform    TEXT,
  capabilities       TEXT,              -- the server's, with spaces between: 'basic.nack ...'
  client_capabilities TEXT,
  connection_name    TEXT,
  mechanism          TEXT,
  vhost              TEXT,
  user               TEXT,              -- only with --show-secrets
  server_heartbeat_s INTEGER,           -- connection.tune
  client_heartbeat_s INTEGER,           -- connection.tune-ok
  heartbeat_s        INTEGER,           -- the result; 0: switched off; NULL: not seen
  server_frame_max   INTEGER,           -- the server's offers
  server_channel_max INTEGER,
  frame_max          INTEGER,           -- the results
  channel_max        INTEGER,
  client_capable_of_blocked INTEGER NOT NULL,
  content_off        INTEGER,           -- in the client's payload: where its last content ends
  opened_ns          INTEGER,           -- connection.open-ok
  opened_frame       INTEGER,
  close_sender       TEXT,              -- of connection.close
  close_code         INTEGER,
  close_text         TEXT,
  close_class        INTEGER,           -- the method that caused it
  close_method       INTEGER,
  close_cause        TEXT,              -- its name: 'basic.publish'
  close_ns           INTEGER,
  close_frame        INTEGER,
  close_ok_ns        INTEGER,
  close_ok_frame     INTEGER
) STRICT;

-- Counts of one channel. A connection with very many channels may have several
-- rows for one; their counts add up (for what is unacknowledged then, see the view
-- amqp_unacked).
CREATE TABLE amqp_channel(
  flow_id      INTEGER NOT NULL REFERENCES flow,
  channel      INTEGER NOT NULL,
  opened_ns    INTEGER,
  opened_frame INTEGER,
  closed_ns    INTEGER,
  closed_frame INTEGER,
  close_sender TEXT,
  close_code   INTEGER,
  close_text   TEXT,
  close_cause  TEXT,                    -- the method that caused it: 'queue.declare'
  publishes    INTEGER NOT NULL,
  returns      INTEGER NOT NULL,
  confirms     INTEGER NOT NULL,        -- basic.ack from the server
  nacks_from_server INTEGER NOT NULL,
  deliveries   INTEGER NOT NULL,
  gets         INTEGER NOT NULL,
  get_empty    INTEGER NOT NULL,
  acks         INTEGER NOT NULL,        -- by the client; a multiple one counts once
  nacks        INTEGER NOT NULL,
  rejects      INTEGER NOT NULL,
  redeliveries INTEGER NOT NULL,
  unacked_now  INTEGER NOT NULL,
  unacked_max  INTEGER NOT NULL,
  consumers    INTEGER NOT NULL,
  cancels_from_server INTEGER NOT NULL, -- consumers that the server cancelled
  prefetch     INTEGER                  -- NULL: no basic.qos seen
) STRICT;

-- Every AMQP method frame, by its last byte.
CREATE TABLE amqp_method(
  flow_id  INTEGER NOT NULL REFERENCES flow,
  frame    INTEGER NOT NULL,
  ns       INTEGER NOT NULL,
  sender   TEXT NOT NULL,
  channel  INTEGER NOT NULL,
  name     TEXT NOT NULL,               -- 'basic.publish'
  detail   TEXT,                        -- its arguments: 'exchange=x routing_key=k'; cut at
                                        -- 255 bytes, and tables inside of tables at the fourth
  code     INTEGER,                     -- reply code of a close or a return
  begin_frame INTEGER NOT NULL,
  begin_off INTEGER NOT NULL,           -- in the sender's payload; without the content
  end_off  INTEGER NOT NULL,
  tag      INTEGER,                     -- what an acknowledgement names: the delivery's tag; of a
                                        -- publish, its number since confirm.select. NULL where
                                        -- none is expected, or the number is not known
  multiple INTEGER NOT NULL             -- 1: it settles all up to the tag
) STRICT;

-- Heartbeats of an application protocol.
CREATE TABLE heartbeat(
  flow_id   INTEGER NOT NULL REFERENCES flow,
  frame     INTEGER NOT NULL,
  ns        INTEGER NOT NULL,
  sender    TEXT NOT NULL,
  protocol  TEXT NOT NULL               -- 'amqp', 'websocket' (pings and pongs). Those inside of TLS: view heartbeat_inferred
) STRICT;

-- TLS: records of application data of at most 96 bytes, the first 4096 of a flow (the
-- next is an anomaly). A heartbeat of the protocol inside is one of these; the view
-- heartbeat_inferred concludes which are, from their constant length and regular pace.
CREATE TABLE tls_record(
  flow_id   INTEGER NOT NULL REFERENCES flow,
  frame     INTEGER NOT NULL,           -- of the record's head
  ns        INTEGER NOT NULL,
  sender    TEXT NOT NULL,
  length    INTEGER NOT NULL            -- of what is encrypted
) STRICT;

-- Places in a flow's payload that a dissector could not make sense of, or whose IP
-- fragments overlap (the bytes that came first are those that count).
CREATE TABLE anomaly(
  flow_id  INTEGER NOT NULL REFERENCES flow,
  frame    INTEGER NOT NULL,
  ns       INTEGER NOT NULL,
  sender   TEXT NOT NULL,
  off      INTEGER NOT NULL,
  bytes    INTEGER,                     -- how many were passed over; NULL: not known, or none
  what     TEXT NOT NULL
) STRICT;

-- Each flow's packets, packed. Read it through the virtual table
--   packet(flow_id, frame, ns, sender, flags, seq, ack, len, window, file_offset)
-- which tcpwhy offers; the format is described in packet_index.h.
CREATE TABLE packet_index(
  flow_id     INTEGER NOT NULL REFERENCES flow,
  first_frame INTEGER NOT NULL,
  last_frame  INTEGER NOT NULL,
  packets     BLOB NOT NULL,
  PRIMARY KEY (flow_id, first_frame)
) STRICT, WITHOUT ROWID;

-- Time-outs of known products, for naming candidates. Rows of one's own
-- (builtin = 0) are kept; the built-in ones come from timers.csv.
CREATE TABLE known_timer(
  seconds     REAL NOT NULL,
  tolerance_s REAL NOT NULL,
  layer       TEXT NOT NULL,            -- 'nat', 'balancer', 'firewall', 'proxy': after so long a
                                        -- silence an established connection is forgotten;
                                        -- 'http', 'amqp', 'tcp', 'connect', 'check', 'closing',
                                        -- 'offload': timers of these
  product     TEXT NOT NULL,
  setting     TEXT NOT NULL,
  remedy      TEXT,
  source      TEXT NOT NULL,            -- where the number is documented
  builtin     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What an analyst wrote; never remade. A note belongs to a finding (fingerprint), to a
-- flow (flow_id), or to a packet (flow_id and frame).
CREATE TABLE note(
  id           INTEGER PRIMARY KEY,
  fingerprint  TEXT,                    -- finding.fingerprint
  flow_id      INTEGER,
  frame        INTEGER,                 -- the capture's number
  text         TEXT NOT NULL            -- '': a bookmark; 4 KiB at most
) STRICT;
