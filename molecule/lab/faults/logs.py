"""Logs: floods of errors, and logs that are kept too short a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.host import Host
from lab.image import File

JOURNAL = "/var/log/journal"
POLICY = "/etc/systemd/journald.conf.d/99-lab-fault.conf"


@contextmanager
def rewound(host: Host) -> Iterator[None]:
    """What the journal gets meanwhile is taken out of it at the end, whole files at a time."""
    host.sh(f"journalctl --sync; journalctl --rotate; find {JOURNAL} -name '*@*' | sort >/run/lab-journal")
    try:
        yield
    finally:
        host.sh(f"""
            journalctl --sync
            journalctl --rotate
            find {JOURNAL} -name '*@*' | sort | comm -13 /run/lab-journal - | xargs -r rm
            rm /run/lab-journal
        """)


@contextmanager
def journal_flooded(host: Host, *, errors: int) -> Iterator[None]:
    """A program that reports an error to the journal, so many times."""
    with rewound(host):
        host.sh(f"seq 1 {errors} | sed 's/^/cannot reach LIS, attempt /' | logger -t his-app -p user.err")
        host.run("journalctl", "--sync")
        yield


@contextmanager
def log_flooded(host: Host, path: str, *, errors: int) -> Iterator[None]:
    """So many more lines with ERROR in an application's log, each with the time."""
    size = host.run("stat", "--format=%s", path).out.strip()
    host.sh(f"""
        now=$(date '+%Y-%m-%d %H:%M:%S')
        seq 1 {errors} | sed "s/^/$now ERROR no connection to the database, attempt /" >>{path}
    """)
    try:
        yield
    finally:
        host.run("truncate", f"--size={size}", path)


@contextmanager
def journal_kept(host: Host, *, days: int) -> Iterator[None]:
    """The journal's configuration says that it is kept for so many days."""
    before = host.run("cat", POLICY, check=False).out
    host.put(File(path=POLICY, content=f"[Journal]\nMaxRetentionSec={days}day\n".encode()))
    try:
        yield
    finally:
        if before:
            host.put(File(path=POLICY, content=before.encode()))
        else:
            host.run("rm", POLICY)
