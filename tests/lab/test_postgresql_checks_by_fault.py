"""Every PostgreSQL check proved by its fault: a real server, the real collector on its host, the real rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bedside import Bedside, collector, said

from lab import lab
from lab.faults.postgresql import sql, until
from lab.suites import BOOKWORM, BULLSEYE, JAMMY, NOBLE, TRIXIE
from lab.trials.postgresql import TRIALS
from lab.trials.postgresql_host import HOST, INSTANCE, ROLE, declared, let_in, served, specs
from lab.trials.trial import Trial
from maintkit.checks.model import Expected, ExpectedPostgresql
from maintkit.contract.services import Postgresql

pytestmark = pytest.mark.slow
EXPECTED = Expected(postgresql=(ExpectedPostgresql(name=INSTANCE, role="primary"),))
PASSWORD = "only-of-this-lab"  # noqa: S105  # of a host that lives for a minute


@pytest.fixture(
    scope="module",
    params=[BOOKWORM, *(pytest.param(one, marks=pytest.mark.long) for one in (BULLSEYE, JAMMY, NOBLE, TRIXIE))],
    ids=lambda suite: suite.postgresql,
)
def ward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bedside]:
    # As services.yml would be read: what the site may say is what the collector is told.
    instance = Postgresql.model_validate(declared()).model_dump(exclude={"role"}, exclude_defaults=True)
    script = collector(tmp_path_factory.mktemp("parameters"), "postgresql", instance)
    with lab(specs(request.param)) as made, served(made[HOST], PASSWORD):
        one = Bedside(host=made[HOST], script=script, expected=EXPECTED, section="postgresql")
        one.look()
        yield one


def test_an_untouched_instance_is_well(ward: Bedside) -> None:
    """Nothing abnormal, nothing unknown: pg_monitor and SELECT on the sequences are enough for every check."""
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
    assert "password authentication failed" in next(one.reason for one in found if one.check == "postgresql.up")
    assert said(ward.look()) == ""


def test_without_pg_monitor_what_cannot_be_seen_is_unknown(ward: Bedside) -> None:
    """And what everybody may see is judged as ever."""
    # That nothing waits to be archived everybody may see by the last segment that was.
    sql(ward.host, "SELECT txid_current()")
    # Within a segment: of the boundary between two, PostgreSQL 17 names the next one, and older versions the last.
    wal = sql(ward.host, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    sql(ward.host, "SELECT pg_switch_wal()")
    until(ward.host, f"SELECT last_archived_wal >= '{wal}' FROM pg_stat_archiver")  # noqa: S608  # its own name
    sql(ward.host, f"REVOKE pg_monitor FROM {ROLE}")
    found = ward.look()
    sql(ward.host, f"GRANT pg_monitor TO {ROLE}")
    assert {one.status for one in found} == {"unknown"}
    wanted = {"idle-transaction", "long-transaction", "lag", "pending-restart", "statements", "bloat"}
    assert {one.check.removeprefix("postgresql.") for one in found} == wanted
    assert said(ward.look()) == ""


def test_without_pg_stat_statements_the_check_is_skipped_and_says_how_to_get_it(ward: Bedside) -> None:
    sql(ward.host, "DROP EXTENSION pg_stat_statements")
    assert said(ward.look()) == ""
    assert ward.last is not None
    assert "pg_stat_statements" in (ward.last.sections.postgresql.withheld or {})[f"{INSTANCE} statements"]
    sql(ward.host, "CREATE EXTENSION pg_stat_statements")
    assert said(ward.look()) == ""


def test_a_literal_never_leaves_the_host(ward: Bedside) -> None:
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
