"""Whether a plan may run: by signatures that count, by a standing approval, in an emergency, and not otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from change import CHANGES, NAMES, NIGHT, NOW, Office, principal

from maintkit.contract.changes import Changes
from maintkit.errors import ApprovalRefused, PlanChanged, WindowClosed
from maintkit.plans import approve, emergency, permit, standing
from maintkit.plans.frozen import freeze
from maintkit.plans.model import Plan
from maintkit.plans.sign import sign
from maintkit.plans.standing import standing_act


def refusal(office: Office, plan: Plan) -> str:
    """Why the plan may not run."""
    with pytest.raises(ApprovalRefused) as caught:
        permit.permission(office.ledger, plan, office.authority)
    assert caught.value.hint
    return str(caught.value)


def test_an_approved_plan_may_run_in_its_window(office: Office) -> None:
    """Who, which window, and which nonces: what a run records."""
    plan = office.frozen()
    given = office.approve(plan)
    assert (given.person, given.key[:7]) == ("李主任", "SHA256:")
    office.later()
    found = permit.permission(office.ledger, plan, office.authority)
    assert (found.ground, found.by, found.window) == ("signed", ("李主任",), NIGHT)
    assert found.nonces == (given.act.nonce,)


def test_without_approval_it_may_not(office: Office) -> None:
    """The refusal says how many are needed and that none counts."""
    plan = office.frozen()
    office.later()
    assert "needs 1 approvals of different people, none count" in refusal(office, plan)


@pytest.mark.parametrize(("role", "who"), [("second-approver", "chen"), ("second-approver", "wang")])
def test_a_second_approver_alone_is_not_enough(office: Office, role: str, who: str) -> None:
    """Somebody must have signed as approver."""
    plan = office.frozen()
    office.approve(plan, who, role)
    office.later()
    assert "needs 1 approvals" in refusal(office, plan)


def test_who_signs_in_both_roles_counts_as_approver(office: Office) -> None:
    """In either order, once."""
    plan = office.frozen()
    office.approve(plan, "wang", "second-approver")
    office.approve(plan, "wang")
    office.later()
    assert permit.permission(office.ledger, plan, office.authority).by == ("王工",)


def test_two_principals_found_to_be_one_person_count_once_from_then_on(office: Office) -> None:
    """roles.yml was wrong when they signed; what it says now counts."""
    plan = office.frozen("high")
    office.approve(plan)
    office.approve(plan, "wang", "second-approver")
    office.later()
    assert permit.permission(office.ledger, plan, office.authority).by == ("李主任", "王工")
    both = {"name": "李主任", "of": "hospital", "principals": [principal("li"), principal("wang")]}
    office.staff([{**both, "roles": ["approver", "second-approver"]},
                  {"name": NAMES["zhang"], "of": "provider", "principals": [principal("zhang")]}])  # fmt: skip
    assert "1 (李主任) count" in refusal(office, plan)


def test_a_high_risk_needs_two_people(office: Office) -> None:
    """One person is not enough, twice the same neither; two are."""
    plan = office.frozen("high")
    office.approve(plan)
    office.approve(plan)
    office.later()
    assert "needs 2 approvals of different people, 1 (李主任) count" in refusal(office, plan)
    office.later(NOW + timedelta(hours=1))
    with pytest.raises(ApprovalRefused, match="is no second-approver"):
        office.approve(plan, "li", "second-approver")


def test_two_people_are_two(office: Office) -> None:
    """An approver and a second approver open the way for a high risk."""
    plan = office.frozen("high")
    office.approve(plan)
    office.approve(plan, "chen", "second-approver")
    office.later()
    assert permit.permission(office.ledger, plan, office.authority).by == ("李主任", "陈护士长")


def test_two_keys_of_one_person_count_once(office: Office) -> None:
    """Two principals, each with a key of its own, are one person when roles.yml says so."""
    office.staff([
        {"name": "李主任", "of": "hospital", "principals": [principal("li"), principal("wang")], "roles": ["approver"]},
        {"name": "张伟", "of": "provider", "principals": [principal("zhang")]},
    ])  # fmt: skip
    plan = office.frozen("high")
    office.approve(plan)
    office.approve(plan, "wang")
    office.later()
    assert "1 (李主任) count" in refusal(office, plan)


def test_one_key_of_two_people_counts_once(office: Office) -> None:
    """The same key under two names is one signature."""
    office.allow({principal("li"): "li", principal("wang"): "li"})
    plan = office.frozen("high")
    office.approve(plan)
    act = office.act(plan, "wang")
    approve.approve(office.ledger, plan, act, sign(act, key=office.key("li")), office.authority)
    office.later()
    assert "1 (李主任) count" in refusal(office, plan)


@pytest.mark.parametrize(
    ("at", "told"), [(NIGHT.start - timedelta(minutes=1), "not valid before"), (NIGHT.end, "expired")]
)
def test_an_approval_counts_in_its_window_only(office: Office, at: datetime, told: str) -> None:
    """Fault 24: before the window opens and when it has closed the approval does not count, and the text says so."""
    plan = office.frozen()
    office.approve(plan)
    office.later(at)
    assert told in refusal(office, plan)


def test_a_blackout_declared_later_closes_the_window(office: Office) -> None:
    """The approval stands, the contract does not let it run."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    blackout = {"id": "assessment", "title_zh": "等保测评周", "start": "2026-11-28", "end": "2026-12-04"}
    office.changes = CHANGES.model_validate({**CHANGES.model_dump(mode="json"), "blackouts": [blackout]})
    with pytest.raises(WindowClosed, match=r"blackout assessment \(等保测评周\)"):
        permit.permission(office.ledger, plan, office.authority)


