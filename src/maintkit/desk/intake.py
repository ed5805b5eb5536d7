"""Entering an incident and its steps: what must hold before a word goes into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from maintkit.clock import from_text, to_text
from maintkit.desk.incident import OPENED, Incident, Verb, incident, incidents
from maintkit.desk.relations import alone, repeats, require_other, require_recurs, require_repeats, withdraws
from maintkit.errors import DeskRefused
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

MayRepeat = Callable[[Incident, Incident], None]
_AHEAD = timedelta(minutes=2)  # what two people's clocks may differ by
# Steps that may still be entered of an incident that is closed: a late one says so by its two times.
AFTER_CLOSING: tuple[Verb, ...] = ("analysed", "feedback", "related", "separated", "located")
# And those that are entered of it only as what happened before the closing.
BEFORE_CLOSING: tuple[Verb, ...] = ("acknowledged", "arrived")
_OVER: dict[str, str] = {
    "closed": "open a new one, and `maintkit incident relate NEW --recurs`",
    "duplicate": "where it is a fault of its own: `maintkit incident relate {} --no-duplicate`",
}


def open_incident(ledger: Ledger, body: Mapping[str, Any], *, at: datetime, zone: ZoneInfo) -> Entry:
    """Enter a new incident; its id is `I<date of the report on site>-<number of that day>`."""
    _not_ahead(ledger, at)
    with ledger.writing("open an incident"):
        day = f"I{at.astimezone(zone):%Y%m%d}-"
        count = sum((entry.subject or "").startswith(day) for entry in ledger.entries(kind=OPENED))
        return ledger.append(OPENED, {**body, "at": to_text(at)}, subject=f"{day}{count + 1}")


def enter(
    ledger: Ledger,
    id_: str,
    verb: Verb,
    *,
    at: datetime,
    by: str,
    text: str,
    more: Mapping[str, Any] | None = None,
    may_repeat: MayRepeat | None = None,
) -> Entry:
    """Enter one step; DeskRefused when the incident cannot take it as it stands, and then nothing was entered.

    `may_repeat` is asked of a duplicate, and of each of its own, with the earlier report, as nobody else can change
    them meanwhile; it raises DeskRefused where the contract forbids it.
    """
    with ledger.writing(f"enter a step of {id_}"):
        one = incident(ledger, id_)
        _may(one, verb, at)
        _not_ahead(ledger, at)
        if verb == "paused":
            _may_rest(one, at, (more or {})["until"])
        if verb == "related":
            other = incident(ledger, (more or {})["duplicate_of"] or (more or {})["recurs"])
            require_other(one, other)
            if (more or {})["duplicate_of"]:
                _may_repeat(ledger, one, other, may_repeat)
            else:
                require_recurs(one, other)
        withdrawn = withdraws(one) if verb == "separated" else {}
        body = {"at": to_text(at), "by": by, "text": text, **(more or {}), **withdrawn}
        return ledger.append(f"incident.{verb}", body, subject=id_)


def _may(one: Incident, verb: Verb, at: datetime) -> None:
    if at < one.reported:
        raise DeskRefused(
            f"{one.id} was reported at {to_text(one.reported)}, after {to_text(at)}",
            hint="give the time on site with --at; a report that came earlier is an incident of its own",
        )
    closed = one.first("closed")
    earlier = closed is not None and at <= closed and verb in BEFORE_CLOSING
    over = one.state == "duplicate" or (one.state == "closed" and not earlier)
    if over and verb not in AFTER_CLOSING:
        raise DeskRefused(f"{one.id} is {one.state}", hint=_OVER[one.state].format(one.id))
    if verb == "closed":
        _may_close(one, at)
    if verb == "continued" and not one.resting(at):
        raise DeskRefused(
            f"the clocks of {one.id} do not rest at {to_text(at)}",
            hint=f"`maintkit incident show {one.id}` tells its pauses; give a time within one with --at",
        )


def _may_close(one: Incident, at: datetime) -> None:
    """It is over after it was solved, by its last solution."""
    solved = max((step.at for step in one.steps if step.verb == "resolved"), default=None)
    missing = "triaged" if one.level is None else "" if solved else "resolved"
    if missing:
        raise DeskRefused(f"{one.id} is not {missing} yet", hint=f"`maintkit incident show {one.id}`")
    if solved and at < solved:
        raise DeskRefused(
            f"{one.id} was resolved at {to_text(solved)}, after {to_text(at)}",
            hint="give the time at which the reporter agreed that it is over with --at",
        )


def _may_rest(one: Incident, start: datetime, until: str | None) -> None:
    """A pause lies beside those there are: nobody agrees to the same time twice."""
    end = from_text(until) if until else None
    for had in one.rests:
        if (had.end is None or start < had.end) and (end is None or had.start < end):
            ends = to_text(had.end) if had.end else "`continue`"
            agreed = f"from {to_text(had.start)} until {ends}, agreed by {had.agreed_by}"
            raise DeskRefused(
                f"the clocks of {one.id} rest already {agreed}",
                hint=f"end that pause with `maintkit incident continue {one.id} --at`, or let this one lie beside it",
            )


def _may_repeat(ledger: Ledger, one: Incident, other: Incident, asked: MayRepeat | None) -> None:
    """What hangs on the report would hang on the earlier one: that has to answer for each, whatever answers now."""
    _may_hang(one, other, asked)
    for each in repeats(incidents(ledger), one.id):
        try:
            _may_hang(each, other, asked)
        except DeskRefused as error:
            raise DeskRefused(
                f"{each.id} is a duplicate of {one.id} and would be one of {other.id}: {error}",
                hint=f"{error.hint}; or `maintkit incident relate {each.id} --no-duplicate`",
            ) from error


def _may_hang(one: Incident, other: Incident, asked: MayRepeat | None) -> None:
    own = alone(one)
    require_repeats(own, other)
    if asked:
        asked(own, other)


def _not_ahead(ledger: Ledger, at: datetime) -> None:
    if at > ledger.clock.now() + _AHEAD:
        raise DeskRefused(f"{to_text(at)} is still to come", hint="enter what has happened, with its time on site")
