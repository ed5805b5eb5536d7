"""The collector reads what a real restic, sha256sum and mariadb-backup have made, and writes nothing where it reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from collected import run, script, unknown_fields
from mariadb import mariadb
from pythons import interpreter

from maintkit.checks.facts.backup import BackupJob
from maintkit.checks.facts.document import Facts

SECRET = "nobody-sees-this-word"  # noqa: S105  # of a repository that lives as long as the test
# As docs/backups.md says.
CLOSED = """{ find . -type f ! -name SHA256SUMS -exec sha256sum {} + &&
date "+# completed %F %T on $(uname -n)"; } > SHA256SUMS"""


def section(place: Path, declared: dict[str, Any], python: str = sys.executable) -> Any:
    """What the collector tells of one declared job: the section of backups."""
    # To derive a key from a password takes restic seconds, and many on a busy machine.
    asked = {"only": ["backups"], "backups": [{"name": "pacs", **declared}], "section_timeout_s": 40}
    document = run(python, script(asked, place))
    assert SECRET not in str(document)
    facts = Facts.model_validate(document)
    assert unknown_fields(document, facts.model_dump(mode="json", by_alias=True)) == []
    return facts.sections.backups


def job(place: Path, declared: dict[str, Any], python: str = sys.executable) -> BackupJob:
    told = section(place, declared, python)
    assert told.data is not None, told
    (one,) = told.data.jobs
    assert isinstance(one, BackupJob)
    return one


class Restic:
    """A real repository, and how it is declared."""

    def __init__(self, place: Path) -> None:
        self.place, self.repository = place, place / "repository"
        self.declared = {"tool": "restic", "path": str(self.repository), "password_file": str(place / "password")}

    def does(self, *words: str) -> str:
        where = {"RESTIC_REPOSITORY": str(self.repository), "RESTIC_PASSWORD_FILE": str(self.place / "password")}
        cache = {"RESTIC_CACHE_DIR": str(self.place / "cache")}
        done = subprocess.run(
            ["restic", *words], env={**os.environ, **where, **cache}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def files(self) -> dict[str, float]:
        return {str(one): one.stat().st_mtime for one in self.repository.rglob("*")}


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the images of two days; to derive a key from its password takes long."""
    if shutil.which("restic") is None:
        pytest.skip("no restic on this machine")
    place = tmp_path_factory.mktemp("restic") / "made"
    (place / "cache").mkdir(parents=True)
    (place / "password").write_text(SECRET)
    made, images = Restic(place), place.parent / "images"
    images.mkdir()
    made.does("init")
    for day in ("24", "25"):
        (images / f"{day}.dcm").write_bytes(os.urandom(5000))
        made.does("backup", str(images))
    return place


@pytest.fixture
def restic(two_days: Path, tmp_path: Path) -> Restic:
    """A copy of its own for each test."""
    shutil.copytree(two_days, tmp_path / "made")
    return Restic(tmp_path / "made")


def test_restic_says_its_snapshots_and_is_not_written_to(restic: Restic) -> None:
    before = restic.files()
    told = job(restic.place, restic.declared)
    assert restic.files() == before
    assert (told.status_code, told.off_host, len(told.backups)) == (0, False, 2)
    assert all(abs(one.stopped_at - time.time()) < 900 for one in told.backups)
    assert told.target_free_bytes is not None


@pytest.mark.long
def test_a_repository_that_is_locked_is_read_all_the_same(restic: Restic) -> None:
    """As while a backup or a prune is at work; a lock that nobody holds any more would stop whoever asks for one."""
    (restic.repository / "locks" / ("0" * 64)).write_bytes(b"not even a lock")
    assert len(job(restic.place, restic.declared).backups) == 2


def test_a_wrong_or_missing_password_is_told_and_nothing_is_taken_for_old(restic: Restic) -> None:
    (restic.place / "other").write_text("wrong")
    for file, word in (("other", "wrong password"), ("gone", "does not exist")):
        told = section(restic.place, {**restic.declared, "password_file": str(restic.place / file)})
        assert word in told.withheld["pacs"]
        assert told.data is None or told.data.jobs == ()


