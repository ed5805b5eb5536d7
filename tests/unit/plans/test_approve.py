"""Approvals with real ssh-keygen: what counts, and every way in which a signature does not."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from change import CHANGES, NAMES, NIGHT, NOW, Office, principal

from maintkit.contract.changes import Changes
from maintkit.errors import ApprovalRefused, ChangeRefused, PlanChanged, WindowClosed
from maintkit.evidence.signing import sign as plain_sign
from maintkit.plans import approve, emergency, record, standing
from maintkit.plans.acts import Act, parse
from maintkit.plans.frozen import freeze, plan_of
from maintkit.plans.model import Plan
from maintkit.plans.sign import sign
from maintkit.plans.standing import standing_act
from maintkit.plans.window import Window


def test_an_approved_plan_may_run_in_its_window(office: Office) -> None:
    """Who, which window, and which nonces: what a run records."""
    plan = office.frozen()
    given = office.approve(plan)
    assert (given.person, given.key[:7]) == ("李主任", "SHA256:")
    office.later()
    found = approve.permission(office.ledger, plan, office.authority)
    assert (found.ground, found.by, found.window) == ("signed", ("李主任",), NIGHT)
    assert found.nonces == (given.act.nonce,)


def test_the_signed_text_can_be_read_and_holds_everything(office: Office) -> None:
    """Plan and hash, ledger, hosts with machine-id, window with offset, role, nonce, requester: one line each."""
    plan = office.frozen()
    act = office.act(plan)
    lines = act.text.splitlines()
    assert lines[0] == "maintkit.approval/1"
    assert {
        f"ledger: {office.ledger.id}", f"plan: {plan.id}", f"plan-sha256: {plan.sha256}", "procedure: patch",
        "title: 安全补丁更新", "risk: low", f"host: his-app1 machine-id {plan.hosts[0].machine_id}",
        "window-start: 2026-11-28T23:30:00+08:00", "window-end: 2026-11-29T05:00:00+08:00", "role: approver",
        "signer: li@hospital.example", f"nonce: {act.nonce}", "requested-by: zhang@provider.example",
    } <= set(lines)  # fmt: skip
    assert parse(act.text) == act


def refusal(office: Office, plan: Plan) -> str:
    """Why the plan may not run."""
    with pytest.raises(ApprovalRefused) as caught:
        approve.permission(office.ledger, plan, office.authority)
    assert caught.value.hint
    return str(caught.value)


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
    assert approve.permission(office.ledger, plan, office.authority).by == ("李主任", "陈护士长")


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


def test_a_window_that_is_over_is_not_signed_any_more(office: Office) -> None:
    """Late approval does not bring last week's window back."""
    plan = office.frozen()
    office.later(NIGHT.end)
    with pytest.raises(WindowClosed, match="is over"):
        office.approve(plan)


def test_a_window_beyond_the_contracts_is_not_signed(office: Office) -> None:
    """Half an hour longer than agreed is refused before anybody signs."""
    plan = office.frozen()
    longer = Window(start=NIGHT.start, end=NIGHT.end + timedelta(minutes=30))
    with pytest.raises(ApprovalRefused, match="not wholly inside what the contract leaves open"):
        office.approve(plan, window=longer)


def test_a_blackout_declared_later_closes_the_window(office: Office) -> None:
    """The approval stands, the contract does not let it run."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    blackout = {"id": "assessment", "title_zh": "等保测评周", "start": "2026-11-28", "end": "2026-12-04"}
    office.changes = CHANGES.model_validate({**CHANGES.model_dump(mode="json"), "blackouts": [blackout]})
    with pytest.raises(WindowClosed, match=r"blackout assessment \(等保测评周\)"):
        approve.permission(office.ledger, plan, office.authority)


def test_no_byte_of_the_text_may_change(office: Office) -> None:
    """Fault 25: every altered text is refused, whether it still parses or not; the true one is then taken in."""
    plan = office.frozen()
    act = office.act(plan)
    approve.request(office.ledger, plan, (act,), office.authority)
    signature = sign(act, key=office.key("li"))
    for place in range(0, len(act.text), 7):
        altered = act.text[:place] + ("0" if act.text[place] != "0" else "1") + act.text[place + 1 :]
        with pytest.raises(ChangeRefused):
            approve.approve_carried(office.ledger, plan, altered, signature, office.authority)
    approve.approve_carried(office.ledger, plan, act.text, signature, office.authority)


def test_an_act_with_one_line_changed_does_not_verify(office: Office) -> None:
    """Even where the text would say something possible, the signature is of another one."""
    plan = office.frozen()
    act = office.act(plan)
    other = replace(act, nonce="f" * 32)
    with pytest.raises(ApprovalRefused, match="does not count: ssh-keygen -Y verify"):
        approve.approve(office.ledger, plan, other, sign(act, key=office.key("li")), office.authority)
    assert record.approvals(office.ledger, plan) == ()


def test_an_approval_is_of_one_plan(office: Office) -> None:
    """Another plan's approval, and one of the same number with other content, approve nothing here."""
    plan = office.frozen()
    other = office.frozen(id="P20261126-2")
    act = office.act(other)
    signature = sign(act, key=office.key("li"))
    with pytest.raises(ApprovalRefused, match="this is no approval of plan P20261126-1"):
        approve.approve(office.ledger, plan, act, signature, office.authority)
    altered = replace(plan, reason="另一个理由")
    act = office.act(altered)
    with pytest.raises(ApprovalRefused, match="what was approved is not plan"):
        approve.approve(office.ledger, plan, act, sign(act, key=office.key("li")), office.authority)


