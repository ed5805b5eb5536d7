"""A real MariaDB restored in its own directory: to a second, a mark, the end, a set; what cannot be is refused before.

Whatever happens the state from before is there, or back, and sets and kept logs are as they were.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drills import part
from mariadrills import Source, register, source, stop
from mariarestores import Restoring, moment, restores_of

REFUSED = part("changes.place").Refused


@pytest.fixture
def his() -> Iterator[Source]:
    """A source for each test: a restore changes it."""
    with source() as made:
        yield made


@pytest.fixture
def restoring(his: Source) -> Iterator[Restoring]:
    with restores_of(his) as made:
        yield made


def patients(his: Source) -> str:
    return his.sql("SELECT COUNT(*), MAX(n) FROM his.patient")


def test_a_dropped_table_is_back_as_it_was_before_that_second(restoring: Restoring, his: Source) -> None:
    """What was written until then is there, although no job has kept it yet; the mistake is not."""
    his.sql("USE his;" + register(401, 420))
    when = moment()
    his.sql("DROP TABLE his.visit; USE his; INSERT INTO place VALUES (2, POINT(3, 4))")
    before = his.sql("SELECT @@gtid_binlog_pos")
    newest = his.sql("SHOW MASTER STATUS").split()[0]
    restore = restoring.restore(restoring.target("time", when))
    assert restore.bring()
    assert restoring.hands.mask.exists()
    assert restore.prove()
    assert patients(his) == "330\t420"
    assert his.sql("SELECT COUNT(*) FROM his.visit") != "0"
    assert his.sql("SELECT COUNT(*) FROM his.place") == "1"
    told = restore.journal.told["stages"]
    assert told["recover"]["lost"]["exact"] is True
    assert 0 < told["recover"]["lost"]["seconds"] < 60
    assert Path(told["aside"]["kept"], "ibdata1").exists()
    assert his.sql("SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'maintkit_restore'") == "0"
    his.sql("INSERT INTO his.place VALUES (3, POINT(5, 6))")
    # No later transaction bears an earlier number, and a log is left out where the way from before ends.
    assert int(his.sql("SELECT @@gtid_binlog_pos").split("-")[2]) == int(before.split("-")[2]) + 1
    number = part("mariadb.binlog").number
    assert number(his.sql("SHOW MASTER STATUS").split()[0]) == number(newest) + 2
    assert not (restoring.source.home / f"maintkit-{restoring.run}").exists()


def ready(restoring: Restoring, kind: str, value: str = "", wanted: str = "", **changes: Any) -> Any:
    """A restore that has come to its target, and is not yet proven."""
    restore = restoring.restore(restoring.target(kind, value, wanted), wanted_set=wanted, **changes)
    assert restore.bring()
    return restore


@pytest.mark.long
def test_a_mark_is_found_by_its_name_and_nothing_after_it_is_replayed(restoring: Restoring, his: Source) -> None:
    """One that maintkit has made, and one that a person wrote before a release, whose row stands as text in the log."""
    mark = his.mark()
    his.sql("USE his;" + register(501, 510))
    his.sql("INSERT INTO maintkit_drill.mark VALUES ('before-release', 'mark', NOW(6))")
    his.sql("USE his;" + register(601, 602))
    for name, expected in (("before-release", "320\t510"), (mark["name"], "310\t310")):
        restoring.begin(f"to-{name[:20]}")
        restore = ready(restoring, "name", name, smoke=())
        with restore.instance.session() as session:
            assert "\t".join(session.ask("SELECT COUNT(*), MAX(n) FROM his.patient")[0]) == expected
        assert restore.journal.stage("recover")["reason"] == f'at restore point "{name}"'
        assert restore.put_back()
        assert patients(his) == "322\t602"
        assert list(his.home.glob("data.maintkit-*-kept")) == []
        assert not restoring.hands.mask.exists()


@pytest.mark.long
def test_in_row_format_a_mark_is_found_too(restoring: Restoring, his: Source) -> None:
    """Also without the text of its statement, which a server may leave out of its log."""
    his.sql("SET GLOBAL binlog_format = ROW; SET GLOBAL binlog_annotate_row_events = OFF")
    mark = his.mark()
    his.sql("USE his;" + register(501, 510))
    restore = ready(restoring, "name", mark["name"])
    assert restore.prove()
    assert patients(his) == "310\t310"


@pytest.mark.long
def test_the_end_is_what_the_server_wrote_last_and_a_set_is_what_it_held(restoring: Restoring, his: Source) -> None:
    """A statement that met no row is the last one: it leaves no trace, and is no reason to fail."""
    his.sql("SET GLOBAL binlog_format = STATEMENT")
    his.sql("USE his;" + register(501, 510))
    his.sql("UPDATE his.patient SET weight = 1 WHERE n = 99999")
    assert ready(restoring, "end").prove()
    assert patients(his) == "320\t510"
    restoring.begin("r2")
    restore = ready(restoring, "set", wanted="full", smoke=({**restoring.smoke[0], "contains": "240"},))
    assert restore.journal.stage("recover")["transactions"] == 0
    assert restore.prove()
    assert patients(his) == "240\t240"


def options_told(his: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of options as the host's own would be, for a server that cannot be asked."""
    file, options_of = his.home / "my.cnf", part("recovery_mariadb.server").options_of
    file.write_text(f"[mariadbd]\ndatadir={his.data}\nserver-id={his.server_id}\nlog-bin={his.home}/binlog/binlog\n")
    monkeypatch.setattr(part("recovery_mariadb.look"), "options_of", lambda bindir: options_of(bindir, str(file)))


