"""Which segments of a WAL archive are missing, by what pgBackRest lists of it."""

from __future__ import annotations

from typing import Any

import pytest


def listing(*names: str) -> str:
    lines = [f"{name[:16]}/{name}-{'0' * 40}.gz" for name in names]
    return "\n".join(
        [".", *sorted({name[:16] for name in names}), *lines, f"{names[0][:16]}/{names[0]}.00000028.backup"]
    )


def name(number: int, *, timeline: int = 1, per_log: int = 256) -> str:
    return f"{timeline:08X}{number // per_log:08X}{number % per_log:08X}"


def told(part: Any, numbers: Any) -> dict[str, Any]:
    found: dict[str, Any] = part("walsegments").segments_told(listing(*map(name, numbers)), 256)
    return found


def test_a_whole_archive_has_no_hole_where_a_name_runs_over(part):
    assert told(part, range(250, 260)) == {"per_log": 256, "segments": 10, "missing": 0, "holes": []}


def test_holes_are_told_by_their_ends_and_counted(part):
    found = told(part, [1, 2, 5, 6, 8])
    assert (found["segments"], found["missing"]) == (5, 3)
    assert found["holes"] == [
        {"first": "0000000000000003", "last": "0000000000000004"},
        {"first": "0000000000000007", "last": "0000000000000007"},
    ]


def test_a_segment_that_another_timeline_has_is_not_missing_and_a_partial_one_is(part):
    text = listing(name(1), name(3), name(2, timeline=2))
    assert part("walsegments").segments_told(text, 256)["missing"] == 0
    text = listing(name(1), name(3)) + f"\n{name(2)[:16]}/{name(2)}.partial-{'0' * 40}.gz"
    assert part("walsegments").segments_told(text, 256)["missing"] == 1


def test_of_many_holes_the_newest_are_told(part):
    found = told(part, range(1, 2001, 2))
    assert (found["missing"], len(found["holes"])) == (999, part("walsegments").HOLES_TOLD)
    assert found["holes"][-1]["last"] == name(1998)[8:]


@pytest.mark.parametrize("per_log", [4096, 256, 64, 4])
def test_segments_of_another_size_are_no_holes(part, per_log):
    """Of 1, 16, 64 MiB and 1 GiB: nothing but the names says where they run over."""
    names = (name(number, per_log=per_log) for number in range(per_log - 3, 2 * per_log + 2))
    assert part("walsegments").segments_told(listing(*names), None)["holes"] == []
    backup = {"lsn": {"start": f"0/{(1 << 32) // per_log * 2 + 40:X}"}, "archive": {"start": name(2, per_log=per_log)}}
    assert part("walsegments").told_per_log([{}, backup]) == per_log
