#!/usr/bin/env python3
"""Compares AMQP 0-9-1 as tcpwhy and tshark read it, method by method.

usage: amqp.py [--catalog CATALOG.tsv] [--jobs N] PROGRAM FOLDER...

Of every stream: the methods, each with the frame that has its last byte, its channel and
its name, and the heartbeats with their frames. With a catalog only the captures are read
that it marks has_amqp. The last line says how many of all methods and heartbeats that
either program has are in both; a difference that no line of accepted-amqp.txt explains
fails the test (FILES | STREAMS | REASON), and so does a line that nothing needs.

tshark takes for AMQP what has port 5672, so flows on other ports are compared as far as it
shows any. It waits for ever behind a hole if it is told to put segments in order, and
stumbles over swapped ones if it is not: it is asked both ways, and what is nearer counts.
It shows other versions of AMQP too, which are passed over here; they are left out.
"""
import argparse
import collections
import csv
import fnmatch
import os
import re
import sqlite3
import sys
import tempfile
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True     # a test leaves nothing beside its sources
from compare import captures, run, Unreadable

NOT_XML = re.compile('[^\t\n\r -\ud7ff\ue000-\ufffd]')
OTHER_VERSION = 'another version'


# ---- what both say: {stream: [(frame, channel, name)]} ----

def shown(fields, name):
    """'Publish' of 'Method: Publish (40)'."""
    return re.sub(r'^[^:]*:\s*|\s*\(\d+\)$', '', fields[name].get('showname') or '').lower()


def frame_of_tshark(proto):
    """(channel, name) of one AMQP frame in a packet; None for contents."""
    fields = {}
    for field in proto.iter('field'):
        fields.setdefault(field.get('name'), field)
    version = [fields[x].get('show') for x in ('amqp.init.version_major', 'amqp.init.version_minor')
               if x in fields]
    if version and version != ['9', '1'] or 'amqp.performative' in fields or 'amqp.doff' in fields:
        return None, OTHER_VERSION
    kind = fields['amqp.type'].get('show') if 'amqp.type' in fields else None
    if kind == '8':
        return 0, 'heartbeat'
    if kind != '1' or 'amqp.method.class' not in fields or 'amqp.method.method' not in fields:
        return None
    return (int(fields['amqp.channel'].get('show')),
            f"{shown(fields, 'amqp.method.class')}.{shown(fields, 'amqp.method.method')}")


def tshark_reads(path, in_order):
    done = run('tshark', '-n', '-2', '-r', str(path), '-Y', 'amqp', '-T', 'pdml', '-J', 'amqp tcp frame',
               '-o', f'tcp.reassemble_out_of_order:{in_order}')
    text = NOT_XML.sub('?', done.stdout.decode('utf-8', 'replace'))
    if '<packet>' not in text:
        return {}
    if '</pdml>' not in text:
        text += '</pdml>'
    streams = collections.defaultdict(list)
    try:
        packets = ET.fromstring(text.encode()).iter('packet')
    except ET.ParseError as why:
        raise Unreadable(f'tshark: {why}') from None
    for packet in packets:
        tcp = [f for f in packet.iter('field') if f.get('name') == 'tcp.stream']
        number = [f for f in packet.iter('field') if f.get('name') in ('frame.number', 'num')]
        if not tcp or not number:
            continue
        for proto in packet.findall('proto'):
            said = frame_of_tshark(proto) if proto.get('name') == 'amqp' else None
            if said:
                streams[int(tcp[0].get('show'))].append((int(number[0].get('show')), *said))
    return streams


def tcpwhy_reads(program, path):
    """… and whether tshark may find AMQP in this capture."""
    streams = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / 'case.db'
        done = run(program, '-o', str(case), str(path))
        if done.returncode not in (0, 4) or not case.exists():
            raise Unreadable(done.stderr.decode('utf-8', 'replace').strip())
        db = sqlite3.connect(case)
        for stream, *said in db.execute(
                'SELECT stream, frame, channel, name FROM amqp_method m JOIN flow f ON f.id = m.flow_id'
                ' UNION ALL SELECT stream, frame, 0, \'heartbeat\' FROM heartbeat h JOIN flow f ON f.id = h.flow_id'
                " WHERE h.protocol = 'amqp' ORDER BY 1, 2"):
            streams[stream].append(tuple(said))
        worth = db.execute("SELECT count(*) FROM flow WHERE app = 'amqp' OR 5672 IN (client_port, server_port)"
                           ).fetchone()[0]
        db.close()
    return streams, worth


