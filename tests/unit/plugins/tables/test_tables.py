"""Which tables are chosen, how a rebuild ended, how full a file is: pure, from rows of the catalogue and from bytes."""

from __future__ import annotations

import struct
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from indexing import part

MB = 1 << 20
PAGE = 16384


def table(**changes: Any) -> Any:
    catalog = part("tables.catalog")
    size = changes.pop("bytes", 300 * MB)
    shared = changes.pop("shared", False)
    of = catalog.Part(id=40, bytes=size, path=Path("/db/his/visit.ibd"), shared=shared)
    told = {"database": "his", "name": "visit", "engine": "InnoDB", "free_bytes": 0, "index_bytes": 50 * MB,
            "rows_about": 1000, "parts": (of,)}  # fmt: skip
    return catalog.Table(**{**told, **changes})


def measured(after: int, free: int = 0) -> Any:
    return [part("tables.pages").Measured(300 * MB, free, after, 0.4, 4096)]


def chosen(one: Any, found: Any, last: int | None = None) -> Any:
    return part("tables.choice").choose(one, found, last=last, rate=20 * MB, limits=part("tables.choice").Limits())


def test_a_measured_table_is_rebuilt_above_the_factor_only_with_time_and_room() -> None:
    choice = chosen(table(), measured(100 * MB))
    assert (choice.what, choice.sure, choice.bloat) == ("rebuild", "measured", 3.0)
    assert choice.seconds == pytest.approx(2 + 700 / 20)
    assert (choice.room_bytes, choice.sort_bytes) == (int(110 * MB), int(55 * MB))
    assert chosen(table(), measured(250 * MB)).what == "leave"
    at_once_free = chosen(table(free_bytes=200 * MB), measured(250 * MB))
    assert (at_once_free.what, at_once_free.after_bytes) == ("rebuild", 100 * MB)


def test_a_table_whose_pages_cannot_be_read_is_judged_by_what_is_free_for_certain_or_withheld() -> None:
    certain = chosen(table(free_bytes=200 * MB), "its pages are encrypted")
    assert (certain.what, certain.sure, certain.why.startswith("at least 3.00 times")) == ("rebuild", "at least", True)
    assert chosen(table(free_bytes=20 * MB), "its pages are encrypted").what == "withheld"


def test_a_file_that_is_older_than_the_servers_word_is_not_believed() -> None:
    old = chosen(table(free_bytes=0), measured(100 * MB, free=200 * MB))
    assert (old.what, "older" in old.why) == ("withheld", True)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"engine": "MyISAM"}, "under a lock"),
        ({"parts": ()}, "does not know it"),
        ({"shared": True}, "no file of its own"),
        ({"bytes": 5}, "smaller"),
        ({"locked_by": "it has a FULLTEXT index"}, "FULLTEXT"),
    ],
)
def test_what_is_out_of_the_question_is_left_with_the_reason(changes: dict[str, Any], word: str) -> None:
    choice = chosen(table(**changes), measured(1))
    assert (choice.what, word in choice.why) == ("leave", True)


def test_a_table_as_large_as_its_last_rebuild_left_it_is_rebuilt_for_more_than_a_new_file_keeps() -> None:
    """Emptied since, its file is as large as before; where it has been small, the server keeps as much as it has."""
    assert chosen(table(bytes=300 * MB, free_bytes=200 * MB), measured(100 * MB), last=300 * MB).what == "rebuild"
    small = chosen(table(bytes=120 * MB), measured(113 * MB), last=110 * MB)
    assert (small.what, small.bloat) == ("leave", pytest.approx(120 / 113))
    kept = part("tables.choice")._again(
        part("tables.choice").Choice(table(bytes=9 * MB), "rebuild", "", 4.5, "measured", 2 * MB, 3.0), 8 * MB
    )
    assert (kept.what, kept.seconds) == ("leave", 0.0)
    assert kept.why.startswith("1.12 times its size after its last rebuild, and the 7340032 bytes")


def test_most_bytes_back_a_second_come_first() -> None:
    little, much = chosen(table(name="a"), measured(150 * MB)), chosen(table(name="b"), measured(20 * MB))
    order = part("tables.choice").in_order([little, chosen(table(), measured(290 * MB)), much])
    assert [one.table.name for one in order] == ["b", "a"]


def test_the_verdict_is_by_the_catalogue() -> None:
    verdict = part("tables.catalog").verdict
    assert verdict(table(), [40]) == "intact"
    assert verdict(table(), [39]) == "rebuilt"
    assert verdict(None, [40]) == verdict(table(parts=()), [40]) == verdict(table(), [40, 41]) == "gone"


