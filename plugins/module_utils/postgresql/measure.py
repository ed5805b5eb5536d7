"""Figures before and after a change: planned cost and time of statements, sizes of tables. Reads only.

A statement is the server's word from psql's variable to `\\gexec`, never psql's own input; it is one statement, since
the server ends one at a semicolon alone; it is explained, in a transaction that reads only and is rolled back. What
cannot be measured is told as `why`, and never ends a change.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import median_low
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

from .session import CANCELED, LOCK_TIMEOUT, QUIET, Reach, ServerRefused, Session

TIMES = 3
LOCK_S = 2
MOST_MS = 2**31 - 1  # of the server
READ_ONLY = "25006"
PLANNED = "EXPLAIN (FORMAT JSON) "
EXECUTED = "EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) "
WHERE = re.compile(r"^.*?(psql:[^:]*:\d+: |: (?=it failed on a value))")
SIZES = """
SELECT jsonb_build_object('bytes', pg_table_size(c.oid), 'index_bytes', pg_indexes_size(c.oid))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :'schema' AND c.relname = :'table' AND c.relkind IN ('r', 'm')
"""
NAMES = ("database", "schema", "table")
STATEMENT: dict[str, dict[str, Any]] = {
    **{name: {"type": "str", "required": True} for name in ("name", "database", "statement")},
    "timeout": {"type": "float", "default": 10},
}
SPEC: dict[str, dict[str, Any]] = {
    "statements": {"type": "list", "elements": "dict", "default": [], "options": STATEMENT},
    "tables": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {name: {"type": "str", "required": True} for name in NAMES},
    },
}


def statements(reach: Reach, asked: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By name: `cost` and `ms` (the median of up to three executions), each None where it is not known, and `why`.

    `timeout` holds for all executions of one statement. Names mean what they mean to the role that asks.
    """
    # The session's settings are the server's own: a statement is to be planned as it is without us.
    own = replace(reach, more={**reach.more, "PGOPTIONS": QUIET})
    return {one["name"]: _statement(own, one) for one in asked}


def sizes(reach: Reach, asked: Iterable[Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """Bytes of each table without its indexes, and of all its indexes; a table that cannot be asked is left out."""
    told = {}
    for one in asked:
        try:
            with Session(reach, one["database"]) as session:
                _limit(session, LOCK_S)
                found = session.json(SIZES, schema=one["schema"], table=one["table"])
        except Refused:
            continue
        if found:
            told[f"{one['database']}: {one['schema']}.{one['table']}"] = found
    return told


def _statement(reach: Reach, asked: Mapping[str, Any]) -> dict[str, Any]:
    text, until = asked["statement"].strip().rstrip("; \t\r\n"), time.monotonic() + asked["timeout"]
    told: dict[str, Any] = {"cost": None, "ms": None, "why": ""}
    if not text or ";" in text:
        return {**told, "why": "it must be one statement without a semicolon"}
    taken: list[float] = []
    try:
        with Session(reach, asked["database"]) as session:
            told["cost"] = _explained(session, PLANNED, text, until)["Plan"]["Total Cost"]
            while len(taken) < TIMES:
                taken.append(_explained(session, EXECUTED, text, until)["Execution Time"])
    except (Refused, ValueError, LookupError, TypeError) as refused:
        told["why"] = "" if taken else _why(refused, asked["timeout"], executed=told["cost"] is not None)
    return {**told, "ms": median_low(taken) if taken else None}


def _explained(session: Session, how: str, text: str, until: float) -> dict[str, Any]:
    session.ask("BEGIN READ ONLY")
    _limit(session, until - time.monotonic())
    lines = session.ask("SELECT :'how' || :'text' \\gexec", how=how, text=text)
    session.ask("ROLLBACK")
    found: dict[str, Any] = json.loads("\n".join(lines))[0]
    return found


def _limit(session: Session, left_s: float) -> None:
    """Of the session, or of its transaction alone. A limit of nought would be none."""
    left_ms = max(1, int(min(left_s * 1000, MOST_MS)))
    session.ask(f"SET statement_timeout = {left_ms}; SET lock_timeout = {LOCK_S * 1000}")


def _why(refused: Exception, timeout: float, *, executed: bool) -> str:
    if not isinstance(refused, Refused):
        return "the server gave no plan of it"
    code = refused.code if isinstance(refused, ServerRefused) else ""
    known = {
        CANCELED: f"it did not end within {timeout:g} s",
        LOCK_TIMEOUT: f"a lock did not come within {LOCK_S} s",
        READ_ONLY: "it would change data",
    }
    # What is wrong with the statement itself may be told whole; once it is executed, the server may quote a patient.
    own = refused.primary if isinstance(refused, ServerRefused) and not executed else ""
    return known.get(code) or own or WHERE.sub("", str(refused)).split(" / ", 1)[0]
