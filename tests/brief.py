#!/usr/bin/env python3
"""Tells what tcpwhy finds in few lines, for a reviewer to hold against the story.

usage: tcpwhy report --format json … | brief.py [NUMBER…]

Prints for each finding
    severity rule confidence client > server
        the numbers that were asked for
        its evidence: frame and role
what is no problem behind "benign", and at last what the capture lacks. "nothing" stands
where nothing was found.
"""
import json
import sys

report = json.load(sys.stdin)
for finding in report['findings'] + report['benign']:
    severity = 'benign' if finding in report['benign'] else finding['severity']
    print(severity, finding['rule'], finding['confidence'], finding['client'], '>', finding['server'])
    numbers = {name: finding['numbers'].get(name, 'missing') for name in sys.argv[1:]}
    if numbers:
        print('   ', ', '.join(f'{name} {json.dumps(value)}' for name, value in numbers.items()))
    for e in finding['evidence']:
        print(f'    {e["frame"]:4} {e["role"]}')
if not report['findings'] + report['benign']:
    print('nothing')
