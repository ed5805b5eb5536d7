"""Faults 44, 45 and 48 on a real PostgreSQL with a real repository: a drill that must fail does, and says why.

Whatever happens, the repository is left as it was, and of the copy nothing is left.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import drills
import pytest
from drills import STANZA, Drilling, Source, part, source
from postgres import OWNER, as_owner, binaries

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """One source for the tests of this file, which leave it and its repository as they found them."""
    with source() as made:
        yield made


@pytest.fixture
def drilling(his: Source) -> Iterator[Drilling]:
    with drills.drilling(his) as made:
        yield made


@dataclass
class Damage:
    """What a test takes away from the repository or changes in it; put back at the end, and nothing else is touched."""

    repository: Path
    undone: list[tuple[Path, Path]] = field(default_factory=list)

    def keep(self, path: Path) -> None:
        copy = self.repository.with_suffix(f".kept-{len(self.undone)}")
        subprocess.run(["cp", "-a", path, copy], check=True)
        self.undone.append((path, copy))

    def flip(self, path: Path) -> None:
        self.keep(path)
        flip(path, path.stat().st_size // 2)

    def take_away(self, wal: str) -> None:
        """The archived file of a WAL segment."""
        path = next(self.repository.glob(f"archive/{STANZA}/*/*/{wal}-*"))
        self.keep(path)
        path.unlink()


@pytest.fixture
def damage(his: Source) -> Iterator[Damage]:
    made = Damage(his.repository)
    yield made
    for path, copy in made.undone:
        copy.replace(path)


def tree(place: Path) -> str:
    """All files below a place, by name and content."""
    files = sorted(one for one in place.rglob("*") if one.is_file())
    return sha256(b"".join(str(one).encode() + one.read_bytes() for one in files)).hexdigest()


def flip(file: Path, at: int) -> None:
    with file.open("r+b") as held:
        held.seek(at)
        byte = held.read(1)
        held.seek(at)
        held.write(bytes([byte[0] ^ 0xFF]))


def test_while_patients_register_a_drill_finds_the_very_rows_of_one_instant(drilling: Drilling, his: Source) -> None:
    """A writer is at work while the source is marked. Every stage passes.

    Fault 48: the copy is private while it is there, wiped afterwards, and no name stands in what is kept.
    """
    elsewhere = his.home / "elsewhere"
    elsewhere.mkdir()
    shutil.chown(elsewhere, OWNER)
    his.sql(f"CREATE TABLESPACE elsewhere LOCATION '{elsewhere}'")
    his.sql("CREATE TABLE visit (n int) TABLESPACE elsewhere")
    assert "tablespace elsewhere was made after backup" in drilling.look()["refusals"][0]
    his.pgbackrest("backup", "--type=incr")
    loop = 'while :; do echo "INSERT INTO visit SELECT generate_series(1, 20);"; done'
    psql = " ".join(as_owner(str(binaries() / "psql"), "-Xq", "-h", str(his.home)))
    writer = subprocess.Popen(
        ["sh", "-c", f"{loop} | {psql}"], start_new_session=True, stderr=subprocess.DEVNULL, cwd="/"
    )
    try:
        while int(his.sql("SELECT count(*) FROM visit")) < 1000:
            time.sleep(0.1)
        drill = drilling.drill()
    finally:
        os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
    marked = {one["table"]: one["rows"] for one in drill.journal.told["mark"]["databases"]["postgres"]["tables"]}
    assert 1000 <= marked["public.visit"] <= int(his.sql("SELECT count(*) FROM visit"))
    before = sorted(elsewhere.rglob("*"))
    assert drill.bring_back()
    assert copied(drill)
    assert [one.resolve().is_relative_to(drill.place) for one in drill.place.glob("data/pg_tblspc/*")] == [True]
    assert sorted(elsewhere.rglob("*")) == before
    assert drill.place.stat().st_mode & 0o077 == 0
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    assert f"pid={postmaster(drill)}," not in listening
    assert drill.examine()
    control = drill.journal.stage("control")["found"]
    assert set(control) == {"fingerprint", "checksums", "amcheck"}
    drill.journal.perform("wipe", lambda: drilling.wipe(drill))
    told = drill.journal.stage("wipe")
    assert (told["left"], told["files"] > 500, told["bytes"] > 1 << 24) == ([], True, True)
    assert list(drilling.scratch.iterdir()) == []
    home = drilling.scratch.parent
    assert subprocess.run(["grep", "-rl", "测试患者", home], capture_output=True, text=True, check=False).stdout == ""
    assert list(his.repository.glob("archive/**/00000002*")) == []  # nothing of the copy's own history
    journal = part("drill.journal")
    assert journal.shortcomings(drill.journal.told, rto_s=60, rpo_s=600) == []
    assert journal.measured(drill.journal.told)["rto_s"] > 0
    his.sql("DROP TABLE visit")
    his.sql("DROP TABLESPACE elsewhere")
    elsewhere.rmdir()
    assert "the RTO was" in journal.shortcomings(drill.journal.told, rto_s=0.001, rpo_s=0)[0]
    assert drill.examine() is False  # asked again when all is over, it touches nothing


def copied(drill: Any) -> bool:
    with drill.instance.session("postgres") as session:
        return bool(session.value("SELECT name FROM public.patient LIMIT 1").startswith("测试患者"))


def postmaster(drill: Any) -> int:
    return next(one.pid for one in part("drill.guard").postmasters() if one.data == drill.instance.data)


def test_a_damaged_backup_file_fails_the_restore_and_the_backup_is_kept(drilling: Drilling, damage: Damage) -> None:
    """Fault 45: pgBackRest's own `info` says ok; the restore finds it. Nothing in the repository is deleted."""
    drill = drilling.drill()
    files = (damage.repository / "backup" / STANZA).rglob("*.gz")
    damage.flip(max(files, key=lambda one: one.stat().st_size))
    before = tree(damage.repository)
    with pytest.raises(REFUSED, match=r"pgbackrest restore ended with \d+: ERROR"):
        drill.bring_back()
    assert drill.journal.stage("restore")["status"] == "failed"
    drilling.wipe(drill)
    assert tree(damage.repository) == before
    wrong = part("drill.journal").shortcomings(drill.journal.told, rto_s=0, rpo_s=0)
    assert (len(wrong), wrong[1]) == (9, "recover was not run")


