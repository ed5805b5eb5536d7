"""Rebuilds of tables on a real MariaDB: what is chosen, and that whatever happens the catalogue ends clean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from indexing import Beside, part, until
from tabling import Server, emptied

MORE = 60_000  # rows, about 24 MB: work enough that something can happen in it


@pytest.fixture
def his(maria: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    with emptied(maria):
        yield maria


def test_a_fragmented_table_is_rebuilt_once_and_remembered(his: Server) -> None:
    his.fragment("visit")
    before, rows = his.bytes("visit"), his.sql("SELECT COUNT(*), SUM(CRC32(filler)) FROM visit")
    (told,) = his.sweep()["rebuilt"]
    assert (told["verdict"], told["sure"], told["left"]) == ("rebuilt", "measured", [])
    assert his.bytes("visit") == told["after_bytes"] < before / 2
    assert his.sql("SELECT COUNT(*), SUM(CRC32(filler)) FROM visit") == rows
    assert his.memory.last(("his", "visit")) == told["after_bytes"]
    again = his.sweep("r2")
    assert (again["ended"], again["rebuilt"], his.half_made()) == ("done", [], [])
    assert "ALTER" not in his.sql("SHOW BINLOG EVENTS")


def test_a_table_that_is_emptied_after_its_rebuild_is_rebuilt_again(his: Server) -> None:
    """Its file is as large as the rebuild left it: only its pages tell."""
    his.fragment("visit", 2 * MORE, keep=2)
    (once,) = his.sweep()["rebuilt"]
    his.sql("DELETE FROM visit WHERE n % 20 <> 0")
    his.settled("visit")
    assert his.bytes("visit") <= 1.2 * once["after_bytes"]
    (again,) = his.sweep("r2")["rebuilt"]
    assert (again["sure"], his.bytes("visit")) == ("measured", again["after_bytes"])
    assert again["after_bytes"] < once["after_bytes"] / 2


def test_a_table_elsewhere_is_rebuilt_there(his: Server) -> None:
    """In a `DATA DIRECTORY`, of which MariaDB tells by a link file beside the data."""
    place = his.home / "elsewhere"
    his.fragment("away", rows=40_000, more=f"DATA DIRECTORY = '{place}'")
    before = (place / "his" / "away.ibd").stat().st_size
    told = his.sweep()
    assert [(one["name"], one["sure"]) for one in told["rebuilt"]] == [("away", "measured")]
    assert (place / "his" / "away.ibd").stat().st_size < before / 1.5
    assert not list(place.glob("his/#sql*"))


def test_odd_names_partitions_and_keys_are_rebuilt(his: Server) -> None:
    his.ask(
        """CREATE DATABASE `库 ``一;`; USE `库 ``一;`;
        CREATE TABLE `挂号'表\\" -- x
y` (`n``1` int PRIMARY KEY, filler text);
        CREATE TABLE con (n int PRIMARY KEY, filler text);
        CREATE TABLE `a/b#p#c` (n int PRIMARY KEY, filler text);
        INSERT INTO con SELECT seq, REPEAT('x', 400) FROM seq_1_to_9000; DELETE FROM con WHERE n % 5 > 0;
        INSERT INTO `a/b#p#c` SELECT seq, REPEAT('x', 400) FROM seq_1_to_9000; DELETE FROM `a/b#p#c` WHERE n % 5 > 0;
        CREATE TABLE part (n int PRIMARY KEY, filler text) PARTITION BY HASH (n) PARTITIONS 3;
        CREATE TABLE patient (n int PRIMARY KEY, filler text);
        CREATE TABLE visit (n int PRIMARY KEY, patient int, FOREIGN KEY (patient) REFERENCES patient (n));
        INSERT INTO `挂号'表\\" -- x
y` SELECT seq, REPEAT('x', 400) FROM seq_1_to_9000;
        DELETE FROM `挂号'表\\" -- x
y` WHERE `n``1` % 5 > 0;
        INSERT INTO part SELECT seq, REPEAT('x', 400) FROM seq_1_to_30000; DELETE FROM part WHERE n % 5 > 0;
        INSERT INTO patient SELECT seq, REPEAT('x', 400) FROM seq_1_to_9000;
        INSERT INTO visit SELECT seq, seq FROM seq_5_to_9000_step_5; DELETE FROM patient WHERE n % 5 > 0;"""
    )
    his.purge()
    his.ask(
        """USE `库 ``一;`; FLUSH TABLES `挂号'表\\" -- x
y`, con, `a/b#p#c`, part, patient, visit FOR EXPORT; UNLOCK TABLES;"""
    )
    told = his.sweep()
    names = {one["name"] for one in told["rebuilt"]}
    assert names == {"挂号'表\\\" -- x\ny", "con", "a/b#p#c", "part", "patient"}
    assert (told["ended"], his.half_made()) == ("done", [])
    assert his.sweep("r2")["rebuilt"] == []


def test_what_the_server_could_rebuild_only_under_a_lock_is_left_with_the_reason(his: Server) -> None:
    """And the server would have refused each of them by itself."""
    his.sql(
        """CREATE TABLE words (n int PRIMARY KEY, t text, filler text, FULLTEXT (t));
        CREATE TABLE places (n int PRIMARY KEY, g point NOT NULL, filler text, SPATIAL KEY (g));
        CREATE TABLE isam (n int PRIMARY KEY, filler text) ENGINE=MyISAM;
        INSERT INTO words SELECT seq, 'w', REPEAT('x', 400) FROM seq_1_to_9000;
        INSERT INTO places SELECT seq, POINT(1, seq), REPEAT('x', 400) FROM seq_1_to_9000;"""
    )
    for name, (columns, _) in his.locked.items():
        his.sql(
            f"CREATE TABLE {name} ({columns});"  # noqa: S608  # a test's own table
            f"INSERT INTO {name} (n, filler) SELECT seq, REPEAT('x', 400) FROM seq_1_to_9000"
        )
    seen = his.look()
    for name, word in (
        ("words", "FULLTEXT"), ("places", "SPATIAL"), ("isam", "MyISAM"),
        *((name, word) for name, (_, word) in his.locked.items()),
    ):  # fmt: skip
        one = seen[f"his.{name}"]
        assert (one.what, word in one.why) == ("leave", True), one.why
        refused = his.ask(f"ALTER TABLE his.{name} FORCE, ALGORITHM=INPLACE, LOCK=NONE", check=False)
        assert "is not supported" in refused.stderr


@pytest.mark.long
def test_pages_that_cannot_be_read_are_judged_by_what_is_wholly_free_or_not_at_all(his: Server) -> None:
    kinds = {"squeezed": "ROW_FORMAT=COMPRESSED", **his.kinds}
    for name, how in kinds.items():
        his.sql(
            f"CREATE TABLE {name} (n int PRIMARY KEY, filler text) {how};"  # noqa: S608  # a test's own table
            f"INSERT INTO {name} SELECT seq, REPEAT(MD5(seq), 20) FROM seq_1_to_12000;"
        )
        his.settled(name)
    seen = his.look()
    assert {seen[f"his.{name}"].what for name in kinds} == {"withheld"}
    assert all("not measured, so not judged" in seen[f"his.{name}"].why for name in kinds)
    for name in kinds:
        his.sql(f"DELETE FROM {name} WHERE n > 1000")  # noqa: S608  # a test's own table
        his.settled(name)
    told = his.sweep()
    assert {(one["name"], one["sure"]) for one in told["rebuilt"]} == {(name, "at least") for name in kinds}
    assert (told["ended"], his.half_made()) == ("done", [])


def test_an_old_transaction_a_locked_table_and_whoever_waits_hinder_and_are_named(his: Server) -> None:
    his.fragment("visit")
    his.sql("CREATE TABLE other (n int)")
    with his.holding("BEGIN; SELECT COUNT(*) FROM other"):
        told = his.sweep(old_transaction_s=0)
        assert (told["ended"], told["rebuilt"]) == ("stopped", [])
        assert "in a transaction since" in told["remaining"][0]["why"]
    with his.holding("LOCK TABLES visit READ"):
        assert "LOCK TABLES" in his.sweep("r2")["remaining"][0]["why"]
    with his.holding("BEGIN; SELECT COUNT(*) FROM other") as reader, his.holding("SET lock_wait_timeout = 60") as waits:
        assert waits.stdin is not None
        waits.stdin.write("ALTER TABLE other ADD COLUMN m int;\n")
        waits.stdin.flush()
        asked = "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%'"
        until(lambda: his.sql(asked))
        assert "metadata lock" in his.sweep("r3")["remaining"][0]["why"]
        assert reader.poll() is None
        his.sql(f"KILL {his.sql(asked)}")
        waits.wait(30)
    assert len(his.sweep("r4")["rebuilt"]) == 1


@pytest.mark.long
def test_a_reader_that_comes_in_between_costs_the_rebuild_and_nothing_else(
    his: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the lock's limit, or at the deadline if that comes first; nobody waits longer for the table."""
    monkeypatch.setattr(part("indexes.memory"), "BYTES_PER_S", 1 << 30)  # so that little time is enough to begin in
    his.fragment("visit", MORE)
    before = his.bytes("visit")
    for run, changes, ended, word in (
        ("r1", {"lock_timeout_s": 1}, "stopped", "Lock wait timeout"),
        ("r2", {"lock_timeout_s": 60, "budget_s": 3}, "out of time", "out of time"),
    ):
        with his.holding("SELECT 1") as reader:
            beside = Beside(partial(his.sweep, run, **changes))
            until(his.at_work, every=0.005)
            assert reader.stdin is not None
            reader.stdin.write("BEGIN; SELECT n FROM visit LIMIT 1;\n")
            reader.stdin.flush()
            told = beside.end()
        assert (told["ended"], told["rebuilt"]) == (ended, [])
        assert word in told["remaining"][0]["why"]
        assert "metadata lock" in " ".join(his.memory.items(run)[0]["states"])
        assert (his.bytes("visit"), his.half_made()) == (before, [])


