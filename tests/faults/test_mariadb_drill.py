"""Faults 44 to 48 on a real MariaDB with real sets and binary logs: a drill that must fail does, and says why.

Whatever happens, sets and logs are left as they were, and of the copy nothing is left.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from drills import Direct, part
from mariadrills import OWNER, Drilling, Source, register, source, start, stop

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """One source for the tests of this file, which leave its sets and logs as they found them."""
    with source() as made:
        yield made


@pytest.fixture
def drilling(his: Source, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drilling]:
    """Drills of it; the user mysql must be able to go where the copies lie."""
    home = Path(tempfile.mkdtemp(prefix="maintkit-drill-"))
    home.chmod(0o711)
    (home / "work").mkdir()
    monkeypatch.setattr(part("changes.place"), "STATE", home / "state")
    his.keep()
    # Servers of other tests run on this machine, replicas among them: to a drill they are not there.
    guard = part("drill_mariadb.guard")
    seen, own = guard.servers, (his.home, home)
    monkeypatch.setattr(guard, "servers", lambda: [one for one in seen() if {*own} & {*one.data.parents}])
    made = Drilling(source=his, scratch=home / "scratch", work=Direct(home / "work"))
    try:
        yield made
    finally:
        made.work.end()
        shutil.rmtree(home)


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


def test_a_drill_comes_to_the_mark_and_no_step_further_and_leaves_nothing(drilling: Drilling, his: Source) -> None:
    """A full set, one that is put upon it, and the binary logs of what came later. Every stage passes."""
    drill = drilling.drill()
    his.sql("USE his;" + register(901, 902))  # what comes after the mark
    his.sql("DELETE FROM his.visit WHERE patient > 900; DELETE FROM his.patient WHERE n > 900")
    before = tree(his.sets)
    assert drill.bring_back()
    assert "short of the mark" in drill.journal.stage("recover")["short"]
    assert drill.place.stat().st_mode & 0o077 == 0
    assert listening(drill) == ""
    assert drill.examine()
    assert set(drill.journal.stage("control")["found"]) == {"short", "fingerprint", "checksums", "check"}
    assert drill.journal.stage("compare")["rows"] > 600
    drill.journal.perform("wipe", lambda: drilling.wipe(drill))
    told = drill.journal.stage("wipe")
    assert (told["left"], told["files"] > 100, told["bytes"] > 1 << 24) == ([], True, True)
    assert list(drilling.scratch.iterdir()) == []
    home = drilling.scratch.parent
    assert subprocess.run(["grep", "-rl", "测试患者", home], capture_output=True, text=True, check=False).stdout == ""
    assert tree(his.sets) == before
    journal = part("drill.journal")
    assert journal.shortcomings(drill.journal.told, rto_s=300, rpo_s=600) == []
    assert journal.measured(drill.journal.told)["rto_s"] > 0
    assert drill.examine() is False  # asked again when all is over, it touches nothing


def listening(drill: Any) -> str:
    """What the copy's server listens to besides its own socket."""
    pids = [one.pid for one in part("drill_mariadb.guard").servers() if one.data == drill.instance.data]
    assert len(pids) == 1
    told = subprocess.run(["ss", "-Hltunp"], capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in told.splitlines() if f"pid={pids[0]}," in line)


