"""What is chosen, what left-overs are, how a rebuild ended: pure, from rows of the catalog."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from indexing import part

MB = 1 << 20
ROW: dict[str, Any] = {
    "oid": 20, "schema": "public", "name": "visit_n", "table_oid": 10, "table_schema": "public", "table": "visit",
    "kind": "btree", "unique": False, "primary": False, "exclusion": False, "partial": False, "toast": False,
    "partition": False, "valid": True, "ready": True, "bytes": 100 * MB, "table_bytes": 300 * MB,
    "tuples": 1_000_000, "fresh": True, "replaced": 0, "since": "", "fillfactor": 90, "place": "/", "scans": 3,
    "building": False,
}  # fmt: skip


def index(**changes: Any) -> Any:
    return part("indexes.catalog").Index(**{**ROW, **changes})


def measured(density: float, leaves: int = 12_700) -> Any:
    return part("indexes.catalog").Measured(internal_pages=50, leaf_pages=leaves, density=density)


def chosen(one: Any, found: Any, baseline: float | None = None, **changes: Any) -> Any:
    limits = part("indexes.choice").Limits(**changes)
    return part("indexes.choice").choose(one, found, baseline=baseline, rate=20 * MB, limits=limits)


def test_a_measured_index_is_rebuilt_above_the_factor_only_with_time_and_room() -> None:
    choice = chosen(index(), measured(30))
    assert (choice.what, round(choice.bloat, 1)) == ("rebuild", 3.0)
    assert choice.after_bytes == pytest.approx(33.2 * MB, rel=0.02)
    # Twice the table for the build; then amcheck reads the new index, and the table where it is not too large.
    assert choice.seconds == pytest.approx(2 + (900 + 2 * 33.2) / 20, rel=0.02)
    assert chosen(index(), measured(30), heap_bytes=MB).seconds == pytest.approx(2 + (600 + 2 * 33.2) / 20, rel=0.02)
    assert choice.room_bytes == int(choice.after_bytes * 3.3)
    assert chosen(index(), measured(60)).what == "leave"
    assert chosen(index(fillfactor=70), measured(70)).bloat == pytest.approx(1.0, rel=0.02)


def test_what_was_not_measured_is_withheld_and_what_cannot_be_rebuilt_left() -> None:
    assert chosen(index(), "no extension").what == "withheld"
    for changes, word in (
        ({"valid": False}, "invalid"), ({"bytes": 5}, "smaller"), ({"exclusion": True}, "exclusion"),
        ({"kind": "gin"}, "gin"),
    ):  # fmt: skip
        choice = chosen(index(**changes), measured(10))
        assert (choice.what, word in choice.why) == ("leave", True)


def test_only_a_full_index_with_fresh_statistics_near_its_baseline_is_not_measured() -> None:
    needs = part("indexes.choice").needs_measuring
    limits = part("indexes.choice").Limits()
    baseline = 100 * MB / 1_000_000
    assert not needs(index(), baseline, limits)
    assert chosen(index(), None, baseline).why.startswith("1.00 times")
    for one in (index(partial=True), index(fresh=False), index(tuples=-1), index(bytes=130 * MB)):
        assert needs(one, baseline, limits)
    assert needs(index(), None, limits)


def test_a_baseline_is_trusted_until_a_fifth_of_the_rows_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor once the server counts anew, or where an earlier version has not noted what it had counted."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    memory = part("indexes.memory").Memory("77")
    work = {"oid": 20, "schema": "public", "name": "visit_n", "table_oid": 10, "table_bytes": MB, "before": []}
    outcome = {"verdict": "rebuilt", "bytes_per_tuple": 20.0, "after_bytes": MB}
    memory.settle(memory.begin("r0", "his", work), outcome)
    assert (memory.baseline("his", "public", "visit_n"), memory.trusted("his", index())) == (20.0, None)
    memory.settle(memory.begin("r1", "his", work), {**outcome, "tuples": 1_000_000, "replaced": 500, "since": ""})
    assert memory.trusted("his", index(replaced=200_500)) == 20.0
    for one in (
        index(replaced=200_501), index(replaced=499), index(replaced=500, since="2026"),
        index(replaced=10_501, tuples=50_000), index(replaced=300_000, tuples=9_000_000),
    ):  # fmt: skip
        assert memory.trusted("his", one) is None


def test_most_bytes_back_a_second_come_first() -> None:
    little, much = chosen(index(oid=1), measured(40)), chosen(index(oid=2, table_bytes=10 * MB), measured(20))
    found = [("a", little), ("a", chosen(index(), measured(90))), ("b", little), ("b", much)]
    order = part("indexes.choice").in_order(found)
    assert [(database, one.index.oid) for database, one in order] == [("b", 2), ("a", 1), ("b", 1)]


@pytest.mark.parametrize(
    ("name", "changes", "kind"),
    [
        ("visit_n_ccnew", {"ready": False}, "ccnew"),
        ("visit_n_ccnew1", {}, "ccnew-ready"),
        ("visit_n_ccold", {}, "ccold"),
        ("visit_n_ccnew", {"building": True}, "building"),
        ("visit_x", {}, "invalid"),
    ],
)
def test_a_left_over_is_what_its_name_and_flags_say(name: str, changes: dict[str, Any], kind: str) -> None:
    assert part("indexes.leftover").kind(index(name=name, valid=False, **changes)) == kind


def test_the_verdict_is_by_the_catalog() -> None:
    verdict = part("indexes.leftover").verdict
    asked = {"oid": 20, "schema": "public", "name": "visit_n"}
    assert verdict([index()], **asked) == "intact"
    assert verdict([index(oid=21), index(name="visit_n_ccold", valid=False)], **asked) == "rebuilt"
    assert verdict([index(valid=False)], **asked) == verdict([], **asked) == "gone"


def test_only_left_overs_of_this_rebuild_are_ours() -> None:
    ours = part("indexes.leftover").ours
    left = index(oid=30, name="visit_n_ccnew", valid=False)
    asked = {"oid": 20, "name": "visit_n", "table_oid": 10}
    assert ours([left], **asked, before=[], seen=[]) == [left]
    assert ours([left], **asked, before=[30], seen=[]) == []
    assert ours([left], **asked, before=[30], seen=[30]) == [left]
    assert ours([left], **asked, before=[], seen=[20]) == [left]  # its progress told of the old one only
    assert ours([left], **asked, before=[], seen=[31]) == []  # another's attempt at the same index
    assert ours([replace(left, building=True)], **asked, before=[], seen=[30]) == []
    assert ours([replace(left, name="other_ccnew"), replace(left, table_oid=11)], **asked, before=[], seen=[]) == []
    long = "挂" * 21
    assert ours([replace(left, name="挂" * 18 + "_ccnew")], oid=20, name=long, table_oid=10, before=[], seen=[])


def test_a_host_remembers_baselines_speeds_and_what_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    memory = part("indexes.memory").Memory("77")
    assert memory.rate()[1].startswith("assumed")
    work = {"oid": 20, "schema": "科室", "name": "n", "table_oid": 10, "table_bytes": 100 * MB, "before": []}
    key = memory.begin("r1", "his", work)
    memory.saw(key, 30)
    again = part("indexes.memory").Memory("77")
    assert again.told["open"][key]["seen"] == [30]
    again.settle(key, {"verdict": "rebuilt", "seconds": 10, "after_bytes": 50 * MB, "bytes_per_tuple": 20.0})
    again.end("r1", "done", [])
    last = part("indexes.memory").Memory("77")
    assert (last.told["open"], last.baseline("his", "科室", "n")) == ({}, 20.0)
    assert last.rate() == (25 * MB, "measured in 1 earlier rebuilds")
    assert last.items("r1")[0]["verdict"] == "rebuilt"


def test_what_was_not_measured_is_not_told_as_well() -> None:
    """Why a plan rebuilds nothing, in its own words."""
    why = import_module("ansible_collections.maintkit.ops.plugins.filter.phases").why_no_rebuild
    well = "of the indexes that were measured none is bloated beyond the factor"
    assert why([{"choice": "leave", "why": "small"}], []) == well
    withheld = [{"choice": "withheld", "why": "not measured, so not judged: pgstattuple is not there"}] * 2
    assert why(withheld, ["his.x of run C1 was begun"]) == (
        f"{well}; 2 are withheld, the first one: not measured, so not judged: pgstattuple is not there;"
        " his.x of run C1 was begun, by hand: `ansible-playbook maintkit.ops.reindex`"
    )
