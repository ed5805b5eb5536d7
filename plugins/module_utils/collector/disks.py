"""Block devices: waiting time per request in the sample window."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .cpu import rest_of_window
from .probe import Absent
from .program import monotonic

NOT_DISKS = re.compile(r"(loop|ram|zram|sr|fd|nbd)\d")
PARTITION = re.compile(r"((sd|vd|xvd|hd)[a-z]+|(nvme\d+n|mmcblk)\d+p|md\d+p)\d+$")


def sample_disks():
    """(moment, /proc/diskstats) before the sections begin."""
    try:
        with open("/proc/diskstats", "rb") as stats:
            return monotonic(), stats.read().decode("ascii", "replace")
    except EnvironmentError:
        return monotonic(), ""


def collect_disks(probe):
    began, before = probe.start
    rest_of_window(began, probe.parameters["sample_s"])
    after = parse_diskstats(probe.need("/proc/diskstats"))
    elapsed = monotonic() - began
    early = parse_diskstats(before)
    devices = [disk_rates(name, early.get(name, after[name]), after[name], elapsed) for name in sorted(after)]
    for device in devices:
        turns = probe.glance("/sys/block/%s/queue/rotational" % device["device"].replace("/", "!"))
        device["rotational"] = None if turns not in ("0", "1") else turns == "1"
    if not devices:
        raise Absent("no block device that did any work")
    return {"devices": devices}


collect_disks.turn = 1  # it waits for the window's end, so it comes last


def parse_diskstats(text):
    """`{device: (reads, read ms, writes, write ms, busy ms)}` of whole devices that ever did anything."""
    devices = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 14 or NOT_DISKS.match(words[2]) or is_partition(words[2], devices):
            continue
        values = tuple(int(words[place]) for place in (3, 6, 7, 10, 12))
        if values[0] or values[2]:
            devices[words[2]] = values
    return devices


def is_partition(name, devices):
    """A partition follows its device in diskstats; xvda1 without an xvda is a disk of its own (Xen)."""
    found = PARTITION.match(name)
    return bool(found) and found.group(1).rstrip("p" if "p" in found.group(1)[1:] else "") in devices


def disk_rates(name, early, late, elapsed):
    """Averages per finished request between the samples; None where no request finished."""
    spent = [max(0, after - before) for before, after in zip(early, late)]
    return {
        "device": name,
        "sample_s": round(elapsed, 3),
        "read_await_ms": round(spent[1] / spent[0], 3) if spent[0] else None,
        "write_await_ms": round(spent[3] / spent[2], 3) if spent[2] else None,
        "util_percent": round(min(100.0, spent[4] / (elapsed * 10)), 2) if elapsed > 0 else None,
        "reads": late[0],
        "writes": late[2],
        "read_ms": late[1],
        "write_ms": late[3],
    }