def test_without_the_wal_of_the_mark_recovery_ends_short_and_fails(drilling: Drilling, damage: Damage) -> None:
    """Fault 44: `verify` says ok, and a restore without a named target would open, short, without a word."""
    drill = drilling.drill()
    damage.take_away(drill.journal.told["mark"]["wal"])
    with pytest.raises(REFUSED, match=r"ended short of the mark maintkit-r1-\S+: .*recovery target was reached"):
        drill.bring_back()
    assert drill.journal.stage("recover")["status"] == "failed"
    assert drilling.wipe(drill)["left"] == []


def test_a_hole_in_the_wal_before_the_mark_fails(drilling: Drilling, his: Source, damage: Damage) -> None:
    """Fault 44: later segments are there, which is worth nothing."""
    his.sql("UPDATE patient SET name = name WHERE n = 1")
    wal = his.sql("SELECT pg_walfile_name(pg_switch_wal())")
    drill = drilling.drill()
    damage.take_away(wal)
    with pytest.raises(REFUSED, match="short of the mark"):
        drill.bring_back()


def test_a_stop_before_the_mark_is_not_taken_for_the_mark(drilling: Drilling, his: Source) -> None:
    """A restore point of the same name stands earlier in the WAL: recovery stops there, and its position tells."""
    mark = his.mark()
    name = "maintkit-twice"
    his.sql(f"SELECT pg_create_restore_point('{name}')")
    his.sql("INSERT INTO patient VALUES (0, '测试患者0')")
    later = his.sql(f"SELECT pg_create_restore_point('{name}')")
    his.sql("DELETE FROM patient WHERE n = 0; SELECT pg_switch_wal()")
    drill = drilling.drill(mark={**mark, "name": name, "lsn": later})
    with pytest.raises(REFUSED, match="short of the mark at"):
        drill.bring_back()


