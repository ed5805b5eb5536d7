"""Errors a day, held against the period before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from maintkit.checks.facts.host import Message
from maintkit.checks.model import Case, DataProblem, Observation
from maintkit.checks.rule import judged, skipped, unknown

DAY_S = 86400
SHOWN = 5
UNIT = "条/天"


@dataclass(frozen=True, kw_only=True)
class Period:
    """Errors counted between two instants; `complete` False: there were at least so many."""

    errors: int
    since_at: float
    until_at: float
    complete: bool
    top: tuple[Message, ...] = ()

    @property
    def days(self) -> float:
        """Its length; raises DataProblem if it ends before it starts."""
        if self.until_at <= self.since_at:
            raise DataProblem(f"errors counted from {self.since_at} until {self.until_at}")
        return (self.until_at - self.since_at) / DAY_S

    @property
    def rate(self) -> float:
        """Errors a day."""
        return self.errors / self.days


def compare(case: Case, now: Period, past: Period | None, *, what_zh: str, no_past: str) -> Observation:
    """More than 2 times (crit 10) as many errors a day as in the period before, and at least 20 in all.

    Fewer than 20 are well, whatever came before. A period before without errors counts as one with a single error.
    Without a period before, 20 and more are held against nothing: skipped, with the rate and the reason `no_past`.
    A count that was cut short can be too many, and never few enough.
    """
    limit = case.limits["log.ratio"]
    many = case.limits["log.least-errors"].judge(now.errors) != "ok"
    excerpt = listed(f"{now.errors} errors in {now.days:.1f} days", now.top)
    if not many:
        return _few(now, past, excerpt)
    if past is None:
        return skipped(no_past, value=now.rate, unit=UNIT, excerpt=excerpt)
    ratio = now.rate / max(past.rate, 1 / past.days)
    status = limit.judge(ratio)
    if status != "ok" and not past.complete:
        return unknown("the period before was counted only in part", value=now.rate, excerpt=excerpt)
    if status == "ok" and not now.complete:
        return _in_part(now, excerpt)
    return judged(
        status,
        value=now.rate,
        unit=UNIT,
        limit=limit,
        previous=past.rate,
        conclusion_zh=f"{what_zh} 的错误为每天 {now.rate:.1f} 条，"
        f"是上一周期（每天 {past.rate:.1f} 条）的 {ratio:.1f} 倍。",
        remedy_zh="按出现次数从多到少查看重复的错误信息，定位来源服务；与业务异常时间对照，"
        "必要时将日志交应用厂商分析。",
        excerpt=excerpt,
    )


def listed(headline: str, top: tuple[Message, ...]) -> str:
    """The headline, and the messages that came most often."""
    lines = [f"{one.count}x {one.source + ': ' if one.source else ''}{one.text}" for one in top[:SHOWN]]
    return "\n".join([headline, *lines])


def _few(now: Period, past: Period | None, excerpt: str) -> Observation:
    if not now.complete:
        return _in_part(now, excerpt)
    seen = judged("ok", value=now.rate, unit=UNIT, conclusion_zh="", remedy_zh="", excerpt=excerpt)
    return replace(seen, previous=round(past.rate, 2)) if past else seen


def _in_part(now: Period, excerpt: str) -> Observation:
    return unknown("this period was counted only in part", value=now.rate, excerpt=f"{excerpt}\n(at least)")
