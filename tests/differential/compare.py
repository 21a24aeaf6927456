#!/usr/bin/env python3
"""Compares what tcpwhy and tshark say of the TCP in captures, and lists every difference.

usage: compare.py [options] PROGRAM FOLDER...

  --all            every difference, not only the first lines of each kind
  --lines N        so many lines a kind (12)
  --kind KIND      only differences of this kind
  --json           for programs, on standard output
  --accepted FILE  the differences that are known, and why they are right
                   (accepted.txt beside this file)
  --jobs N         so many captures at a time (as many as there are processors)

Both programs read every capture of the folders once. A stream of tshark's and a flow of
tcpwhy's are the same when they have the same endpoints and the same first frame; numbers
are compared afterwards. What is compared, by the kind of difference:

  read          a capture with TCP that only one of the two could read
  stream        a connection that only one of them has
  number        flow.stream against tcp.stream
  frames        each direction's frames            (flow.client_frames, server_frames)
  payload       … its payload bytes                (flow.client_bytes, server_bytes)
  syn fin rst   … its SYNs (SYN,ACKs among them), FINs, RSTs   (tcp_event)
  closer        sender and frame of the first FIN or RST       (tcp_event)
  ended         the same against flow.ended_by and ended_frame, which leave out RSTs that
                the receiver does not take
  completeness  tcp.completeness
  retransmission … keep_alive_ack, port_reuse
                each direction's frames with this tcp.analysis flag (tcp_event)

The percentages are of streams of which all counts of a kind agree, in both directions; a
connection that one program lacks counts as one without anything. A difference is listed
also where the counts agree and the frames do not.

Frames that tcpwhy left out as copies of another are taken out of the capture (editcap) and
tshark reads it again: else it takes every copy for a retransmission. Left out are TCP
headers quoted in ICMP, and frames with TCP in TCP. A file in which they occur has no
comparison of numbers, for they may have a number in tshark.

The exit status is 1 if there is a difference that is not accepted, or an acceptance for a
file of the folders that nothing needs; accepted.txt describes its lines itself.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import ipaddress
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

# tcp_event.kind and the tcp.analysis flag that means the same.
ANALYSIS = {
    'retransmission': 'retransmission',
    'fast_retransmission': 'fast_retransmission',
    'spurious_retransmission': 'spurious_retransmission',
    'out_of_order': 'out_of_order',
    'lost_segment': 'lost_segment',
    'ack_lost_segment': 'ack_lost_segment',
    'dup_ack': 'duplicate_ack',
    'zero_window': 'zero_window',
    'zero_window_probe': 'zero_window_probe',
    'zero_window_probe_ack': 'zero_window_probe_ack',
    'window_full': 'window_full',
    'window_update': 'window_update',
    'keep_alive': 'keep_alive',
    'keep_alive_ack': 'keep_alive_ack',
    'port_reuse': 'reused_ports',
}
COUNTS = ('frames', 'payload', 'syn', 'fin', 'rst')
KINDS = ('read', 'stream', 'number', *COUNTS, 'closer', 'ended', 'completeness', *ANALYSIS)
FIELDS = ['frame.number', 'frame.protocols', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst',
          'tcp.srcport', 'tcp.dstport', 'tcp.stream', 'tcp.len', 'tcp.flags', 'tcp.seq_raw',
          'tcp.ack_raw', 'tcp.completeness', *(f'tcp.analysis.{x}' for x in ANALYSIS.values())]
FIN, SYN, RST, ACK = 1, 2, 4, 16
SECONDS = 300                       # for one program and one capture


class Unreadable(Exception):
    """A program could not read a capture; its last words."""


class Stream:
    """One connection, as one of the programs sees it."""

    def __init__(self, number, ends):
        self.number = number
        self.ends = ends                                # frozenset of (address, port)
        self.packets = []                               # (frame, sender, flags, len)
        self.frames = collections.Counter()             # by sender
        self.payload = collections.Counter()
        self.marked = collections.defaultdict(set)      # (kind, sender): frames
        self.completeness = None
        self.ended = None                               # (sender, frame), tcpwhy's only

    def count(self, kind, sender):
        counts = {'frames': self.frames, 'payload': self.payload}
        return counts[kind][sender] if kind in counts else len(self.marked[kind, sender])

    def key(self):
        return self.ends, self.packets[0][0]

    def closer(self):
        """Sender and frame of the first FIN or RST."""
        closing = [(frame, sender) for kind in ('fin', 'rst') for sender in self.ends
                   for frame in self.marked[kind, sender]]
        return min(closing)[::-1] if closing else None

    def text(self):
        return ' - '.join(sorted(f'[{a}]:{p}' if ':' in a else f'{a}:{p}' for a, p in self.ends))


# A stream that a program lacks: nothing of anything.
class NoStream(Stream):
    def __init__(self, like):
        super().__init__(None, like.ends)


# ---- what tshark says ----

def run(*args):
    try:
        return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Unreadable(f'{Path(args[0]).name}: not done after {SECONDS} s') from None


def address(text):
    """One writing for each address; an IPv4 one is itself also inside of IPv6."""
    a = ipaddress.ip_address(text)
    return str(getattr(a, 'ipv4_mapped', None) or a)


def tcp_ends(row):
    """Sender and receiver of a frame's one TCP segment, or None where it is not to be
    compared: quoted in ICMP, in another TCP, or with no addresses around it."""
    layers = row['frame.protocols'].split(':')
    if 'tcp' not in layers or ',' in row['tcp.stream'] or ',' in row['tcp.flags']:
        return None
    at = layers.index('tcp')
    if 'icmp' in layers[:at] or 'icmpv6' in layers[:at]:
        return None
    ip = next((i for i in range(at - 1, -1, -1) if layers[i] in ('ip', 'ipv6')), None)
    if ip is None:
        return None
    nth = layers[:ip].count(layers[ip])                 # an outer header comes first
    found = [row[f'{layers[ip]}.{end}'].split(',') for end in ('src', 'dst')]
    ports = [row[f'tcp.{end}port'].split(',')[0] for end in ('src', 'dst')]
    return tuple((address(a[min(nth, len(a) - 1)]), int(p)) for a, p in zip(found, ports))


def tshark_rows(path):
    done = run('tshark', '-n', '-r', str(path), '-Y', 'tcp', '-T', 'fields', '-E', 'separator=/t',
               '-E', 'occurrence=a', *(x for field in FIELDS for x in ('-e', field)))
    lines = done.stdout.decode('utf-8', 'replace').splitlines()
    said = done.stderr.decode('utf-8', 'replace').strip().splitlines()
    if done.returncode not in (0, 2) or done.returncode == 2 and not lines \
            and not any('cut short' in line or 'damaged' in line for line in said):
        raise Unreadable(said[-1] if said else f'exit status {done.returncode}')
    for line in lines:
        row = dict(zip(FIELDS, line.split('\t')))
        if row['tcp.stream']:
            yield row


class Seen:
    """All that tshark saw of a capture."""

    def __init__(self):
        self.streams = {}           # by its own number
        self.segments = {}          # frame: what a copy has in common with its original
        self.odd_frames = 0         # not to be compared


def tshark_reads(path, frame_of=lambda frame: frame):
    """frame_of: from a frame of `path` to one of the original capture."""
    seen = Seen()
    for row in tshark_rows(path):
        ends = tcp_ends(row)
        if not ends:
            seen.odd_frames += 1
            continue
        frame, number = frame_of(int(row['frame.number'])), int(row['tcp.stream'])
        flags, length = int(row['tcp.flags'], 16) & 255, int(row['tcp.len'] or 0)
        sender = ends[0]
        stream = seen.streams.setdefault(number, Stream(number, frozenset(ends)))
        stream.packets.append((frame, sender, flags, length))
        stream.frames[sender] += 1
        stream.payload[sender] += length
        for kind, bit in (('syn', SYN), ('fin', FIN), ('rst', RST)):
            if flags & bit:
                stream.marked[kind, sender].add(frame)
        for kind, field in ANALYSIS.items():
            if row[f'tcp.analysis.{field}']:
                stream.marked[kind, sender].add(frame)
        if row['tcp.completeness']:
            stream.completeness = (int(row['tcp.completeness'], 0)
                                   | completeness_of(flags, length, len(stream.packets) == 1))
        seen.segments[frame] = (ends, row['tcp.seq_raw'], row['tcp.ack_raw'], flags, length)
    return seen


def completeness_of(flags, length, first):
    """What a frame adds to tcp.completeness, which tshark shows in it without itself: 1 SYN,
    2 SYN,ACK, 4 ACK, 8 data, 16 FIN, 32 RST."""
    opens = flags & (SYN | ACK)
    if first and opens != SYN:
        return 0
    return ((1 if first else 0) | (2 if opens == SYN | ACK else 0)
            | (4 if opens == ACK and not length else 0) | (8 if length else 0)
            | (16 if flags & FIN and flags & ACK else 0) | (32 if flags & RST else 0))


# ---- what tcpwhy says ----

def unpacked(chunk):
    """(frame, side, flags, seq, ack, len) of a row of packet_index (db/packet_index.h)."""
    at, frame = 0, 0
    seq, ack = [0, 0], [0, 0]

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = chunk[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed():
        z = varint()
        return z >> 1 ^ -(z & 1)

    while at < len(chunk):
        frame += varint()
        signed(), signed()                              # time and place in the file
        side, flags = chunk[at], chunk[at + 1]
        at += 2
        seq[side] = (seq[side] + signed()) & 0xffffffff
        ack[side] = (ack[side] + signed()) & 0xffffffff
        length = varint()
        varint()                                        # window
        yield frame, side, flags, seq[side], ack[side], length


def tcpwhy_reads(program, path, folder):
    """The flows of a case, and how many frames were left out as copies."""
    case = Path(folder) / 'case.db'
    done = run(program, '-o', str(case), str(path))
    if done.returncode not in (0, 4) or not case.exists():
        said = done.stderr.decode('utf-8', 'replace').strip().splitlines()
        raise Unreadable(said[-1] if said else f'exit status {done.returncode}')
    with sqlite3.connect(case) as db:
        db.row_factory = sqlite3.Row
        streams = case_streams(db)
        copies = db.execute('SELECT total(duplicate_frames) FROM capture').fetchone()[0]
    db.close()
    case.unlink()
    return streams, int(copies)


def case_streams(db):
    streams, ends_of = {}, {}
    for f in db.execute('SELECT * FROM flow ORDER BY id'):
        ends = [(address(f[f'{side}_ip']), f[f'{side}_port']) for side in ('client', 'server')]
        stream = streams[f['id']] = Stream(f['stream'], frozenset(ends))
        ends_of[f['id']] = ends
        for side, end in zip(('client', 'server'), ends):
            stream.frames[end] += f[f'{side}_frames']
            stream.payload[end] += f[f'{side}_bytes']
        stream.completeness = f['completeness']
        if f['ended_frame']:
            stream.ended = ends[f['ended_by'] == 'server'], f['ended_frame']
    for row in db.execute('SELECT flow_id, packets FROM packet_index ORDER BY flow_id, first_frame'):
        for frame, side, flags, _, _, length in unpacked(row['packets']):
            streams[row['flow_id']].packets.append((frame, ends_of[row['flow_id']][side], flags, length))
    for row in db.execute('SELECT flow_id, frame, sender, kind FROM tcp_event'):
        sender = ends_of[row['flow_id']][row['sender'] == 'server']
        kind = 'syn' if row['kind'] == 'syn_ack' else row['kind']
        streams[row['flow_id']].marked[kind, sender].add(row['frame'])
    return streams


# ---- copies ----

def copies_among(seen, ours):
    """The frames of tshark's that tcpwhy left out and that repeat one it has."""
    kept = {packet[0] for stream in ours.values() for packet in stream.packets}
    originals, copies = set(), []
    for frame, segment in sorted(seen.segments.items()):
        if frame in kept:
            originals.add(segment)
        elif segment in originals:
            copies.append(frame)
    return copies


