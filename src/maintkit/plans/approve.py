"""Approving a plan: the text that is signed, and whether what was signed lets the plan run now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from maintkit.clock import to_text
from maintkit.errors import ApprovalRefused, ChangeRefused, WindowClosed
from maintkit.evidence.ledger import Ledger
from maintkit.plans import emergency, standing
from maintkit.plans.acts import GIVEN, Act, Given, parse
from maintkit.plans.frozen import require_frozen
from maintkit.plans.model import Plan
from maintkit.plans.people import Role, Signatory
from maintkit.plans.record import REQUESTED, USED, approvals, requested, window_of
from maintkit.plans.sign import Authority, require_exact, signatory, stands, take
from maintkit.plans.window import Window, open_windows, require_open, state, window_at

ROLES: tuple[Role, ...] = ("approver", "second-approver")


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


def approval_act(plan: Plan, window: Window, zone: tzinfo, *, role: Role, signer: str, nonce: str, at: datetime) -> Act:
    """The text that approves this plan in this window. `at` and `nonce` make it one of a kind."""
    hosts = tuple(("host", f"{host.name} machine-id {host.machine_id}") for host in plan.hosts)
    return Act(
        what="approval",
        ledger=plan.ledger,
        about=(
            ("plan", plan.id),
            ("plan-sha256", plan.sha256),
            ("site", plan.site),
            ("procedure", plan.procedure),
            ("title", plan.title_zh),
            ("risk", plan.risk),
            *hosts,
            ("window-start", window.start.astimezone(zone).isoformat(timespec="seconds")),
            ("window-end", window.end.astimezone(zone).isoformat(timespec="seconds")),
            ("requested-by", plan.requester),
        ),
        role=role,
        signer=signer,
        nonce=nonce,
        at=at,
    )


def request(ledger: Ledger, plan: Plan, acts: tuple[Act, ...], authority: Authority) -> None:
    """Record the texts that are given out to be signed elsewhere; only these are taken in again."""
    for act in acts:
        require_acceptable(act, plan, authority, ledger.clock.now())
        require_exact(ledger, {"text": act.text})
    with ledger.writing(f"request approval of {plan.id}"):
        for act in acts:
            ledger.append(REQUESTED, {"text": act.text, "nonce": act.nonce}, subject=plan.id)


def approve(ledger: Ledger, plan: Plan, act: Act, signature: str, authority: Authority) -> Given:
    """Take in a signed approval of a plan; ApprovalRefused or WindowClosed says why it does not count."""
    require_acceptable(act, plan, authority, ledger.clock.now())
    return take(ledger, act, signature, authority, kind=GIVEN, subject=plan.id)


def approve_carried(ledger: Ledger, plan: Plan, text: str, signature: str, authority: Authority) -> Given:
    """The same for a text that was signed on another machine: it must be one that was given out, to the byte."""
    act = parse(text)
    if all(one.text != text for one in requested(ledger, plan)):
        raise ApprovalRefused(
            f"this text was not given out for plan {plan.id}, or was altered since",
            hint="sign the very file that `maintkit request` wrote",
        )
    return approve(ledger, plan, act, signature, authority)


def permission(ledger: Ledger, plan: Plan, authority: Authority, *, run: str | None = None) -> Permission:
    """Whether the plan may run now, all signatures verified again; the one question that `apply` asks.

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


def require_acceptable(act: Act, plan: Plan, authority: Authority, now: datetime) -> None:
    """Whether a signature under this text could count at all: refuse before somebody signs for nothing."""
    window = require_of(act, plan, authority)
    require_role(act, plan, authority)
    if state(window, now) == "expired":
        require_open(window, now)
    agreed = open_windows(authority.changes, authority.zone, window.start, window.end, plan.systems)
    if not any(one.holds(window) for one in agreed):
        raise ApprovalRefused(
            f"the window {window} is not wholly inside what the contract leaves open",
            hint="`maintkit window list` shows what is open",
        )


def require_of(act: Act, plan: Plan, authority: Authority) -> Window:
    """The act's window, if the act approves exactly this plan; ApprovalRefused otherwise."""
    if act.what != "approval" or act.value("plan") != plan.id:
        raise ApprovalRefused(f"this is no approval of plan {plan.id}", hint="sign the text made for this plan")
    window = window_of(act)
    same = approval_act(plan, window, authority.zone, role=act.role, signer=act.signer, nonce=act.nonce, at=act.at)
    if act.value("plan-sha256") != plan.sha256 or act.text != same.text:
        raise ApprovalRefused(
            f"what was approved is not plan {plan.id} as it is: signed {act.value('plan-sha256')[:16]}…, "
            f"here {plan.sha256[:16]}…",
            hint="a changed plan needs a new approval",
        )
    return window


def require_role(act: Act, plan: Plan, authority: Authority) -> Signatory:
    """The person who signs, if listed for the role and not the one who asked for the change."""
    if act.role not in ROLES:
        raise ApprovalRefused(f"a {act.role} approves nothing", hint=f"the roles are {', '.join(ROLES)}")
    person = signatory(authority.people, act.signer, act.role)
    requester = authority.people.who(plan.requester)
    if requester is None:
        raise ApprovalRefused(
            f"{plan.requester}, who requested plan {plan.id}, is nobody in signers/roles.yml",
            hint="list the requester there: nobody may approve a change of their own",
        )
    if requester == person:
        raise ApprovalRefused(
            f"{person.name} requested plan {plan.id} and cannot approve it", hint="somebody else has to sign"
        )
    return person


def _signed(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Permission:
    reasons: dict[str, str] = {}
    good: dict[str, tuple[Given, Window]] = {}
    keys: set[str] = set()
    for one, window, reason in _judged(ledger, plan, authority, now):
        if reason:
            reasons[f"{one.person} as {one.act.role}, entry {one.seq}"] = reason
        elif one.person not in good and one.key not in keys:
            good[one.person] = (one, window)
            keys.add(one.key)
    needed = authority.changes.approvals.needed(plan.risk)
    if len(good) < needed or not any(one.act.role == "approver" for one, _ in good.values()):
        raise ApprovalRefused(_shortfall(plan, needed, tuple(good), reasons), hint=f"`maintkit request {plan.id}`")
    agreed = [window_at(authority.changes, authority.zone, now, plan.systems), *(window for _, window in good.values())]
    return Permission(
        plan=plan.id,
        sha256=plan.sha256,
        ground="signed",
        window=Window(start=max(one.start for one in agreed), end=min(one.end for one in agreed)),
        by=tuple(good),
        nonces=tuple(one.act.nonce for one, _ in good.values()),
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


def _judged(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Iterator[tuple[Given, Window, str]]:
    """Every approval with its window and the reason why it does not count now; an empty reason: it does."""
    for one in approvals(ledger, plan):
        window = window_of(one.act)
        try:
            require_of(one.act, plan, authority)
            require_role(one.act, plan, authority)
            stands(one, authority)
            when = state(window, now)
            reason = {"open": "", "early": f"not valid before {window.start}", "expired": f"expired {window.end}"}[when]
        except ApprovalRefused as refusal:
            reason = str(refusal)
        yield one, window, reason


def _shortfall(plan: Plan, needed: int, good: tuple[str, ...], reasons: Mapping[str, str]) -> str:
    said = "; ".join(f"{who}: {why}" for who, why in reasons.items())
    have = f"{len(good)} ({', '.join(good)})" if good else "none"
    return f"plan {plan.id} of risk {plan.risk} needs {needed} approvals of different people, {have} count" + (
        f"; {said}" if said else ""
    )