def test_too_little_room_a_replica_and_a_shared_file_are_refused(his: Server) -> None:
    his.fragment("visit")
    assert "bytes free" in his.sweep(spare_bytes=1 << 60)["remaining"][0]["why"]
    refused = part("changes.place").Refused
    his.sql("CHANGE MASTER TO MASTER_HOST = '192.0.2.1', MASTER_USER = 'x'")
    try:
        with pytest.raises(refused, match="this server is a replica"):
            his.sweep("r2")
        before = his.sql("SHOW MASTER STATUS")
        assert len(his.sweep("r3", on_replica=True, binlog=True)["rebuilt"]) == 1
        assert his.sql("SHOW MASTER STATUS") == before
    finally:
        his.sql("RESET SLAVE ALL")
    his.sql("SET GLOBAL innodb_file_per_table = OFF")
    try:
        with pytest.raises(refused, match="innodb_file_per_table"):
            his.sweep("r4")
    finally:
        his.sql("SET GLOBAL innodb_file_per_table = ON")


def test_a_rebuild_reaches_the_binary_log_only_where_that_is_asked_for(his: Server) -> None:
    his.fragment("visit")
    assert len(his.sweep(binlog=True)["rebuilt"]) == 1
    assert "FORCE, ALGORITHM=INPLACE, LOCK=NONE" in his.sql("SHOW BINLOG EVENTS")
    his.sql("RESET MASTER")


