#!/usr/bin/python3
"""idle_client.py HOST PORT [--keep-alive S] ACTION...

ACTION: send (ten bytes), read, or a number of seconds to wait. An error does not stop it.
"""
import socket
import sys
import time

host, port, *actions = sys.argv[1:]
s = socket.create_connection((host, int(port)))
if actions[0] == '--keep-alive':
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, int(actions[1]))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 3)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    del actions[:2]
sent = 0
for action in actions:
    try:
        if action == 'send':
            sent += 1
            s.sendall(str(sent).encode().ljust(10, b'\0'))
        elif action == 'read':
            s.settimeout(2)
            print(s.recv(100))
        else:
            time.sleep(float(action))
    except OSError as error:
        print(action, error)
s.close()
