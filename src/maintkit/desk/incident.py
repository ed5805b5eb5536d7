"""Incidents (故障): a pure fold over their entries. Nothing is stored of them but what people entered, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast, get_args

from maintkit.clock import from_text
from maintkit.contract.sla import FaultKind, Faults, LevelId, LevelRule, Scope, Severity
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

OPENED = "incident.opened"
Verb = Literal[
    "opened", "triaged", "acknowledged", "arrived", "progressed", "mitigated", "resolved", "feedback",
    "closed", "paused", "continued", "analysed", "related", "separated", "located",
]  # fmt: skip
State = Literal["open", "acknowledged", "mitigated", "resolved", "closed", "duplicate"]
STATES: dict[str, State] = {
    "opened": "open",
    "acknowledged": "acknowledged",
    "mitigated": "mitigated",
    "resolved": "resolved",
    "closed": "closed",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was entered: when it happened, when it was entered, by whom, in which words."""

    verb: Verb
    at: datetime
    entered: datetime
    by: str
    text: str
    entry: int
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class LevelSince:
    """A level from an instant on. `rule` None: not by a rule, but by agreement with `agreed_by`.

    The first holds from the report; a change of it from its entry on, whenever it was agreed: the step has both times.
    `target`: the title of the softer aim that is the fault's own, None where nobody said.
    """

    since: datetime
    level: LevelId
    rule: str | None
    scope: Scope
    urgent: bool
    agreed_by: str
    why: str
    target: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rest:
    """The clocks rest from `start` until `end` (None: still), as agreed with whom and why.

    `entered` is when it was said: a breach that stood by then is not undone.
    """

    start: datetime
    end: datetime | None
    entered: datetime
    agreed_by: str
    why: str

    def holds(self, at: datetime) -> bool:
        """Whether the clocks rest at this instant."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A fault report and what came of it. `reported` is when it came in: the clocks run from there.

    `systems` and `hosts` are those of the report, or of the newest correction.
    `reached` is how far its own steps came; `state` is what it is, a duplicate whatever was entered of it.
    """

    id: str
    reported: datetime
    title: str
    channel: str
    reporter: str
    department: str
    systems: tuple[str, ...]
    hosts: tuple[str, ...]
    run: str | None
    reached: State = "open"
    steps: tuple[Step, ...] = ()
    levels: tuple[LevelSince, ...] = ()
    rests: tuple[Rest, ...] = ()
    duplicate_of: str | None = None
    recurs: str | None = None

    @property
    def state(self) -> State:
        """How far it came, or that it is another one's duplicate."""
        return "duplicate" if self.duplicate_of else self.reached

    def resting(self, at: datetime) -> bool:
        """Whether the clocks rest at this instant."""
        return any(rest.holds(at) for rest in self.rests)

    def tellings(self) -> tuple[tuple[tuple[Rest, ...], datetime | None], ...]:
        """The pauses as they were known, entry by entry, each with when the next was entered (None: nothing since)."""
        said = [step for step in self.steps if step.verb in ("paused", "continued")]
        ends = (*(step.entered for step in said), None)
        return tuple((rested(said[:place]), end) for place, end in enumerate(ends))

    @property
    def level(self) -> LevelSince | None:
        """The level in force; None before it was triaged."""
        return self.levels[-1] if self.levels else None

    def first(self, *verbs: Verb) -> datetime | None:
        """When the first of these happened."""
        return min((step.at for step in self.steps if step.verb in verbs), default=None)

    def last(self, verb: Verb) -> Step | None:
        """The newest step of this kind."""
        return next((step for step in reversed(self.steps) if step.verb == verb), None)


