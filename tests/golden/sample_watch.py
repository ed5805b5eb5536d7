"""A week of watching with every state in it, and the week before, built by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sample_inspections import digest

from maintkit.evidence.entry import Head
from maintkit.evidence.watch import Handled, Tried, Watched, WatchRun, WatchWeek
from maintkit.evidence.week import Week

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
# seq, system, category, function, probes, manual
CATALOGUE = (
    (1, "his", "门急诊挂号", "病人信息登记", ("his-web", "his-database"), None),
    (2, "his", "门急诊挂号", "门急诊挂号", ("his-web",), None),
    (3, "his", "门急诊收费", "门急诊划价、门急诊收费", ("his-slow",), None),
    (4, "his", "医疗统计", "定制报表", (), "打开月报，核对合计"),
    (5, "emr", "门诊病历", "病历书写", (), "新建测试病历并打印"),
    (6, "emr", "门诊病历", "病历归档", ("emr-hl7",), None),
    (7, "emr", "影像调阅", "影像调阅", ("pacs-echo",), None),
    (8, "pharmacy", "审方", "处方前置审核", (), None),
)


def tried(probe: str, status: str, reason: str, detail: str = "", *, hours: int = 1, took_ms: int = 40) -> Tried:
    covers = tuple(row[0] for row in CATALOGUE if probe in row[4])
    return Tried(
        at=MONDAY + timedelta(hours=hours), run=f"W20261123-{hours}", probe=probe, covers=covers, status=status,  # type: ignore[arg-type]
        reason=reason, detail=detail, took_ms=took_ms, hosts=("emr-app1",) if probe == "emr-hl7" else (),
    )  # fmt: skip


def week() -> WatchWeek:
    """Monday fails in four ways; one is well an hour later, one is handled; a person did one row and not the other."""
    first = (
        tried("his-web", "crit", "wrong-answer", "status 503 instead of 200"),
        tried("his-database", "ok", "as-expected", took_ms=12),
        tried("his-slow", "warn", "slow", "2310 ms, at most 2000", took_ms=2310),
        tried("emr-hl7", "crit", "rejected", "acknowledged with AE"),
        tried("pacs-echo", "error", "not-asked", "this probe needs pynetdicom, which is not installed", took_ms=1),
    )
    again = tried("his-web", "ok", "as-expected", hours=2, took_ms=85)
    person = Tried(
        at=MONDAY + timedelta(hours=5), run=None, probe=None, covers=(4,), status="ok", reason="as-expected",
        detail="十月月报合计一致", by="张伟",
    )  # fmt: skip
    handled = Handled(
        at=MONDAY + timedelta(hours=3), seq=6, handling="接口引擎队列已满，已清理并联系厂商", owner="李娜",
        due="2026-11-27", state="in-progress", by="张伟",
    )  # fmt: skip
    return _week(Week(year=2026, number=48), (*first, again, person), (handled,), runs=2)


def last_week() -> WatchWeek:
    """Everything that has a probe was well; nobody did the manual rows."""
    probes = dict.fromkeys(probe for row in CATALOGUE for probe in row[4])
    return _week(Week(year=2026, number=47), tuple(tried(name, "ok", "as-expected") for name in probes), (), runs=1)


def unwatched() -> WatchWeek:
    """A week without a run: what is to be watched is known from before."""
    return _week(Week(year=2026, number=48), (), (), runs=0)


def _week(which: Week, tries: tuple[Tried, ...], handlings: tuple[Handled, ...], *, runs: int) -> WatchWeek:
    functions = []
    for seq, system, category, function, probes, manual in CATALOGUE:
        newest = {one.probe: one for one in tries if (one.probe in probes if one.probe else seq in one.covers)}
        functions.append(
            Watched(
                seq=seq, system=system, suite_zh=system, category_zh=category, function_zh=function, probes=probes,
                manual=manual, tried=tuple(newest.values()),
                answered=frozenset(name for name, one in newest.items() if one.status != "error"),
            )
        )  # fmt: skip
    return WatchWeek(
        week=which,
        functions=tuple(functions),
        runs=tuple(
            WatchRun(
                run=f"W20261123-{number}", at=MONDAY + timedelta(hours=number), engineer="张伟",
                asked=("his-web", "his-database"), ended="complete",
            )
            for number in range(1, runs + 1)
        ),
        failures=tuple(one for one in tries if one.status in ("crit", "error", "warn")),
        handlings=handlings,
        head=Head(seq=418, hash=digest(str(which))),
        dated=MONDAY + timedelta(hours=5),
    )  # fmt: skip
