"""Tables that vacuum and analyze do not keep up with, and indexes that have swollen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlDatabase, PostgresqlInstance
from maintkit.checks.gaps import date_text
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import MIB, each, each_database, is_declared, object_name
from maintkit.checks.rule import judged, measured, unknown


def dead(case: Case) -> Iterable[Observation]:
    """Dead rows over 2 times (crit 10) the number at which autovacuum comes, or autovacuum off (warn)."""
    yield from each_database(case, _dead, "autovacuum")
    yield from (one for one in each(case, _switched_off) if one.status == "warn")


def _switched_off(_case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    if one.autovacuum is False:
        yield judged(
            "warn",
            instance=f"{one.name} autovacuum",
            value="关闭",
            conclusion_zh=f"实例 {one.name} 的自动清理（autovacuum）被关闭，表会持续膨胀，统计信息会过时。",
            remedy_zh="请确认关闭的原因，改为按表调整清理参数，并恢复 autovacuum。",
        )


def _dead(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    limit = case.limits["postgresql.dead-tuples"]
    for table in database.vacuum:
        times = table.dead / max(table.threshold, 1.0)
        if limit.judge(times) != "ok":
            last_zh = (
                f"最近一次清理在 {date_text(table.vacuumed_at)}" if table.vacuumed_at is not None else "没有清理记录"
            )
            off_zh = "，该表的自动清理被关闭" if not table.autovacuum else ""
            yield measured(
                times,
                limit,
                instance=object_name(one, database, table.name),
                conclusion_zh=f"表 {table.name} 有 {table.dead} 行死元组，是自动清理触发值的 {times:.1f} 倍，"
                f"{last_zh}{off_zh}。",
                remedy_zh="请先查有无长事务、悬置的两阶段事务或复制槽妨碍清理，再在业务低峰对该表执行 "
                "VACUUM (ANALYZE)，"
                "并按表调小 autovacuum_vacuum_scale_factor；不要用 VACUUM FULL（会锁表）。",
                excerpt=f"{table.name}: {table.dead} dead, {table.live} live, threshold {table.threshold:.0f}",
            )


def statistics(case: Case) -> Iterable[Observation]:
    """A table of 10 000 rows or more of which over half has changed since it was analysed: plans are made blindly."""
    return each_database(case, _statistics)


def _statistics(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    limit = case.limits["postgresql.statistics"]
    for table in database.statistics:
        percent = table.modified / max(table.live, 1) * 100
        if limit.judge(percent) != "ok":
            last_zh = (
                f"最近一次分析在 {date_text(table.analyzed_at)}" if table.analyzed_at is not None else "没有分析记录"
            )
            yield measured(
                percent,
                limit,
                instance=object_name(one, database, table.name),
                conclusion_zh=f"表 {table.name} 自上次分析以来变化了 {table.modified} 行（{percent:.0f}%），{last_zh}，"
                "统计信息过时，执行计划可能变差。",
                remedy_zh="请在业务低峰对该表执行 ANALYZE，并检查自动分析是否被关闭或跟不上写入。",
                excerpt=f"{table.name}: {table.modified} of {table.live} rows modified",
            )


def bloat(case: Case) -> Iterable[Observation]:
    """Of the five largest B-trees up to 256 MiB of a database: over 2 times (crit 4) as large as when newly built.

    Measured by pgstatindex in deep inspections, never estimated. Larger ones are for the reindex procedure.
    """
    return each_database(case, _bloat)


def _bloat(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    limit = case.limits["postgresql.bloat"]
    gap = one.withheld.get(f"bloat {database.name}")
    for index in database.bloat or ():
        # A page that is empty but for what it must hold would divide by nothing.
        times = index.fillfactor / max(index.leaf_density, 1.0)
        if limit.judge(times) != "ok":
            yield measured(
                times,
                limit,
                instance=object_name(one, database, index.name),
                conclusion_zh=f"索引 {index.name}（{index.size_bytes / MIB:.0f} MiB）的叶页密度为 "
                f"{index.leaf_density:.0f}%，约为新建时的 {times:.1f} 倍大小。",
                remedy_zh="请在维护窗口用 REINDEX INDEX CONCURRENTLY 重建，事先确认磁盘有一份索引的余量、没有长事务；"
                "一次只重建一个，并记录重建前后的大小。",
                excerpt=f"{index.name}: leaf density {index.leaf_density:.1f} %, fillfactor {index.fillfactor}",
            )
    if gap is not None or database.bloat is None:
        reason = gap or "not known"
        if "extension pgstattuple" in reason:
            reason = f"{reason}: CREATE EXTENSION pgstattuple lets it be measured"
            yield Observation(status="skipped", instance=object_name(one, database), reason=reason)
        else:
            yield unknown(reason, instance=object_name(one, database))


CHECKS = (
    Check(
        id="postgresql.dead-tuples",
        category="postgresql",
        title_zh="死元组与自动清理",
        needs=("postgresql",),
        judge=dead,
        limits=("postgresql.dead-tuples",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.statistics",
        category="postgresql",
        title_zh="统计信息时效",
        needs=("postgresql",),
        judge=statistics,
        limits=("postgresql.statistics",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.bloat",
        category="postgresql",
        title_zh="索引膨胀",
        needs=("postgresql",),
        judge=bloat,
        limits=("postgresql.bloat",),
        declared=is_declared,
        deep=True,
    ),
)
