#!/usr/bin/env python3
"""Compares the HTTP messages that tcpwhy and tshark see in captures.

usage: http.py [--accepted FILE] [--jobs N] PROGRAM FOLDER-OR-CAPTURE...

A request is its method and target, a response (a 1xx too) its status. One of tshark's is
the same as one of tcpwhy's when these agree and tshark's frame, which is that of the
message's last segment, lies within the frames of tcpwhy's message. Control bytes and what
is not ASCII are one character each way; of a target 1000 characters count.

Not compared, as tshark's rules are others (and ours are those of the header comments):

  not http     messages of connections in which tshark sees no HTTP at all
  gap          messages of connections with a gap that only one of the two has: tshark
               either waits for ever behind it or loses messages in swapped segments. Both
               of its ways are tried (tcp.reassemble_out_of_order), the better one counts
  cut          messages that were not complete, which tshark shows or not
  expect       requests whose body was refused: tshark waits for it

The exit status is 1 if there is a difference that no line of accepted-http.txt names
(see accepted.py), or a line that nothing needs.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from accepted import Accepted

FIELDS = ['frame.number', 'tcp.stream', 'http.request.method', 'http.request.uri', 'http.response.code',
          'http.notification', '_ws.col.Info']
PREFERENCES = ['tcp.check_checksum:FALSE', 'ip.check_checksum:FALSE', 'http.decompress_body:FALSE',
               'tcp.desegment_tcp_streams:TRUE', 'ip.defragment:TRUE', 'ipv6.defragment:TRUE']
MESSAGES = """
SELECT flow_id, method || ' ' || coalesce(target, ''), request_frame, request_end_frame,
       iif(expect_body = 'unsent', 'expect', request_state)
  FROM http_exchange WHERE method IS NOT NULL AND request_frame IS NOT NULL
UNION ALL
SELECT flow_id, CAST(status AS TEXT), response_frame, iif(response_until_close, NULL, response_end_frame),
       response_state
  FROM http_exchange WHERE status IS NOT NULL
UNION ALL
SELECT flow_id, CAST(status AS TEXT), frame, frame + 3, 'complete' FROM http_interim
"""

Message = collections.namedtuple('Message', 'stream text first last state')


def plain(text):
    text = re.sub(r'\\[0-7]{3}|\\x[0-9a-f]{2}|\\[tnr"]', '?', text)
    return re.sub(r'[^!-~ ]+|\?+', '?', text)[:1000]


def tshark_messages(path, in_order):
    args = ['tshark', '-r', str(path), '-Y', 'tcp && (http.request || http.response || http.notification)', '-T', 'fields',
            '-E', 'aggregator=\x1f', '-o', f'tcp.reassemble_out_of_order:{in_order}']
    args += [x for p in PREFERENCES for x in ('-o', p)] + [x for f in FIELDS for x in ('-e', f)]
    out = subprocess.run(args, capture_output=True, check=False).stdout.decode('utf-8', 'replace')
    for line in out.split('\n'):
        cells = (line.split('\t') + [''] * len(FIELDS))[:len(FIELDS)]
        if not cells[0]:
            continue
        *cells, notification, info = cells
        if notification and not cells[2] and not cells[4]:
            cells[2], cells[3] = info.rsplit(' HTTP/', 1)[0].split(' ', 1)
        frame, stream = int(cells[0]), cells[1].split('\x1f')[0]
        methods, targets, codes = (c.split('\x1f') if c else [] for c in cells[2:])
        for i, method in enumerate(methods):
            target = targets[i] if i < len(targets) else ''
            yield Message(stream, plain(f'{method} {target}'), frame, frame, '')
        for code in codes:
            yield Message(stream, code, frame, frame, '')


def tcpwhy_messages(program, path, folder):
    case = Path(folder) / 'case.db'
    subprocess.run([program, '--show-secrets', '-o', str(case), str(path)], capture_output=True, check=False)
    if not case.exists():
        return [], {}
    with sqlite3.connect(case) as db:
        db.text_factory = lambda b: b.decode('utf-8', 'replace')
        flows = {row[0]: row[1:] for row in db.execute(
            'SELECT id, stream, client_gap_bytes + server_gap_bytes FROM flow')}
        rows = [Message(flow, plain(text), first, last or 1 << 62, state)
                for flow, text, first, last, state in db.execute(MESSAGES)]
    db.close()
    case.unlink()
    return sorted(rows, key=lambda m: m.first), flows


def paired(ours, theirs, flows):
    """How many agree, and what is left of both. Of several that fit, the one in the stream
    of that number counts, then the one that ends there, then the last that began."""
    left = collections.defaultdict(list)
    for m in ours:
        left[m.text].append(m)
    lonely = []
    for t in theirs:
        fit = [m for m in left[t.text] if m.first <= t.first <= m.last]
        if fit:
            twin = max(fit, key=lambda m: (str(flows[m.stream][0]) == t.stream, m.last == t.first, m.first))
            left[t.text].remove(twin)
        else:
            lonely.append(t)
    return len(theirs) - len(lonely), [m for ms in left.values() for m in ms], lonely


def compare(program, path, name):
    with tempfile.TemporaryDirectory() as folder:
        ours, flows = tcpwhy_messages(program, path, folder)
    best = None
    for in_order in ('TRUE', 'FALSE'):
        theirs = list(tshark_messages(path, in_order))
        same, mine, other = paired(ours, theirs, flows)
        if best is None or len(mine) + len(other) < len(best[1]) + len(best[2]):
            best = same, mine, other, theirs
        if not mine and not other:
            break
    same, mine, other, theirs = best
    known = {t.stream for t in theirs}
    gaps = {str(flows[f][0]) for f in flows if flows[f][1]}
    why, differences = collections.Counter(), []
    for m in mine:
        stream = str(flows[m.stream][0])
        word = ('not http' if stream not in known else 'gap' if stream in gaps
                else 'expect' if m.state == 'expect' else 'cut' if m.state != 'complete' else None)
        why[word] += 1
        if not word:
            differences.append((stream, f'only ours {m.text[:60]!r} in {m.first}'))
    for t in other:
        word = 'gap' if t.stream in gaps else None
        why[word] += 1
        if not word:
            differences.append((t.stream, f'only tshark {t.text[:60]!r} in {t.first}'))
    return name, same, why, differences


def captures(folder):
    text = {'.json', '.md', '.py', '.sh', '.sql', '.tsv', '.txt', '.yml', '.yaml', '.conf'}
    if folder.is_file():
        return [(folder, str(folder))]
    return [(p, str(Path(folder.resolve().name) / p.relative_to(folder))) for p in sorted(folder.rglob('*'))
            if p.is_file() and p.suffix not in text and p.relative_to(folder).parts[0] != 'make']


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('\n\n')[1].removeprefix('usage: '))
    parser.add_argument('program')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--accepted', type=Path, default=Path(__file__).with_name('accepted-http.txt'))
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    work = [c for folder in options.folders for c in captures(folder)]
    accepted, agree, why = Accepted(options.accepted), 0, collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, same, words, differences in pool.map(lambda c: compare(options.program, *c), work):
            agree += same
            why += words
            accepted.judge(name, differences)
    bad = accepted.failed([name for _, name in work])
    print(f"HTTP messages beside tshark's: {accepted.summary(agree, 'tshark')}; not compared: "
          + ', '.join(f'{why[w]} ({w})' for w in ('not http', 'gap', 'cut', 'expect')))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
