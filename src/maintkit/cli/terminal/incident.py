"""An incident for a person and for a script: the same things in both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.clock import from_text, to_text
from maintkit.contract.load import Site
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import Clock, clocks
from maintkit.desk.incident import Incident, Step
from maintkit.desk.links import links
from maintkit.desk.surroundings import Surroundings
from maintkit.evidence.ledger import Ledger

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
STYLE = {"met": "green", "running": "yellow", "breached": "bold red", "resting": "blue"}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a command about incidents works with."""

    place: Site
    ledger: Ledger
    calendar: Calendar
    now: datetime

    def instant(self, at: datetime | None) -> datetime:
        """A time that was given on site, as an instant; now when none was given."""
        return self.now if at is None else at.replace(tzinfo=self.place.contract.zone).astimezone(UTC)

    def clocks(self, one: Incident, *, now: datetime | None = None) -> tuple[Clock, ...]:
        """The incident's clocks as they stand now, or at another `now`."""
        contract = self.place.contract
        return clocks(one, contract.faults, self.calendar, contract.zone, now or self.now)

    def local(self, at: datetime) -> str:
        """An instant as a clock on the wall of the site shows it."""
        return f"{at.astimezone(self.place.contract.zone):%Y-%m-%d %H:%M}"


def row(desk: Desk, one: Incident) -> dict[str, Any]:
    """One line of the list."""
    return {
        "incident": one.id,
        "level": one.level.level if one.level else None,
        "rule": one.level.rule if one.level else None,
        "state": one.state,
        "reported": desk.local(one.reported),
        "channel": one.channel,
        "department": one.department,
        "reporter": one.reporter,
        "title": one.title,
        "breached": [clock.name for clock in desk.clocks(one) if clock.breached_at],
    }


def as_json_of(desk: Desk, one: Incident, everyone: tuple[Incident, ...], around: Surroundings) -> dict[str, Any]:
    """Everything of an incident. Instants are RFC 3339 in UTC, `left_s` seconds."""
    before = timedelta(minutes=desk.place.contract.faults.related_within.minutes)
    found = links(around, one, everyone, before=before, now=desk.now)
    return {
        **row(desk, one),
        "reported_at": to_text(one.reported),
        "systems": list(one.systems),
        "hosts": list(one.hosts),
        "run": one.run,
        "duplicate_of": one.duplicate_of,
        "recurs": one.recurs,
        "levels": [
            {
                "since": to_text(level.since),
                "level": level.level,
                "rule": level.rule,
                "scope": level.scope,
                "urgent": level.urgent,
                "agreed_by": level.agreed_by,
                "why": level.why,
                "target": level.target,
            }
            for level in one.levels
        ],
        "pauses": [
            {
                "start": to_text(rest.start),
                "end": to_text(rest.end) if rest.end else None,
                "entered": to_text(rest.entered),
                "agreed_by": rest.agreed_by,
                "why": rest.why,
            }
            for rest in one.rests
        ],
        "clocks": [_clock(clock) for clock in desk.clocks(one)],
        "steps": [
            {
                "step": step.verb,
                "at": to_text(step.at),
                "entered": to_text(step.entered),
                "by": step.by,
                "text": _told(step),
                "entry": step.entry,
            }
            for step in one.steps
        ],
        "links": {
            "findings": list(found.findings),
            "inspections": list(found.inspections),
            "changes": list(found.changes),
            "watches": list(found.watches),
            "functions": [str(seq) for seq in found.functions],
            "overlapping": list(found.overlapping),
        },
    }


def _told(step: Step) -> str:
    """What a person said; of a relation, which one it is."""
    match step.verb:
        case "related" if step.body["duplicate_of"]:
            return f"a duplicate of {step.body['duplicate_of']}"
        case "related":
            return f"recurs from {step.body['recurs']}"
        case "separated":
            return f"no duplicate of {step.body['duplicate_of']}, agreed by {step.body['agreed_by']}: {step.text}"
        case _:
            return step.text


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "clock": clock.name,
        "state": clock.state,
        "target": clock.target,
        "deadline": to_text(clock.deadline) if clock.deadline else None,
        "ended": to_text(clock.ended) if clock.ended else None,
        "left_s": None if clock.left is None else round(clock.left.total_seconds()),
        "breached_at": to_text(clock.breached_at) if clock.breached_at else None,
        "reason": clock.reason,
    }


def print_incident(said: dict[str, Any], zone: ZoneInfo) -> None:
    """The same for a person, with every time as the site's clock shows it."""
    console = wide_console()
    for label, text in _lines(on_site(said, zone)):
        console.print(f"[dim]{label:<11}[/] {text}", highlight=False, soft_wrap=True)


def on_site(value: Any, zone: ZoneInfo) -> Any:
    """The same with every instant of the ledger's form as local time, `2026-10-08 09:30:00`."""
    match value:
        case dict():
            return {key: on_site(each, zone) for key, each in value.items()}
        case list():
            return [on_site(each, zone) for each in value]
        case str() if INSTANT.fullmatch(value):
            return f"{from_text(value).astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case _:
            return value


def _lines(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "incident", f"{said['incident']} {said['state']}: {plain(said['title'])}"
    yield "reported", plain(f"{said['reported']} by {said['reporter']} of {said['department']}, {said['channel']}")
    if said["systems"] or said["hosts"]:
        yield "where", plain(", ".join((*said["systems"], *said["hosts"])))
    for level in said["levels"]:
        agreed = f", agreed by {level['agreed_by']}: {level['why']}" if level["agreed_by"] else ""
        aim = f", target {level['target']}" if level["target"] else ""
        by = f"{level['level']} since {level['since'][:16]} by {level['rule'] or 'agreement'}"
        yield "level", plain(f"{by}{aim}{agreed}")
    if not said["levels"]:
        yield "level", "none yet: `maintkit incident triage`"
    for rest in said["pauses"]:
        late = "" if rest["start"][:16] == rest["entered"][:16] else f" (entered {rest['entered'][:16]})"
        until = (rest["end"] or "…")[:16]
        yield "pause", plain(f"{rest['start'][:16]} to {until}{late}, {rest['agreed_by']}: {rest['why']}")
    for clock in said["clocks"]:
        state = f"[{STYLE.get(clock['state'], 'dim')}]{clock['state']}[/]"
        yield "clock", f"{plain(clock['clock'])} {state} {plain(_of(clock))}"
    for step in said["steps"]:
        late = "" if step["at"][:16] == step["entered"][:16] else f" (entered {step['entered'][:16]})"
        yield step["step"], plain(f"{step['at'][:16]}{late} {step['by']}: {step['text']}")
    for kind, names in said["links"].items():
        if names:
            yield kind, plain(", ".join(names))


def _of(clock: dict[str, Any]) -> str:
    parts = []
    if clock["deadline"]:
        parts.append(f"{'target' if clock['target'] else 'until'} {clock['deadline'][:16]}")
    if clock["left_s"] is not None:
        minutes = int(clock["left_s"] // 60)
        parts.append(f"{minutes} min left" if minutes >= 0 else f"{-minutes} min over")
    if clock["ended"]:
        parts.append(f"ended {clock['ended'][:16]}")
    if clock["breached_at"]:
        parts.append(f"breached at {clock['breached_at'][:19]}")
    return ", ".join((*parts, clock["reason"]) if clock["reason"] else parts)
