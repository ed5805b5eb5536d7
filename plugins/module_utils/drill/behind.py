"""How far the archive lies behind: the age of the oldest work that would be lost with the source."""

from __future__ import annotations

import calendar
import os
import re
import subprocess
import time
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session, as_user

# The archiver takes the segments in the order of their names, and renames `.ready` when one has been stored.
STATE = """
SELECT jsonb_build_object(
    'now', extract(epoch FROM clock_timestamp()),
    'archived_s', extract(epoch FROM clock_timestamp() - (SELECT last_archived_time FROM pg_stat_archiver)),
    'ready_s', extract(epoch FROM clock_timestamp() - min(modification)),
    'first', coalesce(min(left(name, 24)), pg_walfile_name(pg_current_wal_insert_lsn() + 1)),
    'last', pg_walfile_name(pg_current_wal_insert_lsn() + 1),
    'wal', current_setting('data_directory') || '/pg_wal',
    'bindir', (SELECT setting FROM pg_config WHERE name = 'BINDIR'))
FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}[.]ready$'
"""
COMMIT = re.compile(r"desc: COMMIT.*?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+) UTC")


def unarchived_s(control: Session, reach: Reach) -> float | None:
    """Seconds since the oldest transaction whose WAL is not archived; never less than since something was archived.

    When the archiver was last at work says little: one that is half an hour behind is at work all the time. None where
    it cannot be measured.
    """
    state: dict[str, Any] = control.json(STATE)
    program = f"{state['bindir']}/pg_waldump"
    if not os.access(program, os.X_OK):
        return None
    # Of two timelines pg_waldump reads the one of the last name.
    names = [state["first"], state["last"]] if state["first"][:8] == state["last"][:8] else [state["first"]]
    committed = _first_commit(as_user(reach.user, [program, "--rmgr=Transaction", f"--path={state['wal']}", *names]))
    known = [state["archived_s"], state["ready_s"], None if committed is None else state["now"] - committed]
    found = [float(one) for one in known if one is not None]
    return round(max(found), 3) if found else None


def _first_commit(argv: list[str]) -> float | None:
    """It is read no farther than that; pg_waldump ends with an error where the WAL does, which is no matter."""
    with subprocess.Popen(
        argv, env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}, cwd="/", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
    ) as waldump:  # fmt: skip
        found = next(filter(None, map(COMMIT.search, waldump.stdout)), None)
        waldump.stdout.close()
    if not found:
        return None
    return calendar.timegm(time.strptime(found[1], "%Y-%m-%d %H:%M:%S")) + float(found[2])