def without_frames(path, frames, folder):
    """A capture without these frames, and from its frame numbers to the original's."""
    frames = sorted(frames, reverse=True)
    at_once, source = 500, path                         # editcap takes 512 at most
    for i in range(0, len(frames), at_once):            # from the end: numbers stay true
        target = Path(folder) / f'without-{i}.pcapng'
        run('editcap', str(source), str(target), *map(str, frames[i:i + at_once]))
        if not target.exists():
            raise Unreadable('editcap could not take out the copies')
        source = target
    gone = set(frames)

    def frame_of(wanted, known=[0, 0]):                 # goes through the file once, upwards
        now, original = known
        while now < wanted:
            original += 1
            now += original not in gone
        known[:] = now, original
        return original

    return source, frame_of


# ---- the comparison ----

class Comparison:
    """One capture, read by both."""

    def __init__(self, name):
        self.name = name
        self.differences = []
        self.streams = 0
        self.same = collections.Counter()        # by kind: streams with the same counts
        self.same_frames = collections.Counter() # … with the same frames, too
        self.same_counts = self.same_analysis = 0
        self.same_streams = True
        self.copies = self.odd_frames = 0

    def differs(self, kind, stream, ours, tsharks, frames=(), sender=None, number=None):
        self.differences.append({
            'kind': kind, 'file': self.name, 'stream': number,
            'flow': stream.text() if stream else None,
            'sender': '%s:%s' % sender if sender else None, 'frames': sorted(frames),
            'ours': ours, 'tshark': tsharks})


