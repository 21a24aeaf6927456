#!/usr/bin/env python3
"""Seeds for fuzzing: the connections of captures, in the form that tests/fuzz/*.c read.

usage: seeds.py STREAMS FOLDER CAPTURE...

STREAMS is the program of tests/differential/streams.c. A seed is a row of parts: side and
kind (1 octet), length (2), bytes; of each connection the first 16 KiB.
"""
import collections
import subprocess
import sys
from pathlib import Path

MOST = 16384
streams, folder, *captures = sys.argv[1:]
Path(folder).mkdir(parents=True, exist_ok=True)
for capture in captures:
    done = subprocess.run([streams, capture], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seeds = collections.defaultdict(bytearray)
    for line in done.stdout.decode('ascii').splitlines():
        _, what, _, value, number, side = line.split(' ')
        seed, data = seeds[number], bytes.fromhex(value)[:MOST] if what == 'data' else b''
        if len(seed) + len(data) > MOST:
            continue
        kind = (side == 'S') | (2 if what == 'gap' else 0)
        length = min(int(value), 65536) - 1 if what == 'gap' else len(data)
        seed += bytes([kind]) + length.to_bytes(2, 'big') + data
    for number, seed in seeds.items():
        (Path(folder) / f'{Path(capture).name}-{number}').write_bytes(seed)
