"""Laws of the judge: what it answers itself, and what every finding carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge, unreached
from maintkit.checks.model import Case, Check, DataProblem, Expected, Finding, Limit, Observation
from maintkit.checks.rule import data_of

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PORTS = {"listening": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22}]}  # noqa: S104 - a fact, not a bind


def facts(**sections: Any) -> Facts:
    return Facts.model_validate(
        {
            "schema": "maintkit.facts/1",
            "collector": {"version": "1", "python": "3.11.2", "euid": 0},
            "collected_at": NOW.timestamp(),
            "took_ms": 900,
            "sections": sections,
        }
    )


def case(**sections: Any) -> Case:
    return Case(host="db1", now=NOW, facts=facts(**sections), previous=None, limits={}, expected=Expected())


def rule(
    judge_with: Callable[[Case], Iterable[Observation]], *, needs: tuple[str, ...] = ("ports",), **more: Any
) -> Check:
    return Check(id="port.rule", category="host", title_zh="端口", needs=needs, judge=judge_with, **more)


def well(seen: Case) -> Iterable[Observation]:
    yield Observation(status="ok", value=float(len(data_of(seen.facts.sections.ports).listening)))


def only(check: Check, **sections: Any) -> Finding:
    (finding,) = judge(case(**sections), [check], facts_sha256="f" * 64)
    return finding


@pytest.mark.parametrize(
    ("section", "status", "reason"),
    [
        (None, "unknown", "section ports was not collected"),
        ({"status": "denied", "reason": "needs root"}, "unknown", "section ports was denied: needs root"),
        ({"status": "timeout", "reason": "10 s"}, "unknown", "section ports did not answer in time: 10 s"),
        ({"status": "error", "reason": "bad table"}, "error", "section ports failed: bad table"),
        ({"status": "absent"}, "not-applicable", "section ports is absent on this host"),
        ({"status": "ok"}, "error", "section ports says ok and holds no data"),
    ],
)
def test_a_section_without_data_is_answered_by_the_judge(section: Any, status: str, reason: str) -> None:
    """The rule is not asked, and the finding says which section and why."""
    found = only(rule(well), **({"ports": section} if section else {}))
    assert (found.status, found.reason) == (status, reason)


def test_the_worst_obstacle_speaks() -> None:
    """Of several needed sections an error hides no less than a missing one, and both more than an absent one."""
    check = rule(well, needs=("smart", "ports", "cron"))
    assert only(check, smart={"status": "absent"}, cron={"status": "error", "reason": "x"}).status == "error"
    assert only(check, smart={"status": "absent"}, cron={"status": "absent"}).status == "unknown"


def test_a_rule_may_decide_about_absence_itself() -> None:
    """Only where it says so, and only about absence."""

    def decide(_: Case) -> Iterable[Observation]:
        yield Observation(status="unknown", reason="declared and not there")

    check = rule(decide, decides_absence=True)
    assert only(check, ports={"status": "absent"}).reason == "declared and not there"
    assert only(check, ports={"status": "denied"}).reason == "section ports was denied"


def test_ok_from_a_cut_section_is_unknown() -> None:
    """What was cut off may hold the complaint; an abnormal finding stands."""
    found = only(rule(well), ports={"status": "ok", "truncated": True, "data": PORTS})
    assert (found.status, found.reason) == ("unknown", "section ports was cut at the output cap")

    def bad(_: Case) -> Iterable[Observation]:
        yield Observation(status="crit", conclusion_zh="坏", remedy_zh="修")

    assert only(rule(bad), ports={"status": "ok", "truncated": True, "data": PORTS}).status == "crit"


def test_contradictory_facts_are_an_error_and_hide_nothing() -> None:
    """A rule that meets impossible data says so in a finding."""

    def impossible(_: Case) -> Iterable[Observation]:
        raise DataProblem("a host of 0 cores")

    found = only(rule(impossible), ports={"status": "ok", "data": PORTS})
    assert (found.status, found.reason) == ("error", "contradictory facts: a host of 0 cores")


def test_a_fault_in_a_rule_is_not_swallowed() -> None:
    """A programming error is no finding: it must stop the tests, not colour a record."""

    def broken(_: Case) -> Iterable[Observation]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        only(rule(broken), ports={"status": "ok", "data": PORTS})


def test_a_rule_without_a_verdict_is_an_error() -> None:
    """Silence would be read as healthy."""
    found = only(rule(lambda _: ()), ports={"status": "ok", "data": PORTS})
    assert (found.status, found.reason) == ("error", "the rule of port.rule came to no verdict")


def test_instances_that_come_twice_are_numbered() -> None:
    """Two mounts on one path are two matters; neither hides the other."""

    def twice(_: Case) -> Iterable[Observation]:
        yield Observation(status="ok", instance="/data")
        yield Observation(status="ok", instance="/data")

    found = judge(case(ports={"status": "ok", "data": PORTS}), [rule(twice)], facts_sha256="f" * 64)
    assert [one.subject for one in found] == ["db1//data", "db1//data (2)"]


def test_a_finding_carries_how_it_is_known() -> None:
    """Commands and files, the hash of the facts, the excerpt, the time, and the change since the last inspection."""

    def seen(_: Case) -> Iterable[Observation]:
        limit = Limit(key="port.count", op=">", unit="个", warn=3, source="P")
        yield Observation(status="ok", value=2.0, unit="个", limit=limit, previous=1.5, excerpt="x" * 5000)

    found = only(rule(seen), ports={"status": "ok", "how": ["/proc/net/tcp"], "took_ms": 7, "data": PORTS})
    assert found.evidence is not None
    assert (found.evidence.how, found.evidence.sha256) == (("/proc/net/tcp",), "f" * 64)
    assert len(found.evidence.excerpt) == 2000
    assert (found.delta, found.took_ms, found.collected_at) == (0.5, 7, NOW)


def test_a_name_of_no_section_is_refused() -> None:
    """A misspelled need would make its check unknown for ever."""
    with pytest.raises(ValueError, match="no section is called 'port'"):
        only(rule(well, needs=("port",)))


def test_a_host_that_did_not_answer_has_a_finding_for_every_check() -> None:
    """Unknown with the collection's reason; what a person looks at stays manual."""
    checks = [rule(well), rule(well, needs=())]
    found = unreached(checks, "db2", status="unreachable", reason="connection refused", now=NOW)
    assert [(one.host, one.status) for one in found] == [("db2", "unknown"), ("db2", "manual")]
    assert {one.reason for one in found} == {"unreachable: connection refused"}