def rule_of(
    faults: Faults, *, scope: Scope, kind: FaultKind, severity: Severity, stopped: timedelta
) -> LevelRule | None:
    """The first rule of the contract that fits such a fault; None when none does."""
    minutes = int(stopped.total_seconds() // 60)
    return next((rule for rule in faults.rules if rule.fits(scope, kind, severity, minutes)), None)


def incidents(ledger: Ledger) -> tuple[Incident, ...]:
    """Every incident, in the order they were entered."""
    entries: dict[str, list[Entry]] = {}
    for entry in _all(ledger):
        entries.setdefault(entry.subject or "", []).append(entry)
    return tuple(fold(own) for own in entries.values())


def incident(ledger: Ledger, id_: str) -> Incident:
    """The incident of this id; raises NotFound."""
    own = [entry for entry in ledger.entries(subject=id_) if entry.kind.startswith("incident.")]
    if not own:
        raise NotFound(f"no incident {id_!r} in the ledger", hint="`maintkit incident list` shows those there are")
    return fold(own)


def fold(entries: Iterable[Entry]) -> Incident:
    """What the entries of one incident come to, the first of which opened it."""
    rest = iter(entries)
    first = next(rest)
    body = first.body
    made = Incident(
        id=first.subject or "",
        reported=from_text(body["at"]),
        title=body["text"],
        channel=body["channel"],
        reporter=body["reporter"],
        department=body["department"],
        systems=tuple(body["systems"]),
        hosts=tuple(body["hosts"]),
        run=body["run"],
        steps=(_step(first),),
    )
    for entry in rest:
        made = _with(made, _step(entry))
    return made


def _with(had: Incident, step: Step) -> Incident:
    made = replace(had, steps=(*had.steps, step), reached=_reached(had, step))
    body = step.body
    match step.verb:
        case "triaged":
            since = had.reported if not had.levels else max(step.at, step.entered)
            # Said once, a target stands until another is said or the level is another one.
            kept = had.level.target if had.level and had.level.level == body["level"] else None
            level = LevelSince(
                since=since,
                level=body["level"],
                rule=body["rule"],
                scope=body["scope"],
                urgent=body["urgent"],
                agreed_by=body["agreed_by"],
                why=step.text,
                target=body.get("target") or kept,
            )
            return replace(made, levels=(*had.levels, level))
        case "paused" | "continued":
            return replace(made, rests=rested(made.steps))
        case "related":
            duplicate_of, recurs = body["duplicate_of"] or had.duplicate_of, body["recurs"] or had.recurs
            return replace(made, duplicate_of=duplicate_of, recurs=recurs)
        case "separated":
            return replace(made, duplicate_of=None)
        case "located":
            return replace(made, systems=tuple(body["systems"]), hosts=tuple(body["hosts"]))
        case _:
            return made


def rested(steps: Iterable[Step]) -> tuple[Rest, ...]:
    """The pauses that these steps come to, in the order in which they were entered."""
    rests: tuple[Rest, ...] = ()
    for step in steps:
        if step.verb == "paused":
            end = from_text(step.body["until"]) if step.body["until"] else None
            agreed_by = step.body["agreed_by"]
            rest = Rest(start=step.at, end=end, entered=step.entered, agreed_by=agreed_by, why=step.text)
            rests = (*rests, rest)
        elif step.verb == "continued":
            rests = tuple(replace(rest, end=step.at) if rest.holds(step.at) else rest for rest in rests)
    return rests


def _reached(had: Incident, step: Step) -> State:
    new = STATES.get(step.verb, had.reached)
    order = list(STATES.values())
    # A late entry of an early step does not take back what was reached since.
    return had.reached if order.index(new) < order.index(had.reached) else new


def _step(entry: Entry) -> Step:
    return Step(
        verb=cast(Verb, entry.kind.removeprefix("incident.")),
        at=from_text(entry.body["at"]),
        entered=entry.at,
        by=entry.body["by"],
        text=entry.body["text"],
        entry=entry.seq,
        body=entry.body,
    )


def _all(ledger: Ledger) -> Iterator[Entry]:
    """By incident in the order of their opening, each one's as they were entered; a question a kind, not one each."""
    every = sorted(
        (entry for verb in get_args(Verb) for entry in ledger.entries(kind=f"incident.{verb}")),
        key=lambda entry: entry.seq,
    )
    own: dict[str | None, list[Entry]] = {entry.subject: [] for entry in every if entry.kind == OPENED}
    for entry in every:
        if entry.subject in own:
            own[entry.subject].append(entry)
    for entries in own.values():
        yield from entries
