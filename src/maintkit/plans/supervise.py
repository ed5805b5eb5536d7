"""The hospital's person who is present: checked in before the change, checked out after it, both signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from maintkit.errors import ApprovalRefused, SupervisorAbsent
from maintkit.evidence.ledger import Ledger
from maintkit.plans.acts import IN, OUT, Act, Given, given
from maintkit.plans.model import Plan
from maintkit.plans.sign import Authority, stands, take

COMES_BEFORE = timedelta(hours=2)  # who checked in earlier than this before the window came for something else
Way = Literal["in", "out"]


def supervision_act(plan: Plan, way: Way, *, signer: str, nonce: str, at: datetime) -> Act:
    """The text of a check-in or check-out."""
    about = (("plan", plan.id), ("plan-sha256", plan.sha256), ("site", plan.site), ("check", way))
    return Act(
        what="supervision", ledger=plan.ledger, about=about, role="supervisor", signer=signer, nonce=nonce, at=at
    )


def check(ledger: Ledger, plan: Plan, act: Act, signature: str, authority: Authority) -> Given:
    """Record a check-in or check-out; ApprovalRefused unless a supervisor signed it, or to go out without being in."""
    way = _way(act, plan)
    if way == "out" and act.signer not in {one.act.signer for one in present(ledger, plan, authority)}:
        raise ApprovalRefused(f"{act.signer} has not checked in to {plan.id}", hint="check in first")
    return take(ledger, act, signature, authority, kind=IN if way == "in" else OUT, subject=plan.id)


def present(ledger: Ledger, plan: Plan, authority: Authority, *, since: datetime | None = None) -> tuple[Given, ...]:
    """Who is checked in to this plan now and not out again, by signatures that still count; not before `since`."""
    there: dict[str, Given] = {}
    both = (*given(ledger, IN, plan.id), *given(ledger, OUT, plan.id))
    for one in sorted(both, key=lambda one: one.seq):
        try:
            way = _way(one.act, plan)
            person = stands(one, authority)
        except ApprovalRefused:
            continue
        there.pop(person.name, None)
        if way == "in" and (since is None or one.at >= since):
            there[person.name] = one
    return tuple(there.values())


def require_present(ledger: Ledger, plan: Plan, authority: Authority, *, opens: datetime) -> tuple[Given, ...]:
    """Who watches; SupervisorAbsent when nobody has checked in for the window that opens at this instant."""
    there = present(ledger, plan, authority, since=opens - COMES_BEFORE)
    if not there:
        raise SupervisorAbsent(
            f"nobody of the hospital has checked in to plan {plan.id}",
            hint=f"`maintkit supervise in {plan.id} --key KEY` by a person with the role supervisor",
        )
    return there


def _way(act: Act, plan: Plan) -> Way:
    for way in ("in", "out"):
        same = supervision_act(plan, way, signer=act.signer, nonce=act.nonce, at=act.at)
        if act.text == same.text:
            return way
    raise ApprovalRefused(f"this is no check-in to plan {plan.id} as it is", hint="sign the text made for this plan")
