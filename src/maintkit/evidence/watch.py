"""What the ledger holds of the weekly watch over the functions of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from maintkit.clock import from_text
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry, Head
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import last_before
from maintkit.evidence.week import Week

STARTED, PROBED, FINISHED = "watch.started", "watch.probed", "watch.finished"
RECORDED, HANDLED = "watch.recorded", "watch.handled"
TOLD = (STARTED, PROBED, FINISHED, RECORDED)

# Worst first: what was not tried is worse than slow, and never well.
STATES = ("crit", "error", "not-run", "uncovered", "warn", "ok")
State = Literal["crit", "error", "not-run", "uncovered", "warn", "ok"]
ABNORMAL = ("crit", "error", "warn")
UNTRIED = ("not-run", "uncovered")


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One try: a probe's answer, or what a person saw (`probe` and `took_ms` None, `detail` the note).

    `at` is when it was tried; `entered` when a person said so, None for a probe, which says so at once. `hosts` are
    those of the probe, by watch.yml.
    """

    at: datetime
    run: str | None
    probe: str | None
    covers: tuple[int, ...]
    status: State
    reason: str
    detail: str
    took_ms: int | None = None
    by: str | None = None
    entered: datetime | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Handled:
    """What is done about a function that failed, or was not tried, in a week; `due` is a date or None."""

    at: datetime
    seq: int
    handling: str
    owner: str
    due: str | None
    state: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A function in a week. `tried` is the newest try of each of its probes, and the newest of a person.

    `answered`: whose tries told something, a person's as None; a probe that could not ask tells nothing.
    """

    seq: int
    system: str
    suite_zh: str
    category_zh: str
    function_zh: str
    probes: tuple[str, ...]
    manual: str | None
    tried: tuple[Tried, ...]
    answered: frozenset[str | None]

    @property
    def state(self) -> State:
        """The worst of everything that has to be tried; what was not tried in the week is `not-run`."""
        wanted = self._wanted()
        if not wanted:
            return "uncovered"
        by_probe = {one.probe: one.status for one in self.tried}
        return min((by_probe.get(name, "not-run") for name in wanted), key=STATES.index)

    @property
    def known(self) -> bool:
        """Whether everything that has to be tried told something of it in the week, be it that it failed."""
        return bool(self._wanted()) and self.answered.issuperset(self._wanted())

    def _wanted(self) -> list[str | None]:
        return [*self.probes, *(() if self.manual is None else (None,))]

    def told_by(self, one: Tried) -> bool:
        """Whether a try speaks for this function: by one of its probes, or by a person for this very one."""
        return self.seq in one.covers if one.probe is None else one.probe in self.probes


@dataclass(frozen=True, kw_only=True)
class WatchRun:
    """One `maintkit watch run`; `ended` None when the ledger has no end of it."""

    run: str
    at: datetime
    engineer: str
    asked: tuple[str, ...]
    ended: str | None


@dataclass(frozen=True, kw_only=True)
class WatchWeek:
    """A week, function by function. `failures` are all abnormal tries, also those that went well later."""

    week: Week
    functions: tuple[Watched, ...]
    runs: tuple[WatchRun, ...]
    failures: tuple[Tried, ...]
    handlings: tuple[Handled, ...]
    head: Head
    dated: datetime

    @property
    def failed(self) -> frozenset[int]:
        """Functions that failed or were slow, or could not be asked, in the week."""
        return frozenset(one.seq for one in self.functions if any(map(one.told_by, self.failures)))

    @property
    def known(self) -> bool:
        """Whether of every function everything was told that was agreed to be looked at."""
        return all(one.known for one in self.functions)

    @property
    def untried(self) -> frozenset[int]:
        """Functions of which nothing, or not all that was agreed, is known for the week."""
        return frozenset(one.seq for one in self.functions if one.state in UNTRIED)

    def counts(self, system: str | None = None) -> Mapping[State, int]:
        """How many functions are in each state, of one system or of all."""
        states = [one.state for one in self.functions if system in (None, one.system)]
        found: dict[State, int] = {"ok": 0, "warn": 0, "crit": 0, "error": 0, "not-run": 0, "uncovered": 0}
        for state in states:
            found[state] += 1
        return found


def watch_week(ledger: Ledger, week: Week, zone: tzinfo) -> WatchWeek | None:
    """The week as the ledger holds it; None when nothing was tried in it and nobody had said before what is watched.

    Which functions there are, and what covers them, is taken from the newest run up to the end of the week; where the
    first run came later, and a person has entered what was seen in the week, from that one.
    """
    since, until = week.span(zone)
    last = last_before(ledger, until)
    after = last.seq + 1 if last else 1
    inside = [entry for kind in TOLD for entry in _within(ledger, kind, since, until, after)]
    plan = next(ledger.entries(kind=STARTED, newest_first=True, before=after, limit=1), None)
    if plan is None and inside:
        plan = next(ledger.entries(kind=STARTED, limit=1), None)
    if plan is None:
        return None
    handled = [entry for entry in ledger.entries(kind=HANDLED) if entry.body["week"] == str(week)]
    return week_of(week, plan, inside, handled)


def week_of(week: Week, plan: Entry, inside: Sequence[Entry], handled: Sequence[Entry]) -> WatchWeek:
    """The week from its entries: `plan` says what is watched, `inside` fell into it, `handled` is about it."""
    tried = sorted((_tried(entry) for entry in inside if entry.kind in (PROBED, RECORDED)), key=lambda one: one.at)
    last = max([plan, *inside, *handled], key=lambda entry: entry.seq)
    return WatchWeek(
        week=week,
        functions=tuple(_function(row, tried) for row in plan.body["functions"]),
        runs=tuple(_runs(inside)),
        failures=tuple(one for one in tried if one.status in ABNORMAL),
        handlings=tuple(_handled(entry) for entry in handled),
        head=Head(seq=last.seq, hash=last.hash),
        dated=last.at,
    )


def required_week(ledger: Ledger, week: Week, zone: tzinfo) -> WatchWeek:
    """As `watch_week`; NotFound where there is none."""
    found = watch_week(ledger, week, zone)
    if found is None:
        raise NotFound(f"the ledger holds no watch in or before {week}", hint="run `maintkit watch run` first")
    return found


def _within(ledger: Ledger, kind: str, since: datetime, until: datetime, after: int) -> Iterator[Entry]:
    """What fell into a time, newest first; `after` is the first number that was entered after it."""
    # What a person saw in it may be entered at any time after it.
    for entry in ledger.entries(kind=kind, newest_first=True, before=None if kind == RECORDED else after):
        if entry.at < since:
            return
        if since <= seen_at(entry) < until:
            yield entry


def seen_at(entry: Entry) -> datetime:
    """When something was tried: for a probe's answer when it was entered; a person may enter later what was seen."""
    return from_text(entry.body["at"]) if entry.kind == RECORDED and "at" in entry.body else entry.at


