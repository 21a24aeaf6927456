#!/usr/bin/env python3
"""Compares reassembled streams, byte for byte, with `tshark -z follow,tcp,raw`.

usage: streams.py [--all] [--catalog CATALOG.tsv] STREAMS FOLDER...

STREAMS is the program of streams.c beside this file. Of all connections with payload in
the folders' captures 200 are taken (all with --all): those of captures that CATALOG.tsv
marks has_retrans, has_ooo or has_gap (without a catalog: those with such segments) come
first, then others; of equals a capture gives its first, then each its second, and so on.

A gap is what tshark writes in its place, "[N bytes missing in capture file]". Where the
two differ the first difference is shown, in one of these classes:

  tail     tcpwhy goes on where tshark stops, at a hole that was not filled
  snapped  the same bytes; tcpwhy tells as gaps what the snaplen cut off
  lacking  tcpwhy has not a byte of a direction
  other    anything else

The test fails unless a line of accepted-streams.txt explains it: FILES | CLASS | REASON.
"""
import argparse
import collections
import csv
import fnmatch
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True     # a test leaves nothing beside its sources
from compare import captures, run, tshark_rows, Unreadable

SAMPLE = 200
MARKER = '[%d bytes missing in capture file]\0'
MARKED = re.compile(rb'\[(\d+) bytes missing in capture file\]\0')
DISORDER = ('retransmission', 'out_of_order', 'lost_segment', 'ack_lost_segment')


# ---- which streams ----

class Capture:
    """A capture, and its streams with payload."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        self.stream_of = {}                   # by frame
        self.streams = []
        self.disorder = False
        odd = set()
        for row in tshark_rows(path):
            number, frame = row['tcp.stream'], int(row['frame.number'])
            if ',' in number or 'icmp' in row['frame.protocols']:
                odd.update(number.split(','))
                continue
            self.disorder |= any(row[f'tcp.analysis.{x}'] for x in DISORDER)
            if row['tcp.len'] not in ('', '0'):
                self.stream_of[frame] = int(number)
        self.streams = sorted(set(self.stream_of.values()) - {int(x) for x in odd})


def marked_in(catalog):
    """The captures that a catalog marks, by their path below the catalog's folder."""
    if not catalog:
        return None
    with open(catalog, encoding='utf-8') as lines:
        return {row['path'] for row in csv.DictReader(lines, delimiter='\t')
                if '1' in (row['has_retrans'], row['has_ooo'], row['has_gap'])}


def sample(found, most):
    """(capture, stream): each capture's first, then each one's second, and so on."""
    ranked = sorted((((nth, c.name), c, stream) for c in found for nth, stream in enumerate(c.streams)),
                    key=lambda x: x[0])
    return [(c, stream) for _, c, stream in ranked[:most]]


def looked_at(pool, work, marked, most):
    """Streams of the captures that tell most; the same in every run."""
    telling = [x for x in work if x[1] in marked] if marked else []
    found = [c for c in pool.map(lambda x: look(*x), telling) if c]
    chosen = sample(found, most)
    if most is None or len(chosen) < most:
        others = [c for c in pool.map(lambda x: look(*x), [x for x in work if x not in telling]) if c]
        disorder = [c for c in others if c.disorder]
        for more in (disorder, [c for c in others if not c.disorder]):
            chosen += sample(more, None if most is None else most - len(chosen))
    return chosen


# ---- what both say ----

def tshark_streams(path, numbers):
    """{stream: [bytes, bytes]}, of each end."""
    asked = [x for n in sorted(numbers) for x in ('-z', f'follow,tcp,raw,{n}')]
    done = run('tshark', '-n', '-q', '-r', str(path), *asked)
    streams = {}
    for line in done.stdout.decode('ascii', 'replace').splitlines():
        if line.startswith('Filter: tcp.stream eq '):
            ends = streams[int(line.rsplit(' ', 1)[1])] = [bytearray(), bytearray()]
        elif re.fullmatch(r'\t?[0-9a-f]+', line):
            ends[line.startswith('\t')] += bytes.fromhex(line.strip())
    return {n: [bytes(x) for x in ends] for n, ends in streams.items()}


