"""CPU shares of the sample window, load averages, pressure."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import time

from .probe import Absent
from .processes import process_ids
from .program import monotonic

JIFFIES = os.sysconf(str("SC_CLK_TCK"))


def sample_cpu():
    """(moment, /proc/stat, own jiffies) before the sections begin: they work inside the window, it adds no time."""
    try:
        with open("/proc/stat", "rb") as stat:
            text = stat.read().decode("ascii", "replace")
    except EnvironmentError:
        text = ""
    return monotonic(), text, int(sum(os.times()[:4]) * JIFFIES)


def collect_cpu(probe):
    began, before, own_before = probe.start
    rest_of_window(began, probe.parameters["sample_s"])
    after = parse_cpu(probe.need("/proc/stat"))
    own = own_jiffies(probe, os.getppid()) - own_before
    shares = cpu_shares(parse_cpu(before), after, own)
    load = probe.need("/proc/loadavg").split()
    return dict(
        shares,
        cores=os.sysconf(str("SC_NPROCESSORS_ONLN")),
        sample_s=round(monotonic() - began, 3),
        load1=float(load[0]),
        load5=float(load[1]),
        load15=float(load[2]),
    )


collect_cpu.turn = 1  # it waits for the window's end, so it comes last


def own_jiffies(probe, main):
    """CPU time of the collector itself: its main process, its lanes, and the programs that have ended in them."""
    total = 0
    for pid in process_ids():
        fields = (probe.glance("/proc/%s/stat" % pid) or "").rpartition(")")[2].split()
        # After the name: state, parent, …; user, system, and the same of children at 11 to 14.
        if len(fields) > 14 and (int(fields[1]) == main or int(pid) == main):
            total += sum(int(field) for field in fields[11:15])
    return total


def rest_of_window(began, seconds):
    """Sleep until the sample window is over."""
    left = began + seconds - monotonic()
    if left > 0:
        time.sleep(left)


def parse_cpu(text):
    """Jiffies of all cores: user nice system idle iowait irq softirq steal (older kernels write fewer)."""
    for line in text.splitlines():
        if line.startswith("cpu "):
            values = [int(word) for word in line.split()[1:9]]
            return values + [0] * (8 - len(values))
    raise Absent("no cpu line in /proc/stat")


def cpu_shares(before, after, own=0):
    """Percent of the time between two samples. Idle and iowait are not busy; guest time is inside user already.

    `own` jiffies of the collector count as idle: the host did not spend them on its own work.
    """
    # A counter that runs backwards (iowait does on some kernels) counts as no time.
    spent = [max(0, late - early) for early, late in zip(before, after)]
    total = sum(spent) or 1
    idle, iowait, steal = spent[3], spent[4], spent[7]
    return {
        "busy_percent": round(100.0 * max(0, total - idle - iowait - max(0, own)) / total, 2),
        "iowait_percent": round(100.0 * iowait / total, 2),
        "steal_percent": round(100.0 * steal / total, 2),
    }


def collect_pressure(probe):
    data = {}
    for resource in ("cpu", "memory", "io"):
        for (kind, window), value in parse_pressure(probe.read("/proc/pressure/" + resource) or "").items():
            data["%s_%s_%s" % (resource, kind, window)] = value
    wanted = ("cpu_some_avg60", "cpu_some_avg300", "memory_some_avg60", "memory_full_avg60")
    wanted += ("io_some_avg60", "io_full_avg60")
    if not any(name in data for name in wanted):
        raise Absent("the kernel has no pressure stall information (/proc/pressure)")
    return dict((name, data.get(name)) for name in wanted)


def parse_pressure(text):
    """`{(some|full, avgN): percent}` of one /proc/pressure file."""
    values = {}
    for line in text.splitlines():
        words = line.split()
        for word in words[1:]:
            key, _unused, value = word.partition("=")
            if key.startswith("avg"):
                values[words[0], key] = float(value)
    return values
