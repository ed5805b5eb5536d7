"""A run of index changes that has ended well, undone on a real PostgreSQL: what comes back, what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import DATABASE, Server, part
from indexwishes import NAME, definition, drop, visits, wish, work

REFUSED = part("changes.place").Refused


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    with visits(cluster):
        yield cluster


def test_a_run_that_ended_well_tells_what_undoing_it_takes(his: Server) -> None:
    """Last first; what somebody has put back by hand is not told, and nothing is changed."""
    his.sql(f"CREATE INDEX {NAME} ON visit (patient) WHERE patient > 5; CREATE INDEX visit_text ON visit (text)")
    before = definition(his)
    asked = [drop(), drop(name="visit_text"), wish(name="visit_new", unique=True, columns=["id"])]
    assert work(his, *asked).go(asked)["ended"] == "done"
    his.sql("CREATE INDEX visit_text ON visit (text)")
    told = work(his, *asked).backwards()
    assert [(one["act"], one["name"]) for one in told] == [("drop", "visit_new"), ("create", NAME)]
    assert told[1]["definition"] == before
    assert told[1]["room_bytes"] > told[1]["bytes"] > 0
    assert (definition(his), his.sql("SELECT to_regclass('visit_new')")) == ("", "visit_new")
    assert work(his, *asked).back() == [f"{DATABASE}: public.visit_new", f"{DATABASE}: public.{NAME}"]
    assert (work(his, *asked).backwards(), definition(his)) == ([], before)


@pytest.mark.parametrize(
    ("since", "why"),
    [
        ("ALTER INDEX visit_new RENAME TO x; CREATE INDEX visit_new ON visit (text)", "is not the index that the run"),
        ("REINDEX INDEX CONCURRENTLY visit_new", "is not the index that the run"),
        ("ALTER TABLE visit ADD UNIQUE USING INDEX visit_new", "a constraint or a foreign key rests on it"),
        (f"CREATE INDEX {NAME} ON visit (text)", "something else bears the name of the index that was dropped"),
        (f"CREATE TABLE {NAME} ()", "something else bears the name of the index that was dropped"),
        ("ALTER TABLE visit RENAME TO visits", "there is no table public.visit any more"),
    ],
)
def test_what_came_since_is_not_undone(his: Server, since: str, why: str) -> None:
    his.sql(f"CREATE INDEX {NAME} ON visit (patient)")
    asked = [drop(), wish(name="visit_new", unique=True, columns=["id"])]
    assert work(his, *asked).go(asked)["ended"] == "done"
    for statement in since.split("; "):
        his.sql(statement)
    with pytest.raises(REFUSED, match=why):
        work(his, *asked).backwards()


def test_undoing_without_room_is_refused_before_anything_is_done(his: Server) -> None:
    his.sql(f"CREATE INDEX {NAME} ON visit (patient)")
    assert work(his, drop()).go([drop()])["ended"] == "done"
    with pytest.raises(REFUSED, match="bytes free, and"):
        work(his, drop(), spare_bytes=1 << 60).backwards()
