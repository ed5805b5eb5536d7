"""`maintkit trend` over a ledger that holds half a year of inspections of one host."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sites import MAINTKIT, make_site

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

GIB = 2**30
NOW = datetime.now(UTC).replace(microsecond=0)
WEEKS = 26


@dataclass(frozen=True)
class Trends:
    """A site, and the command."""

    site: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [MAINTKIT, "trend", *words, "--site", self.site]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    def mounts(self) -> dict[str, dict[str, Any]]:
        done = self.run("show", "--host", "his1", "--json")
        assert done.returncode == 0, done.stderr
        return {row["mount"]: row for row in json.loads(done.stdout)}


@pytest.fixture
def trends(tmp_path: Path) -> Trends:
    """/ grows by 1 GiB a day; /data too, and lost 120 GiB half-way; /srv is enlarged; /nfs is not the host's own, and
    /gone is none any more."""
    site = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    clock = FixedClock(at=NOW)
    url = load_settings(site).ledger_url
    with Ledger.open(url, clock=clock, redactor=Redactor()) as ledger:
        for week in range(WEEKS):
            clock.at = NOW - timedelta(days=7 * (WEEKS - week))
            day, half = 7 * week, week >= WEEKS // 2
            mounts = [
                mount("/", 20 + day, 500),
                mount("/data", 200 + day - (120 if half else 0), 1000),
                mount("/srv", 100 + day, 2000 if half else 400),
                mount("/nfs", 100 + day, 400) | {"network": True},
                *([] if half else [mount("/gone", 100 + day, 400)]),
            ]
            document = json.dumps({"sections": {"filesystems": {"data": {"mounts": mounts}}}}).encode()
            facts = ledger.seal(document)
            ledger.append(
                "facts.collected", {"facts": facts.sha256}, run=f"{week}", subject="his1", attachments=[facts]
            )
    return Trends(site)


def mount(where: str, used: int, size: int) -> dict[str, Any]:
    return {"mount": where, "used_bytes": used * GIB, "free_bytes": (size - used) * GIB, "network": False}


def test_a_growing_filesystem_says_when_its_limits_are_met(trends: Trends) -> None:
    """195 of 500 GiB, 1 a day: warn (80 %) in 205 days, crit (90 %) in 255, full in 305."""
    root = trends.mounts()["/"]
    (only,) = root["scenarios"]
    assert {name: (told["state"], told["days"]["p50"]) for name, told in only["arrivals"].items()} == {
        "warn": ("days", 205.0), "crit": ("days", 255.0), "full": ("days", 305.0),
    }  # fmt: skip
    shown = trends.run("show").stdout
    assert "205 d" in shown


def test_a_filesystem_that_is_gone_has_no_future(trends: Trends) -> None:
    """Unmounted half-way: its arrival would lie in the past."""
    assert sorted(trends.mounts()) == ["/", "/data", "/srv"]


def test_a_purge_that_nobody_entered_is_withheld_or_wrong_and_entered_it_is_right(trends: Trends) -> None:
    before = trends.mounts()["/data"]
    assert before["withheld"] or abs(before["scenarios"][0]["bytes_a_day"]["p50"] / GIB - 1) > 0.2
    at = f"{NOW - timedelta(days=7 * (WEEKS - WEEKS // 2) + 1):%Y-%m-%d}"
    done = trends.run("cut", "his1", "--mount", "/data", "--at", at, "--why", "清理影像缓存", "--by", "张工")
    assert done.returncode == 0, done.stderr
    after = trends.mounts()
    assert after["/data"]["scenarios"][0]["bytes_a_day"]["p50"] == pytest.approx(GIB)
    assert after["/data"]["cuts"] == [f"{at} 清理影像缓存"]
    assert after["/"]["cuts"] == []


def test_an_enlarged_disk_is_forecast_in_bytes(trends: Trends) -> None:
    srv = trends.mounts()["/srv"]
    assert srv["scenarios"][0]["bytes_a_day"]["p50"] == pytest.approx(GIB)
    assert [line.split(" ", 1)[1] for line in srv["cuts"]] == ["文件系统容量变化"]
    assert "/nfs" not in trends.mounts()


def test_a_cut_of_a_filesystem_that_nobody_has_seen_is_refused(trends: Trends) -> None:
    """A slip of the pen would be entered for ever and cut nothing."""
    done = trends.run("cut", "his1", "--mount", "/dta", "--at", "2026-10-01", "--why", "x", "--by", "y")
    assert done.returncode == 7, done.stdout
    assert "no inspection has seen a filesystem /dta of his1" in done.stderr
    assert "/data" in done.stderr


def test_a_host_that_nobody_has_seen_is_told(trends: Trends) -> None:
    for words in (["show", "--host", "his9"], ["cut", "his9", "--at", "2026-10-01", "--why", "x", "--by", "y"]):
        done = trends.run(*words)
        assert (done.returncode, "his9" in done.stderr) == (7, True), done.stderr


def test_a_cut_to_come_or_without_a_reason_and_a_look_back_over_all_time_are_refused(trends: Trends) -> None:
    """Each tells which option is wrong; a cut of today is none to come."""
    zone = ZoneInfo("Asia/Shanghai")
    words = ("cut", "his1", "--mount", "/data", "--by", "y", "--why")
    for wrong, told in (
        ((*words, "x", "--at", f"{NOW.astimezone(zone) + timedelta(days=1):%Y-%m-%d}"), "still to come"),
        ((*words, " ", "--at", "2026-10-01"), "an empty text"),
        (("show", "--days", "9999999999999"), "36500"),
    ):
        done = trends.run(*wrong)
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    done = trends.run(*words, "x", "--at", f"{NOW.astimezone(zone):%Y-%m-%d}")
    assert done.returncode == 0, done.stderr


def test_a_mistaken_cut_is_withdrawn_and_both_stay(trends: Trends) -> None:
    """Named as it was entered; what nobody has entered, or withdrew already, is refused with what stands."""
    day = f"{NOW - timedelta(days=30):%Y-%m-%d}"
    which = ("his1", "--mount", "/", "--at", day)
    before = trends.mounts()["/"]
    assert trends.run("cut", *which, "--why", "记错主机", "--by", "张工").returncode == 0
    shown = trends.run("show").stdout
    assert "cut, and measured before and after, not across:" in shown
    assert f"his1 /: {day} 记错主机" in shown
    wrong = trends.run("uncut", "his1", "--mount", "/data", "--at", day, "--why", "x", "--by", "张工")
    assert (wrong.returncode, f"--mount / --at {day}T00:00 (记错主机)" in wrong.stderr) == (7, True), wrong.stderr
    done = trends.run("uncut", *which, "--why", "是 his2 的清理", "--by", "张工")
    assert done.returncode == 0, done.stderr
    assert trends.mounts()["/"] == before
    assert trends.run("uncut", *which, "--why", "x", "--by", "张工").returncode == 7
    with Ledger.open(
        load_settings(trends.site).ledger_url, clock=FixedClock(at=NOW), redactor=Redactor(), read_only=True
    ) as ledger:
        (entered,) = ledger.entries(kind="trend.cut")
        (withdrawn,) = ledger.entries(kind="trend.uncut")
        assert withdrawn.body == {"cut": entered.seq, "why": "是 his2 的清理", "by": "张工"}
