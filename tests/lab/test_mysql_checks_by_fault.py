"""Every MySQL check proved by its fault: a real MariaDB, the real collector on its host, the real rules."""

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
from lab.faults.mysql import sql
from lab.trials.mysql import ACCOUNT, HOST, INSTANCE, TRIALS, declared, let_in, served, specs
from lab.trials.trial import Trial
from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Expected, ExpectedMysql, Finding
from maintkit.checks.registry import expected_on
from maintkit.contract.services import Mysql

pytestmark = pytest.mark.slow
BUNDLE = Path(__file__).parents[2] / "plugins" / "module_utils" / "collector" / "bundle.py"
EXPECTED = Expected(mysql=(ExpectedMysql(name=INSTANCE, role="replica"),))
CHECKS = tuple(one for one in expected_on(EXPECTED, deep=True) if one.category == "mysql")
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
    instance = Mysql.model_validate(declared()).model_dump(exclude={"role"}, exclude_defaults=True)
    parameters = tmp_path_factory.mktemp("parameters") / "parameters.json"
    parameters.write_text(json.dumps({"only": ["mysql"], "deep": True, "mysql": [instance]}))
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
    """Nothing abnormal, nothing unknown: an account that can read no row is enough for every check."""
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
    assert "Access denied" in next(one.reason for one in found if one.check == "mysql.up")
    assert said(ward.look()) == ""


def test_each_right_that_is_missing_makes_unknown_what_it_hides(ward: Ward) -> None:
    """And what everybody may see is judged as ever."""
    rights = {
        "PROCESS ON *.*": {"long-transaction", "fragmentation"},
        "SLAVE MONITOR ON *.*": {"up", "replication", "lag"},
        "SHOW VIEW ON *.*": {"redundant-indexes", "unused-indexes", "fragmentation"},
        "SELECT ON performance_schema.*": {"unused-indexes"},
    }
    for right, hidden in rights.items():
        sql(ward.host, f"REVOKE {right} FROM {ACCOUNT}@localhost")
        found = ward.look()
        sql(ward.host, f"GRANT {right} TO {ACCOUNT}@localhost")
        assert {(one.check.removeprefix("mysql."), one.status) for one in found} == {(one, "unknown") for one in hidden}
        assert all("needs " in one.reason for one in found)
    assert said(ward.look()) == ""


def test_a_literal_never_leaves_the_host(ward: Ward) -> None:
    """The digest of the statement does, without it."""
    sql(ward.host, "TRUNCATE TABLE performance_schema.events_statements_summary_by_digest")
    sql(ward.host, "SELECT COUNT(*) AS lab_secret FROM pharmacy.stock WHERE drug = 1380001380 OR amount = 'Zhang San'")
    for _ in range(3):
        sql(ward.host, "SELECT SLEEP(0.2) AS lab_secret, 'Zhang San', 1380001380, \"Zhang San\"")
    ward.look()
    assert ward.last is not None
    document = ward.last.model_dump_json()
    assert "lab_secret" in document
    assert not [part for part in ("Zhang", "1380001380") if part in document]
