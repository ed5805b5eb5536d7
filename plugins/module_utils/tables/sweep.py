"""A sweep through a server: settle what was left, choose, rebuild one after the other until the time is up."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.mysql.session import Reach, Session

from . import catalog, pages, preflight
from .catalog import GONE, REBUILT, Key, Table
from .choice import MEASURED, WITHHELD, Choice, Limits, before_measuring, choose, in_order
from .memory import TableMemory
from .rebuild import POLL_S, Manner, Rebuild, end, made

LOCK = "SELECT GET_LOCK('maintkit rebuild-tables', 0)"
AT_WORK = "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = {id} AND INFO LIKE 'ALTER TABLE %'"
VANISHED = "there is no table of this name any more: plan anew"
SAME_START_S = 5  # a server tells its start by its uptime in whole seconds


@dataclass(frozen=True)
class Rules:
    """How a sweep goes. `only` are (database, name) that may be rebuilt, None for whatever is chosen."""

    limits: Limits = field(default_factory=Limits)
    budget_s: float = 3600.0
    lock_timeout_s: float = 2.0
    old_transaction_s: float = 60.0
    spare_bytes: int = 1 << 30
    binlog: bool = False
    on_replica: bool = False
    only: frozenset[Key] | None = None


def look(
    session: Session, found: preflight.Server, memory: TableMemory, databases: Collection[str], limits: Limits
) -> tuple[list[Choice], dict[int, str]]:
    """The choice for every table, measured where that is needed, and tables that only a rebuild makes. Reads only."""
    seen = catalog.look(session, found.datadir, maria=found.maria, databases=databases)
    rate = memory.rate()[0]
    choices = []
    for table in seen.tables:
        last = memory.last(table.key)
        figures = [] if before_measuring(table, limits) else measured(table)
        choices.append(choose(table, figures, last=last, rate=rate, limits=limits))
    return choices, seen.left


def measured(table: Table) -> list[pages.Measured] | str:
    """Each file of a table measured, or why one of them could not be."""
    try:
        return [pages.measure(part.path) for part in table.parts]
    except pages.Unreadable as unreadable:
        return str(unreadable)


class Sweep:
    """One run's work on a server."""

    def __init__(self, reach: Reach, run: str, rules: Rules) -> None:
        self.reach, self.run, self.rules = reach, run, rules
        self.until = time.monotonic() + rules.budget_s
        self.done: list[dict[str, Any]] = []
        self.remaining: list[dict[str, Any]] = []

    def go(self, databases: Collection[str]) -> dict[str, Any]:
        """Rebuild until all is done or the time is up. Refused when another sweep is at work."""
        with Session(self.reach) as watcher:
            found = preflight.demand(watcher, on_replica=self.rules.on_replica)
            if watcher.ask(LOCK) != ["1"]:
                raise Refused("another run rebuilds tables here: wait until it has ended")
            memory = TableMemory(found.cluster)
            self._settle(watcher, found, memory)
            choices = look(watcher, found, memory, databases, self.rules.limits)[0]
            for choice in in_order(choices):
                if self._wanted(choice):
                    self._one(choice, watcher, found, memory)
            self._unjudged(choices)
        late = [one for one in self.remaining if one["why"].startswith("out of time")]
        ended = "done" if not self.remaining else "out of time" if len(late) == len(self.remaining) else "stopped"
        memory.end(self.run, ended, self.remaining)
        return {"ended": ended, "rebuilt": self.done, "remaining": self.remaining, "run_items": memory.items(self.run)}

    def _unjudged(self, choices: list[Choice]) -> None:
        """What was planned and cannot be judged any more, or is not there, has not been done."""
        planned = self.rules.only or frozenset()
        for choice in choices:
            if choice.what == WITHHELD and choice.table.key in planned:
                self._leave(choice.table.key, choice.why)
        for key in sorted(planned - {one.table.key for one in choices}):
            self._leave(key, VANISHED)

    def _wanted(self, choice: Choice) -> bool:
        return self.rules.only is None or choice.table.key in self.rules.only

    def _one(self, choice: Choice, watcher: Session, found: preflight.Server, memory: TableMemory) -> None:
        why = self._hindrance(choice, watcher, found)
        if why:
            return self._leave(choice.table.key, why)
        table = choice.table
        local = found.replica or not self.rules.binlog
        rebuild = Rebuild(self.reach, watcher, Manner(self.rules.lock_timeout_s, local))
        with rebuild.open() as worker:
            connection = int(worker.ask("SELECT CONNECTION_ID()")[0])
            work = {"ids": table.ids, "bytes": table.bytes, "connection": connection, "started": found.started,
                    "bloat": choice.bloat, "sure": choice.sure, "filled": choice.filled,
                    "predicted_s": round(choice.seconds, 1)}  # fmt: skip
            key = memory.begin_table(self.run, table.key, work)
            after = choice.after_bytes if choice.sure == MEASURED else 0
            watched = rebuild.run(worker, table, memory, key, deadline=self.until, after_bytes=after)
        seen = {"seconds": watched.seconds, "states": watched.states, "said": watched.said}
        if self._close(key, watcher, found, memory, seen)["verdict"] != REBUILT:
            self._leave(table.key, watched.reason or watched.said or "it ended without a word")
        return None

    def _hindrance(self, choice: Choice, watcher: Session, found: preflight.Server) -> str:
        left = self.until - time.monotonic()
        if choice.seconds > left:
            return f"out of time: {choice.seconds:.0f} s are predicted, {max(left, 0):.0f} s are left"
        waits = preflight.waits(watcher, self.rules.old_transaction_s, choice.table)
        return preflight.room(choice, found, self.rules.spare_bytes) or "; ".join(waits)

    def _settle(self, watcher: Session, found: preflight.Server, memory: TableMemory) -> None:
        """What an earlier run has begun and could not end: its verdict."""
        for key, begun in list(memory.told["open"].items()):
            self._await(watcher, found, begun)
            self._close(key, watcher, found, memory, {"seconds": 0, "states": [], "said": "cut off"})

    def _await(self, watcher: Session, found: preflight.Server, begun: dict[str, Any]) -> None:
        """Until a rebuild of ours has ended whose client is gone: it may succeed. At the deadline it is ended."""
        if abs(begun["started"] - found.started) > SAME_START_S:
            return
        while watcher.ask(AT_WORK.format(id=begun["connection"])):
            if time.monotonic() > self.until:
                end(self.reach, begun["connection"], query=True)
            time.sleep(POLL_S)

    def _close(
        self, key: str, watcher: Session, found: preflight.Server, memory: TableMemory, seen: dict[str, Any]
    ) -> dict[str, Any]:
        begun = memory.told["open"][key]
        which = (begun["database"], begun["name"])
        now = catalog.look(watcher, found.datadir, maria=found.maria)
        table = next((one for one in now.tables if one.key == which), None)
        verdict = catalog.verdict(table, begun["ids"])
        left = ours(now.left, table, begun["seen"])
        outcome: dict[str, Any] = {**seen, "verdict": verdict, "left": left}
        if verdict == REBUILT and table is not None:
            outcome["after_bytes"] = table.bytes
        memory.settle(key, outcome)
        if verdict == REBUILT:
            self.done.append({**begun, **outcome})
        if verdict == GONE:
            raise Refused(f"{which[0]}.{which[1]} is not whole in the catalogue any more: look at it")
        if left:
            raise Refused(f"{which[0]}.{which[1]}: {', '.join(left)} is left of its rebuild: its server takes it back "
                          "when it starts the next time, or see docs/rebuild-tables.md")  # fmt: skip
        return outcome

    def _leave(self, key: Key, why: str) -> None:
        self.remaining.append({"database": key[0], "name": key[1], "why": why})


def ours(left: dict[int, str], table: Table | None, seen: Collection[str]) -> list[str]:
    """What is left of one rebuild of ours, in the catalogue or as a file: of the names that were seen in it."""
    folders: list[Path] = sorted({part.path.parent for part in table.parts}) if table else []
    return sorted(({*left.values(), *made(folders)}) & set(seen))
