"""What an entry tells in figures is what its facts say; what was not measured is no zero."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from maintkit.clock import FixedClock
from maintkit.evidence import readings as reading
from maintkit.evidence.figures import SERIES, WRAPAROUND, figures_of
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.readings import Figure, cuts, readings, responses, series_of
from maintkit.evidence.redact import Redactor
from maintkit.evidence.space import enter

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def document(**sections: Any) -> dict[str, Any]:
    return {"collected_at": 1000.0 + 4 * 3600, "sections": {name: {"data": data} for name, data in sections.items()}}


MEASURED = document(
    cpu={"busy_percent": 12.5, "load1": 3.0, "cores": 4},
    memory={"total_bytes": 100, "available_bytes": 30, "swap_total_bytes": 0, "swap_free_bytes": 0},
    filesystems={
        "mounts": [
            {"mount": "/", "inodes_total": 1000, "inodes_free": 400},
            {"mount": "/btrfs", "inodes_total": 0, "inodes_free": 0},
            {"mount": "/nfs", "inodes_total": 9, "inodes_free": 1, "network": True},
        ]
    },
    logins={"since_at": 1000.0, "failed_total": 6, "complete": True},
    backups={"jobs": [{"tool": "pgbackrest", "name": "main", "target_size_bytes": 50, "target_free_bytes": 20}]},
    postgresql={
        "instances": [
            {
                "name": "main", "connections": 40, "max_connections": 100,
                "databases": [{"name": "his", "size_bytes": 7, "xid_age": 5}, {"name": "shut", "xid_age": None}],
                "slots": [{"name": "standby1", "retained_bytes": 3}],
            },
            {"name": "down"},
        ]
    },
    mysql={"instances": [{"name": "lis", "connections": 1, "max_connections": 151, "databases": None}]},
)  # fmt: skip


def test_every_figure_of_a_document_by_kind_and_name() -> None:
    """No swap has no fill, a share is not the host's own, btrfs has no fixed number of inodes, and down has nothing."""
    assert figures_of(MEASURED) == {
        "cpu": {"": {"value": 12.5, "of": None}},
        "load": {"": {"value": 0.75, "of": None}},
        "memory": {"": {"value": 70, "of": 100}},
        "failed-logins": {"": {"value": 1.5, "of": None}},
        "inodes": {"/": {"value": 600, "of": 1000}},
        "backup-target": {"pgbackrest main": {"value": 30, "of": 50}},
        "connections-postgresql": {"main": {"value": 40, "of": 100}},
        "connections-mysql": {"lis": {"value": 1, "of": 151}},
        "database": {"postgresql main/his": {"value": 7, "of": None}},
        "xid-age": {"postgresql main/his": {"value": 5, "of": WRAPAROUND}},
        "retained-wal": {"main/standby1": {"value": 3, "of": None}},
    }
    assert set(figures_of(MEASURED)) <= set(SERIES)


@pytest.mark.parametrize(
    "facts",
    [
        {}, {"sections": {}}, document(cpu=None, memory=None, postgresql=None),
        document(logins={"since_at": 1000.0, "failed_total": 6, "complete": False}),
        document(logins={"since_at": 1000.0 + 4 * 3600 - 60, "failed_total": 6}),
        document(cpu={"load1": 1.0, "cores": 0}, memory={"total_bytes": 1}),
    ],
    ids=["empty", "bare", "absent", "cut", "a minute", "half"],
)  # fmt: skip
def test_what_was_not_measured_is_no_figure(facts: dict[str, Any]) -> None:
    """Also logins whose log was cut, or of too short a window for a rate."""
    assert figures_of(facts) == {}


def test_a_name_that_sounds_like_a_secret_costs_no_number(tmp_path: Path) -> None:
    """A database may be called `token`; its size is none."""
    told = document(postgresql={"instances": [{"name": "password", "databases": [{"name": "token", "size_bytes": 7}]}]})
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=FixedClock(at=NOW), redactor=Redactor()) as ledger:
        entry = ledger.append("facts.collected", {"facts": None, "figures": figures_of(told)}, subject="h1")
        assert [one["value"] for one in entry.body["figures"]["database"].values()] == [7]


