"""Network interfaces: link, speed, packets and errors since boot."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os

from .text import number


def collect_network(probe):
    counters = parse_net_dev(probe.need("/proc/net/dev"))
    probe.noted("/sys/class/net")
    return {"interfaces": [interface(probe, name, counters[name]) for name in sorted(counters) if name != "lo"]}


def parse_net_dev(text):
    """`{interface: (rx packets, rx errors, tx packets, tx errors)}`. Old kernels glue the first number to the name."""
    counters = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        values = rest.split()
        if colon and len(values) >= 16 and values[0].isdigit():
            counters[name.strip()] = tuple(int(values[place]) for place in (1, 2, 9, 10))
    return counters


def interface(probe, name, counts):
    folder = "/sys/class/net/%s/" % name
    speed = number(probe.glance(folder + "speed"))
    flags = probe.glance(folder + "flags") or "0x0"
    carrier = probe.glance(folder + "carrier")
    return {
        "name": name,
        "physical": os.path.exists(folder + "device"),
        "operstate": probe.glance(folder + "operstate") or "unknown",
        "carrier": None if carrier not in ("0", "1") else carrier == "1",
        "admin_up": bool(int(flags, 16) & 1),
        # Drivers write -1 or 4294967295 for a link that is down.
        "speed_mbps": speed if speed is not None and 0 < speed < 10000000 else None,
        "rx_packets": counts[0],
        "rx_errors": counts[1],
        "tx_packets": counts[2],
        "tx_errors": counts[3],
    }