def _function(row: Mapping[str, Any], tried: list[Tried]) -> Watched:
    own = [one for one in tried if _of(row, one)]
    newest = {one.probe: one for one in own}
    return Watched(
        seq=row["seq"],
        system=row["system"],
        suite_zh=row["suite_zh"],
        category_zh=row["category_zh"],
        function_zh=row["function_zh"],
        probes=tuple(row["probes"]),
        manual=row["manual"],
        tried=tuple(newest.values()),
        answered=frozenset(one.probe for one in own if one.status != "error"),
    )


def _of(row: Mapping[str, Any], one: Tried) -> bool:
    """Whether a try speaks for a function: by its probes, or by a person for this very one."""
    return one.probe in row["probes"] if one.probe is not None else row["seq"] in one.covers


def _tried(entry: Entry) -> Tried:
    body = entry.body
    if entry.kind == PROBED:
        return Tried(
            at=entry.at, run=entry.run, probe=entry.subject, covers=tuple(body["covers"]), status=body["status"],
            reason=body["reason"], detail=body["detail"], took_ms=body["took_ms"],
            hosts=tuple(body.get("hosts", ())),
        )  # fmt: skip
    return Tried(
        at=seen_at(entry), entered=entry.at, run=None, probe=None, covers=(int(entry.subject or 0),),
        status="ok" if body["result"] == "ok" else "crit",
        reason="as-expected" if body["result"] == "ok" else "seen-bad", detail=body["note"], by=body["by"],
    )  # fmt: skip


def _runs(inside: Sequence[Entry]) -> Iterator[WatchRun]:
    ended = {entry.run: entry.body["ended"] for entry in inside if entry.kind == FINISHED}
    for entry in sorted((one for one in inside if one.kind == STARTED), key=lambda one: one.seq):
        yield WatchRun(
            run=entry.run or "", at=entry.at, engineer=entry.body["engineer"], asked=tuple(entry.body["asked"]),
            ended=ended.get(entry.run),
        )  # fmt: skip


def _handled(entry: Entry) -> Handled:
    body = entry.body
    return Handled(
        at=entry.at, seq=int(entry.subject or 0), handling=body["handling"], owner=body["owner"], due=body["due"],
        state=body["state"], by=body["by"],
    )  # fmt: skip
