#!/usr/bin/python3
"""idle_clients.py HOST PORT N IDLE_S KEEP_ALIVE_S: N connections, an exchange on each, a long
silence, two more exchanges. The last connection alone has TCP keep-alive."""
import socket
import sys
import time

host, port, n, idle, keep_alive = sys.argv[1], *map(int, sys.argv[2:])
connections = []
for i in range(n):
    s = socket.create_connection((host, port))
    s.settimeout(20)
    if i == n - 1:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keep_alive)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30)
    s.sendall(b'order 1\n')
    s.recv(100)
    connections.append(s)
    time.sleep(0.3)
time.sleep(idle)
for i, s in enumerate(connections):
    for order in (2, 3):
        try:
            s.sendall(b'order %d\n' % order)
            print(i, s.recv(100))
        except OSError as error:
            print(i, error)
        time.sleep(0.2)
    time.sleep(0.5)
