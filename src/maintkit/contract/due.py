"""What is due, by when: contract + calendar + evidence -> the standing of every duty. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from maintkit.contract.contract import Contract
from maintkit.contract.deadlines import deadline
from maintkit.contract.duties import PERIOD, RECURRING, SIGNING, Duty, Within
from maintkit.contract.periods import MONTHS, Stretch, moved, periods
from maintkit.contract.workdays import Calendar, Undetermined

State = Literal["met", "not-due", "due-soon", "overdue", "undetermined"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing done for a duty. `source` says where it stands: `entry 12`; `by` a person's word, or None.

    `of` is the period that it is about, like 2026-10, where it says so: it serves that one, whenever it was done.
    `since`: from when it counts, where a word that it lacked came later. `seq`: which of two on one day came first.
    """

    day: date
    source: str
    what: str
    by: str | None = None
    simulated: bool = False
    of: str | None = None
    since: date | None = None
    seq: int = 0

    def counts(self, on: date) -> bool:
        """Whether it was there, with all that it needs, at the end of a day."""
        return max(self.day, self.since or self.day) <= on


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The evidence of one duty, and whether maintkit would see it by itself. `note`: what it cannot see of it.

    `changes`: what has changed, by the words that `on_change` of a duty knows.
    """

    evidence: tuple[Evidence, ...] = ()
    automatic: bool = False
    note: str = ""
    changes: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a duty stands. `next_due` None: nothing more is owed by a date. `missed` are periods that passed without it.

    `days_left` is negative after the deadline. A duty that is overdue keeps the deadline that it missed.
    """

    duty: Duty
    state: State
    last: Evidence | None
    next_due: date | None
    days_left: int | None
    missed: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class _Owed:
    """One thing owed: from `start` until `due`, done by `done` (`late`: after it) or not at all.

    `opens`: from when it can be done, where that is not its start. `again`: what is looked at again; until then the
    duty is done.
    """

    name: str
    start: date
    due: date | Undetermined
    opens: date | None = None
    done: Evidence | None = None
    late: bool = False
    again: bool = False

    def open(self, on: date) -> bool:
        """Whether it is owed by a day."""
        return (self.opens or self.start) <= on

    def in_time(self, one: Evidence) -> bool:
        """Whether evidence came by the deadline; nobody can say that it did not when the deadline is not known."""
        return isinstance(self.due, Undetermined) or one.day <= self.due


def due(
    contract: Contract, calendar: Calendar, seen: Mapping[str, Seen], on: date, *, ended: bool = False
) -> tuple[Standing, ...]:
    """The standing of every duty on a day, in the contract's order. Evidence of later days is left out.

    `ended`: the day is over, and what fell due on it has passed; else it can still be done on that day.
    """
    now = on + timedelta(days=1) if ended else on  # deadlines before it have passed
    until = {
        duty.id: replace(
            had,
            evidence=_until(had.evidence, on),
            changes={word: _until(told, on) for word, told in had.changes.items()},
        )
        for duty in contract.duties
        for had in (seen.get(duty.id, Seen()),)
    }
    return tuple(_standing(contract, calendar, duty, until, on, now) for duty in contract.duties)


def _until(evidence: tuple[Evidence, ...], on: date) -> tuple[Evidence, ...]:
    return tuple(sorted((one for one in evidence if one.counts(on)), key=lambda one: (one.day, one.seq)))


