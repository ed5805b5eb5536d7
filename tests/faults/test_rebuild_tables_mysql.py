"""What MySQL alone has: files with names of their own, files elsewhere, columns at once, indexes on expressions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import part
from mysqltables import MySQL, mysql_server

pytestmark = pytest.mark.long

# Fragmented like the rest, each by what a rebuild could stumble over.
ONLINE = {
    "virtually": "n int PRIMARY KEY, t int AS (n + 1) VIRTUAL, filler text, KEY (t)",
    "functional": "n int PRIMARY KEY, filler text, KEY ((n + 1))",
    "arrayed": "n int PRIMARY KEY, t json, filler text, KEY ((CAST(t AS unsigned ARRAY)))",
    "descending": "n int PRIMARY KEY, m int, filler text, KEY (m DESC), CHECK (n > 0)",
    "instantly": "n int PRIMARY KEY, filler text",
    "keyless": "n int, filler text",
    "unseen": "n int PRIMARY KEY INVISIBLE, filler text",
}
ORDINARY = "n int PRIMARY KEY, filler text"


@pytest.fixture(scope="module")
def mysql() -> Iterator[MySQL]:
    with mysql_server() as made:
        yield made


@pytest.fixture
def his(mysql: MySQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MySQL]:
    """The server with no table in it and no memory of it."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    yield mysql
    mysql.ask("DROP DATABASE his; CREATE DATABASE his; DROP DATABASE IF EXISTS `库 二`")


def fragment(his: MySQL, name: str, columns: str, more: str = "") -> None:
    his.sql(
        f"CREATE TABLE {name} ({columns}) {more};"  # noqa: S608  # a test's own table
        f"INSERT INTO {name} (n, filler) SELECT seq, REPEAT('x', 400) FROM seq_1_to_40000;"
        f"DELETE FROM {name} WHERE n % 5 > 0"
    )


def test_tables_of_every_kind_that_mysql_rebuilds_online_are_rebuilt(his: MySQL) -> None:
    """Columns added and dropped at once, without a rebuild, too: their versions are gone afterwards."""
    for name, columns in ONLINE.items():
        fragment(his, name, columns)
    his.sql(
        "ALTER TABLE instantly ADD COLUMN k int DEFAULT 3, ALGORITHM=INSTANT;"
        "ALTER TABLE instantly DROP COLUMN k, ALGORITHM=INSTANT"
    )
    his.settled(*ONLINE)
    told = his.sweep()
    assert ({one["name"] for one in told["rebuilt"]}, told["ended"]) == (set(ONLINE), "done")
    assert (his.half_made(), his.sweep("r2")["rebuilt"]) == ([], [])
    versions = "SELECT TOTAL_ROW_VERSIONS FROM information_schema.INNODB_TABLES WHERE NAME = 'his/instantly'"
    assert his.sql(versions) == "0"


def test_a_table_that_shares_a_file_is_left(his: MySQL) -> None:
    his.sql("CREATE TABLESPACE common ADD DATAFILE 'common.ibd'")
    fragment(his, "shared", ORDINARY, "TABLESPACE = common")
    seen = his.look()["his.shared"]
    assert (seen.what, "in a file that holds others too" in seen.why) == ("leave", True)
    assert his.sweep()["rebuilt"] == []
    his.sql("DROP TABLE shared; DROP TABLESPACE common")


def test_a_renamed_and_moved_table_is_known_by_its_new_name(his: MySQL) -> None:
    fragment(his, "old", ORDINARY)
    his.sql("CREATE DATABASE `库 二`; RENAME TABLE old TO `库 二`.`表/é`")
    his.purge()
    his.sql("FLUSH TABLES `库 二`.`表/é` FOR EXPORT; UNLOCK TABLES")
    told = his.sweep()
    assert [(one["database"], one["name"]) for one in told["rebuilt"]] == [("库 二", "表/é")]


def test_a_backup_that_locks_the_instance_costs_the_rebuild_and_nothing_else(his: MySQL) -> None:
    """`LOCK INSTANCE FOR BACKUP`, as xtrabackup and mysqlbackup ask for it: waited for as long as for a lock."""
    his.fragment("visit")
    before = his.bytes("visit")
    with his.holding("LOCK INSTANCE FOR BACKUP"):
        told = his.sweep()
    assert (told["ended"], told["rebuilt"]) == ("stopped", [])
    assert "Lock wait timeout" in told["remaining"][0]["why"]
    assert (his.bytes("visit"), his.half_made()) == (before, [])
    assert len(his.sweep("r2")["rebuilt"]) == 1
