"""A mark in the source's history: what exactly it held at one instant, and a restore point at that very instant.

While the tables are locked against writing nothing of them changes: the restore point and the snapshot of a second
session then say the same. The locks go at once; the second session reads as long as it likes and holds nobody up.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import (
    CANCELED,
    DEADLOCK,
    LOCK_TIMEOUT,
    Reach,
    ServerRefused,
    Session,
)

from . import behind, fingerprint

ATTEMPTS, PAUSE_S, POLL_S = 5, 3.0, 0.5
LONGEST = 40  # of a prefix: PostgreSQL takes 63 in all
STATE = """
SELECT jsonb_build_object(
    'recovering', pg_is_in_recovery(),
    'archive_mode', current_setting('archive_mode'),
    'failing', last_failed_time > coalesce(last_archived_time, '-infinity'))
FROM pg_stat_archiver
"""
POINT = """
SELECT jsonb_build_object('lsn', lsn, 'wal', pg_walfile_name(lsn),
    'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
FROM (SELECT pg_create_restore_point(:'name') AS lsn) AS point
"""
BOUND_MS = "SELECT least(:'asked'::int, setting::int / 2) FROM pg_settings WHERE name = 'deadlock_timeout'"
# As a superuser we look for a deadlock long before anybody else does, and are its victim. An autovacuum gives way then.
BRIEFLY = """
SELECT set_config('deadlock_timeout', :'wait', true) FROM pg_roles WHERE rolname = current_user AND rolsuper
"""
LOCK = """
SELECT format('LOCK TABLE %s IN SHARE MODE', string_agg(
    format('ONLY %I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname || '.' || c.relname IN (SELECT jsonb_array_elements_text(:'wanted'::jsonb))
HAVING count(*) > 0 \\gexec
"""
ARCHIVED = """
SELECT EXISTS (SELECT FROM pg_ls_archive_statusdir() WHERE name = :'wal' || '.done')
    OR (SELECT last_archived_wal ~ '^[0-9A-F]{24}$' AND left(last_archived_wal, 8) = left(:'wal', 8)
               AND last_archived_wal >= :'wal' FROM pg_stat_archiver)
"""


def mark(
    reach: Reach,
    *,
    prefix: str,
    wanted_databases: Sequence[str],
    wanted_tables: Sequence[str],
    lock_timeout_s: float,
    archive_timeout_s: float,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Mark the source; what it held. Refused when it could not be locked in time, or does not archive.

    All tables together may take `lock_timeout_s`, and never more than half of the server's deadlock_timeout: nobody is
    held up for longer, nor made the victim of a deadlock with us. Each mark has a name of its own, as recovery stops at
    the first one of a name.
    """
    began = time.monotonic()
    # By the second alone a mark made at once again, or after the clock was set back, would bear the same name.
    name = f"{prefix[:LONGEST]}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    with Session(reach, "postgres") as control:
        _require_archiving(control)
        unarchived_s = behind.unarchived_s(control, reach)
        names = fingerprint.databases(control, wanted_databases)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                told, watchers, stack = _at_one_instant(reach, control, name, names, wanted_tables, lock_timeout_s)
                break
            except ServerRefused as refused:
                if refused.code not in (LOCK_TIMEOUT, DEADLOCK, CANCELED):
                    raise
                if attempt == ATTEMPTS:
                    raise Refused(f"the tables could not be locked, {ATTEMPTS} times: {refused}") from None
                sleep(PAUSE_S)
        with stack:
            control.ask("SELECT pg_switch_wal()")
            held = {name: fingerprint.whole(one, chosen) for name, (one, chosen) in watchers.items()}
        archived_s = _wait_until_archived(control, told["wal"], archive_timeout_s)
    return {
        "name": name,
        **told,
        "unarchived_s": unarchived_s,
        "archived_s": archived_s,
        "databases": held,
        "took_ms": round((time.monotonic() - began) * 1000),
    }


def _require_archiving(control: Session) -> None:
    state: dict[str, Any] = control.json(STATE)
    if state["recovering"]:
        raise Refused("the source is in recovery, so it is a standby: mark the primary")
    if state["archive_mode"] not in ("on", "always"):
        raise Refused(f"archive_mode is {state['archive_mode']}: nothing after the last backup could be restored")
    if state["failing"]:
        raise Refused("archiving is failing (pg_stat_archiver): mend it first, a mark would never reach the repository")


def _at_one_instant(
    reach: Reach, control: Session, name: str, names: Sequence[str], wanted: Sequence[str], lock_timeout_s: float
) -> tuple[dict[str, Any], dict[str, tuple[Session, list[str]]], ExitStack]:
    """The restore point, and sessions that see what it sees; the stack ends them."""
    with ExitStack() as watching, ExitStack() as locking:
        chosen: dict[str, tuple[Session, list[str]]] = {}
        lockers = []
        for database in names:
            locker = locking.enter_context(Session(reach, database))
            there = fingerprint.tables(locker, wanted)
            if there:
                lockers.append((locker, there))
                chosen[database] = (watching.enter_context(Session(reach, database)), there)
                chosen[database][0].ask("SELECT 1")  # connected before anything is locked
        missing = sorted(set(wanted) - {table for _session, there in chosen.values() for table in there})
        if missing:
            raise Refused(f"there is no table {', '.join(missing)}: name them as schema.table")
        if not chosen:
            raise Refused("there is no table to compare: a drill that compares nothing proves nothing")
        bound_ms = int(control.value(BOUND_MS, asked=str(round(lock_timeout_s * 1000))))
        began = time.monotonic()
        for locker, there in lockers:
            _lock(locker, there, bound_ms - round((time.monotonic() - began) * 1000))
        for session, _there in chosen.values():
            session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_current_snapshot()")
        point = control.json(POINT, name=name)
        for locker, _there in lockers:
            locker.ask("COMMIT")
        locked_ms = round((time.monotonic() - began) * 1000)
        return {**point, "locked_ms": locked_ms}, chosen, watching.pop_all()


def _lock(locker: Session, there: Sequence[str], left_ms: int) -> None:
    """Lock tables against writing, all of them within the time that is left; lock_timeout alone bounds each wait."""
    locker.ask(f"BEGIN; SET LOCAL lock_timeout = {max(1, left_ms)}; SET LOCAL statement_timeout = {max(1, left_ms)}")
    locker.ask(BRIEFLY, wait=f"{max(1, left_ms // 5)}ms")
    locker.ask(LOCK, wanted=json.dumps(there))


def _wait_until_archived(control: Session, wal: str, seconds: float) -> float:
    began = time.monotonic()
    while control.value(ARCHIVED, wal=wal) != "t":
        if time.monotonic() - began > seconds:
            raise Refused(f"the WAL {wal} that holds the mark was not archived within {seconds:.0f} s: mend archiving")
        time.sleep(POLL_S)
    return round(time.monotonic() - began, 3)