@pytest.mark.long
def test_a_server_that_died_and_lost_its_tablespace_is_kept_as_it_is(
    restoring: Restoring, his: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had written until then is in its own binary log, which no job has kept yet."""
    his.sql("USE his;" + register(501, 510))
    assert his.server is not None
    his.server.kill()
    his.server.wait()
    (his.data / "ibdata1").unlink()
    assert "as the data directory, not" in restoring.look(restoring.target("end"))["refusals"][0]
    options_told(his, monkeypatch)
    restore = restoring.restore(restoring.target("end"))
    assert restore.bring()
    assert restore.prove()
    assert patients(his) == "320\t510"
    kept = Path(restore.journal.stage("aside")["kept"])
    assert (kept / "mysql").is_dir()
    assert not (kept / "ibdata1").exists()


@pytest.mark.long
def test_what_does_not_pass_is_put_back_and_so_is_what_was_opened(restoring: Restoring, his: Source) -> None:
    """Back from before the opening nothing has happened; after it the old state's logs go on past those of the new."""
    number = part("mariadb.binlog").number
    his.sql("USE his;" + register(501, 510))
    before = his.sql("SHOW MASTER STATUS").split()[0]
    restore = ready(restoring, "end", smoke=({**restoring.smoke[0], "contains": "no such number"},))
    with pytest.raises(REFUSED, match="does not hold what is expected"):
        restore.prove()
    assert restore.put_back()
    assert (patients(his), his.sql("SHOW MASTER STATUS").split()[0] > before) == ("320\t510", True)
    shutil.rmtree(Path(restore.journal.stage("back")["failed"]))
    restoring.begin("r2")
    restore = ready(restoring, "set", wanted="full", smoke=({**restoring.smoke[0], "contains": "240"},))
    assert restore.prove()
    opened = his.sql("SHOW MASTER STATUS").split()[0]
    assert patients(his) == "240\t240"
    assert restore.put_back()
    assert patients(his) == "320\t510"
    assert number(his.sql("SHOW MASTER STATUS").split()[0]) == number(opened) + 2
    assert part("recovery_mariadb.look").of_run(restore.server) == {"back": True, "wrong": []}


@pytest.mark.long
def test_a_damaged_set_is_found_and_the_state_from_before_is_back(restoring: Restoring, his: Source) -> None:
    his.sql("USE his;" + register(501, 510))
    file = his.sets / "full" / "his" / "patient.ibd"
    text = bytearray(file.read_bytes())
    for page in range(3, len(text) // 16384):
        text[page * 16384 + 9000] ^= 0xFF
    file.write_bytes(text)
    restore = restoring.restore(restoring.target("end"))
    with pytest.raises(REFUSED, match="patient"):
        assert restore.bring() != restore.prove()
    assert restore.put_back()
    assert patients(his) == "320\t510"


@pytest.mark.long
def test_a_kept_log_that_was_cut_off_is_found_by_the_one_after_it(restoring: Restoring, his: Source) -> None:
    """The server has purged it; what is kept ends between two events, which nothing but the next log can tell."""
    for first in (501, 601):
        his.sql("USE his;" + register(first, first + 9) + "FLUSH BINARY LOGS;")
    his.keep()
    position = his.store()["sets"][-1]["position"]["file"]
    log = sorted(his.kept.iterdir())[-3]
    assert log.name > position
    last = list(part("recovery_mariadb.way").transactions(log))[-1]
    with log.open("r+b") as held:
        held.truncate(last[0])
    stop(his.server)  # a server keeps logs whose transactions are not yet safe in its redo log
    his.boot()
    his.sql(f"PURGE BINARY LOGS TO '{sorted(one.name for one in his.kept.iterdir())[-2]}'")
    assert log.name not in his.sql("SHOW BINARY LOGS")
    restore = restoring.restore(restoring.target("end"))
    with pytest.raises(REFUSED, match=f"{log.name} is cut off"):
        restore.bring()
    assert restore.put_back()
    assert patients(his) == "330\t610"


def test_what_cannot_be_restored_is_refused_before_anything_is_touched(restoring: Restoring, his: Source) -> None:
    """No set, a set without its base, a hole, another directory, room, a replica's server, a mark nobody made."""
    look, target = restoring.look, restoring.target

    def refused(said: str, asked: Any, **changes: Any) -> None:
        found = look(asked, **changes)["refusals"]
        assert len(found) == 1
        assert said in found[0], found

    refused("holds the mark nobody", target("name", "nobody"))
    refused("still to come", target("time", "2099-01-01 00:00:00+08"))
    refused("before the end of the oldest backup", target("time", "2020-01-01 00:00:00+08"))
    refused("bytes are needed beside the present state", target("end"), spare_bytes=1 << 60)
    refused("this server is server_id", target("end"), identifier="server_id 1")
    refused("has no backup other", target("end"), wanted_set="other")
    store = restoring.store(target("end"))
    refused("has no finished set", target("end"), store={**store, "sets": []})
    refused("has no base", target("end"), store={**store, "sets": store["sets"][1:]})
    mark = his.mark()
    his.keep()
    his.backup("later")
    refused("before the end of the set later", target("name", mark["name"]), wanted_set="later")
    his.sql("FLUSH BINARY LOGS")
    his.keep()
    newest = his.sql("SHOW MASTER STATUS").split()[0]
    his.sql(f"PURGE BINARY LOGS TO '{newest}'")
    hole = his.kept / his.store()["sets"][1]["position"]["file"]
    hole.rename(his.home / "away")
    try:
        refused(f"{hole.name} is missing", target("end"), wanted_set="incr")
    finally:
        (his.home / "away").rename(hole)
    (his.data / "linked").symlink_to(his.home)
    refused("leads out of", target("end"))
    (his.data / "linked").unlink()
    assert look(target("end"))["refusals"] == []
    assert patients(his) == "310\t310"


@pytest.mark.long
def test_past_a_restore_no_older_set_leads_on_and_a_new_one_does(restoring: Restoring, his: Source) -> None:
    """What was undone is never replayed again below what came afterwards."""
    when = moment()
    his.sql("DELETE FROM his.visit")
    assert ready(restoring, "time", when).prove()
    his.sql("USE his;" + register(501, 510) + "FLUSH BINARY LOGS")
    his.keep()
    restoring.begin("r2")
    assert "is missing" in restoring.look(restoring.target("end"))["refusals"][0]
    found = restoring.look(restoring.target("time", when))  # before it the old way still leads there
    assert found["refusals"] == []
    his.backup("anew")
    his.sql("USE his;" + register(601, 610))
    assert ready(restoring, "end").prove()
    assert patients(his) == "330\t610"
    assert his.sql("SELECT COUNT(*) FROM his.visit") != "0"


@pytest.mark.long
def test_without_server_and_logs_a_person_says_which_it_was_and_the_end_is_what_is_kept(
    restoring: Restoring, his: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk with its binary logs is gone, too: what no job had kept is lost, and nothing is made up for it."""
    his.sql("USE his;" + register(501, 510) + "FLUSH BINARY LOGS")
    his.keep()
    kept = max(one.name for one in his.kept.iterdir())
    his.sql("USE his;" + register(601, 610))
    stop(his.server)
    for one in (his.home / "binlog").iterdir():
        one.unlink()
    options_told(his, monkeypatch)
    late, end = restoring.target("time", moment()), restoring.target("end")
    assert "is after the last event of the binary logs that are kept" in restoring.look(late)["refusals"][0]
    assert "say which server it was" in restoring.look(end)["refusals"][0]
    assert "not server_id 1" in restoring.look(end, identifier="server_id 1")["refusals"][0]
    restore = restoring.restore(end, identifier=f"server_id {his.server_id}")
    assert restore.bring()
    assert restore.prove()
    assert patients(his) == "320\t510"
    number = part("mariadb.binlog").number
    assert number(his.sql("SHOW MASTER STATUS").split()[0]) == number(kept) + 2
    come = int(restore.journal.stage("recover")["replayed"].split("-")[2])
    his.sql("INSERT INTO his.place VALUES (3, POINT(5, 6))")
    assert int(his.sql("SELECT @@gtid_binlog_pos").split("-")[2]) > come