def test_a_plan_that_is_not_the_frozen_one_may_not_run(office: Office) -> None:
    """Fault 26: one character of the plan in hand is enough."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    with pytest.raises(PlanChanged, match="was altered since it was frozen"):
        approve.permission(office.ledger, replace(plan, reason="nginx 安全公告。"), office.authority)


def test_an_approval_is_taken_in_once(office: Office) -> None:
    """Fault 27: the same signed text a second time is a replay, also in another role's or plan's name."""
    plan = office.frozen()
    act = office.act(plan)
    signature = sign(act, key=office.key("li"))
    first = approve.approve(office.ledger, plan, act, signature, office.authority)
    with pytest.raises(ApprovalRefused, match=f"taken in before, as entry {first.seq}"):
        approve.approve(office.ledger, plan, act, signature, office.authority)


def test_an_approval_for_another_ledger_is_refused(office: Office) -> None:
    """A text of another site, signed by the same people, does not count here."""
    plan = office.frozen()
    act = replace(office.act(plan), ledger="00000000-0000-0000-0000-000000000000")
    with pytest.raises(ApprovalRefused):
        approve.approve(office.ledger, plan, act, sign(act, key=office.key("li")), office.authority)


def test_a_plan_runs_once_and_the_first_run_is_named(office: Office) -> None:
    """Fault 17; the run itself may go on with what it has."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    approve.use(office.ledger, approve.permission(office.ledger, plan, office.authority), "R20261129-1")
    assert f"plan {plan.id} was used by run R20261129-1" in refusal(office, plan)
    assert approve.permission(office.ledger, plan, office.authority, run="R20261129-1").by == ("李主任",)


@pytest.mark.parametrize("requester", ["li@hospital.example", "李主任"])
def test_the_requester_cannot_approve(office: Office, requester: str) -> None:
    """Fault 28: by principal, by name, or with another key of the same person."""
    plan = office.frozen(requester=requester)
    with pytest.raises(ApprovalRefused, match="李主任 requested plan P20261126-1 and cannot approve it"):
        office.approve(plan)
    office.approve(plan, "wang")


def test_a_requester_nobody_knows_blocks_the_approval(office: Office) -> None:
    """It cannot be told that two people are at work."""
    plan = office.frozen(requester="somebody")
    with pytest.raises(ApprovalRefused, match=r"somebody, who requested .* is nobody in signers/roles\.yml"):
        office.approve(plan)


@pytest.mark.parametrize(("who", "role", "told"), [
    ("zhang", "approver", "张伟 (zhang@provider.example) is no approver: lock-breaker"),
    ("chen", "approver", "陈护士长 (chen@hospital.example) is no approver: second-approver"),
    ("li", "supervisor", "a supervisor approves nothing"),
    ("li", "lock-breaker", "a lock-breaker approves nothing"),
])  # fmt: skip
def test_only_the_listed_people_approve(office: Office, who: str, role: str, told: str) -> None:
    """The role must be theirs, and one that approves."""
    plan = office.frozen()
    with pytest.raises(ApprovalRefused) as caught:
        office.approve(plan, who, role)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "harm", ["other-key", "not-listed", "namespace", "expired", "not-yet", "revoked", "wrong-namespace"]
)
def test_a_signature_that_does_not_count_is_refused(office: Office, harm: str) -> None:
    """Somebody else's key, no list entry, another namespace, expired, not yet valid, revoked: ssh-keygen refuses."""
    plan = office.frozen()
    act = office.act(plan)
    signature = sign(act, key=office.key("wang" if harm == "other-key" else "li"))
    if harm == "not-listed":
        office.allow({principal("wang"): "wang"})
    elif harm == "namespace":
        office.allow(options='namespaces="file"')
    elif harm == "expired":
        office.allow(options='valid-before="20261125"')
    elif harm == "not-yet":
        office.allow(options='valid-after="20261201"')
    elif harm == "revoked":
        office.revoke("li")
    elif harm == "wrong-namespace":
        signature = plain_sign(act.text, key=office.key("li"), namespace="maintkit-anchor@maintkit")
    with pytest.raises(ApprovalRefused, match=r"the signature of li@hospital\.example does not count: ssh-keygen"):
        approve.approve(office.ledger, plan, act, signature, office.authority)
    assert record.approvals(office.ledger, plan) == ()


