#!/usr/bin/python3
"""idle_session.py URL GAP...: requests.Session, a POST, then one more after each gap."""
import sys
import time

import requests

session = requests.Session()
for gap in (0, *map(float, sys.argv[2:])):
    time.sleep(gap)
    print(session.post(sys.argv[1], json={'g': int(gap)}).status_code)
time.sleep(6)
