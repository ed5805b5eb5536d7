"""Every PostgreSQL check proved by its fault: a real server, the real collector on its host, the real rules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from lab import Host, lab
from lab.faults.postgresql import sql, until
from lab.trials.postgresql import HOST, INSTANCE, ROLE, TRIALS, declared, let_in, served, specs
from lab.trials.trial import Trial
from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Expected, ExpectedPostgresql, Finding
from maintkit.checks.registry import expected_on
from maintkit.contract.services import Postgresql

pytestmark = pytest.mark.slow
BUNDLE = Path(__file__).parents[2] / "plugins" / "module_utils" / "collector" / "bundle.py"
EXPECTED = Expected(postgresql=(ExpectedPostgresql(name=INSTANCE, role="primary"),))
CHECKS = tuple(one for one in expected_on(EXPECTED, deep=True) if one.category == "postgresql")
WELL = ("ok", "skipped", "not-applicable")
PASSWORD = "only-of-this-lab"  # noqa: S105  # of a host that lives for a minute


@dataclass
class Ward:
    """The host, its instance as declared, and what the last look saw."""

    host: Host
    script: str
    last: Facts | None = field(default=None)

    def look(self, trial: Trial | None = None, *, days_later: float = 0) -> tuple[Finding, ...]:
        """Collect as an inspection does, judge against the look before; what is neither well nor beside the point."""
        told = self.host.run("python3", "-I", "-S", "-", stdin=self.script).out
        facts = Facts.model_validate_json(told.partition("\n")[2])
        limits = dict(default_limits())
        for key, bounds in (trial.limits if trial else {}).items():
            limits[key] = replace(limits[key], **bounds)
        later = facts.model_copy(update={"collected_at": facts.collected_at + days_later * 86400})
        now = datetime.fromtimestamp(later.collected_at, UTC)
        case = Case(host=HOST, now=now, facts=later, previous=self.last, limits=limits, expected=EXPECTED)
        self.last = facts
        return tuple(one for one in judge(case, CHECKS, facts_sha256="0" * 64) if one.status not in WELL)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    # As services.yml would be read: what the site may say is what the collector is told.
    instance = Postgresql.model_validate(declared()).model_dump(exclude={"role"}, exclude_defaults=True)
    parameters = tmp_path_factory.mktemp("parameters") / "parameters.json"
    parameters.write_text(json.dumps({"only": ["postgresql"], "deep": True, "postgresql": [instance]}))
    argv = [sys.executable, BUNDLE, "--parameters", parameters]
    script = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    with lab(specs()) as made, served(made[HOST], PASSWORD):
        one = Ward(host=made[HOST], script=script)
        one.look()
        yield one


def said(findings: tuple[Finding, ...]) -> str:
    return "\n".join(
        f"{one.check} {one.status} {one.subject} = {one.value}: {one.conclusion_zh or one.reason}" for one in findings
    )


def test_an_untouched_instance_is_well(ward: Ward) -> None:
    """Nothing abnormal, nothing unknown: pg_monitor and SELECT on the sequences are enough for every check."""
    assert said(ward.look()) == ""


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_fault_leads_to_its_finding_and_to_no_other(ward: Ward, trial: Trial) -> None:
    """Undone, it leaves nothing to be found."""
    with trial.fault(ward.host):
        under = ward.look(trial, days_later=trial.days_later)
    after = ward.look(trial)
    wanted = [one for one in under if is_of(trial, one)]
    assert wanted, said(under)
    assert said(tuple(one for one in under if one not in wanted and one.check not in trial.explains)) == ""
    assert said(after) == ""


def is_of(trial: Trial, one: Finding) -> bool:
    named = (one.check, one.status) == (trial.check, trial.status) and fnmatchcase(one.instance, trial.instance)
    if not named or trial.value is None or isinstance(trial.value, str):
        return named and trial.value in (None, one.value)
    return abs(float(one.value or 0) - trial.value) <= 0.02 * max(1, abs(trial.value))


def test_a_refused_password_is_unknown_and_never_down(ward: Ward) -> None:
    """With the server's own word; every other check is unknown as well."""
    let_in(ward.host, "wrong")
    found = ward.look()
    let_in(ward.host, PASSWORD)
    assert {one.status for one in found} == {"unknown"}
    assert {one.check for one in found} == {one.id for one in CHECKS}
    assert "password authentication failed" in next(one.reason for one in found if one.check == "postgresql.up")
    assert said(ward.look()) == ""


def test_without_pg_monitor_what_cannot_be_seen_is_unknown(ward: Ward) -> None:
    """And what everybody may see is judged as ever."""
    sql(ward.host, f"REVOKE pg_monitor FROM {ROLE}")
    found = ward.look()
    sql(ward.host, f"GRANT pg_monitor TO {ROLE}")
    assert {one.status for one in found} == {"unknown"}
    wanted = {"idle-transaction", "long-transaction", "lag", "pending-restart", "statements", "bloat"}
    assert {one.check.removeprefix("postgresql.") for one in found} == wanted
    assert said(ward.look()) == ""


def test_without_pg_stat_statements_the_check_is_skipped_and_says_how_to_get_it(ward: Ward) -> None:
    sql(ward.host, "DROP EXTENSION pg_stat_statements")
    assert said(ward.look()) == ""
    assert ward.last is not None
    assert "pg_stat_statements" in (ward.last.sections.postgresql.withheld or {})[f"{INSTANCE} statements"]
    sql(ward.host, "CREATE EXTENSION pg_stat_statements")
    assert said(ward.look()) == ""


def test_a_literal_never_leaves_the_host(ward: Ward) -> None:
    """Neither from a statement in flight nor from one that the server keeps word for word."""
    literal = "Zhang San 13800000000"
    keep = f"CREATE TABLE lab_secret AS SELECT '{literal}' AS who FROM pg_sleep(1)"  # noqa: S608  # our own words
    sql(ward.host, "SELECT pg_stat_statements_reset()", keep, "DROP TABLE lab_secret")
    until(ward.host, "SELECT count(*) > 0 FROM pg_stat_statements WHERE query LIKE '%lab_secret%'")
    ward.look()
    assert ward.last is not None
    document = ward.last.model_dump_json()
    assert "lab_secret" in document
    assert not [part for part in literal.split() if part in document]
