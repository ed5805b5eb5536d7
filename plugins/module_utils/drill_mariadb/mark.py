"""A mark in the source's history: what exactly it held at one position of its binary log.

A row is written, then a snapshot is fixed, of which the server says at which position of the binary log it is: nothing
is locked. After it another row is written, which no copy that stopped in time can hold.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach, Session, text

from . import fingerprint

SCHEMA, TABLE = "maintkit_drill", "mark"
LONGEST, ATTEMPTS = 40, 3
ALTERED = "1412"  # the table was altered since the snapshot
MAKE = (
    f"CREATE DATABASE IF NOT EXISTS {SCHEMA}",
    (
        f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{TABLE} (name VARCHAR(64) CHARACTER SET ascii NOT NULL,"
        " part VARCHAR(8) CHARACTER SET ascii NOT NULL, at DATETIME(6) NOT NULL, PRIMARY KEY (name, part))"
        " ENGINE=InnoDB"
    ),
)
WRITE = f"INSERT INTO {SCHEMA}.{TABLE} VALUES (%s, '%s', UTC_TIMESTAMP(6))"


def mark(
    reach: Reach,
    *,
    prefix: str,
    source: Mapping[str, Any],
    begin: Mapping[str, Any],
    wanted_databases: Sequence[str],
    wanted_tables: Sequence[str],
) -> dict[str, Any]:
    """Mark the source; what it held. `begin` is the position of the set: Refused where the source had another there."""
    began = time.monotonic()
    _refuse_unfit(source)
    with Session(reach) as control:
        _refuse_other_history(control, begin)
        for statement in MAKE:
            control.ask(statement)
        names = fingerprint.databases(control, wanted_databases)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                told = _at_one_instant(reach, control, prefix, names, wanted_tables)
                break
            except Refused as refused:
                if ALTERED not in str(refused) or attempt == ATTEMPTS:
                    raise
        sizes = dict(control.ask("SHOW BINARY LOGS"))
    first, last = binlog.number(begin["file"]), binlog.number(told["wal"])
    logs = {name: int(size) for name, size in sizes.items() if first <= binlog.number(name) <= last}
    return {**told, "logs": logs, "took_ms": round((time.monotonic() - began) * 1000)}


def _refuse_unfit(source: Mapping[str, Any]) -> None:
    if not source["log_bin"]:
        raise Refused("log_bin is off: nothing after the last backup could be restored")
    if source["filters"]:
        raise Refused(
            f"the source leaves databases out of its binary log ({', '.join(source['filters'])}): what happens in them"
            " after a backup cannot be restored"
        )
    if source["receives"] or source["read_only"]:
        raise Refused("the source receives from another server or is read-only, so it is a replica: mark the primary")


def _refuse_other_history(control: Session, begin: Mapping[str, Any]) -> None:
    """The set says at which transaction it was at its position; the source must say the same, while it has that log."""
    there = [row[0] for row in control.ask("SHOW BINARY LOGS")]
    if begin["file"] not in there:
        return
    question = f"SELECT COALESCE(BINLOG_GTID_POS({text(begin['file'])}, {int(begin['at'])}), 'nothing')"
    said = control.value(question)
    if set(said.split(",")) != set(begin["gtid"].split(",")):
        raise Refused(
            f"at {begin['file']}:{begin['at']} the set is at {begin['gtid'] or 'none'} and the source was at {said}: it"
            " is the backup of another server, or the logs were begun anew"
        )


def _at_one_instant(
    reach: Reach, control: Session, prefix: str, names: Sequence[str], wanted: Sequence[str]
) -> dict[str, Any]:
    name = f"{prefix[:LONGEST]}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    before = control.ask("SHOW MASTER STATUS")[0]
    control.ask(WRITE % (text(name), "mark"))
    row_gtid = control.value("SELECT @@last_gtid")
    with Session(reach) as watcher:
        watcher.ask("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        watcher.ask("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        snapshot = {key.lower(): said for key, said in watcher.ask("SHOW STATUS LIKE 'Binlog_snapshot_%'")}
        at = control.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')")
        control.ask(WRITE % (text(name), "after"))
        file, position = snapshot["binlog_snapshot_file"], int(snapshot["binlog_snapshot_position"])
        gtid = control.value(f"SELECT BINLOG_GTID_POS({text(file)}, {position})")
        control.ask("FLUSH BINARY LOGS")  # the one that holds the mark is at its end, and can be copied whole
        held, unread = _held(watcher, names, wanted)
    return {
        "name": name, "at": at, "lsn": f"{file}:{position}", "wal": file, "position": position, "gtid": gtid,
        "row_gtid": row_gtid, "before": {"file": before[0], "at": int(before[1])}, "locked_ms": 0,
        "databases": held, "unread": unread,
    }  # fmt: skip


def _held(watcher: Session, names: Sequence[str], wanted: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    held: dict[str, Any] = {}
    unread: list[str] = []
    seen: set[str] = set()
    for database in names:
        chosen, other = fingerprint.tables(watcher, database, wanted)
        seen |= {f"{database}.{one}" for one in chosen}
        unread += [f"{database}.{one}" for one in other]
        if chosen or not wanted:
            held[database] = fingerprint.whole(watcher, database, chosen)
    missing = sorted(set(wanted) - seen)
    if missing:
        raise Refused(f"there is no InnoDB table {', '.join(missing)}: name them as database.table")
    if not any(one["tables"] for database, one in held.items() if database != SCHEMA):
        raise Refused("there is no table to compare: a drill that compares nothing proves nothing")
    held[fingerprint.SERVER] = fingerprint.whole(watcher, fingerprint.SERVER, ())
    return held, unread


def rows(session: Session, name: str) -> str:
    """Why a copy is not at a mark by its rows, in words; empty when the row is there and the one after it is not."""
    schema = session.value(f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{SCHEMA}'")
    where = f"FROM {SCHEMA}.{TABLE} WHERE name = {text(name)}"
    parts = [row[0] for row in session.ask(f"SELECT part {where}")] if schema != "0" else []
    if "mark" not in parts:
        return f"it is short of the mark {name}: the row of the mark is not there"
    if "after" in parts:
        return f"it has gone past the mark {name}: a row that was written after it is there"
    return ""


def proof(session: Session, mark: Mapping[str, Any]) -> str:
    """Why a copy is not at the mark, in words; empty when it has reached it and gone no step further."""
    wrong = rows(session, mark["name"])
    if wrong:
        return wrong
    reached, wanted = (
        set(filter(None, one.split(","))) for one in (session.value("SELECT @@gtid_binlog_pos"), mark["gtid"])
    )
    if not reached or reached - wanted:
        return f"it is at {','.join(sorted(reached)) or 'none'}, and the mark is at {mark['gtid']}"
    return ""
