#!/usr/bin/env python3
"""Compares what describe.h says of packets, field by field, with tshark's dissection.

usage: described.py DESCRIBED FOLDER...

DESCRIBED is the program of described.c beside this file. Of each packet the value of every
field of FIELDS is compared, and where in the packet it lies. The headers of one protocol
are taken in their order, those inside of an ICMP error or a tunnel included. What only one
of the two shows of a header (tshark has most that follows from other fields) counts as a
difference if it is a field of FIELDS.
"""
import collections
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True     # a test leaves nothing beside its sources
from compare import captures

# Our header, tshark's protocol, and {our field: tshark's}.
FIELDS = {
    'Ethernet II': ('eth', {'Destination': 'eth.dst', 'Source': 'eth.src', 'Type': 'eth.type'}),
    'IEEE 802.3 Ethernet': ('eth', {'Destination': 'eth.dst', 'Source': 'eth.src', 'Length': 'eth.len'}),
    '802.1Q Virtual LAN': ('vlan', {'Priority': 'vlan.priority', 'DEI': 'vlan.dei', 'ID': 'vlan.id',
                                    'Type': 'vlan.etype'}),
    'Linux cooked capture': ('sll', {
        'Packet type': 'sll.pkttype', 'Link-layer address type': 'sll.hatype',
        'Link-layer address length': 'sll.halen', 'Interface index': 'sll.ifindex'}),
    'Internet Protocol Version 4': ('ip', {
        'Version': 'ip.version', 'Header Length': 'ip.hdr_len', 'Differentiated Services Field': 'ip.dsfield',
        'Total Length': 'ip.len', 'Identification': 'ip.id', 'Flags': 'ip.flags',
        'Fragment Offset': 'ip.frag_offset', 'Time to Live': 'ip.ttl', 'Protocol': 'ip.proto',
        'Header Checksum': 'ip.checksum', 'Source Address': 'ip.src', 'Destination Address': 'ip.dst'}),
    'Internet Protocol Version 6': ('ipv6', {
        'Version': 'ipv6.version', 'Flow Label': 'ipv6.flow', 'Traffic Class': 'ipv6.tclass',
        'Payload Length': 'ipv6.plen', 'Next Header': 'ipv6.nxt', 'Hop Limit': 'ipv6.hlim',
        'Source Address': 'ipv6.src', 'Destination Address': 'ipv6.dst'}),
    'Transmission Control Protocol': ('tcp', {
        'Source Port': 'tcp.srcport', 'Destination Port': 'tcp.dstport', 'Sequence Number (raw)': 'tcp.seq',
        'Acknowledgment number (raw)': 'tcp.ack', 'Header Length': 'tcp.hdr_len', 'Flags': 'tcp.flags',
        'Window': 'tcp.window_size_value', 'Checksum': 'tcp.checksum', 'Urgent Pointer': 'tcp.urgent_pointer',
        'Maximum segment size': 'tcp.options.mss_val', 'Window scale': 'tcp.options.wscale.shift',
        'TSval': 'tcp.options.timestamp.tsval', 'TSecr': 'tcp.options.timestamp.tsecr',
        'SACK left': 'tcp.options.sack_le', 'SACK right': 'tcp.options.sack_re'}),
    'User Datagram Protocol': ('udp', {
        'Source Port': 'udp.srcport', 'Destination Port': 'udp.dstport', 'Length': 'udp.length',
        'Checksum': 'udp.checksum'}),
    'Internet Control Message Protocol v6': ('icmpv6', {'Type': 'icmpv6.type', 'Code': 'icmpv6.code'}),
    'Internet Control Message Protocol': ('icmp', {'Type': 'icmp.type', 'Code': 'icmp.code'}),
    'Virtual eXtensible Local Area Network': ('vxlan', {'VXLAN Network Identifier (VNI)': 'vxlan.vni'}),
    'Generic Routing Encapsulation': ('gre', {'Protocol Type': 'gre.proto'}),
    'MultiProtocol Label Switching Header': ('mpls', {
        'MPLS Label': 'mpls.label', 'MPLS TTL': 'mpls.ttl', 'MPLS Bottom Of Label Stack': 'mpls.bottom'}),
    'PPP-over-Ethernet Session': ('pppoes', {'Session ID': 'pppoe.session_id'}),
}
PROTOCOLS = collections.defaultdict(set)
for proto, fields in FIELDS.values():
    PROTOCOLS[proto] |= set(fields.values())
# tshark marks all of an option, or of a label, where these stand for a part.
INSIDE = {'mpls.label', 'mpls.ttl', 'mpls.bottom', 'tcp.options.mss_val', 'tcp.options.wscale.shift', 'tcp.options.timestamp.tsval',
          'tcp.options.timestamp.tsecr', 'tcp.options.sack_le', 'tcp.options.sack_re'}
PREFERENCES = ('tcp.relative_sequence_numbers:FALSE', 'ip.defragment:FALSE', 'ipv6.defragment:FALSE',
               'tcp.desegment_tcp_streams:FALSE')


