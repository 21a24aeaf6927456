#!/usr/bin/python3
"""expect_server.py PORT HABIT: what it does when a request expects 100-continue.

never     ignores that and waits for the body      late:S  sends the 100 after S seconds
417, 403  refuses; 403 also closes                 reset   100, then a cut response and a reset
"""
import socket
import struct
import sys
import threading
import time

port, habit = int(sys.argv[1]), sys.argv[2]
CONTINUE = b'HTTP/1.1 100 Continue\r\n\r\n'


def response(status, body, *more, length=None):
    head = [f'HTTP/1.1 {status}', 'Server: ucenter/1.4', 'Content-Type: application/json',
            f'Content-Length: {len(body) if length is None else length}', *more, '', '']
    return '\r\n'.join(head).encode() + body


def answer_one(s):
    """Whether the connection stays."""
    got = b''
    while b'\r\n\r\n' not in got:
        more = s.recv(65536)
        if not more:
            return False
        got += more
    head, body = got.lower().split(b'\r\n\r\n', 1)
    expects = b'100-continue' in head
    if expects and habit == '417':
        s.sendall(response('417 Expectation Failed', b''))
        return True
    if expects and habit == '403':
        s.sendall(response('403 Forbidden', b'{"err":"bad token"}', 'Connection: close'))
        return False
    if expects and habit.startswith('late:'):
        time.sleep(float(habit[5:]))
    if expects and habit != 'never':
        s.sendall(CONTINUE)
    declared = int(head.split(b'content-length:')[1].split()[0]) if b'content-length:' in head else 0
    n = len(body)
    while n < declared:
        more = s.recv(65536)
        if not more:
            return False
        n += len(more)
    time.sleep(0.05)
    if habit == 'reset':
        s.sendall(response('200 OK', b'{"item":"0123456789"},' * 60, length=8000))
        time.sleep(0.4)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        return False
    s.sendall(response('200 OK', b'{"status":0,"got":%d}' % declared))
    return True


def serve(s):
    try:
        while answer_one(s):
            pass
    except OSError as error:
        print(error, flush=True)
    s.close()


listener = socket.create_server(('', port))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
