#!/usr/bin/python3
"""echo_server.py PORT [--silent]: answers "ok:" and what it got, or reads only."""
import socket
import sys
import threading

silent = '--silent' in sys.argv


def serve(s):
    try:
        while got := s.recv(4096):
            if not silent:
                s.sendall(b'ok:' + got)
    except OSError as error:
        print(error, flush=True)
    s.close()


listener = socket.create_server(('', int(sys.argv[1])), backlog=64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
