"""Kernel tables that fill up: connections, file handles, processes."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .processes import process_ids
from .text import number

SCANNED = 5000


def collect_tables(probe):
    handles = (probe.read("/proc/sys/fs/file-nr") or "").split()
    pids = process_ids()
    blocked = re.search(r"^procs_blocked (\d+)", probe.need("/proc/stat"), re.MULTILINE)
    limits = [number(probe.read("/proc/sys/kernel/" + name)) for name in ("pid_max", "threads-max")]
    probe.noted("/proc/<pid>/stat")
    return {
        "conntrack_count": number(probe.read("/proc/sys/net/netfilter/nf_conntrack_count")),
        "conntrack_max": number(probe.read("/proc/sys/net/netfilter/nf_conntrack_max")),
        "file_handles_used": number(handles[0]) if handles else None,
        "file_handles_max": number(handles[2]) if len(handles) > 2 else None,
        "processes": len(pids),
        "processes_max": min(limit for limit in limits if limit),
        "threads": parse_threads(probe.need("/proc/loadavg")),
        "zombies": sum(1 for pid in pids[:SCANNED] if process_state(probe.glance("/proc/%s/stat" % pid)) == "Z"),
        "blocked": int(blocked.group(1)) if blocked else 0,
    }


def parse_threads(text):
    """The number after the slash in `0.00 0.01 0.05 1/234 5678`: all threads that the kernel knows."""
    found = re.search(r"\d+/(\d+)", text)
    return int(found.group(1)) if found else None


def process_state(text):
    """State letter of a /proc/<pid>/stat; the name before it may hold spaces and brackets."""
    return (text or "").rpartition(")")[2].strip()[:1]
