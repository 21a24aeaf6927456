#!/usr/bin/python3
"""Small clients and servers with one habit each: tcp_peers.py ROLE ARGUMENT..."""
import http.client
import os
import socket
import struct
import sys
import time


def connect(host, port, from_port=0):
    s = socket.socket()
    if from_port:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('', from_port))
    s.settimeout(40)
    s.connect((host, int(port)))
    return s


def accept_each(port, serve):
    listener = socket.create_server(('', int(port)))
    while True:
        s, _ = listener.accept()
        try:
            serve(s)
        except OSError as error:
            print(error, flush=True)
        s.close()


def read_head(s):
    head = b''
    while b'\r\n\r\n' not in head:
        head += s.recv(65536) or b'\r\n\r\n'
    return head


def answer(body, status='200 OK', close=True):
    return (f'HTTP/1.1 {status}\r\nServer: app/2.1\r\nContent-Type: application/json\r\n'
            f'Content-Length: {len(body)}\r\n' + 'Connection: close\r\n' * close + f'\r\n{body}').encode()


def abort(s):
    """Close with a reset."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()


# ---- servers: the port comes first ----

def slow_reader(port, pause):
    """Reads the head of an upload, nothing for a while, then the rest."""
    def serve(s):
        got = s.recv(134)
        time.sleep(float(pause))
        n = int(got.lower().split(b'content-length: ')[1].split()[0])
        while n > 0:
            n -= len(s.recv(65536))
        s.sendall(answer('{"stored":true}'))
    accept_each(port, serve)


def unread(port):
    """Answers, and closes while most of the request is still unread."""
    def serve(s):
        s.recv(300)
        time.sleep(0.05)
        s.sendall(answer('{"err":"token"}', '403 Forbidden'))
    accept_each(port, serve)


def bye(port):
    """Says goodbye to whoever says hello."""
    def serve(s):
        s.recv(100)
        s.sendall(b'BYE maintenance\n')
    accept_each(port, serve)


def items(port):
    """Closes first when asked to, else waits for the client to go."""
    def serve(s):
        close = b'Connection: close' in read_head(s)
        s.sendall(answer('{"item":1}', close=close))
        if not close:
            s.recv(100)
    accept_each(port, serve)


def slow_answer(port, seconds):
    def serve(s):
        read_head(s)
        time.sleep(float(seconds))
        s.sendall(answer('{"slow":true}'))
    accept_each(port, serve)


# ---- clients: host and port come first ----

def orders(host, port, *gaps):
    """POSTs on one kept connection; never looks whether the server has closed it."""
    kept = http.client.HTTPConnection(host, int(port), timeout=20)
    for n, gap in enumerate((0, *map(float, gaps))):
        time.sleep(gap)
        try:
            kept.request('POST', '/api/v1/orders', '{"n": %d}' % n,
                         {'Content-Type': 'application/json', 'User-Agent': 'order-svc/3.2'})
            print(n, kept.getresponse().read())
        except (OSError, http.client.HTTPException) as error:
            print(n, repr(error))
            kept.close()


def gives_up(host, port):
    """A GET, three seconds, a POST without an answer, and patience until 40 s."""
    kept = http.client.HTTPConnection(host, int(port), timeout=37)
    kept.request('GET', '/api/v1/stock')
    kept.getresponse().read()
    time.sleep(3)
    kept.request('POST', '/api/v1/reserve', '{"sku":7}')
    kept.getresponse()


def upload(host, port, size):
    s = connect(host, port)
    s.sendall(f'PUT /upload/log.bin HTTP/1.1\r\nHost: store\r\nUser-Agent: shipper/0.9\r\n'
              f'Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n'.encode())
    s.sendall(os.urandom(int(size)))
    print(s.recv(1000))


def writes_on(host, port):
    """Reads the goodbye, does not see the FIN, and goes on writing."""
    s = connect(host, port)
    s.sendall(b'HELLO\n')
    s.recv(100)
    for n in range(3):
        time.sleep(1)
        s.sendall(b'REPORT %d temp=21.5\n' % n)


def aborts(host, port):
    """Two complete exchanges, each ended by a reset."""
    for _ in range(2):
        s = connect(host, port)
        s.sendall(b'GET /api/ping HTTP/1.1\r\nHost: app\r\nUser-Agent: legacy-agent/1.0\r\n\r\n')
        s.recv(1000)
        time.sleep(0.4)
        abort(s)
        time.sleep(1)


def same_port(host, port, from_port):
    """Three connections from one port: ended by the server, by a reset, by the server."""
    for n, connection in enumerate(('close', 'keep-alive', 'close')):
        s = connect(host, port, int(from_port))
        s.sendall(f'GET /item/{n} HTTP/1.1\r\nHost: app\r\nConnection: {connection}\r\n\r\n'.encode())
        s.recv(1000)
        if connection == 'close':
            s.recv(1000)
            s.close()
        else:
            abort(s)
        time.sleep(0.3)


def half_close(host, port):
    """Says at once that it has no more to send, as `nc -N` does, and waits for the answer."""
    s = connect(host, port)
    s.sendall(b'GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    s.shutdown(socket.SHUT_WR)
    while s.recv(1000):
        pass


ROLES = {f.__name__.replace('_', '-'): f
         for f in (slow_reader, unread, bye, items, slow_answer,
                   orders, gives_up, upload, writes_on, aborts, same_port, half_close)}
ROLES[sys.argv[1]](*sys.argv[2:])
