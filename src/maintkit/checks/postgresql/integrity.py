"""What endangers the data itself: transaction numbers running out, pages that fail their checksums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each, is_declared
from maintkit.checks.rule import measured, not_applicable

WRAPAROUND = 2**31 - 1


def wraparound(case: Case) -> Iterable[Observation]:
    """The oldest transaction or multixact number of a database at 50 % (crit 75 %) of what the server can count."""
    return each(case, _wraparound, "databases")


def _wraparound(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    ages = [
        (max(database.xid_age or 0, database.mxid_age or 0), database.name)
        for database in one.databases or ()
        if database.xid_age is not None
    ]
    if ages:
        age, name = max(ages)
        yield measured(
            age / WRAPAROUND * 100,
            case.limits["postgresql.wraparound"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 的数据库 {name} 最老事务年龄为 {age}，"
            "接近事务号回卷，到达上限后数据库将拒绝写入。",
            remedy_zh="请先排查并结束妨碍冻结的长事务、悬置的两阶段事务和失效的复制槽，再对年龄最大的表执行 "
            "VACUUM (FREEZE)；不要关闭自动清理，也不要用单用户模式抢救尚可写入的实例。",
            excerpt="\n".join(f"{database}: age {old}" for old, database in sorted(ages, reverse=True)[:5]),
        )


def checksums(case: Case) -> Iterable[Observation]:
    """Any page that failed its checksum since the statistics were last reset; a cluster without checksums has none."""
    return each(case, _checksums, "databases")


def _checksums(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    if one.data_checksums is False:
        yield not_applicable("the cluster has no data checksums", instance=one.name)
        return
    counted = [
        (database.checksum_failures, database.name)
        for database in one.databases or ()
        if database.checksum_failures is not None
    ]
    if counted:
        names = "、".join(name for failures, name in counted if failures > 0)
        yield measured(
            float(sum(failures for failures, _name in counted)),
            case.limits["postgresql.checksums"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 的数据库 {names} 出现数据页校验错误，存储或内存可能损坏数据。",
            remedy_zh="请立即确认最近的有效备份并暂停其过期清理，查看数据库日志中的文件与页号，检查磁盘与内存，"
            "再由数据库管理员决定从备份恢复；不要打开 zero_damaged_pages。",
            excerpt="\n".join(f"{name}: {failures} failures" for failures, name in counted),
        )


CHECKS = (
    Check(
        id="postgresql.wraparound",
        category="postgresql",
        title_zh="事务号回卷",
        needs=("postgresql",),
        judge=wraparound,
        limits=("postgresql.wraparound",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.checksums",
        category="postgresql",
        title_zh="数据页校验",
        needs=("postgresql",),
        judge=checksums,
        limits=("postgresql.checksums",),
        declared=is_declared,
    ),
)
