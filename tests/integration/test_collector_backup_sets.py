"""The collector reads sets that the real tools made of a real MariaDB, on every Python that this machine has."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from collected import run, script, unknown_fields
from fleet import Fleet, Node
from mariadb import mariadb
from pythons import VERSIONS, interpreter
from sites import MAINTKIT, make_site

from maintkit.checks.facts.backup import BackupJob
from maintkit.checks.facts.document import Facts


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder of dumps: one whole, one packed, one that broke off at a view that leads nowhere."""
    folder = tmp_path_factory.mktemp("dumps")
    with mariadb() as socket:
        sql = "CREATE DATABASE p; CREATE TABLE p.t (a int); INSERT INTO p.t VALUES (1); CREATE TABLE p.z (x int);"
        client(socket, "mariadb", "-e", sql)
        whole = client(socket, "mysqldump", "p")
        (folder / "whole").mkdir()
        (folder / "whole" / "p.sql").write_bytes(whole)
        subprocess.run(["gzip", "-k", folder / "whole" / "p.sql"], check=True)
        client(socket, "mariadb", "-e", "CREATE VIEW p.w AS SELECT x FROM p.z; DROP TABLE p.z")
        (folder / "broken").mkdir()
        broken = client(socket, "mysqldump", "p", code=2)
        (folder / "broken" / "p.sql").write_bytes(broken)
        if shutil.which("mariadb-backup"):
            where = [f"--socket={socket}", f"--datadir={socket.parent / 'data'}"]
            tool = ["mariadb-backup", "--no-defaults", "--backup", "--user=root", *where]
            base, step = folder / "sets" / "full", folder / "sets" / "step"
            base.parent.mkdir()
            subprocess.run([*tool, f"--target-dir={base}"], check=True, capture_output=True)
            client(socket, "mariadb", "-e", "INSERT INTO p.t VALUES (2)")
            again = [f"--target-dir={step}", f"--incremental-basedir={base}"]
            subprocess.run([*tool, *again], check=True, capture_output=True)
    return folder


def client(socket: Path, program: str, *argv: str, code: int = 0) -> bytes:
    """What a client of the server says."""
    done = subprocess.run(
        [program, "--no-defaults", f"--socket={socket}", "-uroot", *argv], capture_output=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def asked(python: str, place: Path, tool: str, path: Path) -> BackupJob:
    """What the collector tells of the job."""
    parameters = {"only": ["backups"], "backups": [{"tool": tool, "name": "p", "path": str(path)}]}
    document = run(python, script(parameters, place))
    facts = Facts.model_validate(document)
    assert unknown_fields(document, facts.model_dump(mode="json", by_alias=True)) == []
    section = facts.sections.backups
    assert section is not None
    assert section.data is not None
    return section.data.jobs[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_dumps_are_read_on_every_python(version, made, tmp_path):
    """A plain one and a packed one, with the time that mysqldump wrote; both on the host of their server."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    told = asked(python, tmp_path, "mysqldump", made / "whole")
    assert sorted(one.label for one in told.backups) == ["p.sql", "p.sql.gz"]
    assert all(abs(one.stopped_at - time.time()) < 900 for one in told.backups)
    assert (told.status_code, told.off_host) == (0, False)


def test_a_dump_that_broke_off_is_no_backup(made, tmp_path):
    """It has just been written: that it may still be at work is said for a quarter of an hour, no longer."""
    file = made / "broken" / "p.sql"
    subprocess.run(["touch", "-d", "-1 hour", file], check=True)
    told = asked(sys.executable, tmp_path, "mysqldump", made / "broken")
    assert (told.backups, told.status_code, told.status) == ((), 1, "p.sql")


def test_sets_of_mariadb_backup_say_what_they_are(made, tmp_path):
    """A full one and one on top of it, with their ends; without the first the second is no backup."""
    if not (made / "sets").exists():
        pytest.skip("no mariadb-backup on this machine")
    told = asked(sys.executable, tmp_path, "mariadb-backup", made / "sets")
    assert [(one.label, one.kind, one.error) for one in told.backups] == [
        ("full", "full", False),
        ("step", "incr", False),
    ]
    assert all(abs(one.stopped_at - time.time()) < 900 for one in told.backups)
    assert told.status_code == 0
    (made / "sets" / "full").rename(made / "gone")
    told = asked(sys.executable, tmp_path, "mariadb-backup", made / "sets")
    assert (told.backups, told.status_code, told.status) == ((), 2, "step")


@pytest.mark.fleet
def test_an_inspection_holds_declared_sets_to_their_schedule(made, tmp_path):
    """From services.yml to findings: one is well, one broke off, one is old, one has no folder."""
    old = tmp_path / "old"
    old.mkdir()
    text = (made / "whole" / "p.sql").read_text(encoding="utf-8")
    kept, _, _ = text.rpartition("-- Dump completed on ")
    (old / "p.sql").write_text(f"{kept}-- Dump completed on 2026-01-01  0:00:00\n", encoding="utf-8")
    subprocess.run(["touch", "-d", "-1 hour", made / "broken" / "p.sql"], check=True)
    places = {"whole": made / "whole", "broken": made / "broken", "old": old, "gone": tmp_path / "gone"}
    declared = [{"tool": "mysqldump", "name": key, "every_h": 24, "path": str(path)} for key, path in places.items()]
    with Fleet(tmp_path / "fleet", [Node(name="h1")]) as fleet:
        site = make_site(tmp_path / "site", fleet.inventory_data())
        services = yaml.safe_load((site / "services.yml").read_text(encoding="utf-8"))
        (site / "services.yml").write_text(json.dumps({**services, "all": {"backups": declared}}), encoding="utf-8")
        argv = [MAINTKIT, "inspect", "--json", "--site", site]
        done = subprocess.run(argv, env=fleet.environment(), capture_output=True, timeout=120, check=False)
    assert done.returncode in range(10, 14), done.stderr
    # What is well is not listed: that the first job was read at all shows its place, on the host of its server.
    findings = json.loads(done.stdout)["findings"]
    found = {(one["check"], one["subject"].partition("/")[2]): one["status"] for one in findings}
    told = {key: [found.get((f"backup.{check}", key)) for check in ("age", "status", "off-host")] for key in places}
    assert told == {
        "whole": [None, None, "crit"],
        "broken": ["crit", "crit", "crit"],
        "old": ["crit", None, "crit"],
        "gone": ["crit", "unknown", "unknown"],
    }