def test_a_key_that_expires_after_signing_still_counts_and_a_revoked_one_does_not(office: Office) -> None:
    """Valid when taken in is enough; a revocation reaches back, also in the middle of a window (fault 7)."""
    plan = office.frozen()
    office.approve(plan)
    office.later()
    office.allow(options='valid-before="20261127"')
    assert approve.permission(office.ledger, plan, office.authority).by == ("李主任",)
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


def test_a_text_that_was_not_given_out_is_not_taken_in(office: Office) -> None:
    """Carried approvals answer a request of this ledger."""
    plan = office.frozen()
    act = office.act(plan)
    with pytest.raises(ApprovalRefused, match="was not given out for plan"):
        approve.approve_carried(office.ledger, plan, act.text, sign(act, key=office.key("li")), office.authority)


def test_plain_ssh_keygen_signs_what_was_given_out(office: Office, tmp_path: Path) -> None:
    """On an air-gapped machine with nothing but OpenSSH."""
    plan = office.frozen()
    act = office.act(plan)
    approve.request(office.ledger, plan, (act,), office.authority)
    file = tmp_path / "approval.txt"
    file.write_text(act.text, encoding="utf-8")
    namespace = "maintkit-approval@maintkit"
    subprocess.run(["ssh-keygen", "-Y", "sign", "-f", office.key("li"), "-n", namespace, file], check=True)
    signature = Path(f"{file}.sig").read_text(encoding="ascii")
    office.later(NOW + timedelta(days=1))
    given = approve.approve_carried(office.ledger, plan, file.read_text(encoding="utf-8"), signature, office.authority)
    assert (given.person, given.at) == ("李主任", NOW + timedelta(days=1))


def test_a_text_from_the_future_is_refused(office: Office) -> None:
    """A machine whose clock is ahead does not approve in advance."""
    plan = office.frozen()
    act = replace(office.act(plan), at=NOW + timedelta(minutes=1))
    with pytest.raises(ApprovalRefused, match="after now"):
        approve.approve(office.ledger, plan, act, sign(act, key=office.key("li")), office.authority)


@pytest.mark.parametrize("text", ["", "maintkit.approval/1\n", "maintkit.approval/2\nledger: x\n", "\n\n\n\n\n\n\n"])
def test_rubbish_is_no_approval(text: str) -> None:
    """One clear refusal for everything that is not a text of ours."""
    with pytest.raises(ApprovalRefused, match="not the text of an approval"):
        parse(text)


@pytest.mark.parametrize("value", ["x\nrole: approver", "x\u2028y", " x", "", "\x1b[31mred"])
def test_a_value_cannot_forge_a_line(value: str) -> None:
    """What people read and sign has no hidden characters and no second line in it."""
    with pytest.raises(ApprovalRefused, match="not one line of printable text"):
        Act(
            what="approval", ledger="x", about=(("title", value),), role="approver", signer="li", nonce="0" * 32, at=NOW
        )


def test_a_title_that_would_be_masked_is_refused_before_it_is_signed(office: Office) -> None:
    """A plan with a telephone number or a password in it cannot be frozen: its text could not be kept."""
    with pytest.raises(ChangeRefused, match="look like secrets or patient data"):
        office.frozen(reason="联系 13800138000")
    with pytest.raises(ChangeRefused, match="look like secrets or patient data"):
        office.frozen(parameters={"admin_password": "hunter22"})


def test_a_package_named_like_a_secret_is_kept(office: Office) -> None:
    """`passwd` is a package; its versions stand in the plan that is read back."""
    plan = office.frozen()
    assert plan_of(office.ledger, plan.id) == plan
    assert plan.hosts[0].packages[1].before == "1:4.13"


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
    found = approve.permission(office.ledger, plan, office.authority)
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
        approve.permission(office.ledger, plan, office.authority)


def test_an_emergency_needs_a_person_and_a_reason_and_ends(office: Office) -> None:
    """Recorded with both, good for this plan and four hours, outside every window."""
    plan, lasts = office.frozen(), office.changes.emergency_lasts
    for by, reason in (("nobody", "数据库停止响应，门诊中断"), ("张伟", "x"), ("张伟", "")):
        with pytest.raises(ApprovalRefused):
            emergency.declare(office.ledger, plan, office.people, lasts=lasts, by=by, reason=reason)
    emergency.declare(office.ledger, plan, office.people, lasts=lasts, by="张伟", reason="数据库停止响应，门诊中断")
    found = approve.permission(office.ledger, plan, office.authority)
    assert (found.ground, found.by, found.detail) == ("emergency", ("张伟",), "数据库停止响应，门诊中断")
    other = freeze(office.ledger, replace(plan, id="P20261126-2"))
    assert "needs 1" in refusal(office, other)
    office.later(NOW + timedelta(hours=4))
    assert "needs 1" in refusal(office, plan)
    assert [one.by for one in emergency.emergencies(office.ledger)] == ["张伟"]


def test_the_newest_request_gives_the_window(office: Office) -> None:
    """Who approves without naming a window approves the one that was asked for."""
    plan = office.frozen()
    approve.request(office.ledger, plan, (office.act(plan),), office.authority)
    assert record.latest_window(office.ledger, plan) == NIGHT
