"""What is told of is claimed first: two runs tell once, and what a run did not tell is told by a later one."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bell import KEEP, Bell, lines, pager

AS_AT = """
import sys
from datetime import datetime
from maintkit.cli.main import cli
from maintkit.clock import SystemClock
now = datetime.fromisoformat(sys.argv[1])
SystemClock.now = lambda _: now
sys.exit(cli(["due", "remind", "--site", sys.argv[2]], standalone_mode=False))
"""


def begun(bell: Bell) -> subprocess.Popen[bytes]:
    """`due remind` in a process of its own, at the bell's time."""
    argv = [sys.executable, "-c", AS_AT, bell.now.isoformat(), str(bell.root)]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def slow(told: Path, seconds: float) -> dict[str, Any]:
    code = f"import time; time.sleep({seconds}); {KEEP}"
    return {"name": "pager", "within_s": 40, "command": {"argv": [sys.executable, "-c", code, str(told)]}}


def test_of_two_runs_at_one_moment_one_tells(bell: Bell, tmp_path: Path) -> None:
    """The first to claim tells; the other has nothing new. Both end well."""
    told = tmp_path / "told"
    bell.hooks(slow(told, 2))
    both = [begun(bell), begun(bell)]
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in both] == [(b"", 0)] * 2
    assert len(lines(told)) == 1
    assert len(bell.entries("reminder.claimed")) == len(bell.entries()) == 1


def test_what_a_run_had_claimed_that_was_killed_is_told_once_its_claim_is_over(bell: Bell, tmp_path: Path) -> None:
    """Not before: nobody can tell a run that crashed from one that still tells."""
    told = tmp_path / "told"
    bell.hooks(slow(told, 30))
    run = begun(bell)
    end = time.monotonic() + 40
    while not bell.entries("reminder.claimed"):
        assert run.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    run.kill()
    run.communicate(timeout=30)
    bell.hooks(pager(told, within_s=40))
    bell.now += timedelta(seconds=99)
    assert bell.ring()[0]["matters"] == []
    bell.now += timedelta(seconds=2)
    assert bell.ring()[0]["matters"] != []
    assert len(lines(told)) == 1


def test_a_failed_hook_gives_its_claim_back(bell: Bell, tmp_path: Path) -> None:
    """The next run tells at once; why it failed stands in the ledger, without an address."""
    bell.hooks({"name": "pager", "command": {"argv": ["/nonexistent/program"]}})
    assert bell.quick()["pager"].failed == "the program cannot be started"
    ((_, body),) = bell.entries("reminder.failed")
    assert body == {"on": "2026-11-25", "claim": 1, "attempts": 1, "reason": "the program cannot be started"}
    bell.hooks(pager(tmp_path / "told"))
    assert bell.quick()["pager"].matters == ("monthly-inspection",)
