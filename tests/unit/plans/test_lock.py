"""Host locks and supervision: all or none, tokens that only grow, and only signatures break or open anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from change import IN_WINDOW, NIGHT, Office, principal

from maintkit.errors import ApprovalRefused, HostLocked, NotFound, SupervisorAbsent
from maintkit.evidence.entry import Draft
from maintkit.plans import lock, supervise
from maintkit.plans.lock import HostLock, break_act
from maintkit.plans.model import Plan
from maintkit.plans.sign import sign
from maintkit.plans.supervise import supervision_act


def test_all_hosts_are_locked_or_none(office: Office) -> None:
    """A second run gets nothing while one of its hosts is held, and learns by whom."""
    plan = office.frozen()
    mine = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    with pytest.raises(HostLocked, match=r"his-app1 is held by run R1 of plan P20261126-1 since 2026-11-26 .*process"):
        lock.take_all(office.ledger, plan.hosts, plan=plan.id, run="R2")
    assert list(lock.held(office.ledger).values()) == list(mine)
    lock.release(office.ledger, mine)
    assert len(lock.take_all(office.ledger, plan.hosts, plan=plan.id, run="R2")) == 2


def test_another_name_of_the_same_machine_is_the_same_lock(office: Office) -> None:
    """The machine-id counts."""
    plan = office.frozen()
    lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    with pytest.raises(HostLocked):
        lock.take_all(office.ledger, [replace(plan.hosts[0], name="alias")], plan=plan.id, run="R2")


def test_a_run_that_goes_on_fences_off_its_dead_self(office: Office) -> None:
    """The new token is higher; the old lock no longer holds and releases nothing."""
    plan = office.frozen()
    (old,) = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    (new,) = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    assert new.token > old.token
    lock.require_held(office.ledger, new)
    with pytest.raises(HostLocked, match="no longer holds his-app1"):
        lock.require_held(office.ledger, old)
    lock.release(office.ledger, [old])
    assert lock.held_on(office.ledger, "his-app1") == new


def test_a_large_token_is_no_secret(office: Office) -> None:
    """The redactor masks numbers of four digits behind words like token; a lock is still given back."""
    office.ledger.append_all(Draft(kind="filler.entry", body={}) for _ in range(1200))
    plan = office.frozen()
    locks = lock.take_all(office.ledger, plan.hosts, plan=plan.id, run="R1")
    assert locks[0].token > 1200
    lock.release(office.ledger, locks)
    assert lock.held(office.ledger) == {}


def broken(office: Office, held: HostLock, who: str = "zhang", reason: str = "控制机已重装") -> None:
    """Break a lock by signature."""
    act = break_act(office.ledger.id, held, reason, signer=principal(who), nonce=f"{next(office.nonces):032x}",
                    at=office.clock.at)  # fmt: skip
    lock.break_lock(office.ledger, held, act, sign(act, key=office.key(who)), office.authority)


def test_a_stale_lock_is_broken_by_a_signed_act_alone(office: Office) -> None:
    """Fault 18: by a listed person, with a reason, and that very lock; its token is void afterwards."""
    plan = office.frozen()
    (stale,) = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    with pytest.raises(ApprovalRefused, match="is no lock-breaker"):
        broken(office, stale, "li")
    broken(office, stale)
    assert lock.held(office.ledger) == {}
    with pytest.raises(NotFound, match="his-app1 is not locked"):
        lock.held_on(office.ledger, "his-app1")
    with pytest.raises(HostLocked):
        lock.require_held(office.ledger, stale)
    (next_,) = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R2")
    assert next_.token > stale.token
    with pytest.raises(HostLocked):
        broken(office, stale)
    assert lock.held_on(office.ledger, "his-app1") == next_


def test_the_breaking_of_one_lock_breaks_no_later_one(office: Office) -> None:
    """A signature kept for next time names a token that is gone."""
    plan = office.frozen()
    (first,) = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    act = break_act(
        office.ledger.id, first, "控制机已重装", signer=principal("zhang"), nonce="a" * 32, at=office.clock.at
    )
    signature = sign(act, key=office.key("zhang"))
    (second,) = lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="R1")
    with pytest.raises(ApprovalRefused, match="not the breaking of lock"):
        lock.break_lock(office.ledger, second, act, signature, office.authority)


def check(office: Office, plan: Plan, way: str, who: str = "li", nonce: str | None = None) -> None:
    """Sign in or out."""
    act = supervision_act(plan, way, signer=principal(who), nonce=nonce or f"{next(office.nonces):032x}",
                          at=office.clock.at)  # type: ignore[arg-type]  # fmt: skip
    supervise.check(office.ledger, plan, act, sign(act, key=office.key(who)), office.authority)


def test_nobody_present_is_a_refusal(office: Office) -> None:
    """Fault 29: the change does not start; after a check-in it may, after the check-out not any more."""
    plan = office.frozen()
    office.later(NIGHT.start - timedelta(minutes=30))
    with pytest.raises(SupervisorAbsent, match="nobody of the hospital has checked in"):
        supervise.require_present(office.ledger, plan, office.authority, opens=NIGHT.start)
    check(office, plan, "in")
    there = supervise.require_present(office.ledger, plan, office.authority, opens=NIGHT.start)
    assert [one.person for one in there] == ["李主任"]
    office.later()
    check(office, plan, "out")
    with pytest.raises(SupervisorAbsent):
        supervise.require_present(office.ledger, plan, office.authority, opens=NIGHT.start)


def test_a_check_in_of_last_week_counts_for_nothing(office: Office) -> None:
    """Who checked in hours before the window came for something else."""
    plan = office.frozen()
    check(office, plan, "in")
    office.later(IN_WINDOW)
    with pytest.raises(SupervisorAbsent):
        supervise.require_present(office.ledger, plan, office.authority, opens=NIGHT.start)


def test_only_a_supervisor_checks_in_and_only_who_is_in_checks_out(office: Office) -> None:
    """By role, by plan, and with a fresh text each time."""
    plan, other = office.frozen(), office.frozen(id="P20261126-2")
    with pytest.raises(ApprovalRefused, match="is no supervisor"):
        check(office, plan, "in", "wang")
    with pytest.raises(ApprovalRefused, match="has not checked in"):
        check(office, plan, "out")
    check(office, plan, "in", nonce="b" * 32)
    with pytest.raises(ApprovalRefused, match="taken in before"):
        check(office, plan, "in", nonce="b" * 32)
    assert supervise.present(office.ledger, other, office.authority) == ()
    office.revoke("li")
    assert supervise.present(office.ledger, plan, office.authority) == ()


def test_runs_whose_lock_has_ended_are_known_by_host_and_those_that_hold_are_not(office: Office) -> None:
    """What a mark that was left on a host is held against."""
    plan = office.frozen()
    first, second = plan.hosts
    locks = lock.take_all(office.ledger, plan.hosts, plan=plan.id, run="C20261128-1")
    assert lock.ended(office.ledger, first) == ()
    lock.release(office.ledger, locks[:1])
    assert lock.ended(office.ledger, first) == ("C20261128-1",)
    assert lock.ended(office.ledger, second) == ()
    lock.take_all(office.ledger, plan.hosts[:1], plan=plan.id, run="C20261128-2")
    assert lock.ended(office.ledger, first) == ("C20261128-1",)
