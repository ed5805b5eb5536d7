"""What is due, by when: contract + calendar + evidence -> the standing of every duty. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from maintkit.contract.contract import Contract
from maintkit.contract.duties import Duty
from maintkit.contract.owed import Evidence, Owed, Seen, changed_since, owed_by
from maintkit.contract.workdays import Calendar, Undetermined

State = Literal["met", "not-due", "due-soon", "overdue", "undetermined"]


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
    owed = owed_by(contract, calendar, duty, seen)
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
    changed = changed_since(contract, calendar, duty, own)
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


def _soon(contract: Contract, duty: Duty, one: Owed, on: date) -> bool:
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


def _past(one: Owed, now: date) -> bool:
    return one.done is None and not isinstance(one.due, Undetermined) and one.due < now
