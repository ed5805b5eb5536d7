"""Laws that hold of every check, whatever is left of the facts: each answers, and none reads nothing as healthy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from maintkit.checks.facts.document import Facts, Sections
from maintkit.checks.facts.fact import Section
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Check, Expected, ExpectedBackup, ExpectedMysql, ExpectedPostgresql, GaugeLimit
from maintkit.checks.registry import all_checks, expected_on

HEALTHY = json.loads((Path(__file__).parents[2] / "cases" / "healthy.json").read_text("utf-8"))
STATES = ("absent", "denied", "timeout", "error")
DEMANDING = Expected(
    units=("postgresql.service", "his.service"),
    ports=(22, 8080),
    known_addresses=("10.1.0.0/16",),
    backups=(ExpectedBackup(tool="pgbackrest", name="main", every_h=24),),
    antivirus=True,
    probes=("his", "lis"),
    latency_ms={"his": 500.0, "emr": 500.0},
    gauges={"queue": GaugeLimit(op=">", warn=100), "heap": GaugeLimit(op=">", crit=90)},
    postgresql=(ExpectedPostgresql(name="his", role="primary"), ExpectedPostgresql(name="lis")),
    mysql=(ExpectedMysql(name="pharmacy", role="replica"), ExpectedMysql(name="second")),
)
MET = Expected(
    units=("postgresql.service",),
    ports=(22,),
    known_addresses=("10.1.0.0/16",),
    backups=(ExpectedBackup(tool="pgbackrest", name="main", every_h=24),),
    antivirus=True,
    latency_ms={"his": 500.0},
    gauges={"queue": GaugeLimit(op=">", warn=100)},
    postgresql=(ExpectedPostgresql(name="his", role="primary"),),
    mysql=(ExpectedMysql(name="pharmacy", role="replica"),),
)


def whole() -> Facts:
    """The healthy document, every section `ok`."""
    sections = {name: {"status": "ok", "data": data} for name, data in HEALTHY["sections"].items()}
    return Facts.model_validate(HEALTHY | {"sections": sections})


def case_of(facts: Facts, previous: Facts | None, expected: Expected) -> Case:
    """An inspection at the moment of the healthy document."""
    return Case(
        host="db1",
        now=datetime.fromtimestamp(HEALTHY["collected_at"], UTC),
        facts=facts,
        previous=previous,
        limits=default_limits(),
        expected=expected,
        last_drills={"main": datetime.fromtimestamp(HEALTHY["collected_at"] - 86400, UTC)},
    )


def thinner(draw: st.DrawFn, fact: Any) -> Any:
    """The same fact with some optional fields None, some lists emptied or shortened, at any depth."""
    if isinstance(fact, tuple):
        kept = tuple(one for one in fact if draw(st.integers(0, 4)))
        return tuple(thinner(draw, one) for one in kept)
    if not isinstance(fact, BaseModel):
        return fact
    changes = {}
    for name, field in type(fact).model_fields.items():
        value = getattr(fact, name)
        if value is None:
            continue
        if not field.is_required() and field.default is None and not draw(st.integers(0, 3)):
            changes[name] = None
        else:
            changes[name] = thinner(draw, value)
    return fact.model_copy(update=changes)


@st.composite
def thinned(draw: st.DrawFn) -> Facts:
    """What a host with few privileges, odd hardware or a bad day may send."""
    facts = whole()
    sections: dict[str, Any] = {}
    for name in Sections.model_fields:
        section = getattr(facts.sections, name)
        fate = draw(st.sampled_from(("whole", "thin", "thin", "withheld", "cut", "gone", *STATES)))
        if fate == "gone":
            section = None
        elif fate in STATES:
            section = Section(status=fate, reason="needs root")
        elif fate != "whole":
            section = section.model_copy(update={"data": thinner(draw, section.data)})
        if fate == "withheld":
            fields = list(type(section.data).model_fields)
            section = section.model_copy(update={"withheld": dict.fromkeys(fields, "needs root")})
        if fate == "cut":
            section = section.model_copy(update={"truncated": True})
        sections[name] = section
    return facts.model_copy(update={"sections": Sections.model_construct(**sections)})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(facts=thinned(), previous=st.none() | thinned(), demanding=st.booleans())
def test_every_expected_check_answers_whatever_is_left_of_the_facts(
    facts: Facts, previous: Facts | None, demanding: bool
) -> None:
    """No rule raises, each yields a finding, and each finding says what its status owes."""
    expected = DEMANDING if demanding else Expected()
    checks = expected_on(expected, deep=True)
    found = judge(case_of(facts, previous, expected), checks, facts_sha256="0" * 64)
    assert {one.check for one in found} == {one.id for one in checks}
    for one in found:
        assert bool(one.conclusion_zh and one.remedy_zh) == (one.status in {"warn", "crit"}), one
        assert bool(one.reason) == (one.status not in {"ok", "warn", "crit"}), one
    names = [(one.check, one.instance) for one in found]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.id)
@pytest.mark.parametrize("state", ["gone", *STATES])
def test_a_section_that_did_not_come_home_is_never_well(one: Check, state: str) -> None:
    """Missing, absent, denied, late or broken: no check that needs a section calls it ok."""
    section = None if state == "gone" else Section(status=state, reason="needs root")  # type: ignore[arg-type,type-var]
    sections = Sections.model_construct(**dict.fromkeys(Sections.model_fields, section))
    case = case_of(whole().model_copy(update={"sections": sections}), whole(), DEMANDING)
    case = replace(case, last_drills={})  # the ledger's, not the host's
    assert "ok" not in {finding.status for finding in judge(case, [one], facts_sha256="0" * 64)}


@pytest.mark.parametrize("one", expected_on(MET, deep=True), ids=lambda one: one.id)
def test_a_healthy_host_is_well(one: Check) -> None:
    """The healthy document, with all that the site asks for, complains of nothing: what a case lays over it fires."""
    found = judge(case_of(whole(), whole(), MET), [one], facts_sha256="0" * 64)
    assert {finding.status for finding in found} <= {"ok", "skipped", "manual"}, found
