"""Undoing a run that has ended well: whether it may be undone, and of which hosts. Read from the ledger alone.

What the hosts say of it, their own phase `undoable` tells (docs/procedures.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maintkit.errors import ChangeRefused
from maintkit.evidence.change_record import ChangeRecord, change_record
from maintkit.evidence.changes import undoing
from maintkit.evidence.ledger import Ledger
from maintkit.plans.frozen import plan_of
from maintkit.plans.model import FileChange, Plan, PlanHost

_LOST = {
    "point-of-no-return": "it cannot be taken back",
    "snapshot": "putting the snapshot back loses what was written since",
    "restore-only": "only a restore brings it back, and loses what was written since",
}
_TURNED = {"+": "-", "-": "+"}


@dataclass(frozen=True, kw_only=True)
class Undoable:
    """A run, the plan that it carried out, and the hosts that stand as it changed them."""

    run: str
    plan: Plan
    hosts: tuple[PlanHost, ...]


def undoable(ledger: Ledger, run: str) -> Undoable:
    """What undoing this run would be about.

    NotFound when there is no such run; ChangeRefused says why it cannot be undone: it has not ended, it changed no
    host for good, it was undone, it undid another one, or a step of it has no way back.
    """
    record = change_record(ledger, run)
    plan = plan_of(ledger, record.plan)
    if record.verdict is None:
        raise ChangeRefused(f"run {run} has not ended", hint=f"`maintkit resume {run}` brings it to an end")
    if plan.undoes:
        raise ChangeRefused(f"run {run} has itself undone {plan.undoes}", hint="plan the change anew instead")
    hosts = tuple(plan.host(host.name) for host in record.hosts if host.state == "done")
    if not hosts:
        raise ChangeRefused(
            f"run {run} ended {record.verdict}: no host stands as it wanted", hint=f"`maintkit status {run}` shows how"
        )
    for other in _that_undid(ledger, run):
        raise ChangeRefused(
            f"run {run} was undone by {other.run}, which ended {other.verdict or 'never'}",
            hint=f"`maintkit status {other.run}` shows how each host stands",
        )
    for host in hosts:
        for step in host.steps:
            if step.rollback in _LOST:
                raise ChangeRefused(
                    f"run {run} has done `{step.action} {step.target}` on {host.name}, which is {step.rollback}: "
                    f"{_LOST[step.rollback]}",
                    hint="plan a change that leads where you want to be",
                )
    return Undoable(run=run, plan=plan, hosts=hosts)


def turned(file: FileChange) -> FileChange:
    """The change of a file the other way round."""
    lines = (f"{_TURNED.get(line[:1], line[:1])}{line[1:]}" for line in file.difference.splitlines())
    return FileChange(path=file.path, before=file.after, after=file.before, difference="\n".join(lines))


def _that_undid(ledger: Ledger, run: str) -> Iterator[ChangeRecord]:
    """Runs that have undone this one on at least one host, or have begun to."""
    for name in undoing(ledger, run):
        record = change_record(ledger, name)
        if any(host.change_begun for host in record.hosts):
            yield record
