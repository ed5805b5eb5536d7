"""No report of a period leaves out a change that ran without approval in it."""

from __future__ import annotations

from datetime import timedelta

from change import NOW, Office

from maintkit.contract.span import Span
from maintkit.plans.emergency import declare
from maintkit.plans.model import Plan
from maintkit.plans.permit import permission, use
from maintkit.plans.unapproved import Unapproved, unapproved

HOUR = timedelta(hours=1)


def urgent(office: Office, plan: Plan, reason: str = "漏洞正被利用，不能等待") -> None:
    declare(
        office.ledger, plan, office.people, lasts=Span(count=4, unit="h"), by="zhang@provider.example", reason=reason
    )


def between(office: Office, since: int, until: int) -> tuple[Unapproved, ...]:
    return unapproved(office.ledger, since=NOW + since * HOUR, until=NOW + until * HOUR)


def test_an_emergency_that_was_used_is_shown_with_its_run_and_one_that_was_not_without(office: Office) -> None:
    plan, other = office.frozen(), office.frozen(id="P20261126-2")
    urgent(office, plan)
    urgent(office, other)
    office.later(NOW + HOUR)
    use(office.ledger, permission(office.ledger, plan, office.authority), "C20261126-1")
    found = unapproved(office.ledger, since=None, until=NOW + 2 * HOUR)
    assert [(one.emergency.plan, one.run, one.emergency.by) for one in found] == [
        (plan.id, "C20261126-1", "张伟"),
        (other.id, "", "张伟"),
    ]
    assert found[0].hosts == ("his-app1", "his-app2")


def test_it_stands_in_the_period_of_its_declaration_and_in_that_of_its_use(office: Office) -> None:
    """Declared in the evening, used after midnight: the record of neither day leaves it out."""
    plan = office.frozen()
    urgent(office, plan)
    office.later(NOW + 2 * HOUR)
    use(office.ledger, permission(office.ledger, plan, office.authority), "C20261126-1")
    assert [one.run for one in between(office, -1, 1)] == [""]
    assert [one.run for one in between(office, 1, 3)] == ["C20261126-1"]
    assert between(office, 3, 5) == ()
    assert between(office, -5, -1) == ()


def test_a_run_rests_on_the_newest_declaration_before_it(office: Office) -> None:
    plan = office.frozen()
    urgent(office, plan, "第一次声明，后来没有实施")
    office.later(NOW + HOUR)
    urgent(office, plan, "第二次声明，随后即实施")
    office.later(NOW + 2 * HOUR)
    use(office.ledger, permission(office.ledger, plan, office.authority), "C20261126-1")
    assert [one.run for one in between(office, -1, 3)] == ["", "C20261126-1"]


def test_a_run_on_signatures_is_no_emergency(office: Office) -> None:
    plan = office.frozen()
    urgent(office, plan)
    office.approve(plan)
    office.later()
    use(office.ledger, permission(office.ledger, plan, office.authority), "C20261129-1")
    assert [one.run for one in unapproved(office.ledger, since=None, until=office.clock.at)] == [""]
