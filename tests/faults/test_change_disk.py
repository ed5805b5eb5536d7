"""Fault 12: the controller's disk runs full in the middle of a change: no ledger, no next step."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import HOSTS, base_site, bureau

from maintkit.errors import LedgerError
from maintkit.evidence.chain import verify
from maintkit.runs.apply import apply, resume
from maintkit.runs.verdict import Verdict


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of four megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root")
    place = tmp_path / "disk"
    place.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=4m", "maintkit-test", str(place)]
    mounted = subprocess.run(argv, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("phase", ["precheck", "change"])
def test_a_disk_that_runs_full_stops_the_change_where_it_stands_and_a_resume_does_nothing_twice(
    disk: Path, tmp_path: Path, phase: str
) -> None:
    """What was acknowledged stays, the step that could not be recorded is looked at again, no other was begun."""
    made = bureau(base_site(tmp_path / "base"), disk / "site")
    ballast = disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(b"x" * 4096)
                except OSError:
                    return

    made.in_phase("his-app1", phase, fill)
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
