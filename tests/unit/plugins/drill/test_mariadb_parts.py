"""The parts of a drill of MariaDB that need no server: logs as files, the choice of a set, what was nowhere kept."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from drills import part

REFUSED = part("changes.place").Refused
BINLOG, BACKUP = part("mariadb.binlog"), part("drill_mariadb.backup")
SOURCE = {"gtid_state": "0-4711-100,1-8-5", "logs": {"b.000001": 500, "b.000002": 600, "b.000003": 70}}
FULL = {"label": "full", "kind": "full", "stopped_at": 1000.0, "from_lsn": 0, "to_lsn": 50, "size_bytes": 1000,
        "plain": True, "damaged": False, "outward": [],
        "position": {"file": "b.000001", "at": 400, "gtid": "0-4711-90"}}  # fmt: skip
INCR = {**FULL, "label": "incr", "kind": "incr", "stopped_at": 2000.0, "from_lsn": 50, "to_lsn": 80}
NOW = 2000.0 + 3600


def event(kind: int, server: int, made_at: int, body: bytes = b"") -> bytes:
    return struct.pack("<IBIIIH", made_at, kind, server, 19 + len(body), 0, 0) + body


def gtid(server: int, domain: int, sequence: int, made_at: int = 7) -> bytes:
    return event(BINLOG.GTID, server, made_at, struct.pack("<QIB", sequence, domain, 0))


def log(path: Path, *events: bytes) -> Path:
    path.write_bytes(BINLOG.MAGIC + b"".join(events))
    return path


def test_a_transaction_is_found_by_domain_server_and_number(tmp_path: Path) -> None:
    """The same number of another server or domain is another transaction."""
    file = log(tmp_path / "b.1", event(BINLOG.FORMAT, 1, 5), gtid(2, 0, 9), gtid(1, 3, 9), gtid(1, 0, 9))
    assert BINLOG.position_of(file, "0-1-9") == 4 + 19 + 2 * (19 + 13)
    assert BINLOG.position_of(file, "0-1-8") is None


def test_a_half_written_end_is_no_event(tmp_path: Path) -> None:
    whole = event(BINLOG.FORMAT, 1, 5)
    assert BINLOG.reach_of(log(tmp_path / "b.1", whole, gtid(1, 0, 9)[:-3])) == (4 + len(whole), 5)


def test_what_is_no_log_is_encrypted_or_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\0" * 99)
    with pytest.raises(REFUSED, match="is no binary log"):
        BINLOG.reach_of(tmp_path / "x")
    with pytest.raises(REFUSED, match="is encrypted"):
        BINLOG.reach_of(log(tmp_path / "y", event(BINLOG.ENCRYPTED, 1, 5)))
    with pytest.raises(REFUSED, match="holds no event at 4"):
        BINLOG.reach_of(log(tmp_path / "z", b"\0" * 40))


def test_logs_follow_by_number_also_past_the_last_of_six_digits() -> None:
    assert BINLOG.between("b.999999", "b.1000001") == ["b.999999", "b.1000000", "b.1000001"]
    for first, last in (("b.000002", "b.000001"), ("a.000001", "b.000002"), ("b", "b.000002")):
        with pytest.raises(REFUSED, match="no way leads"):
            BINLOG.between(first, last)


def choose(*sets: dict[str, Any], **changes: Any) -> Any:
    asked = {"job": "pharmacy", "wanted": "", "source": SOURCE, "now": NOW, "oldest_h": 48, **changes}
    return BACKUP.choose({"sets": list(sets)}, **asked)


def test_the_newest_set_is_chosen_with_all_that_it_stands_upon() -> None:
    assert [one["label"] for one in choose(FULL, INCR)["chain"]] == ["full", "incr"]
    assert choose(FULL, INCR)["size_bytes"] == 2000
    assert choose(FULL, INCR)["age_h"] == 1
    assert [one["label"] for one in choose(FULL, INCR, wanted="full")["chain"]] == ["full"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"plain": False}, "is packed or streamed"),
        ({"damaged": True}, "were damaged when it was made"),
        ({"outward": ["his/a.isl"]}, "leads out of its directory"),
        ({"position": {"file": "", "at": 0, "gtid": ""}}, "names no position"),
        ({"position": {**FULL["position"], "gtid": "0-4711-101"}}, "which the source has never had"),
        ({"position": {**FULL["position"], "gtid": "0-4711-90,2-4711-1"}}, "2-4711-1, which the source has never had"),
        ({"stopped_at": NOW - 49 * 3600}, "backups have stopped"),
    ],
)
def test_a_set_that_could_prove_nothing_is_refused(change: Any, why: str) -> None:
    with pytest.raises(REFUSED, match=why):
        choose({**FULL, **change})


def test_a_damaged_base_makes_the_whole_chain_unfit() -> None:
    with pytest.raises(REFUSED, match="set full holds pages"):
        choose({**FULL, "damaged": True}, INCR)


def test_each_closed_log_from_the_set_on_must_be_kept_whole() -> None:
    """The newest is still written to; what lies before the set is not needed."""
    chosen = {"label": "full", "position": {"file": "b.000002"}}
    assert BACKUP.refuse_gaps(chosen, {"logs": {"b.000002": 600}}, SOURCE) == 600
    with pytest.raises(REFUSED, match=r"b\.000002 is missing"):
        BACKUP.refuse_gaps(chosen, {"logs": {"b.000001": 500, "b.000003": 70}}, SOURCE)
    with pytest.raises(REFUSED, match=r"kept with 599 bytes, the source has 600"):
        BACKUP.refuse_gaps(chosen, {"logs": {"b.000002": 599}}, SOURCE)


def test_what_was_nowhere_kept_is_never_told_shorter_than_it_was() -> None:
    mark = {"at": "1970-01-01T01:00:00.000000Z", "before": {"file": "b.000003", "at": 70}}
    of = BACKUP.unkept_s
    assert of(mark, {"file": "b.000003", "end": 70, "made_at": 3500}, set_ended=0, apart=True) == 0
    assert of(mark, {"file": "b.000003", "end": 69, "made_at": 3500}, set_ended=0, apart=True) == 100
    assert of(mark, {"file": "b.000002", "end": 600, "made_at": 3000}, set_ended=0, apart=True) == 600
    assert of(mark, None, set_ended=60.0, apart=True) == 3540
    assert of(mark, {"file": "b.000003", "end": 70, "made_at": 3500}, set_ended=0, apart=False) is None


@pytest.mark.parametrize(
    "name",
    ["skip-networking", "loose_datadir", "disable-skip-networking", "sock", "log_bin", "bind-address", "READ_ONLY"],
)
def test_a_setting_that_would_let_the_copy_out_is_refused(name: str) -> None:
    """A block pasted from production, also cut short or turned round."""
    refuse = part("drill_mariadb.instance").refuse_settings
    with pytest.raises(REFUSED, match=f"must not hold {name}"):
        refuse({name: "x", "innodb_buffer_pool_size": "1G"})
    refuse({"innodb_buffer_pool_size": "1G", "plugin_load_add": "file_key_management", "max_allowed_packet": "64M"})


def test_what_check_table_says_is_read_by_its_kind() -> None:
    """A note that an engine cannot be checked is no fault; a status that is not OK is one."""
    not_ok = part("drill_mariadb.control").not_ok
    note = ["a.b", "check", "note", "The storage engine for the table doesn't support check"]
    assert not_ok([note, ["a.c", "check", "status", "OK"]]) == ""
    assert not_ok([["a.c", "check", "error", "Corrupt"]]) == "a.c: Corrupt"
    assert not_ok([["a.c", "check", "status", "Operation failed"]]) == "a.c: Operation failed"


def test_words_reach_a_statement_as_hexadecimal_and_names_in_quotes() -> None:
    session = part("mariadb.session")
    assert session.text("'; DROP TABLE x; --") == (
        "CONVERT(X'273b2044524f50205441424c4520783b202d2d' USING utf8mb4) COLLATE utf8mb4_bin"
    )
    assert session.name("a`b") == "`a``b`"
    assert session.plain("a\\tb\\\\n") == "a\tb\\n"
