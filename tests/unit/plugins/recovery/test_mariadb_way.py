"""Where binary logs end a restore, and what a restored server must have replayed: by logs that are made up here."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import pytest
from drills import part

REFUSED = part("changes.place").Refused
BINLOG, WAY = part("mariadb.binlog"), part("recovery_mariadb.way")
QUERY, ROTATE, WRITE_ROWS, MAP = 2, 4, 23, 19
BEGUN = 1_795_838_400  # 2026-11-28 04:00:00 UTC


def event(kind: int, made_at: int, body: bytes = b"") -> bytes:
    return struct.pack("<IBIIIH", made_at, kind, 4711, 19 + len(body), 0, 0) + body


def gtid(sequence: int, made_at: int, *more: bytes) -> bytes:
    return event(BINLOG.GTID, made_at, struct.pack("<QIB", sequence, 0, 0)) + b"".join(more)


def log(folder: Path, number: int, begun: int, listed: int, *events: bytes) -> Path:
    """A log that begins with the transactions up to `listed`, last written to ten seconds after it was begun."""
    path = folder / f"binlog.{number:06d}"
    listing = event(BINLOG.GTID_LIST, begun, struct.pack("<IIIQ", 1, 0, 4711, listed))
    path.write_bytes(BINLOG.MAGIC + event(BINLOG.FORMAT, begun) + listing + b"".join(events))
    os.utime(path, (begun + 10, begun + 10))
    return path


def row(name: str, word: str) -> bytes:
    text = bytes([len(name)]) + name.encode() + bytes([len(word)]) + word.encode()
    return event(MAP, BEGUN, b"\x0emaintkit_drill\0\x04mark\0") + event(WRITE_ROWS, BEGUN, text)


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Three logs of ten seconds each, with a transaction every five."""
    first = log(tmp_path, 1, BEGUN, 10, gtid(11, BEGUN + 1, event(WRITE_ROWS, BEGUN + 1)), gtid(12, BEGUN + 6))
    second = log(tmp_path, 2, BEGUN + 10, 12, gtid(13, BEGUN + 11), gtid(14, BEGUN + 16, event(WRITE_ROWS, BEGUN + 16)))
    third = log(tmp_path, 3, BEGUN + 20, 14, gtid(15, BEGUN + 21), gtid(16, BEGUN + 26, event(QUERY, BEGUN + 26)))
    return [first, second, third]


def test_a_time_ends_before_the_first_transaction_of_its_own_second(logs: list[Path]) -> None:
    starts = [[begin for begin, _end, _at in WAY.transactions(path)] for path in logs]
    for after, wanted in ((6, (0, 1)), (7, (1, 0)), (11, (1, 0)), (12, (1, 1)), (26, (2, 1))):
        told = WAY.stop_at(logs, BEGUN + after)
        assert (told["file"], told["at"]) == (logs[wanted[0]].name, starts[wanted[0]][wanted[1]]), after
    assert WAY.stop_at(logs, BEGUN + 27) is None
    assert WAY.stop_of(logs, "time", "2026-11-28 12:00:06+08")["at"] == starts[0][1]
    assert WAY.stop_of(logs, "end", "") is None


def test_a_session_that_sets_its_clock_ends_nothing(tmp_path: Path) -> None:
    """It says it is of a time when its log was over."""
    one = log(tmp_path, 1, BEGUN, 0, gtid(1, BEGUN + 99_999), gtid(2, BEGUN + 5))
    two = log(tmp_path, 2, BEGUN + 10, 2, gtid(3, BEGUN + 11))
    assert WAY.stop_at([one, two], BEGUN + 8)["file"] == two.name
    assert WAY.stop_at([one, two], BEGUN + 5)["at"] == list(WAY.transactions(one))[1][0]


@pytest.mark.parametrize("written", [
    (event(QUERY, BEGUN, b"INSERT INTO maintkit_drill.mark VALUES ('before', 'mark', NOW(6))"),),
    (event(QUERY, BEGUN, b"INSERT INTO maintkit_drill.mark VALUES (X'6265666f7265', 'mark', NOW(6))"),),
    (row("before", "mark"),),
])  # fmt: skip
def test_a_mark_ends_behind_its_transaction(tmp_path: Path, written: tuple[bytes, ...]) -> None:
    """Neither the row after it, nor another table's row of that name, nor a longer name is it."""
    other = (row("before", "after"), event(QUERY, BEGUN, b"UPDATE t SET a = 'before'"), row("before2", "mark"))
    events = [gtid(1 + number, BEGUN, one) for number, one in enumerate((*other, b"".join(written), other[0]))]
    path = log(tmp_path, 1, BEGUN, 0, *events)
    spans = list(WAY.transactions(path))
    assert WAY.stop_behind_mark([path], "before")["at"] == spans[3][1]
    assert WAY.stop_behind_mark([log(tmp_path, 2, BEGUN, 0, *events[:3])], "before") is None


def position(path: Path, number: int, gtid_told: str) -> dict[str, Any]:
    return {"file": path.name, "at": list(WAY.transactions(path))[number][0], "gtid": gtid_told}


def test_the_way_is_read_from_the_set_to_its_end(logs: list[Path]) -> None:
    """`least` is the last transaction with rows: of a statement alone nothing need be left in the restored server."""
    begin = position(logs[0], 1, "0-4711-11")
    names = [one.name for one in logs]
    way = WAY.follow(logs[0].parent, names, begin, {"file": names[2], "at": logs[2].stat().st_size})
    assert (way.count, way.committed_at, way.last, way.least) == (5, BEGUN + 26, {0: 16}, {0: 14})
    short = WAY.follow(logs[0].parent, names[:2], begin, position(logs[1], 1, ""))
    assert (short.count, short.last, short.least) == (2, {0: 13}, {})
    for reached in ("0-4711-14", "0-4711-15", "0-4711-16"):
        WAY.refuse_short(reached, way)
    for reached, why in (
        ("0-4711-13", "short of transaction 14"),
        ("", "ended at none"),
        ("0-4711-17", "further than"),
    ):
        with pytest.raises(REFUSED, match=why):
            WAY.refuse_short(reached, way)


def test_a_set_of_another_history_and_a_log_that_was_cut_off_are_refused(logs: list[Path]) -> None:
    names, end = [one.name for one in logs], {"file": logs[2].name, "at": logs[2].stat().st_size}
    folder, begin = logs[0].parent, position(logs[0], 1, "0-4711-11")
    for wrong, why in (({"gtid": "0-4711-9"}, "the binary log is not"), ({"at": begin["at"] - 3}, "no event begins")):
        with pytest.raises(REFUSED, match=why):
            WAY.follow(folder, names, {**begin, **wrong}, end)
    with logs[1].open("r+b") as held:
        held.truncate(list(WAY.transactions(logs[1]))[1][0])
    with pytest.raises(REFUSED, match=r"binlog\.000002 is cut off"):
        WAY.follow(folder, names, begin, end)


def test_of_a_server_that_is_down_its_options_tell_where_its_logs_lie() -> None:
    told = part("recovery_mariadb.server").logs_told
    data = Path("/var/lib/mysql")
    assert told({"log_bin": "/var/log/mysql/mysql-bin.log"}, data) == "/var/log/mysql/mysql-bin"
    assert told({"log_bin": "binlog"}, data) == "/var/lib/mysql/binlog"
    assert [told(one, data) for one in ({}, {"log_bin": "ON"}, {"log_bin": "0"})] == ["", "", ""]
