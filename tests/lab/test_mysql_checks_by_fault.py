"""Every MySQL check proved by its fault: a real MariaDB or MySQL, the real collector on its host, the real rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bedside import Bedside, collector, said

from lab import lab
from lab.faults.mysql import flavour, sql
from lab.suites import BOOKWORM, BULLSEYE, JAMMY, TRIXIE
from lab.trials.mysql import TRIALS
from lab.trials.mysql_host import ACCOUNT, HOST, INSTANCE, RIGHTS, declared, let_in, served, specs
from lab.trials.trial import Trial
from maintkit.checks.model import Expected, ExpectedMysql
from maintkit.contract.services import Mysql

pytestmark = [pytest.mark.slow, pytest.mark.long]
EXPECTED = Expected(mysql=(ExpectedMysql(name=INSTANCE, role="replica"),))
PASSWORD = "only-of-this-lab"  # noqa: S105  # of a host that lives for a minute


@pytest.fixture(
    scope="module",
    params=[BOOKWORM, BULLSEYE, JAMMY, TRIXIE],
    ids=lambda suite: f"mysql-{suite.mysql}" if suite.mysql else suite.mariadb,
)
def ward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bedside]:
    # As services.yml would be read: what the site may say is what the collector is told.
    instance = Mysql.model_validate(declared()).model_dump(exclude={"role"}, exclude_defaults=True)
    script = collector(tmp_path_factory.mktemp("parameters"), "mysql", instance)
    with lab(specs(request.param)) as made, served(made[HOST], PASSWORD):
        one = Bedside(host=made[HOST], script=script, expected=EXPECTED, section="mysql")
        one.look()
        yield one


def test_an_untouched_instance_is_well(ward: Bedside) -> None:
    """Nothing abnormal, nothing unknown: an account that can read no row is enough for every check."""
    assert said(ward.look()) == ""


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_fault_leads_to_its_finding_and_to_no_other(ward: Bedside, trial: Trial) -> None:
    """Undone, it leaves nothing to be found."""
    ward.try_out(trial)


def test_a_refused_password_is_unknown_and_never_down(ward: Bedside) -> None:
    """With the server's own word; every other check is unknown as well."""
    let_in(ward.host, "wrong")
    found = ward.look()
    let_in(ward.host, PASSWORD)
    assert {one.status for one in found} == {"unknown"}
    assert {one.check for one in found} == {one.id for one in ward.checks}
    assert "Access denied" in next(one.reason for one in found if one.check == "mysql.up")
    assert said(ward.look()) == ""


def test_each_right_that_is_missing_makes_unknown_what_it_hides(ward: Bedside) -> None:
    """And what everybody may see is judged as ever."""
    kind = flavour(ward.host).client
    rights = {
        "PROCESS ON *.*": {"long-transaction", "fragmentation"},
        f"{RIGHTS[kind]} ON *.*": {"up", "replication", "lag"},
        "SHOW VIEW ON *.*": {"redundant-indexes", "unused-indexes", "fragmentation"},
        "SELECT ON performance_schema.*": {"unused-indexes"},
    }
    if kind == "mysql":  # which counts what is not purged where only PROCESS reaches
        rights["PROCESS ON *.*"].add("history-list")
    for right, hidden in rights.items():
        sql(ward.host, f"REVOKE {right} FROM {ACCOUNT}@localhost")
        found = ward.look()
        sql(ward.host, f"GRANT {right} TO {ACCOUNT}@localhost")
        assert {(one.check.removeprefix("mysql."), one.status) for one in found} == {(one, "unknown") for one in hidden}
        assert all("needs " in one.reason for one in found)
    assert said(ward.look()) == ""


def test_a_literal_never_leaves_the_host(ward: Bedside) -> None:
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
