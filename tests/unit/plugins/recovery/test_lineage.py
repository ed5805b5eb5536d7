"""Which segments and which backups lie on the way to a timeline, by the histories that the repository has."""

from __future__ import annotations

from typing import Any

import pytest
from drills import part

ARCHIVE, LINEAGE = part("recovery.archive"), part("recovery.lineage")
SIZE = 64 << 20  # 64 of them make 4 GiB
SECOND = f'1\t0/{2 * SIZE + 4096:X}\tat restore point "x"\n'
THIRD = f"{SECOND}\n2\t0/{4 * SIZE:X}\tbefore 2026-11-28 04:00:00+00\n"


def archived(*names: tuple[int, int]) -> list[Any]:
    return [ARCHIVE.Archived(f"{timeline:08X}{0:08X}{number:08X}", number, 0.0) for timeline, number in names]


def way(timeline: str = "latest", own: int = 1, *, kind: str = "end", histories: Any = None) -> Any:
    there = ARCHIVE.Archive((), {2: SECOND, 3: THIRD} if histories is None else histories, 64)
    return LINEAGE.lineage(
        there, {"wal_stop": f"{own:08X}{0:016X}"}, part("recovery.target").Target(kind, "", timeline)
    )


def test_of_each_number_the_segment_of_the_newest_timeline_that_has_begun_in_it_lives() -> None:
    """The second begins within segment 2 and takes what lies before it along; the third at the very border of 4."""
    every = archived(*((timeline, number) for number in range(1, 6) for timeline in (1, 2, 3)))
    found = [(one.timeline, one.number) for one in way().living(every)]
    assert found == [(1, 1), (2, 2), (2, 3), (3, 4), (3, 5)]


@pytest.mark.parametrize(("asked", "begun"), [
    (("latest",), [1, 2, 3]), (("current",), [1]), (("2",), [1, 2]), (("0x2",), [1, 2]), (("1",), [1]),
    (("current", 2), [1, 2]), (("latest", 3), [1, 2, 3]),
])  # fmt: skip
def test_the_timeline_is_the_one_that_recovery_will_take(asked: Any, begun: list[int]) -> None:
    assert [timeline for timeline, _begin in way(*asked).begun] == begun


def test_a_backup_as_it_was_follows_its_own_timeline() -> None:
    assert way(kind="set").begun == ((1, 0),)


def test_the_newest_is_the_last_before_a_number_that_is_free() -> None:
    """As PostgreSQL looks for it."""
    assert way(histories={3: THIRD}).begun == ((1, 0),)


def test_a_timeline_that_the_repository_does_not_know_is_refused() -> None:
    with pytest.raises(part("changes.place").Refused, match="no history of timeline 7; it has those of 2, 3"):
        way("7")


@pytest.mark.parametrize(("wal_stop", "lsn_stop", "leads"), [
    ((1, 1), "", True), ((1, 2), "", True), ((1, 3), "", False), ((3, 9), "", True), ((4, 9), "", False),
    ((1, 2), f"0/{2 * SIZE + 4096:X}", True), ((1, 2), f"0/{2 * SIZE + 4104:X}", False),
])  # fmt: skip
def test_a_backup_leads_there_when_it_ended_before_its_timeline_was_left(
    wal_stop: tuple[int, int], lsn_stop: str, leads: bool
) -> None:
    timeline, number = wal_stop
    chosen = {"wal_stop": f"{timeline:08X}{0:08X}{number:08X}", "lsn_stop": lsn_stop}
    assert way().leads_from(chosen) is leads


def leading(histories: dict[int, Any], **changes: str) -> list[str]:
    """Which of two repositories, each with one backup on the first timeline and these histories, lead there."""
    ours = [{"label": f"F{repo}", "repo": repo, "archive": "15-1", "wal_stop": f"{1:08X}{1:016X}", "lsn_stop": ""}
            for repo in histories]  # fmt: skip
    archives = {(repo, "15-1"): one if one is UNSEEN else ARCHIVE.Archive((), one, 64)
                for repo, one in histories.items()}  # fmt: skip
    target = part("recovery.target").target_of("end", "", wanted_set="", **{"timeline": "latest", **changes})
    ways = part("recovery.ways").Ways(
        repository=None, target=target, wanted_set="", identifier="", data=None, bindir="", per_log=64, running=True,
        unarchived=(),
    )  # fmt: skip
    return [one["label"] for one in ways._on_the_way(ours, archives)]


UNSEEN = part("changes.place").Refused("may not be listed")


def test_a_repository_that_lacks_the_history_of_the_latest_timeline_does_not_lead_there() -> None:
    """Its archive goes on along the timeline that was abandoned, perhaps farther than the living one does."""
    assert leading({1: {2: SECOND}, 2: {}}) == ["F1"]
    assert leading({1: {2: SECOND}, 2: {}}, timeline="1") == ["F1", "F2"]
    assert leading({1: {2: SECOND}, 2: {}}, timeline="2") == ["F1"]
    assert leading({1: {2: SECOND}, 2: {2: SECOND}}) == ["F1", "F2"]
    assert leading({1: {2: SECOND}, 2: UNSEEN}) == ["F1", "F2"]
    with pytest.raises(part("changes.place").Refused, match="no history of timeline 5"):
        leading({1: {2: SECOND}, 2: {}}, timeline="5")