def compare_marked(c, kind, ours, theirs, number):
    """One analysis kind or flag of one stream. True: the counts agree."""
    agree = True
    exact = True
    for sender in sorted(ours.ends):
        a, b = ours.marked[kind, sender], theirs.marked[kind, sender]
        agree &= len(a) == len(b)
        exact &= a == b
        if a != b:
            c.differs(kind, ours, sorted(a - b), sorted(b - a), a ^ b, sender, number)
    c.same[kind] += agree
    c.same_frames[kind] += exact
    return agree


def compare_totals(c, kind, ours, theirs, number):
    agree = True
    for sender in sorted(ours.ends):
        a, b = ours.count(kind, sender), theirs.count(kind, sender)
        if a == b:
            continue
        agree = False
        frames = {p[0] if kind == 'frames' else (p[0], p[3]) for p in ours.packets if p[1] == sender}
        frames ^= {p[0] if kind == 'frames' else (p[0], p[3]) for p in theirs.packets if p[1] == sender}
        c.differs(kind, ours, a, b, {f if kind == 'frames' else f[0] for f in frames}, sender, number)
    c.same[kind] += agree
    return agree


def compare_stream(c, ours, theirs, numbers):
    number = theirs.number
    counts = [compare_totals(c, kind, ours, theirs, number) for kind in ('frames', 'payload')]
    counts += [compare_marked(c, kind, ours, theirs, number) for kind in ('syn', 'fin', 'rst')]
    analysis = [compare_marked(c, kind, ours, theirs, number) for kind in ANALYSIS]
    c.streams += 1
    c.same_counts += all(counts)
    c.same_analysis += all(analysis)
    pairs = [('closer', ours.closer(), theirs.closer()), ('ended', ours.ended, theirs.closer()),
             ('completeness', ours.completeness, theirs.completeness)]
    if numbers:
        pairs.append(('number', ours.number, theirs.number))
    for kind, a, b in pairs:
        c.same[kind] += a == b
        if a == b or isinstance(ours, NoStream) or isinstance(theirs, NoStream):
            continue                                    # a stream that is not there is told once
        shown = [f'{x[0][0]}:{x[0][1]} in {x[1]}' if isinstance(x, tuple) else x for x in (a, b)]
        c.differs(kind, ours, *shown, {x[1] for x in (a, b) if isinstance(x, tuple)}, None, number)


