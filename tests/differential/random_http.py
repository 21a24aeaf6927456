#!/usr/bin/env python3
"""Random HTTP conversations, whose messages are known: what tcpwhy and libhtp read.

usage: random_http.py PROGRAM LIBHTP [SEED [CONNECTIONS]]

Each is written as RFC 9112 allows or asks a recipient to bear: lengths, chunks with
extensions and trailers, bodies up to the close, interim responses, HEAD, 204 and 304 with a
length, pipelining, folded lines, bare line feeds, blank lines in front of requests, bodies
that look like messages; cut into segments anywhere. tcpwhy must read exactly what was
written: method, target and status, complete, with the body's length. LIBHTP (libhtp.c,
built; `-` for none) is asked too, and what it reads otherwise is counted by its cause.

The exit status is 1 if tcpwhy reads anything else, or libhtp does without a known cause:

  interim  102 and 103 are final responses to it, and after a second 100 it gives up
  304      it waits for the body whose length a 304 tells, which is what a 200 would have
  blank    blank lines in front of a request are more of the body before it
  codings  `gzip, chunked` is not chunked to it
  crlf     a body that is CRLF belongs, to it, to the end of the head at times
"""
import collections
import random
import struct
import sys
import tempfile
from pathlib import Path

from libhtp import FINAL, libhtp_reads, Message, side_by_side, tcpwhy_reads

FIN, SYN, ACK = 1, 2, 16
LURE = b'GET /not-a-request HTTP/1.1\r\nHost: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n'
ODD = ('interim', '304', 'blank', 'codings', 'crlf')
METHODS = ('GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH')


class Conversation:
    """Its turns as (way, bytes), and what they say. Of what libhtp reads otherwise (ODD)
    most have one thing or nothing, so that each cause is seen alone."""

    def __init__(self, dice):
        self.dice, self.turns, self.closed, self.causes = dice, [], False, set()
        self.odd = dice.choice(((), (), ODD, *((x,) for x in ODD)))
        self.said = {what: [] for what in FINAL}
        self.eol = dice.choice((b'\n', b'\r\n', b'\r\n', b'\r\n'))
        for _ in range(dice.randrange(1, 6)):
            if not self.closed:
                self.batch(dice.choice((1, 1, 1, 2, 3, 5)))

    def is_odd(self, what, chance):
        odd = what in self.odd and self.dice.random() < chance
        if odd:
            self.causes.add(what)
        return odd

    def batch(self, n):
        requests = [self.request() for _ in range(n)]
        self.turns.append((0, b''.join(raw for _, raw in requests)))
        answers = b''
        for nr, (method, _) in enumerate(requests):
            answers += self.interim() + self.response(method, nr == n - 1)
        self.turns.append((1, answers))

    def head(self, first, fields):
        """Some others before and behind, folded at times."""
        fields = fields + [f'X-{self.dice.randrange(99)}: {"v" * self.dice.randrange(60)}'
                           for _ in range(self.dice.randrange(4))]
        self.dice.shuffle(fields)
        lines = [first.encode()]
        for field in fields:
            name, value = field.split(':', 1)
            name = self.dice.choice((name, name.lower(), name.upper()))
            if name.startswith(('X', 'x')) and self.dice.random() < 0.2:
                value += self.eol.decode() + self.dice.choice((' ', '\t')) + 'folded: on'
            lines.append(f'{name}:{self.dice.choice(("", " ", "  "))}{value.strip(" ")}'.encode())
        return self.eol.join(lines) + self.eol * 2

    def body(self):
        if self.is_odd('crlf', 0.3):
            return b'\r\n'
        return self.dice.choice((b'', b'x', b'0\r\n\r\n', LURE, bytes(range(256)),
                                 b'a' * self.dice.randrange(5000)))

    def chunked(self, body):
        out, eol = b'', self.eol
        while body:
            n = self.dice.randrange(1, len(body) + 1)
            size = self.dice.choice(('%x', '%X', '00%x')) % n
            out += (size + self.dice.choice(('', '', ';a=b', ' ;q="x"'))).encode() + eol + body[:n] + eol
            body = body[n:]
        trailer = self.dice.choice((b'', b'', b'X-Sum: 1' + eol, b'X-A: 1' + eol + b'X-B: 2' + eol))
        return out + b'0' + eol + trailer + eol

    def framed(self, body):
        """The field that says how long the body is, and what is sent."""
        if self.dice.random() < 0.5:
            return [f'Content-Length: {len(body)}'], body
        coding = 'gzip, chunked' if self.is_odd('codings', 0.3) else self.dice.choice(('chunked', 'Chunked'))
        return [f'Transfer-Encoding: {coding}'], self.chunked(body)

    def request(self):
        method = self.dice.choice(METHODS)
        target = f'/{self.dice.randrange(1000)}' + self.dice.choice(('', '?q=a&b', '/%20;x', '*'))
        fields, body, sent = ['Host: h'], b'', b''
        if method in ('POST', 'PUT', 'PATCH'):
            body = self.body()
            framing, sent = self.framed(body)
            fields += framing
        self.said['request'].append(Message(f'{method} {target}', True, len(body)))
        blank = self.eol * self.dice.choice((1, 2)) if self.is_odd('blank', 0.3) else b''
        return method, blank + self.head(f'{method} {target} HTTP/1.1', fields) + sent

    def interim(self):
        out = b''
        while self.is_odd('interim', 0.3):
            out += self.head(f'HTTP/1.1 {self.dice.choice((100, 102, 103))} Wait', [])
        return out

    def response(self, method, last):
        status = 304 if self.is_odd('304', 0.3) else self.dice.choice((200, 200, 200, 201, 404, 500, 204))
        body = self.body()
        framing, sent = self.framed(body)
        if method == 'HEAD' or status in (204, 304):
            body = sent = b''
            framing = [] if status == 204 else framing      # it may not have one
        elif last and self.dice.random() < 0.15:
            framing, sent, self.closed = ['Connection: close'], body, True
        reason = self.dice.choice((' OK', ' ', ' Not so: 200 OK'))
        self.said['response'].append(Message(str(status), True, len(body)))
        return self.head(f'HTTP/1.1 {status}{reason}', framing) + sent


