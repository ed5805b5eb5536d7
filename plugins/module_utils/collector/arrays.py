"""MD arrays, from /proc/mdstat."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .probe import Absent


def collect_arrays(probe):
    arrays = parse_mdstat(probe.need("/proc/mdstat"))
    if not arrays:
        raise Absent("no MD array in /proc/mdstat")
    return {"arrays": arrays}


def parse_mdstat(text):
    """Every array. `[3/2] [UU_]`: three members wanted, two up. A faulty member `(F)` degrades it too."""
    arrays = []
    for block in re.split(r"\n(?=md)", "\n" + text)[1:]:
        head = re.match(r"(md\S+) : (\w+)(?: \([\w-]+\))*(?: (raid\d+|linear|multipath|faulty))?", block)
        if not head:
            continue
        counts = re.search(r"\[(\d+)/(\d+)\]", block)
        total, up = (int(counts.group(1)), int(counts.group(2))) if counts else (None, None)
        work = re.search(r"(recovery|resync|reshape|check)\s*=\s*(\S+)", block)
        arrays.append(
            {
                "name": head.group(1),
                "level": head.group(3),
                "active": head.group(2) == "active",
                "devices_total": total,
                "devices_up": up,
                "degraded": bool(counts and up < total) or "(F)" in block,
                "recovery": " ".join(work.groups()) if work else None,
            }
        )
    return arrays
