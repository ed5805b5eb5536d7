"""Which statement takes the server's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.counted import since_last
from maintkit.checks.facts.postgresql import PostgresqlInstance, PostgresqlStatement
from maintkit.checks.gaps import HOUR_S
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each, earlier_instance, is_declared
from maintkit.checks.rule import measured, unknown

NOT_INSTALLED = "the extension pg_stat_statements"
HOW = "shared_preload_libraries and CREATE EXTENSION pg_stat_statements let it be seen"


def statements(case: Case) -> Iterable[Observation]:
    """One statement took over 30 % of the time of all, where all took 1 % of the period at least.

    The period is that since the last inspection; since the counters were reset, where there was none. One of less than
    an hour says nothing of a day.
    """
    return each(case, _statements)


def _statements(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    told, why = one.statements, one.withheld.get("statements")
    if told is None or why:
        reason = why or "not known"
        if NOT_INSTALLED in reason or "shared_preload_libraries" in reason:
            yield Observation(
                status="skipped", instance=one.name, reason=f"the time of statements is not counted: {HOW}"
            )
        else:
            yield unknown(reason, instance=one.name)
        return
    past = earlier_instance(case, one.name)
    then = past.statements if past is not None else None
    period = since_last(case, told.total_ms, then.total_ms if then else None, told.since_at)
    started = told.since_at if told.since_at is not None else one.started_at
    if period is None and started is None:
        yield unknown("not known since when time is counted", instance=one.name)
        return
    seconds = period.seconds if period is not None else max(1.0, case.facts.collected_at - (started or 0.0))
    total = period.amount if period is not None else told.total_ms
    if case.limits["postgresql.statement-hours"].judge(seconds / HOUR_S) == "ok":
        reason = f"time has been counted for {seconds / 60:.0f} minutes only"
        yield Observation(status="skipped", instance=one.name, reason=reason)
        return
    if total <= 0 or case.limits["postgresql.statement-load"].judge(total / seconds / 10) == "ok":
        return
    earlier = {(one.id, one.database): one.ms for one in then.top} if then and period is not None else {}
    for statement in told.top:
        yield from _one(case, one, statement, total, earlier)


def _one(
    case: Case,
    one: PostgresqlInstance,
    statement: PostgresqlStatement,
    total: float,
    earlier: dict[tuple[str | None, str | None], float],
) -> Iterator[Observation]:
    limit = case.limits["postgresql.statement"]
    before = earlier.get((statement.id, statement.database), 0.0)
    spent = statement.ms - before if statement.ms >= before else statement.ms
    percent = min(100.0, spent / total * 100)
    if limit.judge(percent) != "ok":
        yield measured(
            percent,
            limit,
            instance=f"{one.name}/{statement.database or '-'} {statement.id or '-'}",
            conclusion_zh=f"实例 {one.name} 中一条语句占全部执行时间的 {percent:.0f}%（累计 {statement.calls} 次）。",
            remedy_zh="请用 EXPLAIN（不带 ANALYZE，或在副本上）查看其执行计划，与应用厂商确认是否缺索引、"
            "取数过多或可降低频率；改动先在测试环境对比前后。",
            excerpt=statement.query,
        )


CHECKS = (
    Check(
        id="postgresql.statements",
        category="postgresql",
        title_zh="语句耗时集中",
        needs=("postgresql",),
        judge=statements,
        limits=("postgresql.statement", "postgresql.statement-load", "postgresql.statement-hours"),
        declared=is_declared,
    ),
)
