"""Whether a plan may run now: the one question that `apply` asks, and the record that a run used the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maintkit.clock import to_text
from maintkit.errors import ApprovalRefused, ChangeRefused, WindowClosed
from maintkit.evidence.ledger import Ledger
from maintkit.plans import emergency, standing
from maintkit.plans.acts import Given
from maintkit.plans.approve import require_of, require_role
from maintkit.plans.frozen import require_frozen
from maintkit.plans.model import Plan
from maintkit.plans.record import USED, approvals, window_of
from maintkit.plans.sign import Authority, stands
from maintkit.plans.window import Window, state, window_at


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Why a plan may run, and in which window: what `permission` found and a run records with `use`.

    `window` is what signatures and contract both allow. `by` are the people; `detail` is the rule's id or the
    emergency's reason.
    """

    plan: str
    sha256: str
    ground: Literal["signed", "standing", "emergency"]
    window: Window
    by: tuple[str, ...]
    nonces: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """An approval with the person that it is of today, and why it does not count now; no reason: it does."""

    given: Given
    window: Window
    person: str
    reason: str


def permission(ledger: Ledger, plan: Plan, authority: Authority, *, run: str | None = None) -> Permission:
    """Whether the plan may run now, all signatures verified again.

    Signatures come first, then a standing approval, then a declared emergency. ApprovalRefused or WindowClosed gives
    the reasons. `run` is the run that goes on with a permission it has used already.
    """
    now = ledger.clock.now()
    require_frozen(ledger, plan)
    _spent(ledger, plan.id, run)
    refusal: ChangeRefused | None = None
    for ground in (_signed, _standing, _emergency):
        try:
            found = ground(ledger, plan, authority, now)
        except (ApprovalRefused, WindowClosed) as error:
            refusal = error
        else:
            if found is not None:
                return found
    raise refusal or ApprovalRefused(f"nothing permits plan {plan.id}", hint=f"`maintkit request {plan.id}`")


def use(ledger: Ledger, used: Permission, run: str) -> None:
    """Record that a run spends this permission. A plan runs once: of two runs at once, one is refused.

    A run that goes on has spent it already, and nothing is recorded again.
    """
    with ledger.writing(f"start run {run}"):
        if _spent(ledger, used.plan, run):
            return
        body = {
            "plan_sha256": used.sha256,
            "ground": used.ground,
            "window": [to_text(used.window.start), to_text(used.window.end)],
            "by": list(used.by),
            "nonces": list(used.nonces),
            "detail": used.detail,
        }
        ledger.append(USED, body, run=run, subject=used.plan)


def _signed(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Permission:
    reasons: dict[str, str] = {}
    good: dict[str, _Counted] = {}
    keys: set[str] = set()
    # Who signed in both roles counts as the approver.
    for one in sorted(_judged(ledger, plan, authority, now), key=lambda one: one.given.act.role != "approver"):
        if one.reason:
            reasons[f"{one.person} as {one.given.act.role}, entry {one.given.seq}"] = one.reason
        elif one.person not in good and one.given.key not in keys:
            good[one.person] = one
            keys.add(one.given.key)
    needed = authority.changes.approvals.needed(plan.risk)
    if len(good) < needed or not any(one.given.act.role == "approver" for one in good.values()):
        raise ApprovalRefused(_shortfall(plan, needed, tuple(good), reasons), hint=f"`maintkit request {plan.id}`")
    agreed = [window_at(authority.changes, authority.zone, now, plan.systems), *(one.window for one in good.values())]
    return Permission(
        plan=plan.id,
        sha256=plan.sha256,
        ground="signed",
        window=Window(start=max(one.start for one in agreed), end=min(one.end for one in agreed)),
        by=tuple(good),
        nonces=tuple(one.given.act.nonce for one in good.values()),
    )


def _standing(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Permission | None:
    found = standing.permits(ledger, plan, authority, now)
    if found is None:
        return None
    window = window_at(found.terms, authority.zone, now, plan.systems)
    return Permission(
        plan=plan.id, sha256=plan.sha256, ground="standing", window=window, by=found.people, detail=found.rule.id
    )


def _emergency(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Permission | None:
    del authority
    found = emergency.declared(ledger, plan, now)
    if found is None:
        return None
    return Permission(
        plan=plan.id, sha256=plan.sha256, ground="emergency", window=found.window, by=(found.by,), detail=found.reason
    )


def _judged(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Iterator[_Counted]:
    for one in approvals(ledger, plan):
        window, person, reason = window_of(one.act), one.person, ""
        try:
            require_of(one.act, plan, authority)
            require_role(one.act, plan, authority)
            person = stands(one, authority).name
        except ApprovalRefused as refusal:
            reason = str(refusal)
        else:
            when = state(window, now)
            reason = {"open": "", "early": f"not valid before {window.start}", "expired": f"expired {window.end}"}[when]
        yield _Counted(given=one, window=window, person=person, reason=reason)


def _shortfall(plan: Plan, needed: int, good: tuple[str, ...], reasons: Mapping[str, str]) -> str:
    said = "; ".join(f"{who}: {why}" for who, why in reasons.items())
    have = f"{len(good)} ({', '.join(good)})" if good else "none"
    return f"plan {plan.id} of risk {plan.risk} needs {needed} approvals of different people, {have} count" + (
        f"; {said}" if said else ""
    )


def _spent(ledger: Ledger, plan: str, run: str | None) -> bool:
    """Whether this run has spent the plan's permission; ApprovalRefused names another run that has."""
    spent = next(ledger.entries(kind=USED, subject=plan, limit=1), None)
    if spent is None:
        return False
    if run is None or spent.run != run:
        raise ApprovalRefused(
            f"plan {plan} was used by run {spent.run} on {spent.at:%F %R %z}",
            hint="a plan runs once: make a new one, or go on with that run by `maintkit resume`",
        )
    return True
