#!/usr/bin/env python3
"""What tcpwhy costs beside other tools: one table. Nothing is asserted.

usage: run.py [--pairs N] [--csv FILE] TCPWHY CAPTURE...

Each capture is read by tcpwhy (everything on, but the SHA-256 of the input), by tcpwhy with
that too, and by every one of the tools below that is installed, in turn, N times (5). The table
has the medians of processor seconds (user and system), of elapsed seconds, and of the peak of
resident memory; the ratio is the median of the rounds' ratios to T, `tcpdump -r FILE -w
/dev/null` of the same round, in processor seconds. Captures are read once before, so that they
are in memory if they fit. Memory less than that of this program, which the system counts as the
children's, is shown as that ("<").
"""
import argparse
import csv
import os
import shutil
import statistics
import sys
import tempfile
import time

YARDSTICK = 'tcpdump -w'
PEERS = {
    YARDSTICK: ['tcpdump', '-r', '{file}', '-w', '/dev/null'],
    'tshark -z expert': ['tshark', '-n', '-q', '-z', 'expert', '-r', '{file}'],
    'tcptrace': ['tcptrace', '-n', '{file}'],
    'tcpflow': ['tcpflow', '-o', '{dir}/tcpflow', '-r', '{file}'],
    'ndpiReader': ['ndpiReader', '-q', '-i', '{file}'],
    'argus': ['argus', '-r', '{file}', '-w', '{dir}/argus.out'],
}
KEPT = 'case.db'


def tools_of(program):
    ours = [program, '-o', '{dir}/' + KEPT, '{file}']
    tools = {'tcpwhy': ours[:1] + ['--no-hash'] + ours[1:], 'tcpwhy, SHA-256': ours}
    for name, command in PEERS.items():
        if shutil.which(command[0]):
            tools[name] = command
        else:
            print(f'{command[0]} is not installed: left out', file=sys.stderr)
    return tools


class Run:
    """One run: cpu_s, wall_s, peak_mb, and case_mb where it leaves a case."""

    def __init__(self, command, file):
        with tempfile.TemporaryDirectory() as folder:
            words = [word.format(file=file, dir=folder) for word in command]
            begin = time.monotonic()
            pid = os.fork()
            if pid == 0:
                null = os.open(os.devnull, os.O_RDWR)
                for fd in (0, 1, 2):
                    os.dup2(null, fd)
                try:
                    os.execvp(words[0], words)
                finally:
                    os._exit(127)
            _, self.status, usage = os.wait4(pid, 0)
            self.wall_s = time.monotonic() - begin
            self.cpu_s = usage.ru_utime + usage.ru_stime
            self.peak_mb = usage.ru_maxrss / 1024
            case = os.path.join(folder, KEPT)
            self.case_mb = os.path.getsize(case) / 1e6 if os.path.exists(case) else None


def median(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def measured(tools, file, pairs):
    """{tool: runs}, round by round."""
    with open(file, 'rb') as whole:
        while whole.read(1 << 20):
            pass
    runs = {name: [] for name in tools}
    for _ in range(pairs):
        for name, command in tools.items():
            runs[name].append(Run(command, file))
    return runs


def row(file, name, runs, floor_mb):
    mine, size_mb = runs[name], os.path.getsize(file) / 1e6
    yard = runs.get(YARDSTICK)
    ratio = statistics.median(a.cpu_s / max(b.cpu_s, 0.001) for a, b in zip(mine, yard)) if yard else None
    peak = median(mine, 'peak_mb')
    case = mine[0].case_mb
    return {
        'capture': os.path.basename(file), 'MB': f'{size_mb:.0f}', 'tool': name, 'CPU s': f"{median(mine, 'cpu_s'):.2f}",
        'T': f'{ratio:.1f}' if ratio else '-', 'wall s': f"{median(mine, 'wall_s'):.2f}",
        'peak MB': f'<{floor_mb:.0f}' if peak <= floor_mb * 1.02 else f'{peak:.0f}',
        'case MB': f'{case:.1f} ({100 * case / size_mb:.1f} %)' if case else '',
        'note': '' if all(os.waitstatus_to_exitcode(run.status) in (0, 4) for run in mine) else 'it failed',
    }


def table_print(rows):
    widths = {key: max(len(key), *(len(r[key]) for r in rows)) for key in rows[0]}
    line = '| ' + ' | '.join('{:' + str(width) + '}' for width in widths.values()) + ' |'
    print(line.format(*widths))
    print('|' + '|'.join('-' * (width + 2) for width in widths.values()) + '|')
    for r in rows:
        print(line.format(*r.values()))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('\n\n')[1].removeprefix('usage: '))
    parser.add_argument('--pairs', type=int, default=5)
    parser.add_argument('--csv')
    parser.add_argument('program')
    parser.add_argument('captures', nargs='+')
    given = parser.parse_args()
    tools = tools_of(given.program)
    floor_mb = Run(['true'], '').peak_mb
    rows = []
    for file in given.captures:
        runs = measured(tools, file, given.pairs)
        rows += [row(file, name, runs, floor_mb) for name in tools]
    print(f'medians of {given.pairs} rounds; load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors\n')
    table_print(rows)
    if given.csv:
        with open(given.csv, 'w', newline='') as out:
            writer = csv.DictWriter(out, rows[0])
            writer.writeheader()
            writer.writerows(rows)


main()
