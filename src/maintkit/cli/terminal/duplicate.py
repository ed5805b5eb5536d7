"""Refuse a duplicate that takes clocks away, and say the way out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from maintkit.cli.terminal.incident import Desk
from maintkit.desk.duplicate import Judge, Lost, as_any_level, lost
from maintkit.desk.incident import Incident
from maintkit.errors import DeskRefused


def require_carried(desk: Desk, one: Incident, other: Incident) -> None:
    """Refuse `one` as a duplicate of `other` unless that is asked for all that `one` is, in no more time.

    Judged by the ledger's own now: whoever waited for its lock is judged by when they got it.
    """
    judge: Judge = partial(desk.clocks, now=desk.ledger.clock.now())
    if one.level is None:
        _require_any_level_carried(desk, one, other, judge)
    elif gone := lost(one, other, judge):
        raise _refusal(desk, one, other, gone)


def _require_any_level_carried(desk: Desk, one: Incident, other: Incident, judge: Judge) -> None:
    """Nobody has said how urgent it is: the earlier report has to answer for whatever it may turn out to be."""
    for each in as_any_level(one, desk.place.contract.faults):
        if each.level and lost(each, other, judge):
            raise DeskRefused(
                f"{one.id} is not triaged: as {each.level.level} it would have clocks that {other.id} has not",
                hint=f"`maintkit incident triage {one.id}` first: a duplicate has no clocks of its own",
            )


def _refusal(desk: Desk, one: Incident, other: Incident, gone: Sequence[Lost]) -> DeskRefused:
    losses = {each.loss for each in gone}
    names = ", ".join(each.clock.name for each in gone)
    own = f'{one.id} stays a fault of its own: `maintkit incident progress {one.id} --text "same fault as {other.id}"`'
    triage = f"`maintkit incident triage {other.id}`"
    if "breached" in losses:
        told = [(each.clock.name, each.clock.breached_at) for each in gone]
        when = ", ".join(f"{name} at {desk.local(at)}" for name, at in told if at)
        return DeskRefused(
            f"{one.id} was breached ({when}) and {other.id} was not: a late word undoes no breach",
            hint=f"where {other.id} is as urgent, {triage} first; else {own}",
        )
    if "ended" in losses:
        return DeskRefused(
            f"{other.id} was restored before {one.id} was reported: its clocks have ended",
            hint=f"it is back: `maintkit incident relate {one.id} --recurs {other.id}`; where what restored it serves "
            f"here too, enter that first: `maintkit incident mitigate {one.id}`",
        )
    if "level" in losses:
        as_it_is = [f"is {each.level.level if each.level else 'not triaged'}" for each in (one, other)]
        return DeskRefused(
            f"{one.id} {as_it_is[0]}, {other.id} {as_it_is[1]} and does not carry its clocks: {names}",
            hint=f"a fault is as urgent as its most urgent report: {triage} first; else {own}",
        )
    return DeskRefused(
        f"the pauses of {other.id} end its clocks later than those of {one.id}: {names}",
        hint=f"`maintkit incident continue {other.id}` where it is worked on again; else {own}",
    )
