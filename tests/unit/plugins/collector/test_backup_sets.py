"""Sets of mariadb-backup and mysqldump, by what they say of themselves: text and files as the real tools write them."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

NOW = time.mktime((2026, 11, 26, 0, 0, 0, 0, 0, -1))
END = time.mktime((2026, 11, 25, 17, 3, 18, 0, 0, -1))
FAR = float("inf")
INFO = (Path(__file__).parent / "mariadb-backup-10.11.info").read_text(encoding="utf-8")
HEAD = (
    "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu"
    " (x86_64)\n--\n-- Host: {host}    Database: {database}\n-- ------\n"
)
LAST = "\n-- Dump completed on 2026-11-25 17:03:18\n"


def info(**changes: str) -> str:
    """mariadb_backup_info as recorded, with some of its lines changed."""
    lines = [line.split(" = ", 1) for line in INFO.splitlines()]
    return "".join(f"{key} = {changes.get(key, value)}\n" for key, value in lines)


def make_set(folder: Path, text: str | None, *more: str) -> None:
    """A set's folder, as mariadb-backup leaves it; without its info where it was interrupted."""
    folder.mkdir(parents=True)
    for name in ("ibdata1", "backup-my.cnf", *more):
        (folder / name).write_bytes(b"x" * 100)
    if text is not None:
        (folder / "xtrabackup_info").write_text(text, encoding="utf-8")
        (folder / "xtrabackup_checkpoints").write_text("backup_type = full-backuped\n", encoding="utf-8")


def dump(path: Path, *, host: str = "localhost", database: str = "his", last: str = LAST, written: float = END) -> None:
    """A dump; packed where its name says so."""
    raw = (HEAD.format(host=host, database=database) + "INSERT;\n" * 2000 + last).encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    os.utime(path, (written, written))


def job(part, tool: str, path: Path | str) -> dict:
    """What the collector tells of the job: `job`, `why` or neither."""
    return part("backupsets").told_job(
        {"tool": tool, "name": "his", "path": str(path)}, NOW, FAR, "/dev/sda1 / ext4 rw\n"
    )


def test_a_recorded_set_says_when_it_ended_and_never_its_command_line(part):
    """Recorded from mariadb-backup 10.11.19."""
    told = part("mariabackup").parse_set_info(INFO)
    assert (told["kind"], told["stopped_at"] - told["started_at"], told["to_lsn"]) == ("full", 1.0, 44878)
    assert told["stopped_at"] == time.mktime((2026, 11, 25, 17, 3, 14, 0, 0, -1))
    assert not [value for value in told.values() if "geheim" in str(value) or "socket" in str(value)]


def test_sets_are_found_one_and_two_folders_below_and_a_link_is_no_second_one(part, tmp_path):
    """Of a full one the size is known; of an incremental one what it took."""
    make_set(tmp_path / "25" / "full", info())
    step = info(incremental="Y", innodb_from_lsn="44878", innodb_to_lsn="50000", end_time="2026-11-25 18:00:00")
    make_set(tmp_path / "inc", step)
    (tmp_path / "latest").symlink_to(tmp_path / "inc")
    told = job(part, "mariadb-backup", tmp_path)["job"]
    assert [(one["label"], one["kind"]) for one in told["backups"]] == [("25/full", "full"), ("inc", "incr")]
    full, inc = told["backups"]
    assert full["size_bytes"] == full["repo_bytes"] > 200
    assert (inc["size_bytes"], inc["repo_bytes"] > 200) == (None, True)
    assert (told["status_code"], told["status"]) == (0, "ok")


def test_sets_of_mariadb_11_have_other_names_for_the_same_files(part, tmp_path):
    """`mariadb_backup_` in place of `xtrabackup_`."""
    make_set(tmp_path / "a", info())
    for name in ("info", "checkpoints"):
        (tmp_path / "a" / f"xtrabackup_{name}").rename(tmp_path / "a" / f"mariadb_backup_{name}")
    assert [one["kind"] for one in job(part, "mariadb-backup", tmp_path)["job"]["backups"]] == ["full"]


def test_a_set_that_was_interrupted_is_told_unless_a_good_one_followed_or_it_is_at_work(part, tmp_path):
    """By the files that are not there; its date says only whether it is older than the last good one, or at work."""
    make_set(tmp_path / "a", info())
    make_set(tmp_path / "b", None)
    for written, code in ((NOW - 3600, 1), (NOW - 60, 0), (END - 7200, 0)):
        for path in (*(tmp_path / "b").iterdir(), tmp_path / "b"):
            os.utime(path, (written, written))
        told = job(part, "mariadb-backup", tmp_path)["job"]
        assert (told["status_code"], len(told["backups"])) == (code, 1)
    (tmp_path / "b" / "xtrabackup_info.qp").touch()
    os.utime(tmp_path / "b", (NOW - 60, NOW - 60))
    assert "compressed" in job(part, "mariadb-backup", tmp_path)["why"]


