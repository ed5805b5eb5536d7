"""Counters of what the server did since the last inspection: reads from disk, sorts on disk, deadlocks, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from maintkit.checks.counted import Counted, since_last
from maintkit.checks.facts.postgresql import PostgresqlDatabase, PostgresqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each, earlier_database, earlier_instance, is_declared, object_name
from maintkit.checks.postgresql.since import why_not_compared
from maintkit.checks.rule import measured, unknown

GIB = 1024**3
SYSTEM = ("template0", "template1")
Rule = Callable[[Case, PostgresqlInstance], Iterator[Observation]]


def cache(case: Case) -> Iterable[Observation]:
    """Less than 90 % of the blocks read since the last inspection (100 000 at least) were in the server's cache."""
    return each(case, _cache, "databases")


def _cache(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    for database in _counted(one):
        hit, read = (_delta(case, one, database, field) for field in ("blks_hit", "blks_read"))
        total = hit.amount + read.amount if hit is not None and read is not None else 0.0
        if hit is not None and total > 0 and case.limits["postgresql.cache-blocks"].judge(total) != "ok":
            yield measured(
                hit.amount / total * 100,
                case.limits["postgresql.cache-hit"],
                instance=object_name(one, database),
                conclusion_zh=f"数据库 {database.name} 本期的缓存命中率为 {hit.amount / total * 100:.1f}%，读盘偏多。",
                remedy_zh="请按语句统计找出读盘最多的查询，先看是否缺索引或全表扫描；"
                "再评估 shared_buffers 与内存，调整后须重启并对比前后。",
                excerpt=f"{database.name}: {hit.amount:.0f} of {total:.0f} blocks from the cache",
            )
    yield from _uncompared(case, one, "blks_hit")


def temp_files(case: Case) -> Iterable[Observation]:
    """More than 5 GiB (crit 50) a day written to temporary files since the last inspection."""
    return each(case, _rate("temp_bytes", "postgresql.temp-files", GIB, _temp_zh, TEMP_REMEDY), "databases")


def deadlocks(case: Case) -> Iterable[Observation]:
    """More than 5 (crit 100) deadlocks a day since the last inspection."""
    return each(case, _rate("deadlocks", "postgresql.deadlocks", 1, _deadlocks_zh, DEADLOCK_REMEDY), "databases")


TEMP_REMEDY = (
    "请按语句统计找出写临时文件最多的查询（排序、哈希连接），先改写或补索引；"
    "确需加大 work_mem 的，只对该会话或用户设置，并计入并发连接数以免耗尽内存。"
)
DEADLOCK_REMEDY = (
    "请从数据库日志取出死锁双方的语句，交应用厂商统一各事务访问表和行的顺序、缩短事务；"
    "数据库已自动回滚其中一方，须核对该业务是否重试成功。"
)


def _temp_zh(name: str, rate: float) -> str:
    return f"数据库 {name} 本期平均每天写临时文件 {rate:.1f} GiB，内存不足以完成排序或连接。"


def _deadlocks_zh(name: str, rate: float) -> str:
    return f"数据库 {name} 本期平均每天发生死锁 {rate:.1f} 次，每次都有一个事务被回滚。"


def _rate(field: str, key: str, unit: int, words_zh: Callable[[str, float], str], remedy_zh: str) -> Rule:
    """A counter of each database, as so many a day."""

    def rule(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
        for database in _counted(one):
            counted = _delta(case, one, database, field)
            if counted is not None and case.limits[key].judge(counted.a_day / unit) != "ok":
                yield measured(
                    counted.a_day / unit,
                    case.limits[key],
                    instance=object_name(one, database),
                    conclusion_zh=words_zh(database.name, counted.a_day / unit),
                    remedy_zh=remedy_zh,
                    excerpt=f"{database.name}: {field} {counted.amount:.0f} in {counted.seconds:.0f} s",
                )
        yield from _uncompared(case, one, field)

    return rule


def _counted(one: PostgresqlInstance) -> list[PostgresqlDatabase]:
    return [database for database in one.databases or () if database.name not in SYSTEM]


def _delta(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase, field: str) -> Counted | None:
    past, now = earlier_database(case, one, database.name), getattr(database, field)
    if past is None or now is None:
        return None
    return since_last(case, now, getattr(past, field), database.stats_reset_at)


def _uncompared(case: Case, one: PostgresqlInstance, field: str) -> Iterator[Observation]:
    """One answer for the instance, where no database can be compared."""
    counted = _counted(one)
    if counted and all(getattr(database, field) is None for database in counted):
        yield unknown("not known", instance=one.name)
    elif all(_delta(case, one, database, field) is None for database in counted):
        yield Observation(status="skipped", instance=one.name, reason=why_not_compared(case, one.name))


def checkpoints(case: Case) -> Iterable[Observation]:
    """More than half of the checkpoints since the last inspection (10 at least) were asked for by the amount of WAL."""
    return each(case, _checkpoints, "checkpoints")


def _checkpoints(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    now, past = one.checkpoints, earlier_instance(case, one.name)
    if now is None:
        return
    then = past.checkpoints if past is not None else None
    timed = since_last(case, now.timed, then.timed if then else None, now.stats_reset_at)
    requested = since_last(case, now.requested, then.requested if then else None, now.stats_reset_at)
    if timed is None or requested is None:
        yield Observation(status="skipped", instance=one.name, reason=why_not_compared(case, one.name))
        return
    total = timed.amount + requested.amount
    if total <= 0 or case.limits["postgresql.checkpoints-least"].judge(total) == "ok":
        return
    yield measured(
        requested.amount / total * 100,
        case.limits["postgresql.checkpoints"],
        instance=one.name,
        conclusion_zh=f"实例 {one.name} 本期 {total:.0f} 次检查点中有 {requested.amount:.0f} 次由 WAL 写满触发，"
        "写入会集中爆发并拖慢业务。",
        remedy_zh="请核对批量写入的时间，评估磁盘余量后调大 max_wal_size（重新加载即可生效），"
        "使检查点主要按 checkpoint_timeout 进行。",
        excerpt=f"{one.name}: {timed.amount:.0f} timed, {requested.amount:.0f} requested",
    )


CHECKS = (
    Check(
        id="postgresql.cache-hit",
        category="postgresql",
        title_zh="缓存命中率",
        needs=("postgresql",),
        judge=cache,
        limits=("postgresql.cache-hit", "postgresql.cache-blocks"),
        declared=is_declared,
    ),
    Check(
        id="postgresql.temp-files",
        category="postgresql",
        title_zh="临时文件",
        needs=("postgresql",),
        judge=temp_files,
        limits=("postgresql.temp-files",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.deadlocks",
        category="postgresql",
        title_zh="死锁",
        needs=("postgresql",),
        judge=deadlocks,
        limits=("postgresql.deadlocks",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.checkpoints",
        category="postgresql",
        title_zh="检查点",
        needs=("postgresql",),
        judge=checkpoints,
        limits=("postgresql.checkpoints", "postgresql.checkpoints-least"),
        declared=is_declared,
    ),
)