def _standing(
    contract: Contract, calendar: Calendar, duty: Duty, seen: Mapping[str, Seen], on: date, now: date
) -> Standing:
    own = seen[duty.id]
    if duty.rhythm == "as-needed":
        return _made(duty, own, state="met" if own.evidence else "not-due", reason="as needed: owed by no date")
    owed = _owed(contract, calendar, duty, seen)
    if not owed and duty.within:
        # What it runs from was not done, or a person did it and has not said so.
        state: State = "not-due" if seen[duty.within.after].automatic else "undetermined"
        return _made(duty, own, state=state, reason=f"runs from {duty.within.after}, of which nothing is seen")
    begun = [one for one in owed if one.open(on)]
    missed = tuple(one.name for one in begun if one.late or _past(one, now))
    # What was missed stays missed; it is overdue until the duty is done for a later time.
    settled = [one for one in begun if one.done or _past(one, now)]
    lapsed = settled[-1] if settled and settled[-1].done is None else None
    ahead = next((one for one in owed if one.done is None and not _past(one, now)), None)
    if lapsed and not own.automatic and ahead and _soon(contract, duty, ahead, on):
        # Nobody knows whether the last one was missed; the next one can still be done in time.
        lapsed = None
    changed = _changed(contract, calendar, duty, own)
    missed += tuple(one.name for one in changed if one.late or _past(one, now))
    pending = next((one for one in changed if one.done is None), None)
    aim = lapsed or pending or ahead
    overdue = aim is not None and _past(aim, now)
    done: State = "met" if settled and (ahead is None or ahead.again or not ahead.open(on)) else "not-due"
    if aim is None:
        return _made(duty, own, state=done, missed=missed, reason="nothing more is owed")
    open_ = aim.open(on)
    if isinstance(aim.due, Undetermined):
        state = "undetermined" if open_ else done
        return _made(duty, own, state=state, missed=missed, reason=aim.due.reason)
    left = (aim.due - now).days
    state = "overdue" if overdue else "due-soon" if aim is pending or _soon(contract, duty, aim, on) else done
    unseen = f"maintkit does not see this by itself: enter it with `maintkit due record {duty.id}`"
    reason = unseen if not own.automatic and state in ("overdue", "due-soon") else ""
    # A person may have done it and not said so: a deadline alone does not prove that it was missed.
    if not own.automatic and overdue:
        state = "undetermined"
    if aim is pending:
        reason = "; ".join(said for said in (f"to be looked at again {aim.name}", reason) if said)
    return _made(duty, own, state=state, next_due=aim.due, days_left=left, missed=missed, reason=reason)


def _soon(contract: Contract, duty: Duty, one: _Owed, on: date) -> bool:
    """Whether it is owed by now, and little time is left."""
    return one.open(on) and not isinstance(one.due, Undetermined) and (one.due - on).days <= contract.soon(duty)


def _made(
    duty: Duty,
    own: Seen,
    *,
    state: State,
    next_due: date | None = None,
    days_left: int | None = None,
    missed: tuple[str, ...] = (),
    reason: str = "",
) -> Standing:
    return Standing(
        duty=duty,
        state=state,
        last=own.evidence[-1] if own.evidence else None,
        next_due=next_due,
        days_left=days_left,
        missed=missed,
        reason="; ".join(said for said in (reason, own.note) if said),
    )


def _owed(contract: Contract, calendar: Calendar, duty: Duty, seen: Mapping[str, Seen]) -> list[_Owed]:
    term, pauses = Stretch(start=contract.term.start, end=contract.term.end), _pauses(contract)
    own = seen[duty.id].evidence
    if duty.within and duty.within.after not in (SIGNING, PERIOD):
        return _late(list(_after(contract, calendar, duty.within, seen[duty.within.after].evidence, own)), own)
    if duty.rhythm == "at-end":
        return _late([_Owed(name="end", start=max(term.start, term.end - relativedelta(months=1)), due=term.end)], own)
    if duty.rhythm == "once":
        return _once(contract, calendar, duty, own)
    all_ = periods(duty.rhythm, term, pauses)
    if duty.within is None or duty.within.after != PERIOD:
        return _served([_Owed(name=one.name, start=one.start, due=one.due) for one in all_], own)
    span = duty.within.span
    sums = (
        _Owed(name=one.name, start=one.start, opens=one.end, due=deadline(span, one.due, calendar, pauses))
        for one in all_
    )
    return _late(list(sums), own)


def _pauses(contract: Contract) -> tuple[Stretch, ...]:
    return tuple(Stretch(start=pause.start, end=pause.end) for pause in contract.term.pauses)


