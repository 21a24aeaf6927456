#!/usr/bin/env python3
"""Writes a pcapng file of classic ones to standard output.

usage: pcapng.py WORD…    section | section-be | FILE.pcap | drops=N

A section begins with its byte order; each file after it is one of its interfaces, with
the file's link type, packets and a clock in nanoseconds. Packets of a section are in order
of time. The section, the interfaces and every first packet of one have a comment; blocks
that nobody needs (names, secrets, an unknown one, a custom one) stand in between.
drops=N ends the section with statistics: N frames were dropped at its interface 0.
"""
import struct
import sys


def options(order, *pairs):
    out = b''
    for code, value in pairs:
        out += struct.pack(order + 'HH', code, len(value)) + value + b'\0' * (-len(value) % 4)
    return out + struct.pack(order + 'HH', 0, 0)


def block(order, kind, body):
    body += b'\0' * (-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + 'II', kind, size) + body + struct.pack(order + 'I', size)


def packets(path):
    data = open(path, 'rb').read()
    nanoseconds = data[:4] == b'\x4d\x3c\xb2\xa1'
    at = 24
    while at < len(data):
        seconds, part, kept, wire = struct.unpack_from('<IIII', data, at)
        at += 16
        yield seconds * 10**9 + part * (1 if nanoseconds else 1000), wire, data[at:at + kept]
        at += kept


def section(order, files, drops):
    out = block(order, 0x0A0D0D0A, struct.pack(order + 'IHHq', 0x1A2B3C4D, 1, 0, -1)
                + options(order, (1, b'about the file'), (3, b'Linux 6.1')))
    frames = []
    for nr, path in enumerate(files):
        link_type = struct.unpack_from('<I', open(path, 'rb').read(24), 20)[0]
        out += block(order, 1, struct.pack(order + 'HHI', link_type, 0, 262144)
                     + options(order, (2, f'eth{nr}'.encode()), (9, b'\x09'), (1, f'about eth{nr}'.encode()),
                               (11, b'\0tcp')))
        for i, (ns, wire, kept) in enumerate(packets(path)):
            frames.append((ns, nr, i, wire, kept))
    out += block(order, 4, struct.pack(order + 'HH', 0, 0))                   # names
    out += block(order, 10, struct.pack(order + 'II', 0x544c534b, 4) + b'none')   # secrets
    out += block(order, 0x0000777, b'nobody knows')
    out += block(order, 0xBAD, struct.pack(order + 'I', 4711) + b'somebody knows')
    for ns, nr, i, wire, kept in sorted(frames):
        comment = options(order, (1, b'the first packet')) if i == 0 else b''
        out += block(order, 6, struct.pack(order + 'IIIII', nr, ns >> 32, ns & 0xffffffff, len(kept), wire)
                     + kept + b'\0' * (-len(kept) % 4) + comment)
    if drops is not None:
        out += block(order, 5, struct.pack(order + 'III', 0, 0, 0)
                     + options(order, (4, struct.pack(order + 'Q', len(frames) + drops)),
                               (5, struct.pack(order + 'Q', drops))))
    return out


order, files, drops, out = '<', [], None, b''
for word in sys.argv[1:] + ['section']:
    if word.startswith('section'):
        if files:
            out += section(order, files, drops)
        order, files, drops = '>' if word == 'section-be' else '<', [], None
    elif word.startswith('drops='):
        drops = int(word[6:])
    else:
        files.append(word)
sys.stdout.buffer.write(out)
