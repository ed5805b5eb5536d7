"""Databases and large tables that grow fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlDatabase, PostgresqlInstance
from maintkit.checks.gaps import DAY_S
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import MIB, each, earlier_database, is_declared, object_name
from maintkit.checks.postgresql.since import why_not_compared
from maintkit.checks.rule import elapsed_s, measured, unknown

MONTH_DAYS = 30


def growth(case: Case) -> Iterable[Observation]:
    """A database, or one of its 20 largest tables, grew by over 30 % in 30 days, and by 10 MiB at least.

    A period of less than a day says nothing of a month. When a disk will be full is said by the trend of its bytes.
    """
    return each(case, _growth, "databases")


def _growth(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    days = elapsed_s(case) / DAY_S
    pairs = [(database, earlier_database(case, one, database.name)) for database in one.databases or ()]
    if not any(past is not None for _now, past in pairs) or days < 1:
        reason = "less than a day since the last inspection" if 0 < days < 1 else why_not_compared(case, one.name)
        yield Observation(status="skipped", instance=one.name, reason=reason)
        return
    for now, past in pairs:
        if past is not None:
            yield from _database(case, one, now, past, days)


def _database(
    case: Case, one: PostgresqlInstance, now: PostgresqlDatabase, past: PostgresqlDatabase, days: float
) -> Iterator[Observation]:
    if now.size_bytes is None:
        yield unknown("its size is not known: needs membership of pg_monitor", instance=object_name(one, now))
    sizes = {"": (now.size_bytes, past.size_bytes)}
    earlier = {table.name: table.size_bytes for table in past.tables}
    sizes |= {table.name: (table.size_bytes, earlier.get(table.name)) for table in now.tables}
    for name, (size, before) in sizes.items():
        grown = size - before if size is not None and before is not None and before > 0 else 0
        if not before or case.limits["postgresql.least-mib"].judge(grown / MIB) == "ok":
            continue
        percent = grown / before * 100 * MONTH_DAYS / days
        if case.limits["postgresql.growth"].judge(percent) != "ok":
            yield measured(
                percent,
                case.limits["postgresql.growth"],
                instance=object_name(one, now, name),
                conclusion_zh=f"{f'表 {name}' if name else f'数据库 {now.name}'} 在 {days:.0f} 天内增长 "
                f"{grown / MIB:.0f} MiB，折合每 30 天 {percent:.0f}%。",
                remedy_zh="请核对增长是否来自正常业务量（对照就诊量）、批量导入、日志类表或膨胀，"
                "据此安排归档方案或扩容；归档须经批准并先备份。",
                excerpt=f"{object_name(one, now, name)}: {before} -> {size} bytes in {days:.1f} days",
            )


CHECKS = (
    Check(
        id="postgresql.growth",
        category="postgresql",
        title_zh="数据库与表的增长",
        needs=("postgresql",),
        judge=growth,
        limits=("postgresql.growth", "postgresql.least-mib"),
        declared=is_declared,
    ),
)
