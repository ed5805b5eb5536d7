"""Standing approvals: a rule of the contract for routine changes, which counts once it is signed as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from maintkit.contract.changes import RISKS, Changes, Standing
from maintkit.errors import ApprovalRefused, NotFound
from maintkit.evidence.canonical import canonical
from maintkit.evidence.ledger import Ledger
from maintkit.plans.acts import STANDING, Act, Given, given
from maintkit.plans.model import Plan
from maintkit.plans.people import Role
from maintkit.plans.sign import Authority, stands, take


@dataclass(frozen=True, kw_only=True)
class Covered:
    """The rule that covers a plan, who signed it, and the contract's terms with this rule's windows alone."""

    rule: Standing
    people: tuple[str, ...]
    terms: Changes


def rule_of(changes: Changes, id_: str) -> Standing:
    """The rule of this id; NotFound if the contract has none."""
    for rule in changes.standing:
        if rule.id == id_:
            return rule
    known = ", ".join(rule.id for rule in changes.standing) or "none"
    raise NotFound(f"contract.yml has no standing approval {id_!r}", hint=f"it has: {known}")


def standing_act(ledger_id: str, rule: Standing, *, role: Role, signer: str, nonce: str, at: datetime) -> Act:
    """The text that puts a rule into force: its hash covers every value, so an altered rule needs new signatures."""
    return Act(
        what="standing",
        ledger=ledger_id,
        about=(
            ("rule", rule.id),
            ("rule-sha256", sha256(canonical(rule.model_dump(mode="json")).encode()).hexdigest()),
            ("procedure", rule.procedure),
            ("systems", ", ".join(rule.systems)),
            ("max-risk", rule.max_risk),
            ("windows", ", ".join(rule.windows)),
            ("until", rule.until.isoformat()),
        ),
        role=role,
        signer=signer,
        nonce=nonce,
        at=at,
    )


def approve_standing(ledger: Ledger, rule: Standing, act: Act, signature: str, authority: Authority) -> Given:
    """Take in a signature under a rule."""
    _require_of(act, rule)
    return take(ledger, act, signature, authority, kind=STANDING, subject=rule.id)


def permits(ledger: Ledger, plan: Plan, authority: Authority, now: datetime) -> Covered | None:
    """The first rule that covers this plan today and that enough people have signed; None when there is none."""
    today = now.astimezone(authority.zone).date()
    for rule in authority.changes.standing:
        if not covers(rule, plan, today):
            continue
        people = _signed_by(ledger, rule, authority, plan)
        if len(people) >= authority.changes.approvals.needed(rule.max_risk):
            windows = tuple(one for one in authority.changes.windows if one.id in rule.windows)
            return Covered(rule=rule, people=people, terms=authority.changes.model_copy(update={"windows": windows}))
    return None


def covers(rule: Standing, plan: Plan, today: date) -> bool:
    """Whether a plan is of the kind that the rule speaks of: procedure, systems, risk, and the last day."""
    return (
        rule.procedure == plan.procedure
        and bool(plan.systems)
        and set(plan.systems) <= set(rule.systems)
        and RISKS.index(plan.risk) <= RISKS.index(rule.max_risk)
        and today <= rule.until
    )


def _signed_by(ledger: Ledger, rule: Standing, authority: Authority, plan: Plan) -> tuple[str, ...]:
    """Different people with different keys whose signature under the rule as it stands counts, less the requester."""
    requester = authority.people.who(plan.requester)
    keys: dict[str, str] = {}
    for one in given(ledger, STANDING, rule.id):
        try:
            _require_of(one.act, rule)
            person = stands(one, authority)
        except ApprovalRefused:
            continue
        if requester is not None and person != requester and one.key not in keys.values():
            keys.setdefault(person.name, one.key)
    return tuple(keys)


def _require_of(act: Act, rule: Standing) -> None:
    same = standing_act(act.ledger, rule, role=act.role, signer=act.signer, nonce=act.nonce, at=act.at)
    if act.what != "standing" or act.text != same.text or act.role not in ("approver", "second-approver"):
        raise ApprovalRefused(
            f"what was signed is not the rule {rule.id} as contract.yml has it", hint="sign the rule as it stands now"
        )
