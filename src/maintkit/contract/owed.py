"""What is owed by which day, and what of the evidence was done for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from dateutil.relativedelta import relativedelta

from maintkit.contract.contract import Contract
from maintkit.contract.deadlines import deadline
from maintkit.contract.duties import PERIOD, RECURRING, SIGNING, Duty, Within
from maintkit.contract.periods import MONTHS, Stretch, is_period, moved, periods
from maintkit.contract.workdays import Calendar, Undetermined


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing done for a duty. `source` says where it stands: `entry 12`; `by` a person's word, or None.

    `of` is the period that it is about, like 2026-10, or the run, like 20261124-1, where it says so: it serves that one
    and no other, whenever it was done.
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
class Owed:
    """One thing owed: from `start` until `due`, done by `done` (`late`: after it) or not at all.

    `opens`: from when it can be done, where that is not its start. `again`: what is looked at again; until then the
    duty is done. `about`: the sources of the other duty's evidence that it runs from.
    """

    name: str
    start: date
    due: date | Undetermined
    opens: date | None = None
    done: Evidence | None = None
    late: bool = False
    again: bool = False
    about: tuple[str, ...] = ()

    def open(self, on: date) -> bool:
        """Whether it is owed by a day."""
        return (self.opens or self.start) <= on

    def in_time(self, one: Evidence) -> bool:
        """Whether evidence came by the deadline; nobody can say that it did not when the deadline is not known."""
        return isinstance(self.due, Undetermined) or one.day <= self.due


def owed_by(contract: Contract, calendar: Calendar, duty: Duty, seen: Mapping[str, Seen]) -> list[Owed]:
    """All that a duty asks for in the whole term, in order, each with what was done for it; `seen` of all duties."""
    term, pauses = Stretch(start=contract.term.start, end=contract.term.end), _pauses(contract)
    own = seen[duty.id].evidence
    if duty.within and duty.within.after not in (SIGNING, PERIOD):
        return _late(list(_after(contract, calendar, duty.within, seen[duty.within.after].evidence, own)), own)
    if duty.rhythm == "at-end":
        return _late([Owed(name="end", start=max(term.start, term.end - relativedelta(months=1)), due=term.end)], own)
    if duty.rhythm == "once":
        return _once(contract, calendar, duty, own)
    all_ = periods(duty.rhythm, term, pauses)
    if duty.within is None or duty.within.after != PERIOD:
        return _served([Owed(name=one.name, start=one.start, due=one.due) for one in all_], own)
    span = duty.within.span
    sums = (
        Owed(name=one.name, start=one.start, opens=one.end, due=deadline(span, one.due, calendar, pauses))
        for one in all_
    )
    return _late(list(sums), own)


def _pauses(contract: Contract) -> tuple[Stretch, ...]:
    return tuple(Stretch(start=pause.start, end=pause.end) for pause in contract.term.pauses)


def _after(
    contract: Contract, calendar: Calendar, within: Within, begun: tuple[Evidence, ...], own: tuple[Evidence, ...]
) -> Iterator[Owed]:
    """One for each time that the other duty was done; one that was repeated before this came of it runs from the last.

    It is a repetition in the same period of the other duty, and by the deadline: after that, this was missed.
    """
    term, pauses = Stretch(start=contract.term.start, end=contract.term.end), _pauses(contract)
    other = contract.duty(within.after)
    stretches = tuple(periods(other.rhythm, term, pauses)) if other and other.rhythm in RECURRING else ()
    inside = [one for one in begun if term.holds(one.day)]
    about: tuple[str, ...] = ()
    for place, first in enumerate(inside):
        day, about = first.day, (*about, first.source)
        later = inside[place + 1].day if place + 1 < len(inside) else None
        by = deadline(within.span, day, calendar, pauses)
        owed = Owed(name=f"after {day}", start=day, due=by, about=about)
        repeated = (
            later is not None
            and any(one.start <= day and later <= one.end for one in stretches)
            and (isinstance(owed.due, Undetermined) or later <= owed.due)
            and not any(day <= one.day < later for one in own)
        )
        if not repeated:
            yield owed
            about = ()


def changed_since(contract: Contract, calendar: Calendar, duty: Duty, own: Seen) -> list[Owed]:
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
        owed.append(Owed(name=name, start=one.day, due=by, done=done, late=late))
    return owed


def _once(contract: Contract, calendar: Calendar, duty: Duty, own: tuple[Evidence, ...]) -> list[Owed]:
    """The making of a thing, then its reviews, each one rhythm after the last time that it was looked at."""
    start, end, pauses = contract.signed, contract.term.end, _pauses(contract)
    by = deadline(duty.within.span, start, calendar, pauses) if duty.within else end
    owed = _late([Owed(name="once", start=start, due=by)], own)
    if duty.review not in MONTHS:
        return owed
    for place, one in enumerate(own):
        again = moved(one.day, one.day + relativedelta(months=MONTHS[duty.review]), pauses)
        later = own[place + 1] if place + 1 < len(own) else None
        if again <= end:
            late = later is not None and later.day > again
            owed.append(Owed(name=f"review by {again}", start=one.day, due=again, done=later, late=late, again=True))
    return owed


def _served(owed: list[Owed], evidence: tuple[Evidence, ...]) -> list[Owed]:
    """Each evidence serves one of what is owed: the one it is about, or the earliest in whose time it lies."""
    free, served, names = list(evidence), [], {one.name for one in owed}
    for one in owed:
        done = next((other for other in free if _serves(other, one, names) and one.in_time(other)), None)
        if done:
            free.remove(done)
        served.append(replace(one, done=done))
    return served


def _late(owed: list[Owed], evidence: tuple[Evidence, ...]) -> list[Owed]:
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


def _serves(evidence: Evidence, owed: Owed, names: set[str]) -> bool:
    """What is about a period serves none of the others; what is about a run none but its own."""
    of_period = evidence.of is not None and is_period(evidence.of)
    if owed.about and evidence.of is not None and not of_period:
        return evidence.of in owed.about
    if of_period and any(map(is_period, names)):
        return evidence.of == owed.name
    return owed.start <= evidence.day
