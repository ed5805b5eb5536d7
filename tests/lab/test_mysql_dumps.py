"""Dumps by mysqldump of MySQL 8.0, as Ubuntu packages it, in an inspection of their host: whole, packed, broken off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bedside import collector
from mysqltables import MYSQL

from lab import Host, Spec, lab
from lab.faults.mysql import sql
from lab.suites import JAMMY
from maintkit.checks.facts.backup import BackupJob
from maintkit.checks.facts.document import Facts

pytestmark = pytest.mark.long

DUMPS = """
mkdir -p /backup/whole /backup/all /backup/cut /backup/view /backup/wordless
cd /backup
mysqldump --single-transaction --routines --events p >whole/p.sql
gzip -k whole/p.sql
mysqldump --all-databases --source-data=2 | gzip >all/all.sql.gz
head -c 1500 whole/p.sql >cut/p.sql
head -c 600 whole/p.sql.gz >cut/q.sql.gz
mysqldump --compact p >wordless/p.sql
mysql -e 'CREATE VIEW p.w AS SELECT x FROM p.z; DROP TABLE p.z'
mysqldump p >view/p.sql 2>/dev/null && exit 1
touch -d '-1 hour' cut/* view/*
"""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with lab([Spec(name="h1", layers=(MYSQL,), suite=JAMMY)]) as made:
        sql(made["h1"], "CREATE DATABASE p", "CREATE TABLE p.t (a int)", "INSERT INTO p.t VALUES (1)",
            "CREATE TABLE p.z (x int)")  # fmt: skip
        made["h1"].sh(DUMPS)
        yield made["h1"]


def job(host: Host, place: Path, folder: str) -> BackupJob:
    """What the collector tells of the dumps in a folder."""
    script = collector(place, "backups", {"tool": "mysqldump", "name": "p", "path": f"/backup/{folder}"})
    section = Facts.model_validate_json(host.run("python3", "-I", "-S", "-", stdin=script).out.partition("\n")[2])
    told = section.sections.backups
    assert told is not None
    assert told.data is not None, told
    assert told.data.jobs, told
    return told.data.jobs[0]


@pytest.mark.parametrize(("folder", "names"), [("whole", ["p.sql", "p.sql.gz"]), ("all", ["all.sql.gz"])])
def test_a_whole_dump_tells_its_end(host: Host, tmp_path: Path, folder: str, names: list[str]) -> None:
    """Plain and packed, of one database and of all, with where in the binary log it stands."""
    told = job(host, tmp_path, folder)
    assert sorted(one.label for one in told.backups) == names
    assert all(abs(one.stopped_at - time.time()) < 900 for one in told.backups)
    assert (told.status_code, told.off_host) == (0, False)


@pytest.mark.parametrize("folder", ["cut", "view"])
def test_a_dump_that_broke_off_is_no_backup(host: Host, tmp_path: Path, folder: str) -> None:
    """Cut off, plain or packed; ended by an error of the server at a view that leads nowhere."""
    told = job(host, tmp_path, folder)
    assert (told.backups, told.status_code) == ((), 1)


def test_a_dump_without_comments_is_unknown(host: Host, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no dump with comments"):
        job(host, tmp_path, "wordless")
