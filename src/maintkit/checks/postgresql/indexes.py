"""Indexes that are broken, do nothing, do what another does, or are missing under a foreign key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlDatabase, PostgresqlIndex, PostgresqlInstance
from maintkit.checks.gaps import DAY_S
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import MIB, each_database, is_declared, object_name
from maintkit.checks.rule import judged, unknown


def invalid(case: Case) -> Iterable[Observation]:
    """An index that is invalid and not being built: no query uses it, and one that is ready slows down every change."""
    return each_database(case, _invalid)


def _invalid(_case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    for index in database.indexes:
        if index.valid:
            continue
        written_zh = "，但每次写入仍要维护它" if index.ready else ""
        yield judged(
            "warn",
            instance=object_name(one, database, index.name),
            value="无效",
            conclusion_zh=f"数据库 {database.name} 的索引 {index.name}（表 {index.table}）无效，"
            f"查询不会使用它{written_zh}。",
            remedy_zh="请先查明来历：名称带 _ccnew 或 _ccold 的多为并发重建中断的残留，由重建操作按其记录清理；"
            "其余在维护窗口用 REINDEX INDEX CONCURRENTLY 重建；唯一索引无效的，先核对是否有重复数据。",
            excerpt=f"{index.name} on {index.table}: {'' if index.ready else 'not '}ready, {index.size_bytes} bytes",
        )


def duplicate(case: Case) -> Iterable[Observation]:
    """An index with the same columns, order, expression and condition as another of its table."""
    return each_database(case, _duplicate)


def _duplicate(_case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    for index in database.indexes:
        if index.twin_of is not None and index.valid:
            yield judged(
                "warn",
                instance=object_name(one, database, index.name),
                value=index.twin_of,
                conclusion_zh=f"数据库 {database.name} 的索引 {index.name} 与 {index.twin_of} 完全重复"
                f"（{index.size_bytes / MIB:.1f} MiB），白白增加写入与备份的开销。",
                remedy_zh="请与应用厂商确认没有按名称依赖该索引的程序后，在维护窗口并发移除其一，并保留其定义以便恢复。",
                excerpt=f"{index.name} = {index.twin_of}",
            )


def unused(case: Case) -> Iterable[Observation]:
    """A plain index of 10 MiB or more that no query has used in 30 days or more of statistics, on no standby either."""
    return each_database(case, _unused)


def _unused(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    large = case.limits["postgresql.least-mib"]
    idle = [
        index
        for index in database.indexes
        if index.unused and index.valid and large.judge(index.size_bytes / MIB) != "ok"
    ]
    if database.stats_since_at is None:
        yield unknown("not known since when use is counted", instance=object_name(one, database))
        return
    days = (case.facts.collected_at - database.stats_since_at) / DAY_S
    if not idle:
        return
    if case.limits["postgresql.unused-days"].judge(days) == "ok":
        reason = f"use has been counted for {max(days, 0):.0f} days only"
        yield Observation(status="skipped", instance=object_name(one, database), reason=reason)
        return
    yield from (_idle(one, database, index, days) for index in idle)


def _idle(one: PostgresqlInstance, database: PostgresqlDatabase, index: PostgresqlIndex, days: float) -> Observation:
    return judged(
        "warn",
        instance=object_name(one, database, index.name),
        value=float(index.size_bytes / MIB),
        unit="MiB",
        conclusion_zh=f"数据库 {database.name} 的索引 {index.name}（{index.size_bytes / MIB:.0f} MiB）"
        f"{days:.0f} 天内未被本实例的查询使用。",
        remedy_zh="请先核对备库上的使用情况和月末、年终才运行的报表，与应用厂商确认后再在维护窗口并发移除，"
        "并保留其定义；不要仅凭本项移除。",
        excerpt=f"{index.name} on {index.table}: no scan in {days:.0f} days",
    )


def foreign_keys(case: Case) -> Iterable[Observation]:
    """A foreign key of a table of 10 MiB or more whose columns no index starts with."""
    return each_database(case, _foreign_keys)


def _foreign_keys(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    large = case.limits["postgresql.least-mib"]
    for key in database.foreign_keys:
        if large.judge(key.table_bytes / MIB) != "ok":
            yield judged(
                "warn",
                instance=object_name(one, database, f"{key.table} {key.name}"),
                value=key.parent,
                conclusion_zh=f"表 {key.table}（{key.table_bytes / MIB:.0f} MiB）的外键 {key.name} 没有可用的索引，"
                f"在 {key.parent} 上删除或修改主键时会全表扫描并长时间持锁。",
                remedy_zh="若业务会删除或修改被引用的记录，请与应用厂商确认后用 CREATE INDEX CONCURRENTLY 补建索引；"
                "从不变更父表的可登记为接受。",
                excerpt=f"{key.table} {key.name} -> {key.parent}, {key.table_bytes} bytes",
            )


CHECKS = (
    Check(
        id="postgresql.invalid-indexes",
        category="postgresql",
        title_zh="无效索引",
        needs=("postgresql",),
        judge=invalid,
        declared=is_declared,
    ),
    Check(
        id="postgresql.duplicate-indexes",
        category="postgresql",
        title_zh="重复索引",
        needs=("postgresql",),
        judge=duplicate,
        declared=is_declared,
    ),
    Check(
        id="postgresql.unused-indexes",
        category="postgresql",
        title_zh="未使用的索引",
        needs=("postgresql",),
        judge=unused,
        limits=("postgresql.unused-days", "postgresql.least-mib"),
        declared=is_declared,
    ),
    Check(
        id="postgresql.foreign-keys",
        category="postgresql",
        title_zh="外键缺少索引",
        needs=("postgresql",),
        judge=foreign_keys,
        limits=("postgresql.least-mib",),
        declared=is_declared,
    ),
)
