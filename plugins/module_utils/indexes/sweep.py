"""A sweep through a cluster: settle what was left, choose, rebuild one after the other until the time is up.

All databases are looked at before the first index is rebuilt: what gives most comes first, wherever it is.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.holding import Holding
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, ServerRefused, Session

from . import leftover, preflight
from .catalog import ENDING, EXTENSION, LATE, Index, databases, indexes, measure
from .choice import REBUILD, WITHHELD, Choice, Limits, choose, in_order, needs_measuring
from .memory import Memory
from .rebuild import POLL_S, Rebuild

LOCK = "SELECT pg_try_advisory_lock(hashtextextended('maintkit reindex', 0))"
OTHER = "another run rebuilds indexes here, let it end first"
# The same number may be another table in another database, and is in a copy of this one.
ORPHANS = """SELECT pid, p.index_relid FROM pg_stat_progress_create_index AS p JOIN pg_stat_activity USING (pid)
WHERE p.relid = :'table'::oid AND p.datname = current_database() AND application_name = 'maintkit'"""
UNCHECKED = f"not checked: {LATE}"
CORRUPT = "XX"  # the class of SQLSTATE
VANISHED = "there is no index of this name any more: plan anew"
ANOTHER = "it was measured as another index, or is gone: plan anew"
CHECK = """SELECT :"schema".bt_index_check(:'oid'::oid::regclass, :'heap'::boolean)"""


@dataclass(frozen=True)
class Rules:
    """How a sweep goes. `only` are (database, schema, name) that may be rebuilt, None for whatever is chosen."""

    limits: Limits = field(default_factory=Limits)
    budget_s: float = 3600.0
    lock_timeout_s: float = 5.0
    stall_s: float = 120.0
    old_transaction_s: float = 60.0
    spare_bytes: int = 1 << 30
    only: frozenset[tuple[str, str, str]] | None = None


@dataclass(frozen=True)
class Seen:
    """One database as it is: its indexes with the choice for each."""

    database: str
    indexes: list[Index]
    choices: list[Choice]

    @property
    def left(self) -> list[Index]:
        return [one for one in self.indexes if not one.valid]


def look(
    reach: Reach,
    database: str,
    memory: Memory,
    limits: Limits,
    only: frozenset[tuple[str, str, str]] | None = None,
    until: float = math.inf,
) -> Seen:
    """Every index of a database; of those that `only` names, or all, the choice, measured where that is needed.

    Reads only, and measures until then (of time.monotonic).
    """
    with Session(reach, database) as session:
        there = indexes(session)
    found = [one for one in there if only is None or (database, one.schema, one.name) in only]
    known = {one.oid: memory.trusted(database, one) for one in found}
    figures = measure(reach, database, [one for one in found if needs_measuring(one, known[one.oid], limits)], until)
    rate = memory.rate()[0]
    choices = [choose(one, figures.get(one.oid), baseline=known[one.oid], rate=rate, limits=limits) for one in found]
    return Seen(database, there, choices)


class Sweep:
    """One run's work on a cluster."""

    def __init__(self, reach: Reach, run: str, rules: Rules) -> None:
        self.reach, self.run, self.rules = reach, run, rules
        self.until = time.monotonic() + rules.budget_s
        self.done: list[dict[str, Any]] = []
        self.remaining: list[dict[str, Any]] = []
        self.cleaned: list[str] = []

    def go(self, wanted: list[str]) -> dict[str, Any]:
        """All databases; what was done, what remains, and whether that is because the time was up."""
        names = databases(self.reach, wanted)
        with Session(self.reach, names[0]) as session:
            memory = Memory(preflight.demand(session).cluster)
        with Holding(self.reach, LOCK, OTHER) as held:
            found = [self._begin(name, memory, held) for name in names]
            for database, choice in in_order((one.database, each) for one in found for each in one.choices):
                self._one(database, choice, held.session(database), memory)
        self._vanished(found)
        late = any(one["why"].startswith(LATE) for one in self.remaining)
        ended = "out of time" if late else "stopped" if self.remaining else "done"
        memory.end(self.run, ended, self.remaining)
        told = {"ended": ended, "rebuilt": self.done, "remaining": self.remaining, "cleaned": self.cleaned}
        return {**told, "run_items": memory.items(self.run)}

    def _begin(self, database: str, memory: Memory, held: Holding) -> Seen:
        """Settle and look at one database while it is held, which it stays where there is work."""
        watcher = held.take(database)
        memory.read()
        self._settle(database, watcher, memory)
        seen = look(self.reach, database, memory, self.rules.limits, self.rules.only, self.until)
        self._unjudged(seen)
        if all(choice.what != REBUILD for choice in seen.choices):
            held.let_go(database)
        return seen

    def _unjudged(self, seen: Seen) -> None:
        """What was planned and cannot be judged any more has not been done; nor what there was no time to judge."""
        for choice in seen.choices:
            unjudged = choice.what == WITHHELD or not choice.index.valid
            if unjudged and (self.rules.only or choice.why.startswith(LATE)):
                self._leave(seen.database, choice.index, choice.why)

    def _vanished(self, found: list[Seen]) -> None:
        """What was planned and is not there any more has not been done, either."""
        there = {(seen.database, one.schema, one.name) for seen in found for one in seen.indexes}
        for database, schema, name in sorted((self.rules.only or frozenset()) - there):
            self.remaining.append({"database": database, "schema": schema, "name": name, "why": VANISHED})

    def _one(self, database: str, choice: Choice, watcher: Session, memory: Memory) -> None:
        why = self._hindrance(choice, watcher)
        if why:
            return self._leave(database, choice.index, why)
        index = choice.index
        now = indexes(watcher)
        if index.oid not in {one.oid for one in now}:
            return self._leave(database, index, ANOTHER)
        before = [one.oid for one in now if not one.valid]
        work = {"oid": index.oid, "schema": index.schema, "name": index.name, "table_oid": index.table_oid,
                "bytes": index.bytes, "table_bytes": index.table_bytes, "before": before,
                "bloat": choice.bloat, "predicted_s": round(choice.seconds, 1)}  # fmt: skip
        key = memory.begin(self.run, database, work)
        watched = self._rebuild(database, watcher).run(work, memory, key, self.until)
        seen = {"seconds": watched.seconds, "phases": watched.phases, "said": watched.said}
        outcome = self._close(database, key, watcher, memory, seen)
        if outcome["verdict"] != leftover.REBUILT:
            self._leave(database, index, watched.reason or watched.said or "it ended without a word")
        return None

    def _rebuild(self, database: str, watcher: Session) -> Rebuild:
        limits = {"lock_timeout_s": self.rules.lock_timeout_s, "stall_s": self.rules.stall_s}
        return Rebuild(self.reach, database, watcher, **limits)

    def _hindrance(self, choice: Choice, watcher: Session) -> str:
        left = self.until - time.monotonic()
        if choice.seconds > left:
            return f"out of time: {choice.seconds:.0f} s are predicted, {max(left, 0):.0f} s are left"
        waits = preflight.waits(watcher, self.rules.old_transaction_s, choice.index.table_oid)
        room = preflight.room(watcher, choice.index.place, choice.room_bytes, self.rules.spare_bytes)
        return room or "; ".join(waits)

    def _settle(self, database: str, watcher: Session, memory: Memory) -> None:
        """What an earlier run has begun and could not end: its verdict, and its left-overs dropped."""
        for key, begun in list(memory.told["open"].items()):
            if begun["database"] == database:
                self._await(watcher, begun["table_oid"], memory, key)
                self._close(database, key, watcher, memory, {"seconds": 0, "phases": [], "said": "cut off"})

    def _await(self, watcher: Session, table_oid: int, memory: Memory, key: str) -> None:
        """Until a rebuild of ours has ended whose client is gone: it may succeed. At the deadline it is cancelled."""
        while found := watcher.ask(ORPHANS, table=str(table_oid)):
            for row in found:
                memory.saw(key, int(row.split("|")[1]))
            if time.monotonic() > self.until:
                watcher.ask(f"SELECT pg_cancel_backend(found.pid) FROM ({ORPHANS}) AS found", table=str(table_oid))
            time.sleep(POLL_S)

    def _close(self, database: str, key: str, watcher: Session, memory: Memory, seen: dict[str, Any]) -> dict[str, Any]:
        begun = memory.told["open"][key]
        now = indexes(watcher)
        which = {"oid": begun["oid"], "name": begun["name"]}
        verdict = leftover.verdict(now, schema=begun["schema"], **which)
        left = leftover.ours(now, table_oid=begun["table_oid"], before=begun["before"], seen=begun["seen"], **which)
        for one in left:
            why = self._rebuild(database, watcher).drop(one.schema, one.name, memory, key)
            if why:
                raise Refused(f"database {database}: {one.schema}.{one.name} is left over and cannot be dropped: {why}")
            self.cleaned.append(f"{database}: {one.schema}.{one.name} ({leftover.kind(one)})")
        outcome: dict[str, Any] = {**seen, "verdict": verdict, "left": [leftover.kind(one) for one in left]}
        rebuilt = next((o for o in now if (o.schema, o.name) == (begun["schema"], begun["name"])), None)
        if verdict == leftover.REBUILT and rebuilt is not None:
            outcome.update(after_bytes=rebuilt.bytes, bytes_per_tuple=rebuilt.bytes_per_tuple)
            outcome.update(tuples=rebuilt.tuples, replaced=rebuilt.replaced, since=rebuilt.since)
            outcome["check"] = self._check(database, rebuilt)
        memory.settle(key, outcome)
        if verdict == leftover.REBUILT:
            self.done.append({**begun, **outcome})
        if str(outcome.get("check", "")).startswith("corrupt"):
            raise Refused(
                f"database {database}: {begun['schema']}.{begun['name']} was rebuilt and is {outcome['check']}"
            )
        if verdict == leftover.GONE:
            raise Refused(
                f"database {database}: {begun['schema']}.{begun['name']} is no valid index any more: look at it"
            )
        return outcome

    def _check(self, database: str, index: Index) -> str:
        """amcheck's word: ok, `corrupt: …`, or why it was not asked, or not to its end."""
        left = self.until - time.monotonic()
        if left <= 0:
            return UNCHECKED
        with Session(self.reach, database) as session:
            schema = session.value(EXTENSION, name="amcheck")
            if not schema:
                return "not checked: the extension amcheck is not in this database"
            heap = index.table_bytes <= self.rules.limits.heap_bytes
            session.ask("SET lock_timeout = '5s'")
            session.ask(ENDING, left=f"{max(1, int(left * 1000))}ms")
            try:
                session.ask(CHECK, schema=schema, oid=str(index.oid), heap=str(heap).lower())
            except ServerRefused as refused:
                if refused.code.startswith(CORRUPT):  # and not a lock, or a right that is missing
                    return f"corrupt: {refused}"
                return UNCHECKED if time.monotonic() >= self.until else f"not checked: {refused}"
        return "ok, every row has its entry" if heap else "ok, structure only"

    def _leave(self, database: str, index: Index, why: str) -> None:
        self.remaining.append({"database": database, "schema": index.schema, "name": index.name, "why": why})