def test_only_what_was_seen_in_this_rebuild_is_ours() -> None:
    left = {1: "his/#sql-alter-1-2", 2: "his/#sql-alter-1-3"}
    assert part("tables.sweep").ours(left, table(), ["his/#sql-alter-1-3"]) == ["his/#sql-alter-1-3"]


def test_a_rebuild_is_ended_at_the_deadline_or_when_it_would_end_after_it() -> None:
    late = part("tables.rebuild")._too_late
    assert late(101, 0, 100, 0, 0) == "out of time"
    assert late(50, 0, 100, 10, 100) == "out of time: the rebuild would end 400 s too late"
    assert late(50, 0, 100, 60, 100) == late(5, 0, 100, 10, 100) == late(50, 0, 100, 10, 0) == ""


def test_a_host_remembers_sizes_speeds_and_what_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    memory = part("tables.memory").TableMemory("ab")
    key = memory.begin_table("r1", ("库", "表"), {"bytes": 100 * MB, "ids": [1]})
    memory.note(key, "x/#sql-alter-1-2")
    again = part("tables.memory").TableMemory("ab")
    assert again.told["open"][key]["seen"] == ["x/#sql-alter-1-2"]
    again.settle(key, {"verdict": "rebuilt", "seconds": 10, "after_bytes": 50 * MB})
    last = part("tables.memory").TableMemory("ab")
    assert (last.told["open"], last.last(("库", "表")), last.rate()[0]) == ({}, 50 * MB, 25 * MB)
    assert part("indexes.memory").Memory("ab").told["runs"] == {}


def file(tmp_path: Path, *, rows: int, flags: int = 0x15, first: bytes = b"", kind: int = 17855) -> Path:
    """128 pages: 100 of an index with so many bytes of rows in each, the rest free by the map."""
    pages = [bytearray(PAGE) for _ in range(128)]
    struct.pack_into(">III", pages[0], 46, 128, 128, flags)  # size, limit, flags
    for extent in range(2):
        bits = sum(1 << 2 * n for n in range(64) if extent * 64 + n >= 103)
        pages[0][150 + 40 * extent + 24 : 150 + 40 * extent + 40] = bits.to_bytes(16, "little")
    for page in pages[3:]:
        page[0:4] = first or bytes(4)
        struct.pack_into(">H", page, 24, kind)
        struct.pack_into(">5H", page, 38, 2, 120 + rows + 500, 0, 0, 500)  # the garbage of deleted rows
    made = tmp_path / "t.ibd"
    made.write_bytes(b"".join(pages))
    return made


def test_the_pages_of_a_file_tell_what_a_rebuild_would_leave(tmp_path: Path) -> None:
    half = part("tables.pages").measure(file(tmp_path, rows=7600))
    assert half.filled == pytest.approx(0.5, abs=0.01)
    assert half.after_bytes == pytest.approx((50 + 3 + 8) * PAGE, rel=0.05)
    assert half.looked_at == 103
    some = part("tables.pages").measure(file(tmp_path, rows=7600), most=20)
    assert some.looked_at < 20
    assert some.after_bytes == pytest.approx(half.after_bytes, rel=0.2)


