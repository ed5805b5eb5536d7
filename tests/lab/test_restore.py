"""A database of the practice hospital restored on its own host: planned, approved, applied, proven, or put back."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import Host
from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import key, make_site

MAINTKIT = Path(sys.executable).with_name("maintkit")
HOSTS = ("backup1", "his-db1")
APPROVER, SECOND, REQUESTER = "li@hospital.example", "chen@hospital.example", "zhang@provider.example"
DATA, UNIT = "/var/lib/postgresql/15/main", "postgresql@15-main.service"
ASKED: dict[str, Any] = {
    "stanza": "his",
    "data": DATA,
    "unit": UNIT,
    "spare_mb": 64,
    "settings": {"fsync": "off"},
    "smoke": [{"name": "挂号单", "database": "his", "sql": "SELECT count(*) FROM visit", "contains": "700"}],
}


@dataclass(frozen=True, kw_only=True)
class Night:
    """A running hospital and its site; every method is a command of maintkit's, or of the database."""

    his: Hospital
    site: Path

    @property
    def db(self) -> Host:
        return self.his.lab["his-db1"]

    def sql(self, statement: str, database: str = "his") -> str:
        return self.db.run("runuser", "-u", "postgres", "--", "psql", "-XAtqc", statement, database).out.strip()

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        argv = [str(MAINTKIT), *map(str, words), "--site", str(self.site)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=500, check=False)

    def asked(self, **changes: Any) -> subprocess.CompletedProcess[str]:
        """`maintkit plan restore`."""
        file = self.site / "vars.yml"
        file.write_text(json.dumps({**ASKED, **changes}))
        words = ("--vars", file, "--reason", "误删挂号单", "--requester", REQUESTER, "--json")
        return self.maintkit("plan", "restore", "--limit", "his-db1", *words)

    def plan(self, **changes: Any) -> str:
        """A plan that two people have approved and one supervises; its id."""
        done = self.asked(**changes)
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

    def told(self, run: str) -> dict[str, Any]:
        """The restore's own journal on the host."""
        found: dict[str, Any] = json.loads(self.db.run("cat", f"/var/lib/maintkit/runs/{run}/restore.json").out)
        return found

    def now(self) -> str:
        """A point in time between what is written before and what after."""
        time.sleep(0.05)
        return self.sql("SELECT clock_timestamp()::timestamptz(3)")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with hospital(HOSTS) as made:
        found = Night(his=made, site=make_site(made, tmp_path_factory.mktemp("restore") / "site"))
        found.sql("CREATE TABLE visit AS SELECT n, '测试患者' || n AS name FROM generate_series(1, 500) AS n")
        made.lab["backup1"].run("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=his", "backup")
        yield found


def test_a_dropped_table_is_back_as_it_was_before_the_mistake(night: Night) -> None:
    """To a point in time after the backup: what was written until then is there, the mistake is not."""
    before = night.sql("SELECT pg_create_restore_point('earlier'); SELECT timeline_id FROM pg_control_checkpoint()")
    night.sql("INSERT INTO visit SELECT n, '测试患者' || n FROM generate_series(501, 700) AS n")
    moment = night.now()
    night.sql("DROP TABLE visit")
    night.sql("CREATE TABLE after_it AS SELECT 1 AS n")
    done = night.maintkit("apply", night.plan(target=moment))
    assert done.returncode == 0, done.stdout + done.stderr
    assert night.sql("SELECT count(*), max(n) FROM visit") == "700|700"
    assert night.sql("SELECT to_regclass('after_it') IS NULL") == "t"
    assert before.endswith("1")
    assert night.sql("SELECT timeline_id FROM pg_control_checkpoint()") == "2"
    settings = "SELECT current_setting('archive_mode'), current_setting('restore_command'), pg_is_in_recovery()"
    assert night.sql(settings) == "on||f"
    run = night.run()["run"]
    told = night.told(run)
    assert told["stages"]["promote"]["reason"].startswith("before ")
    assert told["stages"]["promote"]["lost"]["seconds"] >= 0
    assert night.db.run("cat", f"{DATA}.maintkit-{run}-kept/PG_VERSION").out == "15\n"
    listed = night.db.run("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=his", "info").out
    assert "000000020000000" in listed
    assert "测试患者" not in night.db.sh(f"cat /var/lib/maintkit/runs/{run}/restore.json")


def test_what_cannot_be_reached_is_refused_before_anything_is_planned(night: Night) -> None:
    """Each names what is wrong, and the server goes on meanwhile."""
    pid = night.sql("SELECT pg_postmaster_start_time()")
    wrong: dict[str, dict[str, Any]] = {
        "is before the end of the oldest backup": {"target": "2020-01-01 00:00:00+08"},
        "is still to come": {"target": "2099-01-01 00:00:00+08"},
        "is no point in time": {"target": "2026-11-28 02:13:00"},
        "has no stanza 'lis'": {"stanza": "lis", "type": "end"},
        "bytes are needed beside the present state": {"type": "end", "spare_mb": 100_000_000},
        "not in /var/lib/postgresql/15/other": {"type": "end", "data": "/var/lib/postgresql/15/other"},
        "restore_unit must name the unit": {"type": "end", "unit": "postgres.service"},
    }
    for said, changes in wrong.items():
        refused = night.asked(**changes)
        assert (refused.returncode, said in refused.stderr) == (30, True), (said, refused.stdout, refused.stderr)
    assert night.sql("SELECT pg_postmaster_start_time()") == pid
