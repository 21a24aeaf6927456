#!/usr/bin/env python3
"""How fast the browser answers, as a user feels it.

usage: browse.py PROGRAM CASE [ROUNDS]

PROGRAM is run on a pseudo terminal of 120x40. From the start, and from each key, it is measured
how long it takes until the screen is drawn: the time until the last byte that PROGRAM writes
before it is quiet (views that go on working in the background, and show how far they are, are
waited for apart: "settled"). Prints the median and the worst of ROUNDS rounds for each key, and
the peak of resident memory. Nothing is asserted.
"""
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time

KEYS = [
    ('findings: down', 'j'), ('findings: end', 'G'), ('findings: begin', 'g'), ('finding', '\r'),
    ('finding: its flow', '\r'), ('packet', '\r'), ('back', 'q'), ('back', 'q'), ('back', 'q'),
    ('flows', '2'), ('flows: page down', '\x06'), ('flows: end', 'G'), ('flows: up', 'k'), ('flows: begin', 'g'),
    ('flows: next finding', 'e'), ('flows: sort', '>'), ('flows: reverse', 'r'), ('flows: end', 'G'),
    ('flows: filter reset', 'f\x15tcp.flags.reset\r'), ('flows: filter nothing', 'f\x15ip.addr == 1.2.3.4\r'),
    ('flows: clear', '\x1b[15~'), ('flow', '\r'), ('flow: zoom', 'z'), ('packet', '\r'), ('back', 'q'),
    ('follow', 'F'), ('back', 'q'), ('back', 'q'),
    ('HTTP', '3'), ('HTTP: end', 'G'), ('HTTP: sort', '>'), ('AMQP', '4'), ('servers', '5'), ('server', '\r'),
    ('back', 'q'), ('capture', '6'), ('findings', '1'), ('search', '/10.1.2.3\r'), ('help', '?'), ('back', 'q'),
]
QUIET_S = 0.12


class Program:
    def __init__(self, program, case):
        self.begin = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM='xterm-256color', LC_ALL='C.UTF-8')
            os.execv(program, [program, 'browse', case])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))

    def drawn(self, since):
        """Seconds from `since` to the end of the first burst of output, and of all output."""
        first = last = None
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            ready, _, _ = select.select([self.fd], [], [], QUIET_S if last else 5)
            if not ready:
                break
            try:
                os.read(self.fd, 1 << 16)
            except OSError:
                break
            now = time.monotonic()
            if first is None or now - first < 0.010:       # one drawing comes in a few writes
                first = now
            last = now
        return (first or since) - since, (last or since) - since

    def press(self, keys):
        for key in keys[:-1] if keys[0] in 'f/' else []:
            os.write(self.fd, key.encode())
            self.drawn(time.monotonic())
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            sys.exit(f'{keys!r}: the browser has ended')
        since = time.monotonic()
        os.write(self.fd, (keys[-1] if keys[0] in 'f/' else keys).encode())
        return self.drawn(since)

    def peak_mb(self):
        with open(f'/proc/{self.pid}/status') as status:
            return max(int(line.split()[1]) for line in status if line.startswith('VmHWM')) / 1024

    def end(self):
        os.write(self.fd, b'\x03\x03')
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def main():
    program, case = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    times = {}
    peak = 0
    for _ in range(rounds):
        p = Program(program, case)
        times.setdefault((0, 'first screen'), []).append(p.drawn(p.begin))
        for nr, (name, keys) in enumerate(KEYS, 1):
            times.setdefault((nr, name), []).append(p.press(keys))
        peak = max(peak, p.peak_mb())
        p.end()
    print(f'{"":28}{"answered, ms":>20}{"settled, ms":>20}')
    print(f'{"":28}{"median":>10}{"worst":>10}{"median":>10}{"worst":>10}')
    for (_, name), pairs in times.items():
        columns = [f(pair[i] for pair in pairs) * 1000 for i in (0, 1) for f in (statistics.median, max)]
        print(f'{name:28}' + ''.join(f'{c:10.1f}' for c in columns))
    print(f'peak of resident memory: {peak:.0f} MB')


if __name__ == '__main__':
    main()
