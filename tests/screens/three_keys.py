#!/usr/bin/env python3
"""Whether a person who was sent a capture sees cause and proof within three keys.

usage: three_keys.py PROGRAM SCREEN FOLDER

For each expectation of NAME.truth.json (none of severity note; samples/README.md) the browser is
opened on a case of NAME, and the expected finding opened: as many `j` as it stands below the row
where the user begins, then Enter. The screen after that, at 80x24, must bear the finding's title
in its path, and frames of the truth marked as evidence: two of them, or all where there are fewer.
At most three keys may be needed for one of a capture's expectations: the same trouble again stands
in the same row.

Prints "ok NAME" or "FAILED NAME: why" for each capture that has such an expectation.
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def screen(driver, case, keys):
    """The lines of the canvas, without the column that marks what is selected."""
    run = subprocess.run([driver, case, '80x24', *keys], capture_output=True, text=True, timeout=60)
    return [line[1:].rstrip() for line in run.stdout.splitlines()]


def rows_of(report):
    """Rows of the first screen: an incident each, as rule and frames of its first finding."""
    by_id = report['findings']
    rows, seen = [], {}
    for finding in by_id:
        address = (finding.get('client') or '').rpartition(':')[0]
        key = (finding['rule'], finding['severity'], address, finding.get('server'))
        if key not in seen:
            seen[key] = len(rows)
            rows.append(finding)
    return rows


def keys_to(start, row):
    return ['j'] * (row - start) if row >= start else ['k'] * (start - row)


def trouble_with(program, driver, capture, truth):
    with tempfile.TemporaryDirectory() as folder:
        case = str(Path(folder) / 'x.db')
        subprocess.run([program, '-o', case, str(capture)], capture_output=True, timeout=120)
        report = json.loads(subprocess.run([program, 'report', '--format', 'json', case], capture_output=True,
                                           timeout=120).stdout)
        rows = rows_of(report)
        first = screen(driver, case, [])
        start = next((int(m.group(1)) - 1 for line in first[:3] if (m := re.search(r'(\d+)/\d+$', line))), 0)
        fewest = None
        for want in truth:
            frames = set(want.get('frames', []))
            fitting = [i for i, f in enumerate(rows) if f['rule'] in want['rules']]
            best = None
            for i in fitting:
                keys = keys_to(start, i) + ['Enter']
                lines = screen(driver, case, keys)
                shown = {int(m.group(1)) for line in lines if (m := re.match(r'●\s*(\d+)\s', line))}
                proof = len(shown & frames) >= min(2, len(frames))
                said = ' '.join(rows[i]['summary'].split())[:60] in ' '.join(' '.join(lines[2:]).split())
                if proof and said and (best is None or len(keys) < best):
                    best = len(keys)
            if best:
                fewest = min(best, fewest or best)
        if not fewest:
            yield 'no screen shows cause and proof of any expectation'
        elif fewest > 3:
            yield f'{fewest} keys'


def main():
    if len(sys.argv) != 4:
        sys.exit('usage: three_keys.py PROGRAM SCREEN FOLDER')
    program, driver, folder = sys.argv[1:]
    failed = False
    for path in sorted(Path(folder).glob('*.truth.json')):
        name = path.name.removesuffix('.truth.json')
        expected = json.loads(path.read_text())['expected']
        truth = [want for want in expected if want['severity'] != 'note' and want.get('frames')]
        capture = next((p for p in (path.with_name(name + '.pcap'), path.with_name(name + '.pcapng')) if p.exists()), None)
        if not truth or not capture:
            continue
        trouble = list(trouble_with(program, driver, capture, truth))
        failed |= bool(trouble)
        print(f"FAILED {name} (three keys): {'; '.join(trouble)}" if trouble else f'ok {name}')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