@pytest.mark.long
def test_a_damaged_file_of_the_set_is_found_and_the_set_is_kept(drilling: Drilling, his: Source) -> None:
    """Fault 45: mariadb-backup keeps no checksums of its files and prepares what is damaged without a word."""
    file = his.sets / "full" / "his" / "patient.ibd"
    kept = file.read_bytes()
    for page in range(4, len(kept) // 16384):
        flip(file, page * 16384 + 9000)
    before = tree(his.sets)
    try:
        drill = drilling.drill()
        with pytest.raises(REFUSED, match=r"patient"):
            assert drill.bring_back() != drill.examine()
        assert tree(his.sets) == before
    finally:
        file.write_bytes(kept)
    assert drilling.wipe(drill)["left"] == []


@pytest.mark.long
def test_a_missing_or_cut_off_binary_log_is_named_before_anything_is_marked(drilling: Drilling, his: Source) -> None:
    """Fault 44: later logs are there, which is worth nothing."""
    log = sorted(his.store()["logs"])[-2]
    kept = his.kept / log
    whole = kept.read_bytes()
    kept.unlink()
    assert f"the binary log {log} is missing" in drilling.look()["refusals"][0]
    kept.write_bytes(whole[:-10])
    assert f"the binary log {log} is kept with {len(whole) - 10} bytes" in drilling.look()["refusals"][0]
    kept.write_bytes(whole)
    assert drilling.look()["refusals"] == []


@pytest.mark.long
def test_the_log_of_the_mark_that_is_never_kept_is_not_waited_for_for_ever(his: Source) -> None:
    mark = his.mark()
    with pytest.raises(REFUSED, match=rf"of the binary log {mark['wal']} no whole copy lies in"):
        part("drill_mariadb.backup").wait(his.kept, mark["logs"], 1)
    his.keep()
    assert part("drill_mariadb.backup").wait(his.kept, mark["logs"], 1) < 1


@pytest.mark.long
def test_a_binary_log_that_goes_or_is_damaged_after_the_mark_fails_the_drill(drilling: Drilling, his: Source) -> None:
    """Fault 44: by the checksums of its events, not by its size."""
    drill = drilling.drill()
    log = his.kept / sorted(drill.journal.told["mark"]["logs"])[-2]
    whole = log.read_bytes()
    log.unlink()
    with pytest.raises(REFUSED, match=f"{log.name}.*No such file"):
        drill.bring_back()
    drilling.wipe(drill)
    log.write_bytes(whole)
    drill = drilling.drill("r2")
    flip(log, len(whole) - 60)
    try:
        with pytest.raises(REFUSED, match=r"the binary logs end short of the mark: .*(checksum|rror)"):
            drill.bring_back()
    finally:
        log.write_bytes(whole)
    assert drill.journal.stage("recover")["status"] == "failed"
    assert drilling.wipe(drill)["left"] == []


@pytest.mark.long
def test_a_stop_short_of_the_mark_or_past_it_is_not_taken_for_the_mark(drilling: Drilling) -> None:
    """Fault 44: the position is wrong, and replay ends without a word."""
    drill = drilling.drill()
    mark = drill.journal.told["mark"]
    names = part("mariadb.binlog").between(drill.journal.told["set"]["position"]["file"], mark["wal"])
    drill.journal.keep(mark={**mark, "position": 256, "wal": mark["wal"]})
    with pytest.raises(REFUSED, match="short of the mark"):
        drill.bring_back()
    drilling.wipe(drill)
    assert len(names) > 1
    drill = drilling.drill("r2")
    mark = drill.journal.told["mark"]
    drill.journal.keep(mark={**mark, "position": mark["logs"][mark["wal"]]})
    with pytest.raises(REFUSED, match="has gone past the mark maintkit-r2"):
        drill.bring_back()
    drilling.wipe(drill)


@pytest.mark.long
def test_rows_and_definitions_that_differ_are_found_by_name(drilling: Drilling) -> None:
    drill = drilling.drill()
    drill.bring_back()
    with drill.instance.session() as session:
        session.ask("UPDATE his.patient SET name = 'x' WHERE n = 7")
        session.ask("DELETE FROM his.place")
        session.ask("CREATE OR REPLACE VIEW his.grown AS SELECT n FROM his.patient")
        session.ask("GRANT ALL ON his.* TO app@localhost")
    with pytest.raises(REFUSED) as caught:
        drill.examine()
    for said in ("table patient has as many rows, and not the same", "table place has 1 rows at the source, 0 restored",
                 "his: views of the catalog differ", "mysql: roles of the catalog differ"):  # fmt: skip
        assert said in str(caught.value)
    drilling.wipe(drill)


@pytest.mark.long
def test_no_set_an_old_one_and_one_without_its_base_are_refused(drilling: Drilling, his: Source) -> None:
    """Fault 46: by what the set says of itself, never by a file's date."""
    assert "backups have stopped" in drilling.look(oldest_h=1 / 36000)["refusals"][0]
    assert drilling.look(oldest_h=0)["refusals"] == []
    assert "has no set x: the newest is incr" in drilling.look(wanted_set="x")["refusals"][0]
    store = his.store()
    assert "no finished set" in drilling.look(store={**store, "sets": []})["refusals"][0]
    alone = [one for one in store["sets"] if one["kind"] == "incr"]
    assert "it has no base" in drilling.look(store={**store, "sets": alone})["refusals"][0]
    assert [one["label"] for one in drilling.look()["set"]["chain"]] == ["full", "incr"]
    assert [one["label"] for one in drilling.look(wanted_set="full")["set"]["chain"]] == ["full"]


@pytest.mark.long
def test_the_set_of_another_server_is_refused(drilling: Drilling, his: Source) -> None:
    """Not by its name: by the transactions that it holds, and by where the source had them."""
    identity = his.identity()
    other = {**identity, "gtid_state": "0-1-1000"}
    assert "it is of another server" in drilling.look(source=other)["refusals"][0]
    position = {**his.store()["sets"][-1]["position"], "gtid": f"0-{his.server_id}-1"}
    with pytest.raises(REFUSED, match="it is the backup of another server"):
        his.mark(position)


@pytest.mark.long
def test_a_source_whose_logs_do_not_hold_everything_is_not_marked(his: Source) -> None:
    identity = his.identity()
    wrong = {
        "log_bin is off": {"log_bin": False},
        "leaves databases out of its binary log": {"filters": ["his"]},
        "it is a replica": {"receives": True},
        "or is read-only": {"read_only": True},
    }
    for why, change in wrong.items():
        with pytest.raises(REFUSED, match=why):
            his.mark(source={**identity, **change})
    with pytest.raises(REFUSED, match=r"no InnoDB table his\.old"):
        his.mark(wanted_tables=["his.patient", "his.old"])
    with pytest.raises(REFUSED, match="no database nothing"):
        his.mark(wanted_databases=["nothing"])
    assert his.mark()["unread"] == ["his.old"]


@pytest.mark.long
def test_a_copy_is_never_laid_where_production_lies(drilling: Drilling, his: Source) -> None:
    """Fault 47: refused by what is there, before anything is made."""
    home = drilling.scratch.parent
    (home / "link").symlink_to(his.data)
    wrong = {
        his.data: "is the data directory of a MariaDB or MySQL server",
        his.data / "his": "is the data directory of a MariaDB or MySQL server",
        his.home: "is not a directory of ours",
        home / "link": "is a link",
        Path("/"): "is no place for a copy",
    }
    before = sorted(his.data.iterdir())
    for place, why in wrong.items():
        assert why in drilling.look(scratch=place)["refusals"][0], place
    assert sorted(his.data.iterdir()) == before


@pytest.mark.long
def test_the_source_and_whoever_has_its_history_make_a_host_production(drilling: Drilling, his: Source) -> None:
    """Fault 47: by the machine, the tablespace and the transactions, wherever it lies and whatever it is called."""
    assert "the source is this very machine" in drilling.look(same_host=False)["refusals"][0]
    elsewhere = {**his.identity(), "machine_id": "0" * 32}
    assert "has transactions of the source" in drilling.look(source=elsewhere)["refusals"][0]
    assert drilling.look()["refusals"] == []
    home = drilling.scratch.parent / "other"
    home.mkdir()
    shutil.chown(home, OWNER)
    server = start(home / "data", home / "s", f"--log-bin={home}/log", f"--server-id={his.server_id + 1}")
    try:
        assert drilling.look()["refusals"] == []  # a server that has nothing of the source
        reach = part("mariadb.session").Reach(socket=str(home / "s"))
        with part("mariadb.session").Session(reach) as session:
            session.ask(f"SET SESSION server_id = {his.server_id}")
            session.ask("CREATE DATABASE replicated")
            session.ask("FLUSH BINARY LOGS")
        assert "has transactions of the source" in drilling.look()["refusals"][0]
        with part("mariadb.session").Session(reach) as session:
            session.ask("RESET MASTER")
            session.ask("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'x', MASTER_PORT = 1")
        assert "receives from another server" in drilling.look()["refusals"][0]
    finally:
        stop(server)


@pytest.mark.long
def test_too_little_room_is_refused_before_anything_is_restored(drilling: Drilling) -> None:
    """A real disk of 16 MiB."""
    drilling.scratch.mkdir(mode=0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0711", "none", drilling.scratch], check=True)
    try:
        assert "bytes are needed for the copy" in drilling.look()["refusals"][0]
        assert list(drilling.scratch.iterdir()) == []
    finally:
        subprocess.run(["umount", drilling.scratch], check=True)


@pytest.mark.long
def test_what_would_lead_out_of_the_copy_is_not_restored(drilling: Drilling, his: Source) -> None:
    """A table that lies elsewhere at the source: a server would open it at the source's own path."""
    link = his.sets / "full" / "his" / "away.isl"
    link.write_text("/var/lib/elsewhere/his/away.ibd")
    try:
        assert "leads out of its directory (his/away.isl)" in drilling.look()["refusals"][0]
    finally:
        link.unlink()


@pytest.mark.long
def test_an_error_of_a_question_quotes_no_value_and_a_question_is_no_command(drilling: Drilling) -> None:
    """It would stand in the ledger."""
    drill = drilling.drill()
    drill.bring_back()
    ask = part("drill_mariadb.proof").ask
    one = {"name": "x", "database": "his", "sql": "SELECT EXTRACTVALUE(name, '//') FROM patient", "contains": ""}
    with pytest.raises(REFUSED, match=r"x: MariaDB: error \d+") as caught:
        ask(drill.instance, one, seconds=10)
    assert "测试" not in str(caught.value)
    seen = drill.place / "seen"
    for sql in (f"SELECT 1 \\! touch {seen}", f"SELECT 1;\nsystem touch {seen}", "SELECT 1\ndelimiter x"):
        with pytest.raises(REFUSED):
            ask(drill.instance, {**one, "sql": sql}, seconds=10)
    assert not seen.exists()
    assert "the copy of run r1 still lies in" in drilling.look(run="r2")["refusals"][0]
    drilling.wipe(drill)


@pytest.mark.long
def test_killed_in_the_middle_the_copy_is_wiped_on_resume(drilling: Drilling) -> None:
    """Its server and all its processes die at once, as with the host; what is left on the disk goes."""
    drill = drilling.drill()
    drill.bring_back()
    for one in part("drill_mariadb.guard").servers():
        if one.data == drill.instance.data:
            os.kill(one.pid, signal.SIGKILL)
    drill.work.end()
    assert (drill.place / "data" / "ibdata1").exists()
    assert drilling.wipe(drill)["left"] == []
    assert not drill.place.exists()
    seen = drilling.look()
    assert (seen["wiped"], seen["left"]) == (False, [])


@pytest.mark.long
def test_a_lost_connection_in_the_replay_is_taken_up_where_it_was(drilling: Drilling, monkeypatch: Any) -> None:
    """What has run is not run again, and what the proof said before the mark is not forgotten."""
    drill = drilling.drill()
    finish = drill.work.finish

    def cut(name: str, argv: Any, seconds: float) -> Any:
        done = finish(name, argv, seconds)
        if name == "replay":
            raise REFUSED("the connection is lost")
        return done

    monkeypatch.setattr(drill.work, "finish", cut)
    with pytest.raises(REFUSED, match="the connection is lost"):
        drill.bring_back()
    monkeypatch.setattr(drill.work, "finish", finish)
    assert drill.bring_back()
    assert "short of the mark" in drill.journal.stage("recover")["short"]
    assert drill.examine()
    drilling.wipe(drill)


@pytest.mark.long
def test_an_account_with_the_rights_of_the_page_marks_what_root_would(his: Source) -> None:
    """docs/mariadb-drill.md: what it may not see would be missing from the digests without a word."""
    page = (Path(__file__).parents[2] / "docs/mariadb-drill.md").read_text()
    his.sql("CREATE USER drill@localhost IDENTIFIED BY 'only-of-this-test'")
    his.sql("\n".join(re.findall(r"^    (GRANT .*;)", page, flags=re.MULTILINE)))
    file = his.home / "drill.cnf"
    file.write_text("[client]\nuser=drill\npassword=only-of-this-test\n")
    file.chmod(0o600)
    other = part("mariadb.session").Reach(socket=str(his.socket), defaults_file=str(file))
    begin, identity = his.store()["sets"][-1]["position"], part("drill_mariadb.source").identity(other)
    assert identity == his.identity()
    mark = part("drill_mariadb.mark").mark
    asked = {"prefix": "m", "source": identity, "begin": begin, "wanted_tables": []}
    told = [mark(reach, wanted_databases=["his"], **asked)["databases"] for reach in (his.reach, other)]
    assert told[0] == told[1]
    assert set(told[0]) == {"his", "mysql"}
    his.sql("DROP USER drill@localhost")


@pytest.mark.long
def test_while_patients_register_a_drill_finds_the_very_rows_of_one_instant(drilling: Drilling, his: Source) -> None:
    """A writer is at work while the source is marked, and it is held up by nothing."""
    his.sql("CREATE TABLE his.busy (n INT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6))")
    argv = ["mariadb", "--no-defaults", f"--socket={his.socket}", "his"]
    loop = 'while :; do echo "INSERT INTO busy (at) VALUES (NOW(6)), (NOW(6));"; done'
    command = f"{loop} | {' '.join(argv)}"
    writer = subprocess.Popen(["sh", "-c", command], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while int(his.sql("SELECT COUNT(*) FROM his.busy")) < 1000:
            assert time.monotonic() < until
            time.sleep(0.1)
        drill = drilling.drill()
    finally:
        os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
    marked = {one["table"]: one["rows"] for one in drill.journal.told["mark"]["databases"]["his"]["tables"]}
    assert 1000 <= marked["busy"] <= int(his.sql("SELECT COUNT(*) FROM his.busy"))
    his.sql("DROP TABLE his.busy")
    assert drill.bring_back()
    assert drill.examine()
    drilling.wipe(drill)
