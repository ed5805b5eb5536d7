"""A restore drill of the practice hospital, as engineers make it: planned, approved, applied, and reported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import Host
from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import key, make_site

MAINTKIT = Path(sys.executable).with_name("maintkit")
HOSTS = ("backup1", "his-db1", "drill1", "his-app1")
APPROVER, SECOND, REQUESTER = "li@hospital.example", "chen@hospital.example", "zhang@provider.example"
SCRATCH = "/var/lib/maintkit-drill"
ASKED: dict[str, Any] = {
    "source": "his-db1",
    "stanza": "his",
    "spare_mb": 64,
    "rto": 600,
    "rpo": 300,
    "smoke": [
        {"name": "在册患者", "database": "his", "sql": "SELECT count(*) FROM patient", "contains": "2000"},
        {"name": "排班与医生", "database": "his",
         "sql": "SELECT count(*) > 0 FROM schedule JOIN doctor ON doctor.id = doctor_id", "contains": "t"},
    ],
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Evening:
    """A running hospital and its site; every method is a command of maintkit's."""

    his: Hospital
    site: Path

    @property
    def drill1(self) -> Host:
        return self.his.lab["drill1"]

    def argv(self, *words: object) -> list[str]:
        return [str(MAINTKIT), *map(str, words), "--site", str(self.site)]

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.argv(*words), capture_output=True, text=True, timeout=300, check=False)

    def asked(self, limit: str, **changes: Any) -> subprocess.CompletedProcess[str]:
        """`maintkit plan restore-drill`."""
        file = self.site / "vars.yml"
        file.write_text(json.dumps({**ASKED, **changes}))
        words = ("--vars", file, "--reason", "季度恢复演练", "--requester", REQUESTER, "--json")
        return self.maintkit("plan", "restore-drill", "--limit", limit, *words)

    def plan(self, **changes: Any) -> str:
        """A plan that two people have approved and one supervises; its id."""
        done = self.asked("drill1", **changes)
        assert done.returncode == 0, done.stderr
        plan = str(json.loads(done.stdout)["plan"])
        for who, role in ((APPROVER, "approver"), (SECOND, "second-approver")):
            words = ("--key", key(self.site, who), "--role", role, "--window", "practice")
            signed = self.maintkit("approve", plan, *words)
            assert signed.returncode == 0, signed.stderr
        watched = self.maintkit("supervise", "in", plan, "--key", key(self.site, APPROVER))
        assert watched.returncode == 0, watched.stderr
        return plan

    def run(self) -> dict[str, Any]:
        """The newest run."""
        found: list[dict[str, Any]] = json.loads(self.maintkit("status", "--json").stdout)
        return found[0]

    def left(self) -> str:
        """What there is of copies on the drill host."""
        told = self.drill1.sh(f"ls -A {SCRATCH} 2>/dev/null; pgrep -a postgres || true")
        return told.strip()


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with hospital(HOSTS) as made:
        yield Evening(his=made, site=make_site(made, tmp_path_factory.mktemp("drill") / "site"))


def test_a_drill_passes_and_nothing_of_the_copy_is_left(evening: Evening) -> None:
    plan = evening.plan()
    done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert evening.run()["verdict"] == "done"
    assert evening.left() == ""
    assert "测试患者" not in evening.drill1.sh("grep -rs 测试患者 /var/lib/maintkit || true")


def test_production_is_refused_before_anything_is_planned(evening: Evening) -> None:
    """Fault 47: the database's own host, and a scratch directory that is its data."""
    refused = evening.asked("his-db1")
    assert refused.returncode == 30, refused.stdout
    assert "the source is this very machine" in refused.stderr
    refused = evening.asked("his-db1", same_host=True, scratch="/var/lib/postgresql/15/main")
    assert (refused.returncode, "is the data directory of a PostgreSQL cluster" in refused.stderr) == (30, True)