def both_read(program, path, folder):
    """tcpwhy's flows and tshark's of one capture; one of them unable is Unreadable."""
    failed = {}
    try:
        seen = tshark_reads(path)
    except Unreadable as why:
        seen, failed['tshark'] = None, str(why)
    try:
        ours, copies = tcpwhy_reads(program, path, folder)
    except Unreadable as why:
        ours, copies, failed['tcpwhy'] = {}, 0, str(why)
    if seen and copies and not failed:
        left_out = copies_among(seen, ours)
        if left_out:
            seen = tshark_reads(*without_frames(path, left_out, folder))
    return ours, seen, copies, failed


def compare_file(program, path, name):
    c = Comparison(name)
    with tempfile.TemporaryDirectory() as folder:
        ours, seen, c.copies, failed = both_read(program, path, folder)
    if failed and (ours or seen and seen.streams):
        c.same_streams = False
        c.differs('read', None, failed.get('tcpwhy', 'read'), failed.get('tshark', 'read'))
    theirs = seen.streams if seen else {}
    c.odd_frames = seen.odd_frames if seen else 0
    by_key = {s.key(): s for s in theirs.values() if s.packets}
    left = dict(by_key)
    for flow in ours.values():
        twin = left.pop(flow.key(), None)
        if not twin:
            c.same_streams = False
            c.differs('stream', flow, flow.key()[1], None, [flow.key()[1]], None, None)
        compare_stream(c, flow, twin or NoStream(flow), not c.odd_frames)
    for stream in left.values():
        c.same_streams = False
        c.differs('stream', stream, None, stream.key()[1], [stream.key()[1]], None, stream.number)
        compare_stream(c, NoStream(stream), stream, False)
    return c


