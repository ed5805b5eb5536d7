"""How long logs are kept: at least six months (网络安全法 第二十一条, 等保)."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.facts.security import RetainedLog
from maintkit.checks.gaps import DAY_S, age_s, withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, judged, measured, not_applicable, unknown
from maintkit.checks.security.container import container


def retention(case: Case) -> Iterable[Observation]:
    """For each log the days it reaches back, or else the days its rotation promises, against 180.

    A log that reaches back far enough is fine whatever its policy says. One that does not is judged by what is
    promised: on a young machine the oldest entry says only when the machine was set up. A promise is broken where the
    oldest entry has moved on since the previous inspection and is still younger than the limit: entries are gone.
    A machine that keeps no log at all keeps 0 days.
    """
    section = case.facts.sections.log_retention
    if section is not None and section.status == "absent":
        yield _no_log(case, section.reason or "no log")
        return
    logs = data_of(section).logs
    earlier = before(case, lambda sections: sections.log_retention)
    oldest_before = {log.name: log.oldest_at for log in earlier.logs} if earlier is not None else {}
    for log in logs:
        yield _judge(case, log, oldest_before.get(log.name))
    gap = withheld(section)
    if gap or not logs:
        yield unknown(f"not every log could be looked at: {gap}" if gap else "no log was looked at")


def _no_log(case: Case, reason: str) -> Observation:
    if kind := container(case):
        return not_applicable(f"{reason}: the output of a {kind} container is kept by what runs it")
    return measured(
        0.0,
        case.limits["logs.retention"],
        conclusion_zh="主机上未发现任何系统日志，无法满足网络安全法和等级保护“不少于六个月”的留存要求。",
        remedy_zh="请核实日志服务是否被停用、日志是否已集中转存：已转存到日志服务器的请登记说明，"
        "未转存的请启用系统日志并把保留期设为不少于 180 天。",
        excerpt=reason,
    )


def _judge(case: Case, log: RetainedLog, oldest_before: float | None) -> Observation:
    limit = case.limits["logs.retention"]
    kept = _kept_days(case, log)
    excerpt = f"{log.name}: reaches back {_days(kept)}, policy {_days(log.policy_days)} ({log.policy or 'not known'})"
    if kept is not None and limit.judge(kept) == "ok":
        return judged("ok", instance=log.name, value=kept, limit=limit, conclusion_zh="", remedy_zh="", excerpt=excerpt)
    if kept is not None and _lost(log.oldest_at, oldest_before):
        reach, why_zh = kept, f"上次巡检时更早的记录已不存在，日志实际只保留约 {kept:.0f} 天"
    elif log.policy_days is not None:
        reach, why_zh = log.policy_days, f"日志轮转策略只保留 {log.policy_days:.0f} 天"
    elif kept is None:
        return unknown("neither the oldest entry nor the rotation policy is known", instance=log.name, excerpt=excerpt)
    else:
        reason = f"the oldest entry is {kept:.0f} days old and no policy is known: a young log or a short one"
        return unknown(reason, instance=log.name, value=kept, excerpt=excerpt)
    return measured(
        reach,
        limit,
        instance=log.name,
        conclusion_zh=f"{log.name}：{why_zh}，低于网络安全法和等级保护“不少于六个月”的要求。",
        remedy_zh="请核对该日志的用途和磁盘余量，"
        "调整轮转策略使其保留不少于 180 天（磁盘不足时先扩容或转存到日志服务器）；"
        "调整前不要清理现有日志。已集中留存到日志服务器的，请登记说明。",
        excerpt=excerpt,
    )


def _kept_days(case: Case, log: RetainedLog) -> float | None:
    """Days the log really reaches back; an oldest entry dated after the collection says nothing."""
    if log.kept_days is not None:
        return log.kept_days
    age = age_s(case, log.oldest_at) if log.oldest_at is not None else None
    return age / DAY_S if age is not None else None


def _lost(oldest_at: float | None, oldest_before: float | None) -> bool:
    """Whether the oldest entry has moved on by more than a day since the previous inspection."""
    return oldest_at is not None and oldest_before is not None and oldest_at > oldest_before + DAY_S


def _days(days: float | None) -> str:
    return "not known" if days is None else f"{days:.0f} d"


CHECKS = (
    Check(
        id="logs.retention",
        category="security",
        title_zh="日志留存期限",
        needs=("log_retention",),
        judge=retention,
        limits=("logs.retention",),
        decides_absence=True,
    ),
)
