#!/usr/bin/env python3
"""Compares who said what in which order with `tshark -z follow,tcp,raw`.

usage: turns.py PIECES FOLDER...

PIECES is the program of pieces.c beside this file. Of every connection with payload in the
captures the turns are compared: what one side said until the other did. Streams in which
bytes are missing are left to streams.py, which compares each side's for itself.
"""
import collections
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True     # a test leaves nothing beside its sources
from compare import Unreadable, captures, run
from streams import MARKED, look


def turns(said):
    """[bytes, …] of alternating sides, whichever begins."""
    found = []
    for side, data in said:
        if found and found[-1][0] == side:
            found[-1][1].extend(data)
        else:
            found.append((side, bytearray(data)))
    return [bytes(data) for _, data in found]


def ours(program, path):
    """{stream: [(side, bytes), …]}; None in place of bytes that are missing."""
    done = run(program, str(path))
    if done.returncode != 0:
        raise Unreadable(done.stderr.decode('utf-8', 'replace'))
    streams = collections.defaultdict(list)
    for line in done.stdout.decode('ascii').splitlines():
        _, what, _, value, stream, side = line.split(' ')
        streams[int(stream)].append((side, None if what == 'gap' else bytes.fromhex(value)))
    return streams


def tsharks(path, numbers):
    asked = [x for n in numbers for x in ('-z', f'follow,tcp,raw,{n}')]
    streams, said = {}, None
    for line in run('tshark', '-n', '-q', '-r', str(path), *asked).stdout.decode('ascii', 'replace').splitlines():
        if line.startswith('Filter: tcp.stream eq '):
            said = streams[int(line.rsplit(' ', 1)[1])] = []
        elif re.fullmatch(r'\t?[0-9a-f]+', line):
            said.append((line.startswith('\t'), bytes.fromhex(line.strip())))
    return streams


def compare(program, path):
    """(streams compared, descriptions of those that differ)"""
    capture = look(path, path.name)
    if not capture or not capture.streams:
        return 0, []
    our, their = ours(program, path), tsharks(path, capture.streams)
    n, apart = 0, []
    for number in capture.streams:
        said = our.get(number, [])
        if any(data is None for _, data in said) or any(MARKED.search(x) for x in turns(their[number])):
            continue
        n += 1
        a, b = turns(said), turns(their[number])
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            apart.append(f'{path.name} stream {number}: {len(a)} and {len(b)} turns; the first that differs '
                         f'is {at}: {a[at:at + 1]!r:.80} and {b[at:at + 1]!r:.80}')
    return n, apart


def main():
    if len(sys.argv) < 3:
        sys.exit('usage: turns.py PIECES FOLDER...')
    paths = [path for folder in sys.argv[2:] for path in captures(Path(folder))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: compare(sys.argv[1], path), paths))
    apart = [text for _, texts in results for text in texts]
    print('\n'.join(apart[:20]), end='\n' if apart else '')
    n = sum(x[0] for x in results)
    print(f'{n} streams: {n - len(apart)} with the same turns, {len(apart)} differ')
    return 1 if apart or not n else 0


if __name__ == '__main__':
    sys.exit(main())
