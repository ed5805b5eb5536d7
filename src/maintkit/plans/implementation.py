"""A change that was carried out, with the plan, signatures, supervision and locks around it; nothing is judged here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from maintkit.evidence.change_record import ChangeRecord, change_record
from maintkit.evidence.changes import STARTED, undoing
from maintkit.evidence.entry import Entry, Head
from maintkit.evidence.ledger import Ledger
from maintkit.plans.acts import BROKEN, GIVEN, IN, OUT, STANDING, Given, given
from maintkit.plans.emergency import DECLARED, Emergency, emergencies
from maintkit.plans.frozen import FROZEN, plan_of
from maintkit.plans.model import Plan
from maintkit.plans.record import RELEASED, TAKEN, USED, approvals

_OF_THE_PLAN = (FROZEN, GIVEN, DECLARED, IN, OUT)


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A supervisor who was there. `left` None: the ledger has no check-out."""

    person: str
    key: str
    came: Given
    left: Given | None


@dataclass(frozen=True, kw_only=True)
class LockSpan:
    """One lock of the run on a host. `ended_at` None: it is still held; `broken_by` is who broke it by signature."""

    host: str
    token: int
    taken_at: datetime
    ended_at: datetime | None
    broken_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """What the documents of a change say. `approvals` are those that the run used, or the signatures under its rule.

    `undone_by` are runs that were begun later to undo this one. `head` is the newest entry that it rests on, so that
    the same facts give the same document.
    """

    plan: Plan
    done: ChangeRecord
    approvals: tuple[Given, ...]
    stays: tuple[Stay, ...]
    emergencies: tuple[Emergency, ...]
    locks: tuple[LockSpan, ...]
    undone_by: tuple[str, ...]
    entries: tuple[Entry, ...]
    head: Head


def implementation(ledger: Ledger, run: str) -> Implementation:
    """The run of this name with all that belongs to it; NotFound when there is none."""
    done = change_record(ledger, run)
    plan = plan_of(ledger, done.plan)
    used = next((entry for entry in done.entries if entry.kind == USED), None)
    signed = _used(ledger, plan, used)
    broken = {int(one.act.value("lock")): one for host in plan.hosts for one in given(ledger, BROKEN, host.name)}
    locks = tuple(_locks(done.entries, broken))
    numbers = {one.seq for one in signed} | {one.seq for token, one in broken.items() if token in _tokens(locks)}
    entries = _entries(ledger, plan, done, numbers)
    return Implementation(
        plan=plan,
        done=done,
        approvals=signed,
        stays=tuple(_stays(ledger, plan)),
        emergencies=tuple(emergencies(ledger, plan.id)),
        locks=locks,
        undone_by=undoing(ledger, run),
        entries=entries,
        head=Head(seq=entries[-1].seq, hash=entries[-1].hash),
    )


def _used(ledger: Ledger, plan: Plan, used: Entry | None) -> tuple[Given, ...]:
    if used is None:
        return ()
    if used.body["ground"] == "standing":
        return tuple(
            one for one in given(ledger, STANDING, used.body["detail"])
            if one.seq < used.seq and one.person in used.body["by"]
        )  # fmt: skip
    nonces = used.body["nonces"]
    return tuple(one for one in approvals(ledger, plan) if one.act.nonce in nonces)


def _stays(ledger: Ledger, plan: Plan) -> Iterator[Stay]:
    """Check-ins with the check-out of the same person that follows."""
    outs = list(given(ledger, OUT, plan.id))
    for came in given(ledger, IN, plan.id):
        left = next((one for one in outs if one.seq > came.seq and one.person == came.person), None)
        yield Stay(person=came.person, key=came.key, came=came, left=left)


def _locks(entries: Iterable[Entry], broken: dict[int, Given]) -> Iterator[LockSpan]:
    own = tuple(entries)
    released = {int(one.body["lock"]): one.at for one in own if one.kind == RELEASED}
    taken = [one for one in own if one.kind == TAKEN]
    for one in taken:
        by = broken.get(one.seq)
        # A run that goes on takes its locks anew, which ends the ones before.
        anew = next((other.at for other in taken if other.subject == one.subject and other.seq > one.seq), None)
        yield LockSpan(
            host=one.subject or "",
            token=one.seq,
            taken_at=one.at,
            ended_at=by.at if by else released.get(one.seq, anew),
            broken_by=by.person if by else "",
        )


def _tokens(locks: Iterable[LockSpan]) -> set[int]:
    return {one.token for one in locks}


def _entries(ledger: Ledger, plan: Plan, done: ChangeRecord, numbers: set[int]) -> tuple[Entry, ...]:
    """Everything that the documents rest on, oldest first."""
    found = {entry.seq: entry for entry in done.entries}
    for kind in _OF_THE_PLAN:
        for entry in ledger.entries(kind=kind, subject=plan.id):
            if kind != GIVEN or entry.seq in numbers:
                found[entry.seq] = entry
    for name in undoing(ledger, done.run):
        found |= {entry.seq: entry for entry in ledger.entries(kind=STARTED, run=name)}
    for kind in (STANDING, BROKEN):
        found |= {entry.seq: entry for entry in ledger.entries(kind=kind) if entry.seq in numbers}
    return tuple(found[seq] for seq in sorted(found))
