"""Every backup check proved by its fault, on a real cluster with a real repository on another host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bedside import collector
from trialling import Ward, said, wrong

from lab import Host, Lab, lab
from lab.faults.backup import corrupted, pgbackrest
from lab.suites import BOOKWORM, BULLSEYE, TRIXIE
from lab.trials.backup import REPOSITORY, SERVER, TRIALS, declared, protected, specs
from lab.trials.trial import Trial
from maintkit.checks.facts.document import Facts

pytestmark = [pytest.mark.slow, pytest.mark.long]
NEVER_DRILLED = "backup.drill crit repo/his = 无演练记录"


@pytest.fixture(
    scope="module",
    params=[BOOKWORM, TRIXIE],
    ids=lambda suite: suite.name,
)
def ward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with lab(specs(request.param)) as made, protected(made):
        yield warded(made, tmp_path_factory.mktemp("ward"))


def warded(made: Lab, place: Path) -> Ward:
    """The ward of the host of the backups, which has been looked at twice."""
    one = Ward(made=made, place=place, declared={"hosts": {SERVER: declared(made)}}, scope=SERVER)
    one.observe()
    one.observe()
    return one


def test_of_untouched_backups_only_the_missing_drill_is_told(ward: Ward) -> None:
    """A backup that nobody has restored is a hope: crit until a drill is recorded. Nothing else is wrong."""
    seen = ward.look()
    assert seen.coverage["inspected"] == 1
    assert [line.split(":")[0] for line in said(seen.of(SERVER)).splitlines()] == [NEVER_DRILLED]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_fault_leads_to_its_finding_and_to_no_other(ward: Ward, trial: Trial) -> None:
    """Undone, it leaves nothing to be found but the missing drill."""
    under, after = ward.try_out({SERVER: trial})
    assert "\n".join(wrong(trial, SERVER, under, after, known=("backup.drill",))) == ""


def test_a_damaged_file_is_seen_by_verify_and_not_by_an_inspection(ward: Ward) -> None:
    """What docs/checks.md says of backup.status: only a restore drill shows it. Undone, all files are sound again."""
    server = ward.made[SERVER]
    assert "status: ok" in verified(server)
    with corrupted(server, REPOSITORY):
        assert "checksum invalid: 1" in verified(server)
        assert {one["check"] for one in ward.look().of(SERVER)} == {"backup.drill"}
    assert "status: ok" in verified(server)


def test_a_pgbackrest_that_does_not_tell_of_damaged_pages_leaves_them_unknown(tmp_path: Path) -> None:
    """Version 2.33 of Debian 11 has no word of it in its catalogue; all else is judged as ever."""
    with lab(specs(BULLSEYE)) as made, protected(made):
        seen = warded(made, tmp_path).look().of(SERVER)
    assert {one["check"]: one["status"] for one in seen} == {"backup.drill": "crit", "backup.page-errors": "unknown"}
    assert "does not say whether" in next(one["reason"] for one in seen if one["status"] == "unknown")


def test_who_may_not_read_pgbackrests_configuration_is_told_so_by_the_newest_too(tmp_path: Path) -> None:
    """Version 2.55 says it on its standard output: it has not read yet where to say it."""
    script = collector(tmp_path, "backups", {"name": "his"})
    with lab(specs(TRIXIE)) as made:
        nobody = ("setpriv", "--reuid=nobody", "--clear-groups", "python3", "-I", "-S", "-")
        made[SERVER].run("chmod", "640", "/etc/pgbackrest.conf")
        told = made[SERVER].run(*nobody, stdin=script).out
    section = Facts.model_validate_json(told.partition("\n")[2]).sections.backups
    assert section.status == "denied"
    assert "Permission denied" in str(section.reason)


def verified(server: Host) -> str:
    return pgbackrest(server, REPOSITORY, "verify", "--output=text", "--verbose")