def test_a_snapshot_that_is_damaged_and_an_index_that_is_gone_are_told(restic: Restic) -> None:
    (restic.repository / "index").rename(restic.place / "index")
    told = job(restic.place, restic.declared)
    assert (told.status_code, told.status) == (3, "index")
    (restic.place / "index").rename(restic.repository / "index")
    one = next((restic.repository / "snapshots").iterdir())
    one.chmod(0o600)
    one.write_bytes(one.read_bytes()[:-3] + b"xyz")
    told = job(restic.place, restic.declared)
    assert (told.status_code, told.status) == (3, one.name[:8])
    assert len(told.backups) == 1


@pytest.mark.long
def test_snapshots_of_several_folders_want_a_tag(restic: Restic) -> None:
    """The newest of any would hide that those of another have stopped."""
    restic.does("backup", "--tag", "passwords", str(restic.place / "password"))
    assert "several folders" in section(restic.place, restic.declared).withheld["pacs"]
    assert len(job(restic.place, {**restic.declared, "tag": "passwords"}).backups) == 1


def test_a_folder_that_is_no_repository_holds_no_backup_and_one_that_is_gone_is_no_job(restic: Restic) -> None:
    """What is not mounted looks like this."""
    (restic.place / "empty").mkdir()
    assert job(restic.place, {**restic.declared, "path": str(restic.place / "empty")}).backups == ()
    told = section(restic.place, {**restic.declared, "path": str(restic.place / "gone")})
    assert told.data is None or told.data.jobs == ()
    assert told.withheld == {}


@pytest.mark.parametrize("version", ["2.7", pytest.param("3.6", marks=pytest.mark.long), "3.13"])
def test_a_manifest_of_sha256sum_is_read_on_old_and_new_pythons(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    folder = tmp_path / "sets" / "2026-11-25"
    folder.mkdir(parents=True)
    for name in ("a.dcm", "影像 1.dcm"):
        (folder / name).write_bytes(os.urandom(2000))
    subprocess.run(["sh", "-c", CLOSED], cwd=folder, check=True)
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=folder, check=True)
    declared = {"tool": "manifest", "path": str(folder.parent)}
    told = job(tmp_path, declared, python)
    assert (told.status_code, told.files_listed, told.files_hashed, told.off_host) == (0, 2, 2, False)
    assert [abs(one.stopped_at - time.time()) < 900 for one in told.backups] == [True]
    (folder / "影像 1.dcm").write_bytes(b"another")
    told = job(tmp_path, declared, python)
    assert (told.status_code, told.files_changed, told.backups) == (5, 1, ())


@pytest.mark.long
def test_a_gap_in_the_binary_logs_since_a_set_is_seen(tmp_path: Path) -> None:
    """A real set, the logs of its server, and one of them deleted."""
    if shutil.which("mariadb-backup") is None:
        pytest.skip("no mariadb-backup on this machine")
    with mariadb("s", "--log-bin=his-bin", "--server-id=1") as socket:
        client = ["mariadb", "--no-defaults", f"--socket={socket}", "-uroot", "-e"]
        tool = ["mariadb-backup", "--no-defaults", "--backup", "--user=root", f"--socket={socket}"]
        data = socket.parent / "data"
        subprocess.run([*client, "FLUSH BINARY LOGS; CREATE DATABASE p; CREATE TABLE p.t (a int)"], check=True)
        (tmp_path / "sets").mkdir()
        subprocess.run([*tool, f"--datadir={data}", f"--target-dir={tmp_path / 'sets/full'}"],
                       check=True, capture_output=True)  # fmt: skip
        for _ in range(3):
            subprocess.run([*client, "INSERT INTO p.t VALUES (1); FLUSH BINARY LOGS"], check=True)
        kept = tmp_path / "kept"
        kept.mkdir()
        for file in sorted(data.glob("his-bin.0*")):
            shutil.copy(file, kept)
    declared = {"tool": "mariadb-backup", "path": str(tmp_path / "sets"), "binlogs": str(kept)}
    told = job(tmp_path, declared)
    (one,) = told.backups
    (whole,) = told.wal
    assert (told.binlogs, one.wal_start, one.wal_stop) == (True, "his-bin.000002", whole.last)
    (kept / "his-bin.000003").unlink()
    assert [(run.first, run.last) for run in job(tmp_path, declared).wal] == [
        ("his-bin.000001", "his-bin.000002"),
        ("his-bin.000004", whole.last),
    ]
    plain = job(tmp_path, {key: value for key, value in declared.items() if key != "binlogs"})
    assert (plain.binlogs, plain.wal, plain.backups[0].wal_start) == (None, (), None)
