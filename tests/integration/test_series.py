"""`maintkit trend series` and `baseline` over a ledger that holds half a year of inspections of one host."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sites import make_site

from maintkit.cli.main import cli
from maintkit.clock import FixedClock
from maintkit.errors import NotFound
from maintkit.evidence.figures import figures_of
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

GIB = 2**30
NOW = datetime.now(UTC).replace(microsecond=0)
WEEKS = 26


@pytest.fixture(scope="module")
def halfyear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulation: known growths with noise, a purge in week 13, a freeze every ten weeks, one odd last week."""
    site = make_site(tmp_path_factory.mktemp("series") / "site", {"all": {"hosts": {"his1": {}}}})
    clock, chance = FixedClock(at=NOW), random.Random(6)  # noqa: S311  # a simulation
    with Ledger.open(load_settings(site).ledger_url, clock=clock, redactor=Redactor()) as ledger:
        for week in range(WEEKS):
            clock.at = NOW - timedelta(days=7 * (WEEKS - week))
            facts = document(week, chance, odd=week == WEEKS - 1)
            kept = ledger.seal(json.dumps(facts).encode())
            # The first ten weeks are of before entries told figures.
            body = {"facts": kept.sha256, **({"fills": {}, "figures": figures_of(facts)} if week >= 10 else {})}
            ledger.append("facts.collected", body, run=f"{week}", subject="his1", attachments=[kept])
            took = 2000 if week == WEEKS - 1 else 150 + chance.randrange(20)
            ledger.append("watch.probed", {"status": "ok", "took_ms": took}, run=f"W{week}", subject="login")
    return site


def document(week: int, chance: random.Random, *, odd: bool) -> dict[str, Any]:
    day, noise = 7 * week, chance.gauss(0, 0.05)
    his = (200 + 2 * day - (100 if week >= 13 else 0) + noise) * GIB
    main = {
        "name": "main", "connections": round(100 + day / 2), "max_connections": 400,
        "databases": [{"name": "his", "size_bytes": round(his), "xid_age": 40_000_000 * (week % 10) + 10_000_000}],
    }  # fmt: skip
    sections = {
        "cpu": {"busy_percent": 95.0 if odd else 20 + chance.gauss(0, 2), "load1": 2.0, "cores": 4},
        "memory": {
            "total_bytes": 64 * GIB, "available_bytes": round((50 - 0.05 * day - noise) * GIB),
            "swap_total_bytes": 8 * GIB, "swap_free_bytes": 8 * GIB,
        },
        "filesystems": {"mounts": [{"mount": "/", "inodes_total": 1_000_000, "inodes_free": 900_000 - 1000 * day}]},
        "postgresql": {"instances": [main]},
    }  # fmt: skip
    return {"sections": {name: {"data": data} for name, data in sections.items()}}


def ask(site: Path, *words: str) -> Any:
    result = CliRunner().invoke(cli, ["trend", *words, "--json", "--site", str(site)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return {row["series"]: row for row in json.loads(result.stdout)}


def days(row: dict[str, Any], limit: str) -> float | None:
    (scenario,) = row["scenarios"]
    told: float | None = scenario["arrivals"][limit]["days"]["p50"]
    return told


def test_series_with_a_limit_get_dates_by_the_rules_of_filesystems(halfyear: Path) -> None:
    """Worked out by hand from day 175: inodes 275 000 used, warn at 800 000; 187 connections, warn at 300, full at 400;
    memory 22.75 of 64 GiB used, 0.05 a day, warn at 48: 505 days, more than twice the history of 175."""
    found = ask(halfyear, "series", "--host", "his1")
    assert days(found["inodes /"], "warn") is None
    assert found["inodes /"]["scenarios"][0]["a_day"]["p50"] == pytest.approx(1000)
    assert found["inodes /"]["scenarios"][0]["arrivals"]["warn"]["state"] == "beyond"
    assert days(found["connections-postgresql main"], "warn") == pytest.approx(225, abs=2)
    assert found["memory"]["scenarios"][0]["a_day"]["p50"] == pytest.approx(0.05 * GIB, rel=0.05)
    assert found["memory"]["scenarios"][0]["arrivals"]["warn"]["state"] == "beyond"
    assert found["swap"]["scenarios"][0]["arrivals"]["full"]["state"] == "never"


def test_frozen_transaction_ids_are_no_shrinking(halfyear: Path) -> None:
    """40 million a week between freezes: half of 2^31 is 170 days away from the 210 million of the last week."""
    row = ask(halfyear, "series")["xid-age postgresql main/his"]
    assert len(row["cuts"]) == 2
    assert row["scenarios"][0]["a_day"]["p50"] == pytest.approx(40_000_000 / 7)
    assert days(row, "warn") == pytest.approx((2**30 - 210_000_000) * 7 / 40_000_000, abs=1)


def test_a_database_has_a_growth_and_a_purge_of_it_is_entered_by_name(halfyear: Path, tmp_path: Path) -> None:
    """Unknown, the purge bends or forbids the line; entered, the growth is the true one. No limit: no date."""
    site, name = shutil.copytree(halfyear, tmp_path / "site"), "database postgresql main/his"
    before = ask(site, "series")[name]
    assert before["withheld"] or abs(before["scenarios"][0]["a_day"]["p50"] / GIB - 2) > 0.2
    at = f"{NOW - timedelta(days=7 * 13 + 1):%Y-%m-%d}"
    cut = ["trend", "cut", "his1", "--at", at, "--why", "清理日志表", "--by", "张工", "--site", str(site), "--series"]
    with pytest.raises(NotFound, match="no series database postgresql main/hsi") as raised:
        CliRunner().invoke(cli, [*cut, "database postgresql main/hsi"], standalone_mode=False, catch_exceptions=False)
    assert name in raised.value.hint
    CliRunner().invoke(cli, [*cut, name], standalone_mode=False, catch_exceptions=False)
    after = ask(site, "series")
    assert after[name]["scenarios"][0]["a_day"]["p50"] == pytest.approx(2 * GIB, rel=0.02)
    assert after[name]["scenarios"][0]["arrivals"] == {}
    assert after["memory"]["cuts"] == []


def test_what_is_unusual_is_told_beside_what_is_usual(halfyear: Path) -> None:
    """The last week's CPU and answer; nothing of the load, which is as ever."""
    found = ask(halfyear, "baseline")
    assert [name for name, row in found.items() if row.get("outside")] == ["response login", "cpu"]
    assert found["cpu"]["value"] == 95.0
    assert 15 < found["cpu"]["usual"] < 25
    assert (found["load"]["points"], found["load"]["outside"]) == (WEEKS - 1, False)
    shown = CliRunner().invoke(cli, ["trend", "baseline", "--site", str(halfyear)]).output
    assert shown.splitlines()[1].startswith("watch response login")


def test_a_host_that_nobody_has_seen_is_told(halfyear: Path) -> None:
    for words in (("series",), ("baseline",)):
        with pytest.raises(NotFound, match="his9"):
            ask(halfyear, *words, "--host", "his9")
    shown = CliRunner().invoke(cli, ["trend", "series", "--site", str(halfyear)]).output
    assert "his1 database postgresql main/his" in shown
