#!/usr/bin/env python3
"""Random connections, frame by frame: what tcpwhy and tshark call each segment.

usage: random_flows.py PROGRAM [SEED [CONNECTIONS]]

Real captures are mostly orderly. Here every connection jumps back and forth in a small
space of numbers (holes, repetitions, acknowledgements of what was never sent, keep-alives,
closed windows, FINs, RSTs, SYNs in the middle), near the wrap of sequence numbers or not,
with a handshake or without one; so each condition of tcp.analysis.* is met in many orders.

Known differences, which are left out:
  fast_retransmission  after it saw an acknowledgement of bytes that were never captured,
                       tshark's count of duplicate ACKs is below zero, which it reads as a
                       very large number; it then calls a plain retransmission a fast one,
                       where it would else say out-of-order or retransmission
  number 0             stands for "none seen" in tshark; no number here is 0
  window_full          where a SYN comes in the middle, tshark scales the windows that were
                       advertised before it, too
The exit status is 1 if anything else differs.
"""
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import ANALYSIS

FIN, SYN, RST, ACK = 1, 2, 4, 16
WSCALE = (b'', b'\x03\x03\x02\x00', b'\x03\x03\x00\x00')
FIRST = (1000, 5000, 0xffffff03, 2**31 - 50)


class Connection:
    """Its segments as (microseconds, direction, flags, length, seq, ack, window, options)."""

    def __init__(self, dice, start):
        self.dice, self.now = dice, start
        self.isn = [dice.choice(FIRST), dice.choice((7000, 0xfffffe07, dice.randrange(1, 2**31)))]
        self.next, self.window, self.sent = list(self.isn), [500, 500], []
        if dice.random() < 0.7:
            self.handshake()
        for _ in range(dice.randrange(4, 18)):
            self.step()

    def send(self, way, flags, length, seq, ack, window, after, options=b''):
        self.now += after
        self.sent.append((self.now, way, flags, length, seq % 2**32, ack % 2**32, window, options))
        self.next[way] = max(self.next[way], seq + length + (1 if flags & (SYN | FIN) else 0))

    def handshake(self):
        scale = self.dice.choice(WSCALE)
        self.send(0, SYN, 0, self.next[0], 0, 500, 10, scale)
        self.send(1, SYN | ACK, 0, self.next[1], self.next[0], 500,
                  self.dice.choice((10, 1000, 20000)), self.dice.choice((scale, b'')))
        self.send(0, ACK, 0, self.next[0], self.next[1], 500, self.dice.choice((10, 1000)))

    def step(self):
        dice, way = self.dice, self.dice.randrange(2)
        flags, length = ACK, dice.choice((0, 0, 0, 1, 10, 10, 20))
        seq = self.next[way] + dice.choice((0,) * 22 + (10, 20, 30, -1, -1, -10, -20, -30))
        ack = self.next[1 - way] + dice.choice((0,) * 16 + (1, 10, 20, 30, -10, -20, -30))
        window = dice.choice([self.window[way]] * 6 + [0, 500, 20, 10, 40])
        kind = dice.random()
        if kind < 0.04:
            flags = FIN | ACK
        elif kind < 0.07:
            flags, ack, window = RST, 0, 0
        elif kind < 0.09:
            flags = RST | ACK
        elif kind < 0.10:
            flags, ack, length, seq = SYN, 0, 0, dice.choice((self.isn[way], self.next[way] + 77))
        self.window[way] = window
        self.send(way, flags, length, seq, ack, window,
                  dice.choice((10, 100, 1000, 5000, 25000, 200000, 1000000)))


def packet(nr, ident, segment):
    _, way, flags, length, seq, ack, window, options = segment
    ends = [(bytes((10, 0, nr >> 14, 5)), 1024 + nr % 2**14), (bytes((10, 1, nr >> 14, 9)), 80)]
    (src, sport), (dst, dport) = ends[way], ends[1 - way]
    tcp = struct.pack('>HHIIBBHHH', sport, dport, seq, ack, (5 + len(options) // 4) << 4, flags,
                      window, 0, 0) + options + bytes((seq + i) & 255 for i in range(length))
    return struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), ident, 0, 64, 6, 0, src, dst) + tcp


def capture_write(path, seed, connections):
    dice = random.Random(seed)
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        ident = 0
        for nr in range(connections):
            for segment in Connection(dice, 1700000000000000 + nr * 100000000).sent:
                ident = ident % 65000 + 1          # no two are copies
                raw = packet(nr, ident, segment)
                out.write(struct.pack('<IIII', *divmod(segment[0], 1000000), len(raw), len(raw)) + raw)


def tshark_says(path):
    fields = ['frame.number', 'tcp.stream', *(f'tcp.analysis.{x}' for x in ANALYSIS.values())]
    done = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', '-E', 'separator=/t',
                           *(x for field in fields for x in ('-e', field))],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    said = {}
    for line in done.stdout.splitlines():
        frame, stream, *marks = line.split('\t')
        said[int(frame)] = int(stream), {k for k, mark in zip(ANALYSIS, marks) if mark}
    return said


def tcpwhy_says(program, path, case):
    subprocess.run([program, '-o', case, path], stdout=subprocess.DEVNULL, check=True)
    said = {}
    with sqlite3.connect(case) as db:
        for frame, kind in db.execute('SELECT frame, kind FROM tcp_event'):
            if kind in ANALYSIS:
                said.setdefault(frame, set()).add(kind)
    db.close()
    return said


def main():
    program, seed, connections = sys.argv[1], *(int(x) for x in (sys.argv[2:4] + ['1', '3000'][len(sys.argv) - 2:]))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / 'random.pcap')
        capture_write(path, seed, connections)
        theirs, ours = tshark_says(path), tcpwhy_says(program, path, str(Path(folder) / 'case.db'))
    differ, known = set(), 0
    for frame, (stream, marks) in sorted(theirs.items()):
        mine = ours.get(frame, set())
        apart = mine ^ marks
        if not apart or stream in differ:
            continue
        if 'fast_retransmission' in marks - mine or apart == {'window_full'}:
            known += 1
            continue
        differ.add(stream)                         # what follows in it follows from this
        print(f'seed {seed} stream {stream} frame {frame}: ours {sorted(mine)}, tshark {sorted(marks)}')
    print(f'{connections} random connections, {len(theirs)} segments: {known} differ in a known way, '
          f'{len(differ)} connections differ')
    return 1 if differ else 0


if __name__ == '__main__':
    sys.exit(main())