# ---- accepted differences ----

class Acceptance:
    def __init__(self, line, nr):
        fields = [x.strip() for x in line.split('|')]
        if len(fields) != 4 or not all(fields):
            sys.exit(f'accepted.txt:{nr}: write it as FILES | KINDS | STREAMS | REASON')
        self.files, kinds, streams, self.reason = fields
        self.kinds = set(KINDS if kinds == '*' else kinds.split())
        self.streams = None if streams == '*' else set(streams.split())
        unknown = self.kinds - set(KINDS)
        if unknown:
            sys.exit(f'accepted.txt:{nr}: there is no kind {", ".join(sorted(unknown))}')
        self.nr, self.used, self.in_scope = nr, 0, False

    def takes(self, difference):
        fits = (difference['kind'] in self.kinds and fnmatch.fnmatchcase(difference['file'], self.files)
                and (self.streams is None or str(difference['stream']) in self.streams))
        self.used += fits
        return fits


def acceptances(path):
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    return [Acceptance(line, nr) for nr, line in enumerate(lines, 1)
            if line.strip() and not line.startswith('#')]


# ---- what is told ----

def percent(n, of):
    """Rounded down: 100 only when it is all."""
    return '-' if not of else f'{int(10000 * n / of) / 100:.2f} %'


def summary(compared):
    """Name, how many agree, of how many."""
    streams = sum(c.streams for c in compared)
    total = lambda attribute: sum(getattr(c, attribute) for c in compared)
    by_kind = lambda kind: sum(c.same[kind] for c in compared)
    with_tcp = [c for c in compared if c.streams or c.differences]
    yield 'files with the same streams', sum(c.same_streams for c in with_tcp), len(with_tcp)
    yield 'streams with the same counts', total('same_counts'), streams
    for kind in COUNTS:
        yield f'  {kind}', by_kind(kind), streams
    yield 'streams with the same analysis', total('same_analysis'), streams
    for kind in ANALYSIS:
        yield f'  {kind}', by_kind(kind), streams
    for kind in ('closer', 'ended', 'completeness'):
        yield f'streams with the same {kind}', by_kind(kind), streams
    numbered = sum(c.streams for c in compared if not c.odd_frames)
    yield 'streams with the same number', by_kind('number'), numbered


