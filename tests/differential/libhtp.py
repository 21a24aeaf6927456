#!/usr/bin/env python3
"""Compares the HTTP messages that tcpwhy and libhtp read in the same bytes.

usage: libhtp.py [--accepted FILE] [--jobs N] PROGRAM LIBHTP FOLDER...

LIBHTP is libhtp.c, built: it is given the connections that tcpwhy takes for HTTP. In each
the sequence of requests (method and target) and that of final responses (status) are laid
side by side, and what both have must end alike: complete with as many bytes of body, or
not complete. Control bytes and what is not ASCII are one character each way; of a target 1000
characters count.

Not compared, as libhtp does something else there by design:

  gap      what only tcpwhy has in a connection with a gap: libhtp reads on behind one
           inside a body, and nowhere else
  cut      what was not complete in tcpwhy's eyes, and is missing or complete in libhtp's

The exit status is 1 if there is a difference that no line of accepted-libhtp.txt names
(see accepted.py), or a line that nothing needs.
"""
import argparse
import collections
import concurrent.futures
import difflib
import os
import re
import sqlite3
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from accepted import Accepted
from compare import captures, run, Unreadable

MESSAGES = """
SELECT flow_id, 'request', method || ' ' || coalesce(target, ''), request_state,
       coalesce(request_bytes, 0)
  FROM http_exchange WHERE method IS NOT NULL
UNION ALL
SELECT flow_id, 'response', CAST(status AS TEXT), response_state, coalesce(response_bytes, 0)
  FROM http_exchange WHERE status IS NOT NULL
"""
FLOWS = """
SELECT id, stream, client_gap_bytes + server_gap_bytes,
       coalesce((SELECT request_frame FROM http_exchange WHERE flow_id = id AND request_off = 0),
                client_first_data_frame),
       coalesce((SELECT response_frame FROM http_exchange WHERE flow_id = id AND response_off = 0),
                server_first_data_frame)
  FROM flow WHERE id IN (SELECT flow_id FROM http_exchange)
"""
FINAL = ('request', 'response')

Message = collections.namedtuple('Message', 'text complete body')


def plain(text):
    return re.sub(r'[^!-~ ]+|\?+', '?', text.strip())[:1000]


def libhtp_reads(program, path):
    """Of each connection, by its name, what was said."""
    done = run(program, str(path))
    said = collections.defaultdict(lambda: {what: [] for what in FINAL})
    for line in done.stdout.decode('ascii').splitlines():
        side, frame, what, state, body, text = (line + ' ').split(' ', 5)
        said[side, int(frame)][what].append(Message(plain(text), state == 'complete', int(body)))
    if done.returncode not in (0, 3):
        raise Unreadable(f'{path}: libhtp ended with {done.returncode}')
    return said


def tcpwhy_reads(program, path):
    """The same, and of each connection the stream and whether it has a gap."""
    said, names = collections.defaultdict(lambda: {what: [] for what in FINAL}), {}
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / 'case.db'
        run(program, '--show-secrets', '-o', str(case), str(path))
        if not case.exists():
            return said, {}
        db = sqlite3.connect(case)
        db.text_factory = lambda b: b.decode('latin-1')
        flows = {}
        for flow, stream, gap, client, server in db.execute(FLOWS):
            flows[flow] = ('C', client) if client else ('S', server)
            names[flows[flow]] = stream, gap
        for flow, what, text, state, body in db.execute(MESSAGES + ' ORDER BY 1'):
            said[flows[flow]][what].append(Message(plain(text), state == 'complete', body))
        db.close()
    return said, names


def side_by_side(ours, theirs):
    """Pairs; one of them is None where only the other program has the message."""
    blocks = difflib.SequenceMatcher(None, [m.text for m in ours], [m.text for m in theirs], False)
    for op, i, i_end, j, j_end in blocks.get_opcodes():
        if op == 'equal':
            yield from zip(ours[i:i_end], theirs[j:j_end])
        else:
            yield from ((m, None) for m in ours[i:i_end])
            yield from ((None, m) for m in theirs[j:j_end])


def told(m):
    return f'{m.text[:60]!r} {"complete" if m.complete else "cut"} {m.body}'


def judge(mine, their, gap):
    """Why a pair is not compared, or how it differs, or nothing."""
    if not their:
        return ('gap', None) if gap else ('cut', None) if not mine.complete else (None, f'only ours {told(mine)}')
    if not mine:
        return None, f'only libhtp {told(their)}'
    if not mine.complete:
        return ('cut', None) if their.complete else (None, None)
    if not their.complete and gap:
        return 'gap', None
    return None, None if mine == their else f'ours {told(mine)}, libhtp {told(their)}'


def compare(options, path):
    """How many agree, how often which word, and the differences (stream, text)."""
    said, names = tcpwhy_reads(options.program, path)
    if not names:
        return 0, {}, []
    theirs = libhtp_reads(options.libhtp, path)
    agree, words, differences = 0, collections.Counter(), []
    for name, (stream, gap) in names.items():
        for what in FINAL:
            for mine, their in side_by_side(said[name][what], theirs[name][what]):
                word, text = judge(mine, their, gap)
                words[word] += word is not None
                agree += not word and not text
                if text:
                    differences.append((stream, f'{what}: {text}'))
    return agree, words, differences


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('\n\n')[1].removeprefix('usage: '))
    parser.add_argument('program')
    parser.add_argument('libhtp')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--accepted', type=Path, default=Path(__file__).with_name('accepted-libhtp.txt'))
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    accepted, agree, why = Accepted(options.accepted), 0, collections.Counter()
    work = [(path, str(Path(folder.resolve().name) / path.relative_to(folder)))
            for folder in options.folders for path in captures(folder)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (_, name), (same, words, differences) in zip(
                work, pool.map(lambda w: compare(options, w[0]), work)):
            agree += same
            why.update(words)
            accepted.judge(name, differences)
    bad = accepted.failed([name for _, name in work])
    print(f"HTTP messages beside libhtp's: {accepted.summary(agree, 'libhtp')}; not compared: "
          + ', '.join(f'{why[w]} ({w})' for w in ('gap', 'cut')))
    return 1 if bad or not agree else 0


if __name__ == '__main__':
    sys.exit(main())
