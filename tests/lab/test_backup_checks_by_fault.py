"""Every backup check proved by its fault, on a real cluster with a real repository on another host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from trialling import Ward, said, wrong

from lab import Host, lab
from lab.faults.backup import corrupted, pgbackrest
from lab.trials.backup import REPOSITORY, SERVER, TRIALS, declared, protected, specs
from lab.trials.trial import Trial

pytestmark = pytest.mark.slow
NEVER_DRILLED = "backup.drill crit repo/his = 无演练记录"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with lab(specs()) as made, protected(made):
        one = Ward(
            made=made, place=tmp_path_factory.mktemp("ward"), declared={"hosts": {SERVER: declared(made)}}, scope=SERVER
        )
        one.observe()
        one.observe()
        yield one


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


def verified(server: Host) -> str:
    return pgbackrest(server, REPOSITORY, "verify", "--output=text", "--verbose")