def short(value, most=8):
    if not isinstance(value, list):
        return '-' if value is None else str(value)
    more = f',… ({len(value)})' if len(value) > most else ''
    return ','.join(map(str, value[:most])) + more if value else '-'


def line_of(d):
    where = f"  {d['file']}" + (f" stream {d['stream']}" if d['stream'] is not None else '')
    sender = f" from {d['sender']}" if d['sender'] else f" {d['flow']}" if d['flow'] else ''
    frames = '' if isinstance(d['ours'], list) or not d['frames'] else f", frame {short(d['frames'])}"
    return f"{where}{sender}: ours {short(d['ours'])}, tshark {short(d['tshark'])}{frames}"


def tell(compared, options, fresh, accepted, unneeded):
    for name, same, of in summary(compared):
        print(f'{name:34} {percent(same, of):>9}   {same} of {of}')
    copies = [c for c in compared if c.copies]
    odd = sum(c.odd_frames > 0 for c in compared)
    print(f'{sum(c.copies for c in copies)} frames in {len(copies)} files were compared without: copies; '
          f'{odd} files have TCP quoted in ICMP or inside TCP')
    for kind in KINDS:
        listed = [d for d in fresh if d['kind'] == kind and options.kind in (None, kind)]
        if not listed:
            continue
        files = len({d['file'] for d in listed})
        print(f'\n{kind}: {len(listed)} in {files} files')
        most = len(listed) if options.all else options.lines
        print('\n'.join(map(line_of, listed[:most])))
        if len(listed) > most:
            print(f'  … {len(listed) - most} more')
    for a in unneeded:
        print(f'accepted.txt:{a.nr}: nothing differs so any more: {a.files} | {" ".join(sorted(a.kinds))}')
    print(f'{len(compared)} captures, {accepted} differences accepted, {len(fresh)} not accepted')


def tell_json(compared, fresh, accepted, unneeded):
    json.dump({
        'summary': [{'what': name.strip(), 'same': same, 'of': of} for name, same, of in summary(compared)],
        'captures': len(compared), 'accepted': accepted, 'differences': fresh,
        'copies': {c.name: c.copies for c in compared if c.copies},
        'unneeded': [a.nr for a in unneeded]}, sys.stdout, indent=1)
    print()


def captures(folder):
    """Everything that may be one; what neither program can read is no difference."""
    text = {'.json', '.md', '.py', '.sh', '.sql', '.tsv', '.txt', '.yml', '.yaml', '.conf'}
    skip = 'make'                                       # samples/make: the scripts that made them
    return [p for p in sorted(folder.rglob('*')) if p.is_file() and p.suffix not in text
            and p.relative_to(folder).parts[0] != skip]


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split('\n\n')[1].removeprefix('usage: '))
    parser.add_argument('program')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--lines', type=int, default=12)
    parser.add_argument('--kind', choices=KINDS)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--accepted', type=Path, default=Path(__file__).with_name('accepted.txt'))
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    return parser.parse_args()


def main():
    options = arguments()
    accept = acceptances(options.accepted)
    work = [(path, str(Path(folder.resolve().name) / path.relative_to(folder)))
            for folder in options.folders for path in captures(folder)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        compared = list(pool.map(lambda x: compare_file(options.program, *x), work))
    fresh = [d for c in compared for d in c.differences
             if not sum(a.takes(d) for a in accept)]     # all that fit are counted as needed
    accepted = sum(len(c.differences) for c in compared) - len(fresh)
    unneeded = [a for a in accept if not a.used and any(fnmatch.fnmatchcase(name, a.files) for _, name in work)]
    if options.json:
        tell_json(compared, fresh, accepted, unneeded)
    else:
        tell(compared, options, fresh, accepted, unneeded)
    return 1 if fresh or unneeded or not work else 0


if __name__ == '__main__':
    sys.exit(main())
