"""Listening sockets, from /proc/net; whose they are, from /proc/<pid>/fd."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import struct

from .probe import Absent
from .processes import numbers_in, process_ids

TABLES = (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07"))  # LISTEN; unconnected


def collect_ports(probe):
    found = listening(probe)
    if found is None:
        raise Absent("no /proc/net/tcp")
    owners = socket_owners(probe, set(port.pop("inode") for port in found["by_inode"].values()))
    for inode, port in found["by_inode"].items():
        port["process"] = owners.get(inode)
    if not probe.root:
        probe.withheld["process"] = "needs root: /proc/<pid>/fd of other users"
    ports = sorted(found["by_inode"].values(), key=lambda port: (port["protocol"], port["port"], port["address"]))
    return {"listening": unique(ports)}


def unique(ports):
    """Sockets that share address and port (SO_REUSEPORT) are one."""
    kept = []
    for port in ports:
        if not kept or kept[-1] != port:
            kept.append(port)
    return kept


def listening(probe):
    """`{"by_inode": {inode: port}}` of all four tables; None when the kernel shows none of them."""
    by_inode, seen = {}, False
    for protocol, state in TABLES:
        text = probe.read("/proc/net/" + protocol)
        seen = seen or text is not None
        by_inode.update(parse_sockets(text or "", protocol, state))
    return {"by_inode": by_inode} if seen else None


def parse_sockets(text, protocol, state):
    """`{inode: port}` of the sockets in `state`."""
    found = {}
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 10 or words[3] != state:
            continue
        address, port = parse_address(words[1])
        found[words[9]] = {
            "protocol": protocol,
            "address": address,
            "port": port,
            "uid": int(words[7]),
            "inode": words[9],
        }
    return found


def parse_address(text):
    """(address, port) of `0100007F:1F90`: the address is written in words of the host's byte order."""
    host, _unused, port = text.partition(":")
    words = [int(host[place : place + 8], 16) for place in range(0, len(host), 8)]
    raw = struct.pack(str("=%dI" % len(words)), *words)
    return address_text(raw), int(port, 16)


def address_text(raw):
    """The usual writing of 4 or 16 address bytes."""
    if len(raw) == 4:
        return "%d.%d.%d.%d" % tuple(bytearray(raw))
    if not raw.strip(b"\0"):
        return "::"
    import socket  # here, because loading it costs as much as reading all ports, and most are bound to those above

    return socket.inet_ntop(socket.AF_INET6, raw)


def socket_owners(probe, inodes):
    """`{inode: program}` for as many as this user may see; ends as soon as all are found."""
    owners, wanted = {}, set("socket:[%s]" % inode for inode in inodes)
    probe.noted("/proc/<pid>/fd")
    for pid in process_ids():
        if not wanted:
            break
        folder = "/proc/%s/fd" % pid
        for fd in numbers_in(folder):
            try:
                target = os.readlink("%s/%s" % (folder, fd))
            except OSError:
                continue
            if target in wanted:
                wanted.discard(target)
                owners[target[8:-1]] = probe.glance("/proc/%s/comm" % pid)
    return owners
