"""Memory and swap, from /proc/meminfo."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re


def collect_memory(probe):
    data = parse_meminfo(probe.need("/proc/meminfo"))
    found = re.search(r"^oom_kill (\d+)$", probe.read("/proc/vmstat") or "", re.MULTILINE)
    data["oom_kills"] = int(found.group(1)) if found else None
    return data


def parse_meminfo(text):
    """Bytes. Kernels before 3.14 have no MemAvailable: free + buffers + cached stands for it, and is marked."""
    sizes = {}
    for line in text.splitlines():
        words = line.replace(":", " ").split()
        if len(words) >= 2 and words[1].isdigit():
            sizes[words[0]] = int(words[1]) * (1024 if words[-1] == "kB" else 1)
    estimate = sizes["MemFree"] + sizes.get("Buffers", 0) + sizes.get("Cached", 0) - sizes.get("Shmem", 0)
    return {
        "total_bytes": sizes["MemTotal"],
        "available_bytes": sizes.get("MemAvailable", max(0, estimate)),
        "available_estimated": "MemAvailable" not in sizes,
        "free_bytes": sizes["MemFree"],
        "cached_bytes": sizes.get("Cached", 0),
        "swap_total_bytes": sizes.get("SwapTotal", 0),
        "swap_free_bytes": sizes.get("SwapFree", 0),
        "huge_pages": sizes.get("HugePages_Total"),
    }
