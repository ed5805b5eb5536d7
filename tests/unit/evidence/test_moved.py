"""What our own changes freed or moved: which series each cuts, and which it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sample_restores

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moved import Own, mount_of, moved
from maintkit.evidence.readings import Figure, cuts
from maintkit.evidence.redact import Redactor
from maintkit.evidence.space import Fill, jumps

GIB = 2**30
NOW = datetime(2026, 6, 13, 15, 40, tzinfo=UTC)
WEEK = timedelta(days=7)
MOUNTS = ("/", "/data", "/var")


@dataclass(frozen=True)
class Night:
    """A ledger in which a run may be entered, and the series around it."""

    ledger: Ledger

    def run(self, procedure: str, facts: dict[str, Any] | None, *, outcome: str = "ok", changed: bool = True,
            phase: str = "change", **said: Any) -> None:  # fmt: skip
        """A run of this night; `facts` None: nothing was heard of it."""
        self.ledger.append("plan.frozen", {"title_zh": "本院操作"}, subject="P1")
        body = {"procedure": procedure, "hosts": ["h1"], **said}
        self.ledger.append("change.started", body, run="R1", subject="P1")
        self.ledger.append("phase.intent", {"phase": phase}, run="R1", subject="h1")
        if facts is not None:
            kept = self.ledger.seal(json.dumps({"facts": facts}).encode())
            told = {"phase": phase, "outcome": outcome, "changed": changed, "document": kept.sha256}
            self.ledger.append("phase.observed", told, run="R1", subject="h1", attachments=[kept])

    def own(self, *, simulated: bool = False) -> Own:
        return Own(moves=moved(self.ledger, since=NOW, simulated=simulated).get("h1", ()), mounts=MOUNTS)

    def cut(self, mount: str, used: int = 500, room: int = 1000) -> list[str]:
        """Why a filesystem of the host is cut; it was told a week before and a week after."""
        series = tuple(Fill(at=at, used=used * GIB, free=(room - used) * GIB) for at in (NOW - WEEK, NOW + WEEK))
        return [one.why for one in jumps(self.ledger, "h1", mount, series, self.own())]

    def cut_series(self, kind: str, which: str, value: float, whole: float | None = None) -> list[str]:
        series = tuple(Figure(at=at, value=value, whole=whole) for at in (NOW - WEEK, NOW + WEEK))
        return [one.why for one in cuts(self.ledger, ("h1", kind, which), series, self.own())]


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    clock = FixedClock(at=NOW)
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=clock, redactor=Redactor()) as ledger:
        yield Night(ledger)


def deleted(path: str, freed: int, **said: Any) -> dict[str, Any]:
    return {"path": path, "action": "delete", "ended": "done", "freed": freed} | said


NAMED = ["本院操作（R1）"]


def test_a_purge_cuts_the_filesystem_that_its_files_lay_on(night: Night) -> None:
    """300 GiB of /data: neither / nor /var, where little went, and the run is named."""
    night.run("housekeeping", {"files": [deleted("/data/images/1.tar", 300 * GIB), deleted("/var/log/x", GIB)]})
    assert (night.cut("/data"), night.cut("/"), night.cut("/var")) == (NAMED, [], [])


def test_what_was_not_deleted_and_what_is_less_than_a_hundredth_cut_nothing(night: Night) -> None:
    night.run("housekeeping", {"files": [deleted("/data/a", 300 * GIB, ended="open"), deleted("/data/b", 9 * GIB)]})
    assert night.cut("/data") == []


def test_what_a_rotated_log_has_freed_counts_and_no_file_of_it_has_gone(night: Night) -> None:
    """One that is still written to was not compressed, and frees nothing."""
    rotated = {"action": "rotate", "ended": "rotated"}
    night.run("housekeeping", {"files": [deleted("/var/log/his.log", 300 * GIB, **rotated)]})
    assert (night.cut("/var"), night.cut_series("inodes", "/var", 50, 100)) == (NAMED, [])


def test_many_small_files_cut_the_inodes_of_their_filesystem(night: Night) -> None:
    night.run("housekeeping", {"files": [deleted(f"/data/{number}", 1) for number in range(200)]})
    assert night.cut_series("inodes", "/data", 5000, 10_000) == NAMED
    assert night.cut_series("inodes", "/data", 5000, 100_000) == []
    assert night.cut_series("inodes", "/", 5000, 10_000) == []


REBUILT = {"database": "his", "bytes": 90 * GIB, "after_bytes": 40 * GIB, "verdict": "rebuilt"}
CREATED = {"act": "create", "database": "his", "before_bytes": 0, "after_bytes": 50 * GIB}
DROPPED = {"act": "drop", "database": "his", "before_bytes": 50 * GIB, "after_bytes": 0}
VACUUMED = {"database": "his", "bytes": 90 * GIB, "before": {"bytes": 90 * GIB}, "after": {"bytes": 40 * GIB}}


@pytest.mark.parametrize(
    ("procedure", "item", "engine", "other"),
    [
        ("reindex", REBUILT, "postgresql", "mysql"),
        ("rebuild_tables", REBUILT, "mysql", "postgresql"),
        ("vacuum", VACUUMED, "postgresql", "mysql"),
        ("change_indexes", CREATED, "postgresql", "mysql"),
        ("change_indexes", DROPPED, "postgresql", "mysql"),
    ],
)
def test_a_rebuild_cuts_its_database_and_the_filesystems_that_could_hold_it(
    night: Night, procedure: str, item: dict[str, Any], engine: str, other: str
) -> None:
    """50 GiB of the database his; one of 20 GiB in use cannot have held them."""
    night.run(procedure, {"run_items": [item]})
    assert night.cut_series("database", f"{engine} main/his", 400.0 * GIB) == NAMED
    assert night.cut_series("database", f"{engine} main/his", 9000.0 * GIB) == []
    assert night.cut_series("database", f"{engine} main/lis", 400.0 * GIB) == []
    assert night.cut_series("database", f"{other} main/his", 400.0 * GIB) == []
    assert (night.cut("/data"), night.cut("/", used=20, room=40)) == (NAMED, [])


@pytest.mark.parametrize("phase", ["change", "rollback"])
def test_a_restore_cuts_every_database_and_the_filesystem_of_its_data(night: Night, phase: str) -> None:
    night.run("restore", sample_restores.told("aside", "restore"), phase=phase)
    assert night.cut_series("database", "postgresql main/lis", 1.0) == NAMED
    assert night.cut_series("xid-age", "postgresql main/lis", 1.0) == NAMED
    assert night.cut_series("database", "mysql main/lis", 1.0) == []
    assert (night.cut("/var"), night.cut("/data")) == (NAMED, [])


def test_a_change_that_nobody_heard_of_again_counts_as_much(night: Night) -> None:
    """Unknown is never read as nothing done."""
    night.run("housekeeping", None)
    assert (night.cut("/"), night.cut("/data")) == (NAMED, NAMED)


@pytest.mark.parametrize(
    "said",
    [
        {"procedure": "housekeeping", "facts": {"files": []}, "outcome": "nothing", "changed": False},
        {"procedure": "housekeeping", "facts": {"files": [deleted("/data/a", 300 * GIB)]}, "simulated": True},
        {"procedure": "patch", "facts": {}},
    ],
    ids=["nothing to do", "simulated", "not one that frees"],
)
def test_a_run_that_moved_nothing_of_the_real_host_cuts_nothing(night: Night, said: dict[str, Any]) -> None:
    night.run(**said)
    assert night.cut("/data") == []


def test_a_failed_phase_counts_by_what_it_told_although_it_says_that_it_changed_nothing(night: Night) -> None:
    night.run("housekeeping", {"files": [deleted("/data/a", 300 * GIB)]}, outcome="failed", changed=False)
    assert (night.cut("/data"), night.cut("/")) == (NAMED, [])


def test_a_path_belongs_to_the_deepest_filesystem_above_it() -> None:
    mounts = ("/", "/data", "/data/images")
    paths = ("/data/images/1", "/database/x", "/data", "relative")
    assert [mount_of(path, mounts) for path in paths] == ["/data/images", "/", "/data", ""]