def test_out_of_time_is_told_from_done_and_the_next_window_goes_on(his: Server) -> None:
    for table in ("one", "two"):
        his.fragment(table)
    told = his.sweep(budget_s=0.5)  # less than any rebuild is predicted to take: nothing is begun
    assert (told["ended"], len(told["remaining"])) == ("out of time", 2)
    rest = his.sweep("r2")
    assert (rest["ended"], len(rest["rebuilt"])) == ("done", 2)


def test_a_planned_table_that_is_gone_is_no_work_done(his: Server) -> None:
    for table in ("one", "two"):
        his.fragment(table)
    his.sql("DROP TABLE one")
    told = his.sweep(only=frozenset({("his", "one"), ("his", "two"), ("elsewhere", "two")}))
    assert (told["ended"], [one["name"] for one in told["rebuilt"]]) == ("stopped", ["two"])
    gone = "there is no table of this name any more: plan anew"
    assert told["remaining"] == [
        {"database": database, "name": name, "why": gone} for database, name in (("elsewhere", "two"), ("his", "one"))
    ]


def test_of_two_controllers_one_is_refused(his: Server) -> None:
    his.fragment("visit")
    with (
        his.holding("SELECT GET_LOCK('maintkit rebuild-tables', 0)"),
        pytest.raises(part("changes.place").Refused, match="another run rebuilds tables here"),
    ):
        his.sweep()


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("ALTER TABLE visit ADD UNIQUE (name)", "error 1062 (23000)"),
        ("SET SESSION sql_mode = 'STRICT_ALL_TABLES'; ALTER TABLE visit MODIFY name int, ALGORITHM=COPY", ""),
        ("ALTER TABLE visit PARTITION BY LIST COLUMNS (name) (PARTITION p VALUES IN ('Li Si'))", "error 1526"),
    ],
)
def test_what_a_server_says_of_a_value_is_not_told(his: Server, statement: str, error: str) -> None:
    """As of a row that comes twice while its table is rebuilt."""
    his.sql("CREATE TABLE visit (name varchar(20)); INSERT INTO visit VALUES ('Zhang San'), ('Zhang San')")
    refused, session = part("changes.place").Refused, part("mysql.session").Session(his.reach)
    with session, pytest.raises(refused, match="it failed on a value of the data") as told:
        session.ask(f"USE his; {statement}")
    assert error in str(told.value)
    assert "Zhang San" not in str(told.value)
