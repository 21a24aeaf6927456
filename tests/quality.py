#!/usr/bin/env python3
"""Tells what limits a capture, a line each: severity, rule, how sure, and the sentence.

usage: tcpwhy report --format json … | quality.py RULE [NUMBER…]

Of the one RULE, with the numbers that are asked for; "nothing" stands where it found none.
"""
import json
import sys

found = [q for q in json.load(sys.stdin)['quality'] if q['rule'] == sys.argv[1]]
for q in found:
    print(q['severity'], q['rule'], q['confidence'] + ':', q['text'])
    if sys.argv[2:]:
        print('   ', ', '.join(f'{name} {json.dumps(q["numbers"].get(name, "missing"))}' for name in sys.argv[2:]))
if not found:
    print('nothing')
