"""How a restore point is looked for: from the newest WAL backwards, a few segments at once, none of them left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drills import part
from postgres import binaries

ARCHIVE, POINT = part("recovery.archive"), part("recovery.point")


def archived(*names: tuple[int, int]) -> list[Any]:
    return [ARCHIVE.Archived(f"{timeline:08X}{0:08X}{number:08X}", number, 0.0) for timeline, number in names]


def search(**changes: Any) -> Any:
    told = {"repository": None, "data": Path("/nowhere"), "bindir": str(binaries()), "per_log": 256, **changes}
    return POINT.Search(**told)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The numbers of the segments that are read together; segment 3 holds the point, and so does 1."""
    read: list[list[int]] = []

    def held(_search: Any, _name: str, some: list[Any]) -> list[int]:
        read.append([one.number for one in some])
        return [one.number for one in some if one.number in (1, 3)]

    monkeypatch.setattr(POINT.Search, "_held", held)
    return read


def test_it_is_looked_for_from_the_newest_segment_backwards(seen: list[list[int]]) -> None:
    """Each time with the segment that follows: a record may begin in one and end in the next."""
    assert search().find("x", archived(*((1, number) for number in range(10)))) == 3
    assert seen == [[6, 7, 8, 9], [2, 3, 4, 5, 6]]


def test_the_oldest_segments_are_read_too(seen: list[list[int]]) -> None:
    assert search().find("x", archived((1, 4), (1, 5), (1, 6), (1, 7), (1, 8))) is None
    assert seen == [[5, 6, 7, 8], [4, 5]]


def test_large_segments_are_read_one_by_one(seen: list[list[int]]) -> None:
    assert search(per_log=4).find("x", archived((1, 4), (1, 5))) is None
    assert seen == [[5], [4, 5]]


def test_what_takes_too_long_is_told_and_so_is_a_program_that_is_not_there(seen: list[list[int]]) -> None:
    with pytest.raises(POINT.Unseen, match="within -1 s it was not found in WAL from 000000010000000000000004 on"):
        search(seconds=-1).find("x", archived((1, 4)))
    with pytest.raises(POINT.Unseen, match="/nowhere lacks pg_waldump"):
        search(bindir="/nowhere").find("x", archived((1, 4)))
    assert seen == []


def test_segments_are_read_as_far_as_they_follow_each_other_on_one_timeline() -> None:
    found = POINT._unbroken(archived((1, 1), (1, 2), (2, 3), (2, 4), (2, 6)))
    assert [(first[7:8] + first[-1:], last[7:8] + last[-1:]) for first, last in found] == [
        ("11", "12"), ("23", "24"), ("26", "26"),
    ]  # fmt: skip
