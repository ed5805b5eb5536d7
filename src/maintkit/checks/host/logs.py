"""Errors in the system's and in named applications' logs, per day, against the period before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maintkit.checks.facts import AppLog, Message
from maintkit.checks.model import Case, Check, DataProblem, Observation
from maintkit.checks.rule import before, data_of, judged, no_comparison, not_applicable, unknown

DAY_S = 86400
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class _Period:
    """Errors counted over `days`; `complete` False: there were at least so many."""

    errors: int
    days: float
    complete: bool

    @property
    def rate(self) -> float:
        return self.errors / self.days


def system(case: Case) -> Iterator[Observation]:
    """System messages of priority err or worse came more than 2 times (crit 10) as often as in the period before.

    Fewer than 20 in the period are never judged abnormal, and a period before without errors counts as one with a
    single error. Without a period before there is nothing to hold the rate against: skipped, with the rate.
    """
    now = data_of(case.facts.sections.journal)
    earlier = before(case, lambda sections: sections.journal)
    period = _period(now.errors, now.since_at, now.until_at, complete=now.complete)
    past = _period(earlier.errors, earlier.since_at, earlier.until_at, complete=earlier.complete) if earlier else None
    yield _compare(case, period, past, what="系统日志", instance="", section="journal", top=now.top)


def applications(case: Case) -> Iterator[Observation]:
    """The same for every declared application log; one that is missing or may not be read is unknown."""
    logs = data_of(case.facts.sections.applogs).logs
    if not logs:
        yield not_applicable("the site declares no application log for this host")
    earlier = before(case, lambda sections: sections.applogs)
    earlier_at = case.previous.collected_at if case.previous else 0.0
    for log in logs:
        if log.state != "ok" or log.errors is None:
            yield unknown(f"{log.state}: {log.reason or 'its errors were not counted'}", instance=log.path)
            continue
        then = next((one for one in earlier.logs if _same(one, log)), None) if earlier else None
        yield _compare(
            case,
            _period(log.errors, log.since_at, case.facts.collected_at, complete=log.complete),
            _period(then.errors, then.since_at, earlier_at, complete=then.complete)
            if then and then.errors is not None
            else None,
            what=f"应用日志 {log.path}",
            instance=log.path,
            section=f"applogs of {log.path}",
            top=log.top,
        )


def _compare(
    case: Case,
    now: _Period,
    past: _Period | None,
    *,
    what: str,
    instance: str,
    section: str,
    top: tuple[Message, ...],
) -> Observation:
    excerpt = _listed(now, top)
    if past is None:
        return Observation(
            status="skipped",
            instance=instance,
            value=round(now.rate, 2),
            unit="条/天",
            reason=no_comparison(case, section),
            excerpt=excerpt,
        )
    limit = case.limits["log.ratio"]
    many = case.limits["log.least-errors"].judge(now.errors) != "ok"
    ratio = now.rate / max(past.rate, 1 / past.days)
    status = limit.judge(ratio) if many else "ok"
    if not past.complete and status != "ok":
        return unknown("the period before was counted only in part", instance=instance, value=now.rate, excerpt=excerpt)
    if not now.complete and status == "ok":
        return unknown("this period was counted only in part", instance=instance, value=now.rate, excerpt=excerpt)
    return judged(
        status,
        instance=instance,
        value=now.rate,
        unit="条/天",
        limit=limit,
        previous=past.rate,
        conclusion_zh=f"{what}的错误为每天 {now.rate:.1f} 条，是上一周期（每天 {past.rate:.1f} 条）的 {ratio:.1f} 倍。",
        remedy_zh="按出现次数从多到少查看重复的错误信息，定位来源服务；与业务异常时间对照，"
        "必要时将日志交应用厂商分析。",
        excerpt=excerpt,
    )


def _period(errors: int, since_at: float | None, until_at: float, *, complete: bool) -> _Period:
    if since_at is None or until_at <= since_at:
        raise DataProblem(f"errors counted from {since_at} until {until_at}")
    return _Period(errors=errors, days=(until_at - since_at) / DAY_S, complete=complete)


def _same(one: AppLog, other: AppLog) -> bool:
    """Counts of two patterns cannot be compared."""
    return (one.path, one.pattern) == (other.path, other.pattern)


def _listed(now: _Period, top: tuple[Message, ...]) -> str:
    lines = [f"{now.errors} errors in {now.days:.1f} days" + ("" if now.complete else " (at least)")]
    lines += [f"{one.count}x {one.source + ': ' if one.source else ''}{one.text}" for one in top[:SHOWN]]
    return "\n".join(lines)


CHECKS = (
    Check(
        id="log.system",
        category="host",
        title_zh="系统错误日志",
        needs=("journal",),
        judge=system,
        limits=("log.ratio", "log.least-errors"),
    ),
    Check(
        id="log.applications",
        category="host",
        title_zh="应用错误日志",
        needs=("applogs",),
        judge=applications,
        limits=("log.ratio", "log.least-errors"),
    ),
)