def test_rows_that_differ_are_found_by_table_and_count(drilling: Drilling) -> None:
    drill = drilling.drill()
    drill.bring_back()
    with drill.instance.session("postgres") as session:
        session.ask("SELECT pg_wal_replay_resume()")
    part("drill.instance").wait(lambda: not drill.instance.recovery()["recovering"], 30)
    with drill.instance.session("postgres") as session:
        session.ask("UPDATE public.patient SET name = 'x' WHERE n = 7; CREATE INDEX more ON public.patient (name)")
    with pytest.raises(REFUSED, match=r"table public.patient has as many rows, and not the same; .*indexes"):
        drill.examine()


def test_a_corrupted_page_is_found_by_amcheck_and_by_checksums(drilling: Drilling, his: Source) -> None:
    """In a table that nobody compares and the application does not ask for: its questions are answered well."""
    his.sql("CREATE TABLE quiet AS SELECT n, md5(n::text) AS text FROM generate_series(1, 5000) AS n")
    drill = drilling.drill(mark=his.mark(wanted_tables=["public.patient"]))
    his.sql("DROP TABLE quiet")
    drill.bring_back()
    with drill.instance.session("postgres") as session:
        file = drill.instance.data / session.value("SELECT pg_relation_filepath('public.quiet')")
        session.ask("SELECT pg_wal_replay_resume()")
    part("drill.instance").wait(lambda: not drill.instance.recovery()["recovering"], 30)
    with drill.instance.session("postgres") as session:
        session.ask("CHECKPOINT")
    drill.instance.stop()
    flip(file, 8192 + 6000)
    drill.work.begin("again", drill.instance.server())
    part("drill.instance").wait(drill.instance.answers, 30)
    with pytest.raises(REFUSED, match=r"pg_amcheck ended with 2: .*quiet"):
        drill.examine()
    assert drill.journal.passed("smoke")
    with pytest.raises(REFUSED, match=r"pg_checksums ended with 1: .*checksum verification failed"):
        drill._checksums()


def test_a_question_cannot_become_a_command(drilling: Drilling) -> None:
    drilling.smoke = ({"name": "x", "database": "postgres", "sql": "SELECT 1 \\! id", "contains": ""},)
    drill = drilling.drill()
    with pytest.raises(REFUSED, match="no backslash"):
        drill._smoke()


def test_an_error_of_a_question_quotes_no_value(drilling: Drilling) -> None:
    """It would stand in the ledger."""
    asks = {"name": "x", "database": "postgres", "sql": "SELECT max(name)::int FROM patient", "contains": ""}
    drilling.smoke = (asks,)
    drill = drilling.drill()
    drill.bring_back()
    with pytest.raises(REFUSED, match="22P02") as caught:
        drill._smoke()
    assert "测试" not in str(caught.value)
    assert "the copy of run r1 still lies in" in drilling.look(run="r2")["refusals"][0]


def test_killed_in_the_middle_the_copy_is_wiped_on_resume(drilling: Drilling) -> None:
    """Its server and all its processes die at once, as with the host; what is left on the disk goes."""
    drill = drilling.drill()
    drill.bring_back()
    os.kill(postmaster(drill), signal.SIGKILL)
    drill.work.end()
    assert (drill.place / "data" / "postmaster.pid").exists()
    assert drilling.wipe(drill)["left"] == []
    assert not drill.place.exists()
    seen = drilling.look()
    assert (seen["wiped"], seen["left"]) == (False, [])


def test_the_wipe_deletes_nothing_that_this_run_has_not_made(drilling: Drilling, his: Source) -> None:
    """Another run's copy, somebody's files, a link to production: refused, and untouched."""
    drilling.scratch.mkdir(mode=0o711)
    foreign = drilling.scratch / "r1"
    foreign.mkdir()
    (foreign / "keep").write_text("x")
    drill = drilling.drill("r2")
    drill.journal.run = "r1"
    with pytest.raises(REFUSED, match="was not made by run r1"):
        drilling.wipe(drill)
    assert (foreign / "keep").read_text() == "x"
    (foreign / "keep").unlink()
    foreign.rmdir()
    foreign.symlink_to(his.data)
    with pytest.raises(REFUSED, match="is a link"):
        drilling.wipe(drill)
    assert (his.data / "PG_VERSION").exists()
