"""Which programs run, by the kernel's short name: never their arguments, which may hold passwords."""

from __future__ import absolute_import, division, print_function, unicode_literals

RUNNING = {}  # filled once a child: {name: pid}


def running(probe, name):
    """The pid of a process of that name (15 characters at most), or None."""
    if not RUNNING:
        probe.noted("/proc/<pid>/comm")
        for pid in process_ids(probe):
            RUNNING.setdefault(probe.glance("/proc/%s/comm" % pid), pid)
    return RUNNING.get(name[:15])


def process_ids(probe):
    """Numbers of all processes, as text."""
    return [name for name in probe.names("/proc") if name.isdigit()]
