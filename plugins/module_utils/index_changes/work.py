"""Create and drop named indexes concurrently, one after the other; what a stopped statement leaves is cleared away."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes import preflight
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.memory import Memory
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.rebuild import DROPPING, POLL_S, Rebuild, Watched
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.sweep import LOCK, ORPHANS
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

from . import catalog, judge
from .journal import Journal, key_of
from .judge import CREATE, DROP, label

# The server itself quotes every name.
CREATING = """
SELECT format('CREATE %s INDEX CONCURRENTLY %I ON %I.%I USING %I (%s)',
  CASE WHEN :'unique'::boolean THEN 'UNIQUE' ELSE '' END, :'name', :'schema', :'table', :'method',
  (SELECT string_agg(format('%I', c), ', ' ORDER BY at)
    FROM jsonb_array_elements_text(:'columns'::jsonb) WITH ORDINALITY AS k (c, at))) \\gexec
"""
# As pg_get_indexdef told it; it names the table with its schema, and no tablespace.
AGAIN = """
SELECT set_config('default_tablespace', :'tablespace', false);
SELECT regexp_replace(:'definition', '^CREATE (UNIQUE )?INDEX ', 'CREATE \\1INDEX CONCURRENTLY ') \\gexec
"""
CANCEL = f"SELECT pg_cancel_backend(found.pid) FROM ({ORPHANS}) AS found"  # noqa: S608  # our own words
COMMENT = """COMMENT ON INDEX :"schema".:"name" IS :'comment'"""


@dataclass(frozen=True)
class Rules:
    """How a run goes."""

    budget_s: float = 3600.0
    lock_timeout_s: float = 5.0
    tries: int = 3
    stall_s: float = 120.0
    old_transaction_s: float = 60.0
    spare_bytes: int = 1 << 30


class Work:
    """One run's changes on a cluster; its journal is written before each statement."""

    def __init__(self, reach: Reach, journal: Journal, rules: Rules) -> None:
        self.reach, self.journal, self.rules = reach, journal, rules
        self.until = time.monotonic() + rules.budget_s
        self.done: list[dict[str, Any]] = []
        self.remaining: list[dict[str, Any]] = []

    def go(self, wishes: list[dict[str, Any]]) -> dict[str, Any]:
        """Until all is done or the time is up. Refused where a half-dropped index could not be dropped."""
        for wish in wishes:
            with self._held(wish["database"]) as (watcher, memory):
                self._one(wish, watcher, memory)
        late = any(one["why"].startswith("out of time") for one in self.remaining)
        ended = "out of time" if late else "stopped" if self.remaining else "done"
        return {"ended": ended, "done": self.done, "remaining": self.remaining, "run_items": self.journal.told["items"]}

    def back(self) -> list[str]:
        """Undo what the run has begun, last first; what was dropped is created again, exactly, or it is Refused."""
        undone = []
        for name, begun in reversed(list(self.journal.told["begun"].items())):
            wish = begun["wish"]
            with self._held(wish["database"]) as (watcher, _memory):
                if self._undo(wish, watcher):
                    undone.append(label(wish))
                self.journal.undid(name)
        return undone

    def backwards(self) -> list[dict[str, Any]]:
        """What `back` would do, in its order; reads only. Refused where an index is not as the run has left it."""
        steps, wrong = [], []
        for begun in reversed(list(self.journal.told["begun"].values())):
            wish = begun["wish"]
            with Session(self.reach, wish["database"]) as session:
                self.journal.demand(preflight.demand(session).cluster)
                on, found = self._look(wish, session)
                kept = self.journal.told["kept"].get(key_of(wish), {})
                ours = found is not None and self.journal.owns(wish, found)
                taken = catalog.taken(session, wish["schema"], wish["name"])
                place = catalog.location(session, kept.get("tablespace", ""))
                wrong += judge.since(wish, on, found, kept, ours=ours, taken=taken, place=place)
                step = judge.turned(wish, on, found, kept, place)
                if step is not None:
                    room = preflight.room(session, step["place"], step["room_bytes"], self.rules.spare_bytes)
                    wrong += [f"{label(wish)}: {room}"] if room else []
                    steps.append(step)
        if wrong:
            raise Refused("; ".join(wrong))
        return steps

    @contextlib.contextmanager
    def _held(self, database: str) -> Iterator[tuple[Session, Memory]]:
        with Session(self.reach, database) as watcher:
            cluster = preflight.demand(watcher).cluster
            self.journal.demand(cluster)
            if watcher.value(LOCK) != "t":
                raise Refused(f"database {database}: another run changes indexes here, let it end first")
            yield watcher, Memory(cluster)

    def _one(self, wish: dict[str, Any], watcher: Session, memory: Memory) -> None:
        self._settle(wish, watcher)
        on, found = self._look(wish, watcher)
        if judge.fulfilled(wish, found):
            if self.journal.begun(wish):
                self._note(wish, found, 0.0)
            return
        ours = found is not None and self.journal.owns(wish, found)
        taken = catalog.taken(watcher, wish["schema"], wish["name"])
        wrong = judge.refusals(wish, on, found, ours=ours, taken=taken)
        told = judge.told(wish, on, found, memory.rate()[0])
        why = "; ".join(wrong) or self._hindrance(told, on.oid if on else 0, watcher)
        if why:
            self.remaining.append({"name": label(wish), "why": why})
            return
        began = time.monotonic()
        why = self._try(wish, told, watcher)
        if why:
            self.remaining.append({"name": label(wish), "why": why})
        else:
            self._note(wish, self._look(wish, watcher)[1], time.monotonic() - began)

    def _look(self, wish: dict[str, Any], watcher: Session) -> tuple[catalog.Table | None, catalog.Found | None]:
        return catalog.table(watcher, wish), catalog.index(watcher, wish["schema"], wish["name"])

    def _hindrance(self, told: dict[str, Any], table: int, watcher: Session) -> str:
        left = self.until - time.monotonic()
        if told["seconds"] > left:
            return f"out of time: {told['seconds']:.0f} s are predicted, {max(left, 0):.0f} s are left"
        room = preflight.room(watcher, told["place"], told["room_bytes"], self.rules.spare_bytes)
        return room or "; ".join(preflight.waits(watcher, self.rules.old_transaction_s, table))

    def _try(self, wish: dict[str, Any], told: dict[str, Any], watcher: Session) -> str:
        """Why it did not work, or nothing. A lock that does not come is tried again; an error of the rows is not."""
        name, why = self.journal.begin(wish), ""
        for _attempt in range(self.rules.tries):
            watched = self._state(wish, {"oid": 0, **statement(wish), **told}, name, watcher)
            why = watched.reason or watched.said
            found = catalog.index(watcher, wish["schema"], wish["name"])
            if judge.fulfilled(wish, found):
                if found is not None and not why:
                    self.journal.saw(name, found.oid)
                return ""
            if wish["act"] == CREATE:
                self._clear(wish, watcher)
            if not watched.lockless or time.monotonic() > self.until:
                break
        found = catalog.index(watcher, wish["schema"], wish["name"])
        if wish["act"] == DROP and found is not None and not found.valid:
            raise Refused(f"{label(wish)} is half dropped, and invalid: {why}")
        return why or "it ended without a word"

    def _state(self, wish: dict[str, Any], work: dict[str, Any], name: str, watcher: Session) -> Watched:
        return self._rebuild(wish, watcher).run(work, self.journal, name, self.until)

    def _rebuild(self, wish: dict[str, Any], watcher: Session) -> Rebuild:
        limits = {"lock_timeout_s": self.rules.lock_timeout_s, "stall_s": self.rules.stall_s}
        return Rebuild(self.reach, wish["database"], watcher, **limits)

    def _settle(self, wish: dict[str, Any], watcher: Session) -> bool:
        """What a client that is gone has left the server to do: it may succeed. At the deadline it is cancelled.

        Whether an invalid index was left of it, which is dropped.
        """
        begun = self.journal.begun(wish)
        on = catalog.table(watcher, wish) if begun else None
        if on is None or wish["act"] != CREATE:
            return False
        while found := watcher.ask(ORPHANS, table=str(on.oid)):
            for row in found:
                if row.split("|")[1] != "0":
                    self.journal.saw(key_of(wish), int(row.split("|")[1]))
            if time.monotonic() > self.until:
                watcher.ask(CANCEL, table=str(on.oid))
            time.sleep(POLL_S)
        return self._clear(wish, watcher)

    def _clear(self, wish: dict[str, Any], watcher: Session) -> bool:
        """Drop the invalid index that a creation of this run has left, if any; Refused where that does not work."""
        found = catalog.index(watcher, wish["schema"], wish["name"])
        if found is None or found.valid or found.building or not self.journal.owns(wish, found):
            return False
        self._drop(wish, watcher)
        return True

    def _drop(self, wish: dict[str, Any], watcher: Session) -> None:
        why = ""
        for _attempt in range(self.rules.tries):
            why = self._rebuild(wish, watcher).drop(wish["schema"], wish["name"], self.journal, key_of(wish))
            if catalog.index(watcher, wish["schema"], wish["name"]) is None:
                return
        raise Refused(f"{label(wish)} is left over and cannot be dropped: {why}")

    def _undo(self, wish: dict[str, Any], watcher: Session) -> bool:
        """Whether there was anything to undo. What is not this run's own is left, and refused."""
        cleared = self._settle(wish, watcher)
        found = catalog.index(watcher, wish["schema"], wish["name"])
        if wish["act"] == CREATE:
            if found is None:
                return cleared
            if not self.journal.owns(wish, found):
                raise Refused(f"{label(wish)} is not what this run has made: look who made it")
            self._drop(wish, watcher)
            return True
        kept = self.journal.told["kept"][key_of(wish)]
        if found is not None and found.valid and found.definition == kept["definition"]:
            return False
        if found is not None and not found.valid and found.definition == kept["definition"]:
            self._drop(wish, watcher)  # half dropped, or a half-made copy of an earlier attempt
        elif found is not None:
            raise Refused(f"{label(wish)} is another index than the one that was dropped: look who made it")
        self._again(wish, kept, watcher)
        return True

    def _again(self, wish: dict[str, Any], kept: dict[str, Any], watcher: Session) -> None:
        words = {"definition": kept["definition"], "tablespace": kept["tablespace"]}
        work = {"oid": 0, "statement": AGAIN, "words": words}
        why = ""
        for _attempt in range(self.rules.tries):
            watched = self._state(wish, work, key_of(wish), watcher)
            why = watched.reason or watched.said
            found = catalog.index(watcher, wish["schema"], wish["name"])
            if found is not None and found.valid and found.definition == kept["definition"]:
                if kept["comment"]:
                    named = {"schema": wish["schema"], "name": wish["name"]}
                    watcher.ask(COMMENT, comment=kept["comment"], **named)
                return
            if found is not None and not found.valid and not found.building:
                self._drop(wish, watcher)
        raise Refused(f"{label(wish)} could not be created again: {why}; by hand: {kept['definition']}")

    def _note(self, wish: dict[str, Any], found: catalog.Found | None, seconds: float) -> None:
        kept = self.journal.told["kept"].get(key_of(wish), {})
        item = {**wish, "before_bytes": kept.get("bytes", 0), "after_bytes": found.bytes if found else 0,
                "definition": found.definition if found else kept.get("definition", ""),
                "seconds": round(seconds, 2)}  # fmt: skip
        self.journal.did(item)
        self.done.append(item)


def statement(wish: dict[str, Any]) -> dict[str, Any]:
    """What psql is given for a wish, and the words that it quotes."""
    names = {"schema": wish["schema"], "name": wish["name"]}
    if wish["act"] == DROP:
        return {"statement": DROPPING, "words": names}
    more = {"table": wish["table"], "method": wish["method"], "unique": str(wish["unique"]).lower(),
            "columns": json.dumps(wish["columns"])}  # fmt: skip
    return {"statement": CREATING, "words": {**names, **more}}
