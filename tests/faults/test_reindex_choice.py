"""Fifty indexes of every kind on a real PostgreSQL: what is chosen against what pgstatindex and a rebuild say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from indexing import DATABASE, part, server

ROWS = 20_000
# How an index is made, as `CREATE … INDEX name ON table …`, and the deleted shares that it is tried with.
KINDS = {
    "full": ("INDEX", "(n)"),
    "partial": ("INDEX", "(n) WHERE n % 3 = 0"),
    "unique": ("UNIQUE INDEX", "(n)"),
    "wide": ("INDEX", "(wide)"),
    "loose": ("INDEX", "(n) WITH (fillfactor = 70)"),
    "same": ("INDEX", "(few)"),
    "columns": ("INDEX", "(few, n DESC) INCLUDE (m)"),
}
SHARES = (0, 20, 40, 60, 75, 85, 95)


@dataclass(frozen=True, kw_only=True)
class Made:
    """One index, and how many times as large it was as a rebuild has made it."""

    name: str
    chosen: bool
    measured: float
    really: float


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Made]]:
    """49 that deletions have bloated more or less, and one that was built after them."""
    place = part("changes.place")
    with server() as his, pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "STATE", tmp_path_factory.mktemp("state"))
        for share in SHARES:
            his.sql(_table(share))
            his.sql(f"DELETE FROM t{share} WHERE n % 100 < {share}")  # noqa: S608  # a test's own table
            his.sql(f"VACUUM ANALYZE t{share}")
        his.sql("CREATE INDEX fresh ON t95 (n, few)")
        seen = part("indexes.sweep").look(his.reach, DATABASE, his.memory, part("indexes.choice").Limits(min_bytes=0))
        before = {one.index.name: one for one in seen.choices if one.index.table.startswith("t")}
        his.sql("; ".join(f"REINDEX INDEX {name}" for name in before))
        yield [
            Made(name=name, chosen=one.what == "rebuild", measured=one.bloat, really=one.index.bytes / his.bytes(name))
            for name, one in before.items()
        ]


def _table(share: int) -> str:
    table = f"t{share}"
    rows = f"SELECT n, n % 40, n, repeat(md5(n::text), 12) FROM generate_series(1, {ROWS}) AS n"  # noqa: S608  # a test's own
    made = [f"CREATE {kind} {table}_{name} ON {table} {what}" for name, (kind, what) in KINDS.items()]
    columns = "(n integer, few integer, m integer, wide text)"
    return "; ".join([f"CREATE TABLE {table} {columns}", f"INSERT INTO {table} {rows}", *made])


def test_no_index_above_twice_its_size_is_missed_and_none_below_is_rebuilt(fifty: list[Made]) -> None:
    """Twice by what a rebuild has really made of it; within a twentieth of twice either choice is right."""
    assert len(fifty) == 50
    wrong = [one for one in fifty if one.chosen != (one.really > 2) and abs(one.really - 2) > 0.1]
    assert wrong == []
    assert [one for one in fifty if one.chosen != (one.measured > 2)] == []
    assert 10 < sum(one.chosen for one in fifty) < 40


def test_the_predicted_size_is_never_far_too_small_and_near_where_it_decides(fifty: list[Made]) -> None:
    """Too large it may be where nearly nothing is left: each page's high key, which is no row, counts as filling it."""
    assert [one for one in fifty if one.measured / one.really > 4 / 3] == []
    assert [one for one in fifty if one.really < 5 and one.measured / one.really < 2 / 3] == []


def test_no_fresh_index_counts_as_bloated(fifty: list[Made]) -> None:
    fresh = [one for one in fifty if one.name == "fresh" or one.name.startswith("t0_")]
    assert [one for one in fresh if one.measured > 1.4] == []