def test_an_incremental_set_without_its_base_is_no_backup(part, tmp_path):
    """Nor is one that stands on it."""
    make_set(tmp_path / "full", info())
    broken = {"incremental": "Y", "innodb_from_lsn": "50000", "innodb_to_lsn": "60000"}
    make_set(tmp_path / "b", info(**broken, end_time="2026-11-25 19:00:00"))
    make_set(tmp_path / "c", info(incremental="Y", innodb_from_lsn="60000", end_time="2026-11-25 20:00:00"))
    told = job(part, "mariadb-backup", tmp_path)["job"]
    assert ([one["label"] for one in told["backups"]], told["status_code"], told["status"]) == (["full"], 2, "c")


def test_pages_that_the_tool_found_damaged_are_told(part, tmp_path):
    """`--log-innodb-page-corruption` ends with 0 and "completed OK!", and leaves a file that names them."""
    make_set(tmp_path / "a", info(), "innodb_corrupted_pages")
    assert [one["error"] for one in job(part, "mariadb-backup", tmp_path)["job"]["backups"]] == [True]


def test_a_set_whose_data_went_elsewhere_has_no_size(part, tmp_path):
    """`--extra-lsndir` beside `--stream`: two small files tell of data that are not here."""
    make_set(tmp_path / "a", info(format="mbstream"))
    (tmp_path / "a" / "ibdata1").unlink()
    (tmp_path / "a" / "backup-my.cnf").unlink()
    (one,) = job(part, "mariadb-backup", tmp_path)["job"]["backups"]
    assert (one["size_bytes"], one["repo_bytes"], one["error"]) == (None, None, None)


@pytest.mark.parametrize("name", ["his.sql", "his.sql.gz"])
def test_a_dump_is_judged_by_its_last_line_never_by_its_date(part, tmp_path, name):
    """The file is as new as can be; the dump in it is not."""
    dump(tmp_path / name, written=NOW)
    told = job(part, "mysqldump", tmp_path)["job"]
    assert [(one["label"], one["stopped_at"]) for one in told["backups"]] == [(name, END)]


@pytest.mark.parametrize("name", ["his.sql", "his.sql.gz"])
def test_a_dump_that_was_cut_off_did_not_finish(part, tmp_path, name):
    """Nor did one whose gzip is damaged."""
    dump(tmp_path / "old.sql", last=LAST.replace("-25", "-24"), written=END - 86400)
    dump(tmp_path / name, written=END)
    raw = (tmp_path / name).read_bytes()
    for broken in (raw[:-20], raw[: len(raw) // 2], b"", *([raw[:-8] + b"12345678"] if name.endswith("gz") else [])):
        (tmp_path / name).write_bytes(broken)
        os.utime(tmp_path / name, (END, END))
        told = job(part, "mysqldump", tmp_path)["job"]
        assert (told["status_code"], told["status"], [one["label"] for one in told["backups"]]) == (
            1,
            name,
            ["old.sql"],
        )
    os.utime(tmp_path / name, (NOW, NOW))  # still at work
    assert job(part, "mysqldump", tmp_path)["job"]["status_code"] == 0


def test_gzip_files_one_after_the_other_are_one_dump(part, tmp_path):
    """As parallel packers write them."""
    dump(tmp_path / "a.sql")
    raw = (tmp_path / "a.sql").read_bytes()
    (tmp_path / "b.sql.gz").write_bytes(gzip.compress(raw[:9000]) + gzip.compress(raw[9000:]))
    assert [one["stopped_at"] for one in job(part, "mysqldump", tmp_path / "b*.gz")["job"]["backups"]] == [END]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.sql": {"last": "\n-- Dump completed\n"}}, "names no time"),
        ({"a.sql": {}, "b.sql.zst": {"written": NOW - 5}}, "packed as zst"),
        ({"a.sql": {}, "b.sql": {"database": "emr"}}, "several databases: emr, his"),
        ({"a.sql": {}, "b.sql": {"database": ""}}, "several databases: all, his"),
    ],
)
def test_what_a_dump_does_not_say_is_not_taken_for_well(part, tmp_path, files, why):
    """Not a date in its place, and not the older dump beside it."""
    for name, said in files.items():
        dump(tmp_path / name, **said)
    assert why in job(part, "mysqldump", tmp_path)["why"]