def pieces(dice, data):
    while data:
        n = dice.choice((1, 2, 7, 100, 1000, 1400, 1400, 1400, 1400))
        yield data[:n]
        data = data[n:]


def packet(nr, ident, way, flags, seq, ack, payload):
    ends = [(bytes((10, 0, nr >> 14, 5)), 1024 + nr % 2**14), (bytes((10, 1, nr >> 14, 9)), 80)]
    (src, sport), (dst, dport) = ends[way], ends[1 - way]
    tcp = struct.pack('>HHIIBBHHH', sport, dport, seq, ack, 5 << 4, flags, 60000, 0, 0) + payload
    return struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), ident, 0, 64, 6, 0, src, dst) + tcp


def segments(dice, talk):
    """(way, flags, seq, ack, payload) of all of it."""
    seq = [1000, 7000]
    yield 0, SYN, seq[0], 0, b''
    yield 1, SYN | ACK, seq[1], seq[0] + 1, b''
    seq = [1001, 7001]
    yield 0, ACK, *seq, b''
    for way, data in talk.turns:
        for piece in pieces(dice, data):
            yield way, ACK, seq[way], seq[1 - way], piece
            seq[way] += len(piece)
    for way in (1, 0):
        yield way, FIN | ACK, seq[way], seq[1 - way], b''
        seq[way] += 1
    yield 1, ACK, seq[1], seq[0], b''


def capture_write(path, seed, connections):
    """What was said in each, in tcp.stream's order."""
    dice, talks, ident, now = random.Random(seed), [], 0, 1700000000000000
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for nr in range(connections):
            talks.append(Conversation(dice))
            for segment in segments(dice, talks[-1]):
                ident, now = ident % 65000 + 1, now + 1000       # no two are copies
                raw = packet(nr, ident, *segment)
                out.write(struct.pack('<IIII', *divmod(now, 1000000), len(raw), len(raw)) + raw)
    return talks


def apart(talk, said):
    """The first message that is not as it was written, or None."""
    for what in FINAL:
        for written, read in side_by_side(talk.said[what], said[what]):
            if written != read:
                return f'{what}: written {written}, read {read}'
    return None


def main():
    program, libhtp, seed, connections = sys.argv[1:3] + [int(x) for x in
                                                          sys.argv[3:5] + ['1', '1000'][len(sys.argv) - 3:]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'random.pcap'
        talks = capture_write(path, seed, connections)
        ours, names = tcpwhy_reads(program, path)
        theirs = libhtp_reads(libhtp, path) if libhtp != '-' else None
    names = {stream: name for name, (stream, _) in names.items()}
    failed, known, messages = 0, collections.Counter(), 0
    for nr, talk in enumerate(talks):
        messages += sum(len(said) for said in talk.said.values())
        wrong = apart(talk, ours[names.get(nr)])
        if wrong:
            print(f'seed {seed} stream {nr}: {wrong}')
        other = apart(talk, theirs[names.get(nr)]) if theirs is not None else None
        if other and talk.causes:
            known[min(talk.causes) if len(talk.causes) == 1 else 'several of these'] += 1
        elif other:
            print(f'seed {seed} stream {nr}: libhtp: {other}')
        failed += bool(wrong) + bool(other and not talk.causes)
    print(f'{connections} random HTTP conversations, {messages} messages: {failed} are read otherwise; libhtp reads '
          + (', '.join(f'{n} otherwise ({why})' for why, n in sorted(known.items())) or 'all as well'))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
