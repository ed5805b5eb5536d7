"""Where a restore may end, which backup leads there, and whether the archive has what lies between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drills import part

TARGET, ARCHIVE, TIMELINE = part("recovery.target"), part("recovery.archive"), part("recovery.timeline")
REFUSED = part("changes.place").Refused
NOON = 1_795_838_400.0  # 2026-11-28 04:00:00 UTC


def target(kind: str, value: str = "", *, timeline: str = "latest", wanted_set: str = "") -> Any:
    return TARGET.target_of(kind, value, timeline=timeline, wanted_set=wanted_set)


@pytest.mark.parametrize("text", [
    "2026-11-28 12:00:00+08", "2026-11-28T12:00:00+08:00", "2026-11-28 04:00:00Z", "2026-11-27 22:30:00-0530",
])  # fmt: skip
def test_a_point_in_time_is_the_same_however_its_offset_is_written(text: str) -> None:
    assert TARGET.seconds_of(text) == NOON
    assert target("time", text).options() == [
        "--type=time", "--target=2026-11-28 04:00:00.000000+00", "--target-action=pause", "--target-timeline=latest",
    ]  # fmt: skip


def test_parts_of_a_second_are_kept() -> None:
    assert target("time", "2026-11-28 12:00:00.251+08").value == "2026-11-28 04:00:00.251000+00"


@pytest.mark.parametrize("text", ["2026-11-28 12:00:00", "noon", "2026-02-30 12:00:00+08", "2026-11-28", "", "1; drop"])
def test_what_is_no_point_in_time_is_refused(text: str) -> None:
    """Without an offset too: noon is not everywhere at once."""
    with pytest.raises(REFUSED, match=r"no point in time|must say which"):
        target("time", text)


@pytest.mark.parametrize(("kind", "changes"), [
    ("end", {"value": "x"}), ("set", {}), ("name", {}), ("name", {"value": "a\nb"}), ("end", {"timeline": "--set=x"}),
])  # fmt: skip
def test_a_target_that_says_nothing_or_two_things_is_refused(kind: str, changes: dict[str, str]) -> None:
    with pytest.raises(REFUSED):
        target(kind, **changes)


def test_the_end_waits_for_nobody_and_every_other_target_pauses() -> None:
    assert "--target-action=pause" not in target("end").options()
    assert target("set", wanted_set="F1").options() == ["--type=immediate", "--target-action=pause"]


SETS = [{"label": f"F{day}", "stopped_at": NOON - day * 86_400} for day in (1, 3, 2)]


def test_the_newest_backup_that_ended_before_the_time_leads_there() -> None:
    pick = TARGET.pick
    assert pick(SETS, target("time", "2026-11-28 12:00:00+08"), wanted="", now=NOON) == "F1"
    assert pick(SETS, target("time", "2026-11-26 13:00:00+08"), wanted="", now=NOON) == "F2"
    assert pick(SETS, target("time", "2026-11-28 12:00:00+08"), wanted="F3", now=NOON) == "F3"
    assert pick(SETS, target("end"), wanted="", now=NOON) == "F1"


@pytest.mark.parametrize(("when", "wanted", "why"), [
    ("2026-11-20 12:00:00+08", "", "before the end of the oldest backup that could lead there, F3"),
    ("2026-11-26 13:00:00+08", "F1", "before the end of the oldest backup that could lead there, F1"),
    ("2026-11-29 12:00:00+08", "", "still to come"),
    ("2026-11-28 12:00:00+08", "F9", "has no backup F9"),
])  # fmt: skip
def test_a_time_that_no_backup_leads_to_is_refused(when: str, wanted: str, why: str) -> None:
    with pytest.raises(REFUSED, match=why):
        TARGET.pick(SETS, target("time", when), wanted=wanted, now=NOON)


def listed(*names: str) -> list[Any]:
    """Segments as `repo-ls` lists them, each a minute after the one before; what is no segment is left out."""
    told: dict[str, Any] = {".": {"type": "path"}, "00000002.history": {"type": "file", "time": 1}}
    for at, name in enumerate(names):
        told[f"{name[:16]}/{name}-{'a' * 40}.lz4"] = {"type": "file", "size": 1, "time": NOON + at * 60}
    found: list[Any] = ARCHIVE.parse(json.loads(json.dumps(told)), per_log=256)
    return found


@pytest.mark.parametrize("packed", ["", ".gz", ".lz4", ".zst", ".bz2"])
def test_what_was_cut_off_while_it_was_stored_is_no_segment(packed: str) -> None:
    """pgBackRest stores beside the name and renames: what a dead one has left is still there."""
    whole = f"{wal(254)}-{'a' * 40}{packed}"
    about = {"type": "file", "size": 1, "time": NOON}
    found = ARCHIVE.parse({whole: about, f"{wal(255)}-{'a' * 40}{packed}.pgbackrest.tmp": about}, per_log=256)
    assert [one.name for one in found] == [wal(254)]


def wal(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


CHOSEN = {"label": "F1", "wal_start": wal(254), "wal_stop": wal(255)}


def test_segments_are_counted_over_the_border_of_4_gib_and_over_timelines() -> None:
    found = listed(wal(254), wal(255), wal(256), wal(257, timeline=2))
    assert [one.number for one in found] == [254, 255, 256, 257]
    assert ARCHIVE.refuse_gaps(found, CHOSEN, target("end"), per_log=256) == 257


def test_a_hole_before_the_target_is_refused_and_one_behind_it_is_not() -> None:
    """256 is missing: the end and a time behind it cannot be reached, the backup and a time before it can."""
    found = listed(wal(254), wal(255), wal(257), wal(258))
    for wanted in (target("end"), target("time", "2026-11-28 12:01:30+08")):
        with pytest.raises(REFUSED, match="0000000100000000 "):
            ARCHIVE.refuse_gaps(found, CHOSEN, wanted, per_log=256)
    for wanted in (target("set", wanted_set="F1"), target("time", "2026-11-28 12:00:30+08"), target("name", "x")):
        assert ARCHIVE.refuse_gaps(found, CHOSEN, wanted, per_log=256) == 258


def test_wal_that_the_backup_itself_needs_is_always_demanded() -> None:
    with pytest.raises(REFUSED, match="00000000000000FF"):
        ARCHIVE.refuse_gaps(listed(wal(254)), CHOSEN, target("set", wanted_set="F1"), per_log=256)


def test_an_end_is_believed_by_the_history_of_the_timeline_alone(tmp_path: Path) -> None:
    (tmp_path / "pg_wal").mkdir()
    with pytest.raises(REFUSED, match="no history"):
        TIMELINE.history(tmp_path)
    text = '1\t0/3000000\tno recovery target specified\n\n2\t1/9A00F3C8\tat restore point "before the release"\n'
    (tmp_path / "pg_wal" / "00000003.history").write_text(text)
    found = TIMELINE.history(tmp_path)
    assert (found["history"], found["lsn"]) == ("00000003.history", "1/9A00F3C8")
    assert target("name", "before the release").reached(found["reason"])
    for other in (target("name", "another"), target("end"), target("time", "2026-11-28 12:00:00+08")):
        assert not other.reached(found["reason"])


def test_a_position_lies_in_the_segment_of_the_byte_before_it() -> None:
    assert TIMELINE.segment("1/0", per_log=256) == 255
    assert TIMELINE.segment("1/1", per_log=256) == 256


@pytest.mark.parametrize(("engine", "setting"), [("drill", "listen_addresses"), ("drill_mariadb", "socket")])
def test_a_setting_is_refused_by_the_name_under_which_it_was_written(engine: str, setting: str) -> None:
    """That of the procedure which asks: a drill's and a restore's are two."""
    refuse = part(f"{engine}.instance").refuse_settings
    for option in ("restore_drill_settings", "restore_settings"):
        with pytest.raises(part("changes.place").Refused, match=f"^{option} must not hold {setting}"):
            refuse({setting: "x"}, option)