def test_a_dump_without_comments_cannot_say_that_it_finished(part, tmp_path):
    """`--compact`, `--skip-comments`."""
    (tmp_path / "a.sql").write_text("CREATE TABLE t (a int);\n", encoding="utf-8")
    assert "--skip-comments" in job(part, "mysqldump", tmp_path)["why"]


def test_an_older_dump_that_cannot_be_read_does_not_hide_the_last_one(part, tmp_path):
    """It was last written before the last good one ended."""
    dump(tmp_path / "a.sql")
    dump(tmp_path / "b.sql.zst", written=END - 86400)
    assert len(job(part, "mysqldump", tmp_path)["job"]["backups"]) == 1


def test_how_many_there_are_and_how_old_the_oldest_is_goes_beyond_the_sets_that_are_told(part, tmp_path):
    """Incremental sets and damaged ones are no copies; of dumps beyond the newest the oldest alone is read."""
    step = info(incremental="Y", innodb_from_lsn="44878", innodb_to_lsn="50000", end_time="2026-11-25 18:00:00")
    for folder, text, more in [("inc", step, ()), ("bad", info(), ("innodb_corrupted_pages",))]:
        make_set(tmp_path / folder, text, *more)
    for day in range(1, 16):
        make_set(tmp_path / f"{day}", info(end_time=f"2026-11-{day:02} 17:00:00"))
        ended = f"\n-- Dump completed on 2026-11-{day:02} 17:00:00\n"
        dump(tmp_path / f"{day}.sql", last=ended, written=END - 86400 * (25 - day))
    oldest = time.mktime((2026, 11, 1, 17, 0, 0, 0, 0, -1))
    for tool in ("mariadb-backup", "mysqldump"):
        told = job(part, tool, tmp_path)["job"]
        assert (len(told["backups"]), told["kept"], told["oldest_at"]) == (12, 15, oldest), tool
    dump(tmp_path / "0.sql.zst", written=END - 86400 * 30)
    assert (told := job(part, "mysqldump", tmp_path)["job"])["oldest_at"] is None
    assert told["kept"] == 16


def test_a_folder_that_is_not_there_has_no_job_and_one_that_is_empty_has_no_backup(part, tmp_path):
    """The first is for `backup.age` to tell, as the second."""
    assert job(part, "mysqldump", tmp_path / "none") == {}
    assert job(part, "mariadb-backup", tmp_path / "none") == {}
    assert job(part, "mysqldump", tmp_path)["job"]["backups"] == []


def test_a_dump_that_retention_takes_away_meanwhile_is_no_missing_folder(part, monkeypatch, tmp_path):
    """And a pipe is no dump."""
    os.mkfifo(tmp_path / "pipe.sql")
    dump(tmp_path / "a.sql")
    assert len(job(part, "mysqldump", tmp_path)["job"]["backups"]) == 1
    dumps = part("dumps")
    monkeypatch.setattr(dumps, "dump_files", lambda path: [(END, 9, f"{path}/gone.sql")])
    assert "changed while it was read" in job(part, "mysqldump", tmp_path)["why"]


def test_a_pattern_may_stand_in_the_folder_too(part, tmp_path):
    """One folder a day; the room is that of the folder above them."""
    for day in ("24", "25"):
        (tmp_path / day).mkdir()
        dump(tmp_path / day / "his.sql", last=LAST.replace("-25 ", f"-{day} "))
    told = job(part, "mysqldump", tmp_path / "*" / "his.sql")["job"]
    assert [(one["label"], one["stopped_at"]) for one in told["backups"]] == [
        ("24/his.sql", END - 86400),
        ("25/his.sql", END),
    ]
    assert told["target_size_bytes"] > told["target_free_bytes"] > 0


@pytest.mark.parametrize(
    ("host", "here", "mounts", "off_host"),
    [
        ("localhost", True, "/dev/sda1 / ext4 rw\n", False),
        ("localhost", False, "/dev/sda1 / ext4 rw\n", True),
        ("localhost", True, "s:/b / nfs4 rw\n", True),
        ("192.0.2.1", True, "/dev/sda1 / ext4 rw\n", True),
        ("127.0.0.1", True, "/dev/sda1 / ext4 rw\n", False),
        ("db.hospital", True, "/dev/sda1 / ext4 rw\n", None),
        ("db.hospital", False, "/dev/sda1 / ext4 rw\n", True),
    ],
)
def test_sets_are_off_the_host_by_what_can_be_seen(part, monkeypatch, tmp_path, host, here, mounts, off_host):
    """A network filesystem, a dump of a server at another address, a host that has no server. A name proves nothing."""
    backupsets = part("backupsets")
    monkeypatch.setattr(backupsets, "has_database_server", lambda: here)
    assert backupsets.sets_off_host(str(tmp_path), mounts, part("dumps").dumped_from([host])) is off_host