def our_streams(program, capture):
    """{stream: [bytes, …]}, of each direction with payload; gaps as tshark writes them."""
    done = run(program, str(capture.path))
    if done.returncode != 0:
        raise Unreadable(done.stderr.decode('utf-8', 'replace').strip())
    directions = collections.defaultdict(bytearray)
    gap = {}                                  # what is missing at a direction's end so far
    for line in done.stdout.decode('ascii').splitlines():
        frame, what, _, value, *_ = line.split(' ')
        if what == 'gap':                     # several in a row are one to tshark
            gap[frame] = gap.get(frame, 0) + int(value)
            continue
        if frame in gap:
            directions[frame] += (MARKER % gap.pop(frame)).encode()
        directions[frame] += bytes.fromhex(value)
    for frame, missing in gap.items():
        directions[frame] += (MARKER % missing).encode()
    streams = collections.defaultdict(list)
    for frame, data in directions.items():
        streams[capture.stream_of.get(int(frame))].append(bytes(data))
    return streams


def difference(ours, tsharks):
    """Class and description of the first direction that differs; None where all agree."""
    left = [x for x in tsharks if x]
    apart = [x for x in ours if x not in left]
    left = [x for x in left if x not in ours]
    for data in apart:
        other = max(left, key=lambda x: common(x, data), default=b'')
        if other:
            left.remove(other)
        return classed(data, other)
    return ('lacking', f'{len(left[0])} bytes of tshark where we have none') if left else None


def classed(data, other):
    at = common(data, other)
    if at == len(other) and MARKED.match(data, at):
        kind = 'tail'
    elif MARKED.sub(b'', data) == MARKED.sub(b'', other):
        kind = 'snapped'
    else:
        kind = 'other'
    shown = [repr(x[at:at + 24])[2:-1] or 'the end' for x in (data, other)]
    gaps = [[int(n) for n in MARKED.findall(x)] for x in (data, other)]
    return kind, (f'{len(data)} bytes, tshark {len(other)}; at {at} ours "{shown[0]}", '
                  f'tshark "{shown[1]}"; gaps {gaps[0][:5]}, {gaps[1][:5]}')


def common(a, b):
    """How many bytes both begin with."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


def compare(program, capture, numbers):
    """(stream, difference or None) of each; a program that fails differs everywhere."""
    try:
        ours = our_streams(program, capture)
        theirs = tshark_streams(capture.path, numbers)
    except Unreadable as why:
        return [(n, ('other', str(why))) for n in numbers]
    return [(n, difference(ours.get(n, []), theirs.get(n, []))) for n in numbers]


# ---- accepted ----

class Acceptance:
    def __init__(self, line):
        self.files, self.kind, self.reason = (x.strip() for x in line.split('|', 2))
        self.used = 0

    def takes(self, name, kind):
        fits = fnmatch.fnmatchcase(name, self.files) and kind == self.kind
        self.used += fits
        return fits


def acceptances(path):
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    return [Acceptance(line) for line in lines if line.strip() and not line.startswith('#')]


def look(path, name):
    try:
        return Capture(path, name)
    except Unreadable:
        return None


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--catalog')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    return parser.parse_args()


def main():
    options = arguments()
    accept = acceptances(Path(__file__).with_name('accepted-streams.txt'))
    work = [(path, str(Path(folder.resolve().name) / path.relative_to(folder)))
            for folder in options.folders for path in captures(folder)]
    with ThreadPoolExecutor(options.jobs) as pool:
        chosen = collections.defaultdict(list)
        marked = marked_in(options.catalog)
        for capture, stream in looked_at(pool, work, marked, None if options.all else SAMPLE):
            chosen[capture].append(stream)
        results = list(pool.map(lambda x: (x[0], compare(options.program, *x)), chosen.items()))
    same = explained = fresh = stale = 0
    for capture, streams in results:
        for stream, why in streams:
            same += why is None
            if why and any([a.takes(capture.name, why[0]) for a in accept]):
                explained += 1
            elif why:
                fresh += 1
                print(f'{capture.name} stream {stream}: {why[0]}: {why[1]}')
    for a in accept:
        if not a.used and a.files != '*' and any(fnmatch.fnmatchcase(c.name, a.files) for c in chosen):
            stale += 1
            print(f'accepted-streams.txt: nothing differs so any more: {a.files} | {a.kind}')
    disorder = sum(len(streams) for capture, streams in results if capture.disorder)
    print(f'{same + explained + fresh} streams ({disorder} of captures with loss or disorder): '
          f'{same} the same, {explained} differ as explained, {fresh} differ')
    return 1 if fresh or stale or not results else 0


if __name__ == '__main__':
    sys.exit(main())