# ---- the comparison ----

class Difference:
    def __init__(self, stream, ours, tsharks):
        self.stream, self.ours, self.tsharks = stream, ours, tsharks

    def text(self):
        some = lambda c: ', '.join(f'{name} in {frame} ({channel})' for frame, channel, name in sorted(c)[:4])
        return (f'stream {self.stream}: only ours {self.ours.total()} ({some(self.ours)}), '
                f'only tshark {self.tsharks.total()} ({some(self.tsharks)})')


def compare_with(ours, theirs):
    """How many are in both, how many in either, and the differences."""
    both = either = 0
    differences = []
    for stream in sorted(set(ours) | set(theirs)):
        if any(name == OTHER_VERSION for _, _, name in theirs.get(stream, [])):
            continue
        a, b = (collections.Counter(x.get(stream, [])) for x in (ours, theirs))
        both += (a & b).total()
        either += (a | b).total()
        if a != b:
            differences.append(Difference(stream, a - b, b - a))
    return both, either, differences


def compare(program, path):
    ours, worth = tcpwhy_reads(program, path)
    if not worth:
        return 0, 0, []
    found = [compare_with(ours, tshark_reads(path, 'TRUE'))]
    if found[0][2]:
        found.append(compare_with(ours, tshark_reads(path, 'FALSE')))
    return max(found, key=lambda x: (x[0] - x[1], x[0]))


class Acceptance:
    def __init__(self, line):
        self.files, self.streams, self.reason = (x.strip() for x in line.split('|', 2))
        self.used = 0

    def takes(self, name, stream):
        fits = fnmatch.fnmatchcase(name, self.files) and (self.streams == '*' or str(stream) in self.streams.split())
        self.used += fits
        return fits


def acceptances(path):
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    return [Acceptance(line) for line in lines if line.strip() and not line.startswith('#')]


def marked_in(catalog):
    if not catalog:
        return None
    with open(catalog, encoding='utf-8') as lines:
        return {row['path'] for row in csv.DictReader(lines, delimiter='\t') if row['has_amqp'] == '1'}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--catalog')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    marked = marked_in(options.catalog)
    catalogued = Path(options.catalog).resolve().parent if marked is not None else None
    accept = acceptances(Path(__file__).with_name('accepted-amqp.txt'))
    work = []
    for folder in options.folders:
        for path in captures(folder):
            name = str(Path(folder.resolve().name) / path.relative_to(folder))
            if marked is None or folder.resolve().parent != catalogued or name in marked:
                work.append((path, name))

    def one(item):
        try:
            return compare(options.program, item[0])
        except Unreadable as why:
            return str(why)

    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(one, work))
    both = either = explained = fresh = stale = unread = 0
    for (_, name), result in zip(work, results):
        if isinstance(result, str):
            unread += 1
            continue
        both, either = both + result[0], either + result[1]
        for difference in result[2]:
            known = any([a.takes(name, difference.stream) for a in accept])
            explained += known
            fresh += not known
            if not known:
                print(f'{name} {difference.text()}')
    for a in accept:
        if not a.used and any(fnmatch.fnmatchcase(name, a.files) for _, name in work):
            stale += 1
            print(f'accepted-amqp.txt: nothing differs so any more: {a.files} | {a.streams}')
    print(f'AMQP in {len(work) - unread} captures: {both} of {either} methods and heartbeats are in both '
          f'({100 * both / max(either, 1):.2f} %); {explained} streams differ as explained, {fresh} differ')
    return 1 if fresh or stale or not both else 0


if __name__ == '__main__':
    sys.exit(main())