def number(text):
    """A value as both may write it: the number it begins with, or else ends with."""
    if re.fullmatch(r'[0-9a-f:.]*[:.][0-9a-f:.]*', text):
        return text
    named = re.search(r'\((0x[0-9a-f]+|\d+)\)$', text)
    for word in (re.split('[ ,]', text)[0], named and named.group(1)):
        try:
            return int(word, 0)
        except (TypeError, ValueError):
            pass
    return text


def our_values(text):
    """(field, value) of a line; an option's come from its own words."""
    option = re.match(r'TCP Option - (Maximum segment size|Window scale): (\d+)', text)
    stamps = re.match(r'TCP Option - Timestamps: TSval (\d+), TSecr (\d+)', text)
    block = re.match(r'SACK block: (\d+)-(\d+)', text)
    if option:
        return [(option.group(1), int(option.group(2)))]
    if stamps:
        return [('TSval', int(stamps.group(1))), ('TSecr', int(stamps.group(2)))]
    if block:
        return [('SACK left', int(block.group(1))), ('SACK right', int(block.group(2)))]
    name, colon, value = text.partition(': ')
    return [(name, number(value))] if colon else []


def ours(program, path):
    """{frame: {protocol: [Counter of (tshark's field, value, position), …]}}"""
    frames = collections.defaultdict(lambda: collections.defaultdict(list))
    done = subprocess.run([program, str(path)], stdout=subprocess.PIPE, check=True)
    header = None
    for row in done.stdout.decode('utf-8', 'replace').splitlines():
        frame, depth, off, _, text = row.split(' ', 4)
        title = text.split(',')[0]
        known = [x for x in FIELDS if title == x or (x == 'Linux cooked capture' and title.startswith(x))]
        if known:
            proto, names = FIELDS[known[0]]
            header = (collections.Counter(), names, int(depth))
            frames[int(frame)][proto].append(header[0])
        elif header and int(depth) <= header[2]:
            header = None
        elif header:
            for name, value in our_values(text):
                theirs = header[1].get(name)
                if theirs and not (int(depth) > header[2] + 1 and theirs not in INSIDE):
                    header[0][theirs, value, None if theirs in INSIDE else int(off)] += 1
    return frames


def theirs(path):
    wanted = [x for p in PREFERENCES for x in ('-o', p)]
    shown = subprocess.Popen(['tshark', '-n', *wanted, '-r', str(path), '-T', 'pdml', '-J', ' '.join(PROTOCOLS)],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    nr = 0
    for _, packet in ElementTree.iterparse(shown.stdout):
        if packet.tag != 'packet':
            continue
        nr += 1
        found = collections.defaultdict(list)
        for proto in packet.iter('proto'):
            name = proto.get('name')
            if name in PROTOCOLS and proto.get('size') != '0':
                found[name].append(fields_of(proto, PROTOCOLS[name]))
        yield nr, found
        packet.clear()
    shown.wait()


def fields_of(proto, wanted):
    """A header's own fields, not those of headers inside of it."""
    counted = collections.Counter()
    inner = list(proto)
    while inner:
        x = inner.pop()
        if x.tag == 'proto':
            continue
        inner += list(x)
        name = x.get('name')
        if name in wanted and x.get('hide') != 'yes':
            counted[name, number(x.get('show')), None if name in INSIDE else int(x.get('pos'))] += 1
    return counted


def compare(program, path):
    """(frames, fields, first differences); nothing of what one of them cannot read."""
    try:
        our, their_packets = ours(program, path), list(theirs(path))
    except (subprocess.CalledProcessError, ElementTree.ParseError):
        return 0, 0, []
    frames = fields = 0
    apart = []
    for nr, their in their_packets:
        frames += 1
        for proto in set(our[nr]) | set(their):
            a, b = our[nr][proto], their[proto]
            fields += sum(sum(x.values()) for x in b)
            if a != b:
                left = sum(a, collections.Counter()), sum(b, collections.Counter())
                apart.append(f'frame {nr} {proto}: {len(a)} and {len(b)} headers; ours alone '
                             f'{dict(left[0] - left[1])}, tshark alone {dict(left[1] - left[0])}')
    return frames, fields, apart


def main():
    if len(sys.argv) < 3:
        sys.exit('usage: described.py DESCRIBED FOLDER...')
    program, folders = sys.argv[1], [Path(x) for x in sys.argv[2:]]
    paths = [path for folder in folders for path in captures(folder)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: compare(program, path), paths))
    differ = 0
    for path, (_, _, apart) in zip(paths, results):
        differ += len(apart)
        for text in apart[:3]:
            print(f'{path.name} {text}')
    print(f'{sum(r[0] for r in results)} packets of {len(paths)} captures, {sum(r[1] for r in results)} '
          f'fields of {len(PROTOCOLS)} protocols: {differ} headers differ')
    return 1 if differ or not sum(r[1] for r in results) else 0


if __name__ == '__main__':
    sys.exit(main())
