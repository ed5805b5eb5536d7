"""Fault 12: the controller's disk runs full in the middle of a change: no ledger, no next step."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk import HOSTS, base_site, bureau

from maintkit.errors import LedgerError
from maintkit.evidence.chain import verify
from maintkit.runs.apply import apply, resume
from maintkit.runs.journal import Journal
from maintkit.runs.phases import HostState
from maintkit.runs.verdict import Verdict


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 24 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root")
    place = tmp_path / "disk"
    place.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=24m", "maintkit-test", str(place)]
    mounted = subprocess.run(argv, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def filler(ballast: Path) -> Callable[[], None]:
    """Takes up every byte that is left."""

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(b"x" * 4096)
                except OSError:
                    return

    return fill


def test_a_disk_that_runs_full_lets_the_host_at_work_be_ended_and_recorded(disk: Path, tmp_path: Path) -> None:
    """By the room that was kept for it; no other host is begun until there is room again."""
    made = bureau(base_site(tmp_path / "base"), disk / "site")
    ballast = disk / "ballast"
    made.in_phase("his-app1", "change", filler(ballast))
    assert apply(made.desk, made.plan.id, engineer="wang") is Verdict.PARTIAL
    assert Journal(ledger=made.ledger, run="C20261129-1").closed() == {"his-app1": HostState.DONE}
    assert "his-app2" not in made.world.times_changed
    (held,) = (entry.body["reason"] for entry in made.ledger.entries(kind="host.held"))
    assert held == "the ledger's disk is full: free space, then resume"
    with pytest.raises(LedgerError, match="no room for the 8 MiB"):
        resume(made.desk, "C20261129-1", engineer="wang")
    ballast.unlink()
    assert verify(made.ledger).intact
    assert resume(made.desk, "C20261129-1", engineer="wang") is Verdict.DONE
    assert made.world.times_changed == dict.fromkeys(HOSTS, 1)
    assert not list((disk / "site" / "ledger").glob("*.reserve*"))
    made.ledger.close()


@pytest.mark.parametrize("phase", ["precheck", "change"])
def test_when_the_reserve_is_used_up_too_there_is_no_next_step_and_a_resume_does_nothing_twice(
    disk: Path, tmp_path: Path, phase: str
) -> None:
    """What was acknowledged stays, the step that could not be recorded is looked at again, no other was begun."""
    made = bureau(base_site(tmp_path / "base"), disk / "site")
    ballast = disk / "ballast"
    fill = filler(ballast)

    def fill_all() -> None:
        assert made.ledger.reserve is not None
        made.ledger.reserve.give()
        fill()

    made.in_phase("his-app1", phase, fill_all)
    with pytest.raises(LedgerError, match=r"disk is full|disk I/O") as refused:
        apply(made.desk, made.plan.id, engineer="wang")
    assert "free space" in refused.value.hint
    assert made.world.asked[-1] == ("his-app1", phase)
    assert "his-app2" not in made.world.times_changed
    ballast.unlink()
    assert verify(made.ledger).intact
    assert resume(made.desk, "C20261129-1", engineer="wang") is Verdict.DONE
    assert made.world.times_changed == dict.fromkeys(HOSTS, 1)
    made.ledger.close()


def test_without_room_for_its_records_a_change_does_not_begin(disk: Path, tmp_path: Path) -> None:
    made = bureau(base_site(tmp_path / "base"), disk / "site")
    filler(disk / "ballast")()
    before = made.ledger.head()
    with pytest.raises(LedgerError, match="no room for the 8 MiB") as refused:
        apply(made.desk, made.plan.id, engineer="wang")
    assert "nothing was begun" in refused.value.hint
    assert (made.world.asked, made.ledger.head()) == ([], before)
    made.ledger.close()