def test_a_plan_that_is_not_the_frozen_one_may_not_run(office: Office) -> None:
    """Fault 26: one character of the plan in hand is enough."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    with pytest.raises(PlanChanged, match="was altered since it was frozen"):
        permit.permission(office.ledger, replace(plan, reason="nginx 安全公告。"), office.authority)


def test_a_plan_runs_once_and_the_first_run_is_named(office: Office) -> None:
    """Fault 17; the run itself may go on with what it has."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    permit.use(office.ledger, permit.permission(office.ledger, plan, office.authority), "R20261129-1")
    assert f"plan {plan.id} was used by run R20261129-1" in refusal(office, plan)
    assert permit.permission(office.ledger, plan, office.authority, run="R20261129-1").by == ("李主任",)


def test_a_key_that_expires_after_signing_still_counts_and_a_revoked_one_does_not(office: Office) -> None:
    """Valid when taken in is enough; a revocation reaches back, also in the middle of a window (fault 7)."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    office.allow(options='valid-before="20261127"')
    assert permit.permission(office.ledger, plan, office.authority).by == ("李主任",)
    office.revoke("li")
    assert "does not count: ssh-keygen -Y verify" in refusal(office, plan)


def test_a_role_taken_away_takes_the_approval_with_it(office: Office) -> None:
    """roles.yml as it is now decides."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    office.staff([{"name": NAMES["li"], "of": "hospital", "principals": [principal("li")], "roles": []},
                  {"name": NAMES["zhang"], "of": "provider", "principals": [principal("zhang")]}])  # fmt: skip
    assert "李主任 (li@hospital.example) is no approver: no role" in refusal(office, plan)


STANDING = {"id": "routine", "procedure": "restart", "systems": ["HIS"], "max_risk": "low",
            "windows": ["saturday-night"], "until": "2026-12-31"}  # fmt: skip


def with_standing(office: Office, **changes: object) -> None:
    """The contract with one standing approval."""
    said = {**CHANGES.model_dump(mode="json"), "standing": [{**STANDING, **changes}]}
    office.changes = Changes.model_validate_json(json.dumps(said))


def sign_standing(office: Office, who: str = "li", role: str = "approver") -> None:
    """Put the rule into force."""
    rule = standing.rule_of(office.changes, "routine")
    act = standing_act(office.ledger.id, rule, role=role, signer=principal(who), nonce=f"{next(office.nonces):032x}",
                       at=office.clock.at)  # type: ignore[arg-type]  # fmt: skip
    standing.approve_standing(office.ledger, rule, act, sign(act, key=office.key(who)), office.authority)


def test_a_standing_approval_covers_a_routine_restart(office: Office) -> None:
    """Signed once, it lets the next restart run in its windows with nobody's further signature."""
    with_standing(office)
    sign_standing(office)
    plan = office.frozen(procedure="restart")
    office.later()
    found = permit.permission(office.ledger, plan, office.authority)
    assert (found.ground, found.detail, found.by, found.window) == ("standing", "routine", ("李主任",), NIGHT)


@pytest.mark.parametrize(("rule", "plan"), [
    ({}, {"procedure": "patch"}),
    ({"systems": ["EMR"]}, {}),
    ({}, {"risk": "medium"}),
    ({"until": "2026-11-28"}, {}),
    ({}, {"requester": "li@hospital.example"}),
])  # fmt: skip
def test_a_standing_approval_covers_nothing_else(office: Office, rule: dict[str, str], plan: dict[str, str]) -> None:
    """Another procedure, system, higher risk, a later day, or a change that its signer asked for."""
    with_standing(office, **rule)
    sign_standing(office)
    frozen = office.frozen(**{"procedure": "restart", **plan})
    office.later()
    assert "needs 1 approvals" in refusal(office, frozen)


def test_an_unsigned_or_altered_rule_covers_nothing(office: Office) -> None:
    """A line in contract.yml alone opens nothing; nor does a rule that was widened after it was signed."""
    with_standing(office)
    plan = office.frozen("medium", procedure="restart")
    office.later()
    assert "needs 1" in refusal(office, plan)
    sign_standing(office)
    with_standing(office, max_risk="medium")
    assert "needs 1" in refusal(office, plan)


def test_a_standing_approval_does_not_open_a_closed_window(office: Office) -> None:
    """On a Thursday noon the rule is in force and the window is shut."""
    with_standing(office)
    sign_standing(office)
    plan = office.frozen(procedure="restart")
    with pytest.raises(WindowClosed):
        permit.permission(office.ledger, plan, office.authority)


def test_an_emergency_needs_a_person_and_a_reason_and_ends(office: Office) -> None:
    """Recorded with both, good for this plan and four hours, outside every window."""
    plan, lasts = office.frozen(), office.changes.emergency_lasts
    for by, reason in (("nobody", "数据库停止响应，门诊中断"), ("张伟", "x"), ("张伟", "")):
        with pytest.raises(ApprovalRefused):
            emergency.declare(office.ledger, plan, office.people, lasts=lasts, by=by, reason=reason)
    emergency.declare(office.ledger, plan, office.people, lasts=lasts, by="张伟", reason="数据库停止响应，门诊中断")
    found = permit.permission(office.ledger, plan, office.authority)
    assert (found.ground, found.by, found.detail) == ("emergency", ("张伟",), "数据库停止响应，门诊中断")
    other = freeze(office.ledger, replace(plan, id="P20261126-2"))
    assert "needs 1" in refusal(office, other)
    office.later(NOW + timedelta(hours=4))
    assert "needs 1" in refusal(office, plan)
    assert [one.by for one in emergency.emergencies(office.ledger)] == ["张伟"]