def _after(
    contract: Contract, calendar: Calendar, within: Within, begun: tuple[Evidence, ...], own: tuple[Evidence, ...]
) -> Iterator[_Owed]:
    """One for each time that the other duty was done; one that was repeated before this came of it runs from the last.

    It is a repetition in the same period of the other duty, and by the deadline: after that, this was missed.
    """
    term, pauses = Stretch(start=contract.term.start, end=contract.term.end), _pauses(contract)
    other = contract.duty(within.after)
    stretches = tuple(periods(other.rhythm, term, pauses)) if other and other.rhythm in RECURRING else ()
    days = [one.day for one in begun if term.holds(one.day)]
    for place, day in enumerate(days):
        later = days[place + 1] if place + 1 < len(days) else None
        owed = _Owed(name=f"after {day}", start=day, due=deadline(within.span, day, calendar, pauses))
        repeated = (
            later is not None
            and any(one.start <= day and later <= one.end for one in stretches)
            and (isinstance(owed.due, Undetermined) or later <= owed.due)
            and not any(day <= one.day < later for one in own)
        )
        if not repeated:
            yield owed


def _changed(contract: Contract, calendar: Calendar, duty: Duty, own: Seen) -> list[_Owed]:
    """What has changed since the thing was made: it is looked at again within `change_within`, once for all of it."""
    told = [(word, one) for word in duty.on_change for one in own.changes.get(word, ()) if one.day <= contract.term.end]
    owed = []
    for word, one in sorted(told, key=lambda each: (each[1].day, each[1].seq)):
        at = (one.day, one.seq)
        if not any((had.day, had.seq) < at for had in own.evidence):
            continue  # there was nothing yet that could have become old
        by = deadline(duty.change_within, one.day, calendar, _pauses(contract))
        done = next((had for had in own.evidence if (had.day, had.seq) > at), None)
        late = done is not None and not isinstance(by, Undetermined) and done.day > by
        name = f"after {one.day}, {word}: {one.what} {one.source}"
        owed.append(_Owed(name=name, start=one.day, due=by, done=done, late=late))
    return owed


def _once(contract: Contract, calendar: Calendar, duty: Duty, own: tuple[Evidence, ...]) -> list[_Owed]:
    """The making of a thing, then its reviews, each one rhythm after the last time that it was looked at."""
    start, end, pauses = contract.signed, contract.term.end, _pauses(contract)
    by = deadline(duty.within.span, start, calendar, pauses) if duty.within else end
    owed = _late([_Owed(name="once", start=start, due=by)], own)
    if duty.review not in MONTHS:
        return owed
    for place, one in enumerate(own):
        again = moved(one.day, one.day + relativedelta(months=MONTHS[duty.review]), pauses)
        later = own[place + 1] if place + 1 < len(own) else None
        if again <= end:
            late = later is not None and later.day > again
            owed.append(_Owed(name=f"review by {again}", start=one.day, due=again, done=later, late=late, again=True))
    return owed


def _served(owed: list[_Owed], evidence: tuple[Evidence, ...]) -> list[_Owed]:
    """Each evidence serves one of what is owed: the one it is about, or the earliest in whose time it lies."""
    free, served, names = list(evidence), [], {one.name for one in owed}
    for one in owed:
        done = next((other for other in free if _serves(other, one, names) and one.in_time(other)), None)
        if done:
            free.remove(done)
        served.append(replace(one, done=done))
    return served


def _late(owed: list[_Owed], evidence: tuple[Evidence, ...]) -> list[_Owed]:
    """The same where what is late still has to be done: a report that came on the ninth day has come."""
    served, names = _served(owed, evidence), {one.name for one in owed}
    used = [one.done for one in served]
    free = [one for one in evidence if one not in used]
    for place, one in enumerate(served):
        late = next((other for other in free if _serves(other, one, names)), None) if one.done is None else None
        if late:
            free.remove(late)
            served[place] = replace(one, done=late, late=True)
    return served


def _serves(evidence: Evidence, owed: _Owed, names: set[str]) -> bool:
    return evidence.of == owed.name if evidence.of in names else owed.start <= evidence.day


def _past(one: _Owed, now: date) -> bool:
    return one.done is None and not isinstance(one.due, Undetermined) and one.due < now
