"""A plan is its text: one form, one hash, nothing in it that its parts contradict."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from change import NOW, ZONE, Office, host, plan, step
from hypothesis import given
from hypothesis import strategies as st

from maintkit.errors import ChangeRefused, NotFound, PlanChanged
from maintkit.plans.difference import differences
from maintkit.plans.frozen import freeze, headlines, next_id, plan_of, require_frozen
from maintkit.plans.model import Plan, parse

PLAN = plan("6a0c3a52-0000-4000-8000-000000000000")


def test_the_hash_is_of_the_canonical_text() -> None:
    """What `sha256sum plan.json` prints is what people sign."""
    assert PLAN.sha256 == sha256(PLAN.text.encode()).hexdigest()
    assert json.loads(PLAN.text)["schema"] == "maintkit.plan/1"
    assert parse(PLAN.text) == PLAN
    assert parse(PLAN.text).text == PLAN.text


@given(st.data())
def test_one_changed_character_is_no_plan_or_another_one(data: st.DataObject) -> None:
    """Fault 26: no place of the text is without effect on the hash."""
    place = data.draw(st.integers(0, len(PLAN.text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda ch: ch != PLAN.text[place]))
    try:
        read = parse(PLAN.text[:place] + other + PLAN.text[place + 1 :])
    except ChangeRefused:
        return
    assert read.sha256 != PLAN.sha256


@pytest.mark.parametrize(("path", "value", "told"), [
    ("id", "P2026-1", "id"),
    ("id", "../P20261126-1", "id"),
    ("schema", "maintkit.plan/2", "schema"),
    ("created_at", "2026-11-26T10:00:00", "created_at"),
    ("requester", "", "requester"),
    ("reason", "two\nlines", "reason: Value error, not one line"),
    ("hosts.0.name", "-oProxyCommand=reboot", "hosts.0.name"),
    ("hosts.0.name", "../etc", "hosts.0.name"),
    ("hosts.0.machine_id", "x", "hosts.0.machine_id"),
    ("hosts.0.steps.0.phase", "party", "hosts.0.steps.0.phase"),
    ("hosts.0.steps.0.rollback", "maybe", "hosts.0.steps.0.rollback"),
    ("hosts.0.steps.0.risk", "none", "hosts.0.steps.0.risk"),
    ("hosts.0.steps.0.estimate.seconds", -1, "estimate.seconds"),
    ("hosts.0.steps.0.estimate.seconds", "60", "estimate.seconds"),
    ("hosts.0.steps.0.surprise", 1, "surprise"),
    ("content.0.sha256", "A" * 64, "content.0.sha256"),
    ("effect", "none", "the effect is none, the steps say otherwise"),
    ("batches", [["his-app1"]], "the batches and the hosts differ in his-app2"),
    ("batches", [["his-app1"], ["his-app2"], ["his-app2"]], "host of the batches his-app2 stands twice"),
    ("batches", [["his-app1", "his-app2"]], "the first batch is the canary and holds one host"),
    ("hosts.0.after", ["his-app2"], "his-app1 comes before his-app2, which must be done first"),
    ("hosts.1.name", "his-app1", "host his-app1 stands twice"),
])  # fmt: skip
def test_what_is_no_plan_is_refused_by_its_place(path: str, value: object, told: str) -> None:
    """Fault 52, 54 and everything that would surprise the engine: one message with the place."""
    said = json.loads(PLAN.text)
    at = said
    *steps, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in steps:
        at = at[part]
    at[last] = value
    with pytest.raises(ChangeRefused) as caught:
        parse(json.dumps(said))
    assert told in str(caught.value)


def test_two_names_of_one_machine_are_refused() -> None:
    """Fault 8's sibling: the same machine-id would be changed twice."""
    with pytest.raises(ValueError, match=r"machine-id .* stands twice"):
        replace(PLAN, hosts=(PLAN.hosts[0], replace(PLAN.hosts[1], machine_id=PLAN.hosts[0].machine_id)))


def test_a_plan_tells_its_risk_its_room_and_its_effect() -> None:
    """The highest risk of a step; the longest host forward and back; a plan without change steps changes nothing."""
    mixed = replace(PLAN, hosts=(PLAN.hosts[0], host("his-app2", "medium")))
    assert (PLAN.risk, mixed.risk) == ("low", "medium")
    assert (PLAN.worst_step_s, PLAN.worst_rollback_s, PLAN.total_s) == (1050, 240, 2100)
    idle = replace(PLAN, effect="none", hosts=tuple(host(one.name, steps=(step("precheck"),)) for one in PLAN.hosts))
    assert (idle.effect, idle.worst_rollback_s) == ("none", 0)


def test_a_frozen_plan_is_read_back_to_the_letter(office: Office) -> None:
    """The ledger's attachment bears the plan's own hash as its name."""
    frozen = office.frozen()
    entry = next(office.ledger.entries(kind="plan.frozen"))
    assert entry.attachments == (frozen.sha256,)
    assert office.ledger.attachment(frozen.sha256).decode() == frozen.text
    assert plan_of(office.ledger, frozen.id) == frozen
    assert [(one.id, one.hosts, one.effect) for one in headlines(office.ledger)] == [
        (frozen.id, ("his-app1", "his-app2"), "some")
    ]
    require_frozen(office.ledger, frozen)
    with pytest.raises(PlanChanged):
        require_frozen(office.ledger, replace(frozen, reason="其他"))


def test_a_number_is_given_once_and_counts_on(office: Office) -> None:
    """By the day of the contract's time zone; a taken number is refused."""
    assert next_id(office.ledger, NOW, ZONE) == "P20261126-1"
    office.frozen()
    assert next_id(office.ledger, NOW, ZONE) == "P20261126-2"
    with pytest.raises(ChangeRefused, match="there is a plan P20261126-1 already"):
        office.frozen(reason="又一个")
    with pytest.raises(ChangeRefused, match="is made for the ledger elsewhere"):
        freeze(office.ledger, plan("elsewhere", id="P20261126-9"))
    with pytest.raises(NotFound, match="no plan 'P20261126-9'"):
        plan_of(office.ledger, "P20261126-9")


def test_two_plans_differ_by_name() -> None:
    """Hosts, steps, packages, content and plain values, each told once and by its place."""
    first = PLAN.hosts[0]
    newer = replace(first.packages[0], after="1.22.1-9+deb12u2")
    other: Plan = replace(
        PLAN,
        id="P20261126-2",
        reason="其他",
        hosts=(replace(first, packages=(newer, first.packages[1])), replace(PLAN.hosts[1], name="his-app3")),
        batches=(("his-app1",), ("his-app3",)),
        content=(replace(PLAN.content[0], sha256="b" * 64),),
    )
    told = {(one.where, one.before, one.after) for one in differences(PLAN, other)}
    assert ("reason", "nginx 安全公告", "其他") in told
    assert ("hosts.his-app1.packages.nginx:amd64.after", "1.22.1-9+deb12u1", "1.22.1-9+deb12u2") in told
    assert ("content.collection/roles/patch/tasks/change.yml.sha256", "a" * 64, "b" * 64) in told
    assert any(where == "hosts.his-app2" and after is None for where, _, after in told)
    assert any(where == "hosts.his-app3" and before is None for where, before, _ in told)
    assert differences(PLAN, PLAN) == ()