def test_mysql_keeps_more_of_a_file_back_and_its_long_values_are_as_full_afterwards(tmp_path: Path) -> None:
    """As MySQL 8.0.46 left them: 61 pages in 7 extents, 228 in 10, 1859 in 40, 5567 in 108, 22252 in 408."""
    grown = part("tables.pages")._grown
    for used, extents in ((61, 7), (228, 10), (1859, 40), (5567, 108), (22252, 408)):
        assert grown(used + 8, 64, mysql=True) / 64 == pytest.approx(extents, abs=4)
    for kind in (22, 23, 24, 26, 28):
        assert part("tables.pages").measure(file(tmp_path, rows=9, flags=0x4021, kind=kind)).after_bytes == 128 * PAGE


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"first": b"\0\0\0\1"}, "encrypted"),
        ({"flags": 0x15 | 1 << 5}, "compressed"),
        ({"flags": 1 << 1}, "compressed"),
        ({"kind": 34354}, "compressed or encrypted"),
        ({"kind": 14, "flags": 0x4021}, "compressed or encrypted"),
        ({"kind": 15, "flags": 0x6021}, "compressed or encrypted"),
        ({"kind": 16, "flags": 0x6021}, "compressed or encrypted"),
    ],
)
def test_pages_that_say_nothing_are_unreadable(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    with pytest.raises(part("tables.pages").Unreadable, match=word):
        part("tables.pages").measure(file(tmp_path, rows=100, **changes))
    with pytest.raises(part("tables.pages").Unreadable, match="cannot be read"):
        part("tables.pages").measure(tmp_path / "none.ibd")


def test_names_reach_a_statement_whatever_is_in_them() -> None:
    session = part("mysql.session")
    assert session.name("a`b") == "`a``b`"
    assert session.word("'库") == "CONVERT(X'27e5ba93' USING utf8mb4)"


def test_a_password_is_never_among_the_clients_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "mariadb"
    client.write_text("#!/bin/sh\n")
    client.chmod(0o755)
    monkeypatch.setattr(part("mysql.session"), "as_user", lambda _user, argv: list(argv))
    reach = part("mysql.session").Reach
    by_file = reach(defaults_file="/etc/my.cnf", bindir=str(tmp_path)).argv()
    assert by_file[:2] == [str(client), "--defaults-file=/etc/my.cnf"]
    assert not any(one.startswith(("--password", "-p", "--user")) for one in by_file)
    assert {"--no-defaults", "--user=root"} <= set(reach(bindir=str(tmp_path)).argv())
    with pytest.raises(part("changes.place").Refused, match="no client mariadb or mysql"):
        reach(bindir=str(tmp_path / "none")).argv()


def test_a_backup_counts_only_on_the_same_data_directory(tmp_path: Path) -> None:
    for pid, data in ((7, "a"), (8, "b")):
        process = tmp_path / "proc" / str(pid)
        (process / "fd").mkdir(parents=True)
        (process / "comm").write_text("mariadb-backup\n")
        (process / "cwd").symlink_to(tmp_path / data)
        (process / "fd" / "3").symlink_to(tmp_path / data / "ibdata1")
    assert part("tables.preflight").backups(tmp_path / "a", tmp_path / "proc") == [(7, "mariadb-backup")]


def test_a_plan_names_what_replicas_repeat_and_a_record_only_what_was_rebuilt() -> None:
    steps = import_module("ansible_collections.maintkit.ops.plugins.filter.phases").as_table_rebuilds
    one = {"database": "his", "name": "visit", "bytes": 300 * MB, "after_bytes": 100 * MB}
    repeated = {"repeated": True, "replicas": 2, "seconds": 37.2}
    rebuild, repeat = steps([one], repeated)
    assert (rebuild["target"], rebuild["from"], rebuild["to"]) == ("his.visit", "300.0 MiB", "100.0 MiB")
    assert (repeat["action"], repeat["target"], repeat["to"]) == ("repeat on replicas", "2 replicas", "37 s")
    assert steps([one], {**repeated, "repeated": False}) == [rebuild]
    assert steps([{**one, "verdict": "intact"}], repeated) == []


@pytest.mark.parametrize(
    ("name", "said", "of"),
    [
        ("his/visit", "his/visit", ("his", "visit")),
        ("@5e93@0020/@6302@53f7@0p@002d@M0@002ep#p#p0", "库 /挂号é-Ж.p#p#p0", ("库 ", "挂号é-Ж.p")),
        ("a@002fb/c", "a/b/c", ("a/b", "c")),
        ("a/b@002fc", "a/b/c", ("a", "b/c")),
        ("a/b@0023p@0023c#p#d#sp#e", "a/b#p#c#p#d#sp#e", ("a", "b#p#c")),
        ("a/con@@@", "a/con", ("a", "con")),
    ],
)
def test_database_and_table_are_told_apart_in_what_mysql_calls_a_file(
    name: str, said: str, of: tuple[str, str]
) -> None:
    assert part("tables.spaces").plain(name, said) == of


@pytest.mark.parametrize(
    ("version", "maria", "refused"),
    [((5, 7, 44), False, "8.0"), ((8, 0, 46), False, ""), ((10, 2, 44), True, "10.3"), ((10, 11, 19), True, "")],
)
def test_a_server_too_old_is_refused(version: tuple[int, ...], maria: bool, refused: str, tmp_path: Path) -> None:
    preflight = part("tables.preflight")
    found = preflight.Server(
        version=version, maria=maria, datadir=tmp_path, tmpdirs=(), log_bytes=0, per_table=True, binlog=False,
        replica=False, replicas=0, galera=False, started=0.0, unwritten_bytes=0,
    )  # fmt: skip
    said = [f"versions before {refused} are not rebuilt here"] if refused else []
    assert preflight.refusals(found, on_replica=False) == said
