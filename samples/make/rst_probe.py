#!/usr/bin/python3
"""rst_probe.py HOST PORT PERIOD_S SECONDS: the health check of many balancers.

Connects with a full handshake and closes with a reset, without a byte of data.
"""
import socket
import struct
import sys
import time

host, port, period, seconds = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
began = due = time.monotonic()
while due < began + seconds:
    time.sleep(max(0, due - time.monotonic()))
    try:
        with socket.create_connection((host, port), timeout=2) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    except OSError as error:
        print(error, flush=True)
    due += period
