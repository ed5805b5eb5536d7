"""The dates of one step of a ticket, as its kinds and the agreed dates gave them one after another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from maintkit.clock import from_text
from maintkit.contract.sla import Requests
from maintkit.contract.span import Span
from maintkit.contract.workdays import Calendar, Undetermined
from maintkit.evidence.entry import Entry

BY_AGREEMENT = "by agreement: no date was agreed on yet"
AT_ONCE = "the contract states no minutes for it"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The date that is in force from `since` until the next one; None with the `reason` why there is none.

    `agreed_by`: who agreed on it, empty when it is the contract's.
    """

    since: datetime
    date: datetime | None
    agreed_by: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What dates are counted with."""

    requests: Requests
    calendar: Calendar
    zone: ZoneInfo


def promises(step: str, said: Sequence[Entry], agreed_kind: str, terms: Terms) -> tuple[Promise, ...]:
    """What acceptances and agreed dates (entries of `agreed_kind`) come to, by when they were, not when entered.

    Clocks run from the first acceptance; a later one changes the kind from then on. Where the kind in force has no such
    step, there is no date.
    """
    ordered = sorted(said, key=lambda entry: (entry.body["at"], entry.seq))
    accepted = [entry for entry in ordered if entry.kind != agreed_kind]
    agreed = [entry for entry in ordered if entry.kind == agreed_kind and entry.body["step"] == step]
    if not accepted:
        return ()
    start = _at(accepted[0])
    since = sorted({max(start, _at(entry)) for entry in (*accepted, *agreed)})
    return tuple(_promise(step, start, at, _last(accepted, at), _last(agreed, at), terms) for at in since)


def breach(told: Sequence[tuple[tuple[Promise, ...], datetime]]) -> tuple[datetime, Promise] | None:
    """The first moment at which the date then in force, by what had been said by then, had passed; and that date.

    `told` are the promises as they were known, each judged up to when the next word was entered, or the end.
    """
    found = (one for known, until in told for one in _passed(known, until))
    return min(found, key=lambda one: one[0], default=None)


def _passed(known: tuple[Promise, ...], until: datetime) -> Iterator[tuple[datetime, Promise]]:
    for place, promise in enumerate(known):
        end = known[place + 1].since if place + 1 < len(known) else until
        if promise.date is not None and max(promise.date, promise.since) < min(until, end):
            yield max(promise.date, promise.since), promise


def _promise(
    step: str, start: datetime, at: datetime, accepted: Entry | None, agreed: Entry | None, terms: Terms
) -> Promise:
    kind = terms.requests.kind(str(accepted.body["kind"])) if accepted else None
    asked = next((each for each in kind.steps if each.id == step), None) if kind else None
    if kind is None or asked is None:
        return Promise(since=at, date=None, reason="its kind asks for no such step")
    if agreed and kind.agreed_dates:
        return Promise(since=at, date=from_text(agreed.body["until"]), agreed_by=str(agreed.body["agreed_by"]))
    if asked.within is None:
        return Promise(since=at, date=None, reason=BY_AGREEMENT)
    if asked.within.unit in ("min", "h") and asked.within.count == 0:
        return Promise(since=at, date=None, reason=AT_ONCE)
    date = after(start, asked.within, terms.calendar, terms.zone)
    reason = date.reason if isinstance(date, Undetermined) else ""
    return Promise(since=at, date=None if isinstance(date, Undetermined) else date, reason=reason)


def after(start: datetime, span: Span, calendar: Calendar, zone: ZoneInfo) -> datetime | Undetermined:
    """Minutes and hours around the clock; working days and months to the end of the day on site."""
    if span.unit in ("min", "h"):
        return start + timedelta(minutes=span.minutes)
    first = start.astimezone(zone).date()
    day = calendar.after(first, span.count) if span.unit == "wd" else first + relativedelta(months=span.count)
    return day if isinstance(day, Undetermined) else datetime.combine(day, time(23, 59, 59), tzinfo=zone)


def _last(entries: Sequence[Entry], at: datetime) -> Entry | None:
    return next((entry for entry in reversed(entries) if _at(entry) <= at), None)


def _at(entry: Entry) -> datetime:
    return from_text(entry.body["at"])