@pytest.mark.parametrize("told", [True, False], ids=["told", "read"])
def test_the_series_is_the_same_whether_told_or_read(tmp_path: Path, *, told: bool) -> None:
    """Entries of before have no `figures`: their documents are opened."""
    clock = FixedClock(at=NOW)
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=clock, redactor=Redactor()) as ledger:
        for used in (4, 5):
            facts = document(memory={"total_bytes": 10, "available_bytes": 10 - used})
            _collected(ledger, facts, told=told)
            clock.at += timedelta(days=7)
        made = readings(ledger, since=NOW)
        week = NOW + timedelta(days=7)
        series = (Figure(at=NOW, value=4, whole=10), Figure(at=week, value=5, whole=10))
        assert made.figures == {("h1", "memory", ""): series}
        assert made.unopened == 0
        assert readings(ledger, since=NOW, figures=False).figures == {}
        assert series_of(ledger, "h1") == ("memory",)


def test_of_very_many_old_entries_some_are_opened_evenly_and_the_newest_always(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 of before with room for 10: no more are opened, the newest is, and the rest is told as left out."""
    monkeypatch.setattr(reading, "MOST_OPENED", 10)
    clock = FixedClock(at=NOW)
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=clock, redactor=Redactor()) as ledger:
        for used in range(40):
            _collected(ledger, document(memory={"total_bytes": 99, "available_bytes": 99 - used}), told=False)
            clock.at += timedelta(days=1)
        made = readings(ledger, since=NOW)
        values = [one.value for one in made.figures[("h1", "memory", "")]]
        assert len(values) == 40 - made.unopened <= 10
        assert values[-1] == 39
        assert {after - before for before, after in pairwise(values)} == {5}


def test_a_series_is_cut_where_its_whole_changes_where_ids_are_frozen_and_where_people_say(tmp_path: Path) -> None:
    """A cut of one series is none of another, and one of the whole host is one of all."""
    day = [NOW + timedelta(days=number) for number in range(3)]
    series = tuple(Figure(at=at, value=value, whole=9) for at, value in zip(day, (5, 6, 1), strict=True))
    grown = tuple(Figure(at=at, value=5, whole=whole) for at, whole in zip(day, (10, 10, 20), strict=True))
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=FixedClock(at=NOW), redactor=Redactor()) as ledger:
        assert [one.at for one in cuts(ledger, ("h1", "xid-age", "x"), series)] == [day[2]]
        assert cuts(ledger, ("h1", "memory", ""), series) == ()
        assert [one.why for one in cuts(ledger, ("h1", "memory", ""), grown)] == ["容量变化"]
        enter(ledger, "h1", None, at=day[0], why="one", by="x", series="database postgresql main/his")
        enter(ledger, "h1", None, at=day[1], why="all", by="x")
        enter(ledger, "h1", "/data", at=day[1], why="mount", by="x")
        his = ("h1", "database", "postgresql main/his")
        assert [one.why for one in cuts(ledger, his, series)] == ["one", "all"]
        assert [one.why for one in cuts(ledger, ("h1", "memory", ""), series)] == ["all"]


def test_only_good_answers_of_probes_are_response_times(tmp_path: Path) -> None:
    """A refusal is quick, and says nothing of how quick the function is."""
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=FixedClock(at=NOW), redactor=Redactor()) as ledger:
        for status, took in (("ok", 120), ("error", 3), ("warn", 900), ("ok", None)):
            ledger.append("watch.probed", {"status": status, "took_ms": took}, run="W1", subject="login")
        found = responses(ledger, since=NOW)
        assert [one.value for one in found[("", "response", "login")]] == [120, 900]


def _collected(ledger: Ledger, facts: dict[str, Any], *, told: bool) -> None:
    kept = ledger.seal(json.dumps(facts).encode())
    body = {"facts": kept.sha256, "fills": {}, **({"figures": figures_of(facts)} if told else {})}
    ledger.append("facts.collected", body, run="1", subject="h1", attachments=[kept])
