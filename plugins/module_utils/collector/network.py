"""Network interfaces: link, speed, bytes a second in the sample window, packets and errors since boot."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .cpu import rest_of_window
from .program import monotonic
from .text import number

NARROW = re.compile(r"(i[3-6]86|armv[1-7]\w*|mips|ppc)$")  # kernels whose counters may have 32 bits


def sample_network():
    """(moment, /proc/net/dev) before the sections begin."""
    try:
        with open("/proc/net/dev", "rb") as stats:
            return monotonic(), stats.read().decode("utf-8", "replace")
    except EnvironmentError:
        return monotonic(), ""


def collect_network(probe):
    began, before = probe.start
    rest_of_window(began, probe.parameters["sample_s"])
    after = parse_net_dev(probe.need("/proc/net/dev"))
    elapsed = monotonic() - began
    early = parse_net_dev(before)
    bits = 32 if NARROW.match(os.uname()[4]) else 64
    probe.noted("/sys/class/net")
    names = [name for name in sorted(after) if name != "lo"]
    rates = dict((name, byte_rates(early.get(name), after[name], elapsed, bits)) for name in names)
    return {"interfaces": [dict(interface(probe, name, after[name]), **rates[name]) for name in names]}


collect_network.turn = 1  # it waits for the window's end, so it comes last


def parse_net_dev(text):
    """`{interface: (rx packets, rx errors, tx packets, tx errors, rx bytes, tx bytes)}`.

    Old kernels glue the first number to the name.
    """
    counters = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        values = rest.split()
        if colon and len(values) >= 16 and values[0].isdigit():
            counters[name.strip()] = tuple(int(values[place]) for place in (1, 2, 9, 10, 0, 8))
    return counters


def byte_rates(early, late, elapsed, bits):
    """Bytes a second between two samples of an interface; None where nobody can tell: it is new, or was reset."""
    grown = [None, None]
    if early is not None and elapsed > 0:
        grown = [growth(early[place], late[place], bits) for place in (4, 5)]
    rates = [None if each is None else round(each / elapsed, 1) for each in grown]
    return {"sample_s": round(elapsed, 3), "rx_bytes_s": rates[0], "tx_bytes_s": rates[1]}


def growth(early, late, bits):
    """What a counter of so many bits has grown by; None when it was reset.

    One that is lower than before went round if that took less than half of its numbers, as with serial numbers
    (RFC 1982): 64 bits never go round within a sample, so there a lower one was reset.
    """
    if late >= early:
        return late - early
    around = late + 2**bits - early
    return around if around < 2 ** (bits - 1) else None


def interface(probe, name, counts):
    folder = "/sys/class/net/%s/" % name
    speed = number(probe.glance(folder + "speed"))
    flags = probe.glance(folder + "flags") or "0x0"
    carrier = probe.glance(folder + "carrier")
    duplex = probe.glance(folder + "duplex")
    return {
        "name": name,
        "physical": os.path.exists(folder + "device"),
        "operstate": probe.glance(folder + "operstate") or "unknown",
        "carrier": None if carrier not in ("0", "1") else carrier == "1",
        "admin_up": bool(int(flags, 16) & 1),
        # Drivers write -1 or 4294967295 for a link that is down.
        "speed_mbps": speed if speed is not None and 0 < speed < 10000000 else None,
        "duplex": duplex if duplex in ("full", "half") else None,
        "rx_packets": counts[0],
        "rx_errors": counts[1],
        "tx_packets": counts[2],
        "tx_errors": counts[3],
        "rx_bytes": counts[4],
        "tx_bytes": counts[5],
    }
