"""What the server did since the last inspection: reads from disk, temporary tables on disk, slow queries, purge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.mysql import MysqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.mysql.instances import counted, each, is_declared, not_seen, uncounted
from maintkit.checks.rule import measured, shown


def buffer_pool(case: Case) -> Iterable[Observation]:
    """Less than 95 % of the reads since the last inspection (100 000 at least) were answered by the buffer pool."""
    return each(case, _buffer_pool)


def _buffer_pool(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    share = _share(case, one, "innodb_buffer_pool_reads", "innodb_buffer_pool_read_requests", "mysql.buffer-pool-least")
    if isinstance(share, Observation):
        yield share
    elif share is not None:
        missed, total = share
        hit = 100 - min(100.0, missed / total * 100)
        pool = one.settings.get("innodb_buffer_pool_size")
        yield measured(
            hit,
            case.limits["mysql.buffer-pool"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 本期的缓冲池命中率为 {hit:.1f}%，读盘偏多。",
            remedy_zh="请先找出读盘最多的查询，看是否缺索引或全表扫描；再对照本机内存评估 innodb_buffer_pool_size，"
            "调整须留足操作系统和连接的内存，并对比前后。",
            excerpt=f"{one.name}: {missed:.0f} of {total:.0f} reads from the disk, pool {shown(pool)} bytes",
        )


def temp_tables(case: Case) -> Iterable[Observation]:
    """More than 25 % of the temporary tables made since the last inspection (1000 at least) were put on the disk."""
    return each(case, _temp_tables)


def _temp_tables(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    share = _share(case, one, "created_tmp_disk_tables", "created_tmp_tables", "mysql.temp-tables-least")
    if isinstance(share, Observation):
        yield share
    elif share is not None:
        disk, total = share
        yield measured(
            min(100.0, disk / total * 100),
            case.limits["mysql.temp-tables"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 本期 {total:.0f} 个临时表中有 {disk:.0f} 个落到磁盘。",
            remedy_zh="请找出产生临时表的查询（排序、分组、含大字段的列），先改写或补索引；"
            "确需加大 tmp_table_size 与 max_heap_table_size 的，计入并发会话数以免耗尽内存。",
            excerpt=f"{one.name}: {disk:.0f} of {total:.0f} temporary tables on disk",
        )


def slow_queries(case: Case) -> Iterable[Observation]:
    """More than 5 % of the statements since the last inspection took longer than long_query_time, 100 at least.

    Where performance_schema is on, the digests that took most time stand beside it.
    """
    return each(case, _slow_queries)


def _slow_queries(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    gap = uncounted(case, one, "slow_queries", "questions")
    if gap is not None:
        yield gap
        return
    slow, total = counted(case, one, "slow_queries"), counted(case, one, "questions")
    if slow is None or total is None or total.amount <= 0:
        return
    if case.limits["mysql.slow-queries-least"].judge(slow.amount) == "ok":
        return
    slowest = [f"{shown(told.ms)} ms, {shown(told.calls)} calls: {told.query}" for told in one.statements or ()]
    yield measured(
        min(100.0, slow.amount / total.amount * 100),
        case.limits["mysql.slow-queries"],
        instance=one.name,
        conclusion_zh=f"实例 {one.name} 本期 {total.amount:.0f} 条语句中有 {slow.amount:.0f} 条慢查询"
        f"（超过 {one.settings.get('long_query_time', '-')} 秒）。",
        remedy_zh="请从慢查询日志或语句摘要中找出耗时最多的语句，用 EXPLAIN（在从库或测试环境）查看执行计划，"
        "与应用厂商确认是否缺索引、取数过多或可降低频率；改动先在测试环境对比前后。",
        excerpt="; ".join([f"{slow.amount:.0f} slow of {total.amount:.0f}", *slowest])[:500],
    )


def history(case: Case) -> Iterable[Observation]:
    """Over 100 000 (crit a million) undo records that the purge has still to clear away."""
    return each(case, _history, "history")


def _history(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    if one.history is not None and not not_seen(one, "history"):
        oldest = max((session.transaction_s for session in one.transactions or ()), default=0.0)
        yield measured(
            float(one.history),
            case.limits["mysql.history-list"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 的历史链表长度为 {one.history}，清理（purge）跟不上，"
            "查询会变慢，undo 空间会增长。",
            remedy_zh="请先查有无长时间未结束的事务（含只读的一致性查询和备份），由应用方结束它；"
            "没有长事务的，在业务低峰观察其回落，再评估 innodb_purge_threads。",
            excerpt=f"{one.name}: history list {one.history}, oldest transaction {oldest:.0f} s",
        )


def _share(
    case: Case, one: MysqlInstance, part: str, whole: str, least: str
) -> tuple[float, float] | Observation | None:
    """(part, whole) since the last inspection; why not; None: too few to say anything of."""
    gap = uncounted(case, one, part, whole)
    if gap is not None:
        return gap
    some, of_all = counted(case, one, part), counted(case, one, whole)
    if some is None or of_all is None or of_all.amount <= 0 or case.limits[least].judge(of_all.amount) == "ok":
        return None
    return some.amount, of_all.amount


CHECKS = (
    Check(
        id="mysql.buffer-pool",
        category="mysql",
        title_zh="缓冲池命中率",
        needs=("mysql",),
        judge=buffer_pool,
        limits=("mysql.buffer-pool", "mysql.buffer-pool-least"),
        declared=is_declared,
    ),
    Check(
        id="mysql.temp-tables",
        category="mysql",
        title_zh="磁盘临时表",
        needs=("mysql",),
        judge=temp_tables,
        limits=("mysql.temp-tables", "mysql.temp-tables-least"),
        declared=is_declared,
    ),
    Check(
        id="mysql.slow-queries",
        category="mysql",
        title_zh="慢查询",
        needs=("mysql",),
        judge=slow_queries,
        limits=("mysql.slow-queries", "mysql.slow-queries-least"),
        declared=is_declared,
    ),
    Check(
        id="mysql.history-list",
        category="mysql",
        title_zh="历史链表长度",
        needs=("mysql",),
        judge=history,
        limits=("mysql.history-list",),
        declared=is_declared,
    ),
)
