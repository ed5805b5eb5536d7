"""A sweep through a cluster: vacuum and analyse what is behind, one table after the other, until the time is up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes import preflight
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.catalog import databases
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.holding import Holding
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

from .catalog import Table, holders, tables
from .choice import ANALYZE, FREEZE, VACUUM, Choice, Limits, choose, in_order
from .memory import VacuumMemory

LOCK = "SELECT pg_try_advisory_lock(hashtextextended('maintkit vacuum', 0))"
OTHER = "another run vacuums here: wait until it has ended"
# The server ends it by itself at the deadline, also when nobody waits for it any more.
PREPARE = """
SELECT set_config('lock_timeout', :'lock_timeout', false), set_config('statement_timeout', :'left', false),
  set_config('vacuum_cost_delay', :'delay', false)
"""
# Giving pages back to the disk would lock the table for a moment; inside of it their room is used again.
STATEMENTS = {
    (FREEZE,): 'VACUUM (FREEZE, TRUNCATE false) :"schema".:"name"',
    (VACUUM,): 'VACUUM (TRUNCATE false) :"schema".:"name"',
    (ANALYZE,): 'ANALYZE :"schema".:"name"',
}
VANISHED = "there is no table of this name any more: plan anew"
# Up to version 14 a process of its own counts: it is told without being waited for, and a message may be lost.
COUNTED_S, POLL_S = 5.0, 0.1


@dataclass(frozen=True)
class Rules:
    """How a sweep goes. `only` are (database, schema, name) that may be touched, None for whatever is chosen."""

    limits: Limits = field(default_factory=Limits)
    budget_s: float = 3600.0
    lock_timeout_s: float = 5.0
    old_transaction_s: float = 60.0
    cost_delay_ms: float = 2.0
    only: frozenset[tuple[str, str, str]] | None = None


def look(session: Session, rate: float, limits: Limits) -> list[Choice]:
    """The choice for every table of a database. Reads only."""
    return [choose(one, rate=rate, limits=limits) for one in tables(session)]


def refusals(found: preflight.Server) -> list[str]:
    """Why nothing may be vacuumed on this server."""
    wrong = []
    if found.version < 120000:
        wrong.append("PostgreSQL before 12 cannot vacuum without a moment's lock on the table")
    if found.replica:
        wrong.append("this server is a replica: vacuum its primary")
    if not found.sees:
        wrong.append("this role does not see other sessions' transactions: grant it pg_monitor")
    return wrong


class Sweep:
    """One run's work on a cluster."""

    def __init__(self, reach: Reach, run: str, rules: Rules) -> None:
        self.reach, self.run, self.rules = reach, run, rules
        self.until = time.monotonic() + rules.budget_s
        self.done: list[dict[str, Any]] = []
        self.remaining: list[dict[str, Any]] = []

    def go(self, wanted: list[str]) -> dict[str, Any]:
        """Until all is done or the time is up. Refused on a replica, and when another sweep is at work."""
        names = databases(self.reach, wanted)
        with Session(self.reach, names[0]) as session:
            found = preflight.server(session)
        if refusals(found):
            raise Refused("; ".join(refusals(found)))
        memory = VacuumMemory(found.cluster)
        with Holding(self.reach, LOCK, OTHER) as held:
            choices = [(name, one) for name in names for one in self._begin(name, memory, held)]
            for database, choice in in_order(choices):
                if self._wanted(database, choice):
                    self._one(database, choice, held.session(database), memory)
        self._vanished({(database, one.table.schema, one.table.name) for database, one in choices})
        late = [one for one in self.remaining if one["why"].startswith("out of time")]
        ended = "done" if not self.remaining else "out of time" if len(late) == len(self.remaining) else "stopped"
        memory.end(self.run, ended, self.remaining)
        return {"ended": ended, "done": self.done, "remaining": self.remaining, "run_items": memory.items(self.run)}

    def _begin(self, database: str, memory: VacuumMemory, held: Holding) -> list[Choice]:
        """Look at one database while it is held, which it stays where there is work."""
        choices = look(held.take(database), memory.rate()[0], self.rules.limits)
        if not any(one.acts and self._wanted(database, one) for one in choices):
            held.let_go(database)
        return choices

    def _wanted(self, database: str, choice: Choice) -> bool:
        return self.rules.only is None or (database, choice.table.schema, choice.table.name) in self.rules.only

    def _vanished(self, there: set[tuple[str, str, str]]) -> None:
        """What was planned and is not there any more has not been done."""
        for database, schema, name in sorted((self.rules.only or frozenset()) - there):
            self.remaining.append({"database": database, "schema": schema, "name": name, "why": VANISHED})

    def _one(self, database: str, choice: Choice, session: Session, memory: VacuumMemory) -> None:
        """What holds dead rows back hinders a vacuum, and no analyse."""
        acts = [one for one in choice.acts if one != VACUUM or FREEZE not in choice.acts]
        held = self._holders(choice, session) if acts != [ANALYZE] else []
        if held:
            self._leave(database, choice.table, f"it would free nothing: {'; '.join(held)}")
            acts = [one for one in acts if one == ANALYZE]
        before, began, done = choice.table, time.monotonic(), []
        for act in acts:
            left = self.until - time.monotonic()
            if (act != ANALYZE and choice.seconds > left) or left <= 0:
                why = f"out of time: {choice.seconds:.0f} s are predicted, {max(left, 0):.0f} s are left"
                self._leave(database, before, why)
                break
            why = self._carry_out(database, before, act, left)
            if why:
                self._leave(database, before, why)
                break
            done.append(act)
        if done:
            self._note(database, before, done, time.monotonic() - began, session, memory)

    def _holders(self, choice: Choice, session: Session) -> list[str]:
        return holders(session, self.rules.old_transaction_s, own=choice.table.schema == "pg_catalog")

    def _carry_out(self, database: str, table: Table, act: str, left: float) -> str:
        """Do one thing with one table; why that did not work, or nothing."""
        how = {"lock_timeout": f"{int(self.rules.lock_timeout_s * 1000)}ms", "left": f"{max(1, int(left * 1000))}ms",
               "delay": f"{self.rules.cost_delay_ms:g}ms"}  # fmt: skip
        ends = time.monotonic() + left
        with Session(self.reach, database) as worker:
            try:
                worker.ask(PREPARE, **how)
                worker.ask(STATEMENTS[(act,)], schema=table.schema, name=table.name)
            except Refused as refused:
                return "out of time: the server has ended it" if time.monotonic() >= ends else str(refused)
        return ""

    def _note(
        self, database: str, before: Table, acts: list[str], seconds: float, session: Session, memory: VacuumMemory
    ) -> None:
        after = _counted(session, before, acts)
        figures = ("dead", "modified", "xid_age", "bytes")
        item = {"database": database, "schema": before.schema, "name": before.name, "acts": acts,
                "seconds": round(seconds, 2), "bytes": before.bytes,
                "before": {name: getattr(before, name) for name in figures},
                "after": {name: getattr(after, name) for name in figures} if after else None}  # fmt: skip
        memory.did(self.run, item)
        self.done.append(item)

    def _leave(self, database: str, table: Table, why: str) -> None:
        self.remaining.append({"database": database, "schema": table.schema, "name": table.name, "why": why})


def _counted(session: Session, before: Table, acts: list[str]) -> Table | None:
    """The table once the server has counted these acts; None where it is gone, or the server does not come to it."""
    vacuums = before.vacuums + len([one for one in acts if one != ANALYZE])
    analyzes = before.analyzes + acts.count(ANALYZE)
    until = time.monotonic() + COUNTED_S
    while True:
        found = next((one for one in tables(session) if one.oid == before.oid), None)
        if found is None or (found.vacuums >= vacuums and found.analyzes >= analyzes):
            return found
        if time.monotonic() > until:
            return None
        time.sleep(POLL_S)
