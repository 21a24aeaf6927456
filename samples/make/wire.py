#!/usr/bin/python3
"""wire.py TUN_A TUN_B DELAY_MS: a wire between two tun devices; every packet takes DELAY_MS.

The TCP on both ends is the kernel's own.
"""
import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000


def tun(name):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH', name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


a, b = tun(sys.argv[1]), tun(sys.argv[2])
delay = float(sys.argv[3]) / 1000
under_way = collections.deque()     # (due, to, packet), in the order of arrival
while True:
    while under_way and under_way[0][0] <= time.monotonic():
        _, to, packet = under_way.popleft()
        try:
            os.write(to, packet)
        except OSError:             # the other side is not up (any more)
            pass
    wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    for fd in select.select([a, b], [], [], wait)[0]:
        try:
            packet = os.read(fd, 65536)
        except OSError:
            continue
        under_way.append((time.monotonic() + delay, b if fd == a else a, packet))
