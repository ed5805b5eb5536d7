"""Approving a plan: the text that is signed, and taking a signature in."""

from __future__ import annotations

from datetime import datetime, tzinfo

from maintkit.errors import ApprovalRefused
from maintkit.evidence.ledger import Ledger
from maintkit.plans.acts import GIVEN, Act, Given, parse
from maintkit.plans.model import Plan
from maintkit.plans.people import Role, Signatory
from maintkit.plans.record import REQUESTED, requested, window_of
from maintkit.plans.sign import Authority, require_exact, signatory, take
from maintkit.plans.window import Window, open_windows, require_open, state

ROLES: tuple[Role, ...] = ("approver", "second-approver")


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
