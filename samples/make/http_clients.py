#!/usr/bin/python3
"""http_clients.py SERVER SESSIONS REQUESTS

As many sessions of requests (keep-alive, a POST now and then, short pauses), and each of
them is left in another way: closed at once, kept for a while, dropped with its last
answer half read.
"""
import sys
import time

import requests

server, sessions, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for nr in range(sessions):
    with requests.Session() as session:
        for n in range(count):
            session.get(f'http://{server}/part{n % 24 + 1}.txt', timeout=5)
            if n % 4 == 0:
                session.post(f'http://{server}/api/orders', json={'session': nr, 'n': n}, timeout=5)
            time.sleep(0.05 * (n % 3))
        if nr % 3 == 1:
            time.sleep(3)
        if nr % 3 == 2:
            session.get(f'http://{server}/part24.txt', stream=True, timeout=5)
