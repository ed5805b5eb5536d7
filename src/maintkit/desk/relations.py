"""What faults are to each other, and what must hold before somebody says so: duplicates and faults that recur. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from maintkit.clock import to_text
from maintkit.desk.incident import Incident
from maintkit.errors import DeskRefused


def repeats(everyone: Sequence[Incident], id_: str) -> Iterator[Incident]:
    """Every report that is a duplicate of this one, or of one of its duplicates."""
    for each in everyone:
        if each.duplicate_of == id_:
            yield each
            yield from repeats(everyone, each.id)


def answering(everyone: Iterable[Incident], id_: str) -> str:
    """Whose clocks count for a report: its own id, or that of the fault at the end of its duplicates.

    The last one that is named, where that one is not among everyone.
    """
    named = {each.id: each.duplicate_of for each in everyone}
    while following := named.get(id_):
        id_ = following
    return id_


def alone(one: Incident) -> Incident:
    """The same report as a fault of its own: with its clocks."""
    return replace(one, duplicate_of=None)


def withdraws(one: Incident) -> dict[str, Any]:
    """What a step says that makes a duplicate a fault of its own: of which one it was called one, and since when.

    Every time from then on is told anew, for it never was one.
    """
    if one.duplicate_of is None:
        raise DeskRefused(f"{one.id} is no duplicate", hint=f"`maintkit incident show {one.id}` tells its relations")
    before = max((step.entry for step in one.steps if step.verb == "separated"), default=0)
    called = (step for step in one.steps if step.verb == "related" and step.body["duplicate_of"])
    since = min(step.at for step in called if step.entry > before)
    return {"duplicate_of": one.duplicate_of, "since": to_text(since)}


def require_other(one: Incident, other: Incident) -> None:
    """The other one is a fault of its own."""
    if other.id == one.id or other.duplicate_of is not None:
        raise DeskRefused(f"{other.id} is no other fault of its own", hint="name the incident that is worked on")


def require_repeats(one: Incident, other: Incident) -> None:
    """A duplicate has no clocks of its own: those that count are of the earlier report, and it is still worked on."""
    if other.reported > one.reported:
        raise DeskRefused(
            f"{other.id} was reported at {to_text(other.reported)}, after {one.id} at {to_text(one.reported)}",
            hint=f"the later one is the duplicate: `maintkit incident relate {other.id} --duplicate-of {one.id}`",
        )
    closed = other.first("closed")
    if closed and closed < one.reported:
        raise DeskRefused(
            f"{other.id} was closed at {to_text(closed)}, before {one.id} was reported",
            hint=f"it is back: `maintkit incident relate {one.id} --recurs {other.id}`",
        )
    if one.state == "closed":
        raise DeskRefused(f"{one.id} is closed: its clocks have ended", hint="a closed incident stays one of its own")


def require_recurs(one: Incident, other: Incident) -> None:
    """Only what came later, and had been restored or closed by then, is back; so no fault recurs from itself."""
    if other.reported >= one.reported:
        raise DeskRefused(
            f"{other.id} was reported at {to_text(other.reported)}, not before {one.id} at {to_text(one.reported)}",
            hint="a fault recurs from an earlier one",
        )
    over = other.first("mitigated", "resolved", "closed")
    if over is None or over > one.reported:
        restored = f"was restored at {to_text(over)}" if over else "is not restored"
        raise DeskRefused(
            f"{other.id} {restored}, and {one.id} was reported at {to_text(one.reported)}",
            hint=f"the same fault reported twice: `maintkit incident relate {one.id} --duplicate-of {other.id}`; where "
            f"it was over by then, enter that first: `maintkit incident resolve {other.id} --at`",
        )
