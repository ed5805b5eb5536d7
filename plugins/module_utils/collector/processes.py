"""Which programs run, by the kernel's short name: never their arguments, which may hold passwords."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os

RUNNING = {}  # filled once a child: {name: pid}


def running(probe, name):
    """The pid of a process of that name (15 characters at most), or None."""
    if not RUNNING:
        probe.noted("/proc/<pid>/comm")
        for pid in process_ids():
            RUNNING.setdefault(probe.glance("/proc/%s/comm" % pid), pid)
    return RUNNING.get(name[:15])


def process_ids():
    """Numbers of all processes, as text."""
    return numbers_in("/proc")


def numbers_in(folder):
    """Names in a folder of /proc that are numbers; none when it is gone or may not be read."""
    try:
        return [name for name in os.listdir(folder) if name.isdigit()]
    except EnvironmentError:
        return []
