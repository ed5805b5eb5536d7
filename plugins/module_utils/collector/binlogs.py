"""Binary logs of MariaDB or MySQL that are kept for going on from a set to any moment after it."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .probe import folder_names
from .text import encode

BINLOG = re.compile(r"(.+)\.(\d{6,})$")
BINLOG_PACKED = re.compile(r"\.(?:gz|xz|zst|bz2|lz4|enc)$")
BINLOG_POSITION = re.compile(r"filename '([^']+)', position '?(\d+)'?")


def said_binlog(text):
    """The binary log in which a set ended, by `mariadb_backup_info`; None where its server wrote none."""
    found = BINLOG_POSITION.search(text)
    return found.group(1) if found and BINLOG.match(found.group(1)) else None


def kept_binlogs(folder, base):
    """`[(number, name)]` of what is kept under this name, packed or not; empty where there is no such folder."""
    if not os.path.isdir(encode(folder)):
        return []
    found = {}
    for name in folder_names(folder):
        parts = BINLOG.match(BINLOG_PACKED.sub("", name))
        if parts and parts.group(1) == base:
            found[int(parts.group(2))] = parts.group(0)
    return sorted(found.items())


def binlog_ranges(kept, base):
    """What is kept, as runs without a gap: of each its first and its last file."""
    runs = []
    for number, name in kept:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1:] = [number, name]
        else:
            runs.append([name, number, name])
    return [{"archive": base, "first": first, "last": last} for first, _number, last in runs]


def join_binlogs(sets, folder):
    """Put into each set the files from its end to the last one that is kept or named, and give what is kept.

    A set from which the first files are gone by retention names none, unless it is the newest: that is no gap.
    """
    named = [one["wal_start"] for one in sets if one.get("wal_start")]
    if not named:
        return []
    base, newest = BINLOG.match(named[-1]).group(1), sets[-1]
    kept = kept_binlogs(folder, base)
    last = max([(int(BINLOG.match(name).group(2)), name) for name in named] + kept)[1]
    for one in sets:
        start = BINLOG.match(one.get("wal_start") or "")
        gone = not start or start.group(1) != base or (kept and int(start.group(2)) < kept[0][0])
        one["wal_stop"] = last if not gone or (start and one is newest) else None
        one["wal_start"] = one["wal_start"] if one["wal_stop"] else None
    return binlog_ranges(kept, base)
