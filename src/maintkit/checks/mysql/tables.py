"""Space that tables keep without need, and databases and tables that grow fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.mysql import MysqlInstance, MysqlTable
from maintkit.checks.gaps import DAY_S
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.mysql.instances import MIB, each, earlier_instance, is_declared, why_not_compared
from maintkit.checks.rule import elapsed_s, measured, unknown

MONTH_DAYS = 30


def fragmentation(case: Case) -> Iterable[Observation]:
    """Over 10 % of a table's own file is free space, and 100 MiB of it at least: one of the 100 largest.

    Withheld where it cannot be known: for a table without a file of its own, whose free space is that of all in the
    same file, and for one whose statistics nobody keeps (innodb_stats_auto_recalc off, and over 7 days old).
    """
    return each(case, _fragmentation, "tables", "shared")


def _fragmentation(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    for table in one.tables or ():
        total = (table.size_bytes or 0) + (table.free_bytes or 0)
        free = (table.free_bytes or 0) / MIB
        if total <= 0 or case.limits["mysql.fragmentation-least"].judge(free) == "ok":
            continue
        percent = free * MIB / total * 100
        if case.limits["mysql.fragmentation"].judge(percent) == "ok":
            continue
        reason = _why_withheld(case, one, table)
        if reason:
            status = unknown(reason, instance=f"{one.name} {table.name}")
            shared = Observation(status="skipped", instance=f"{one.name} {table.name}", reason=reason)
            yield shared if table.shared else status
            continue
        yield measured(
            percent,
            case.limits["mysql.fragmentation"],
            instance=f"{one.name} {table.name}",
            conclusion_zh=f"表 {table.name} 的文件中有 {free:.0f} MiB（{percent:.0f}%）空闲，"
            "多为大量删除后未归还的空间。",
            remedy_zh="空闲空间会被该表以后的写入重用，通常不必处理；确需归还的，"
            "在维护窗口执行 OPTIMIZE TABLE（即重建），"
            "事先做好备份、确认磁盘有一份该表的余量、没有长事务，并评估复制延迟；一次只重建一个。",
            excerpt=f"{table.name}: {table.free_bytes} of {total} bytes free, {table.engine or '-'}",
        )


def _why_withheld(case: Case, one: MysqlInstance, table: MysqlTable) -> str:
    """Why the free space of a table says nothing of the table, "" if it does."""
    renewed = all(one.settings.get(f"innodb_stats_{name}") == "ON" for name in ("auto_recalc", "persistent"))
    if (table.engine or "").lower() != "innodb":
        return ""
    if table.shared is None:
        return one.withheld.get("shared", "not known whether the table has a file of its own")
    if table.shared:
        return "the table has no file of its own: free space of the shared one is not its own"
    return "" if renewed else _why_stale(case, one, table)


def _why_stale(case: Case, one: MysqlInstance, table: MysqlTable) -> str:
    """Why statistics that the server does not renew are not believed, "" if they are new."""
    if "table_stats" in one.withheld:
        return one.withheld["table_stats"]
    if table.stats_at is None:
        return "not known when the table's statistics were made"
    days = (case.facts.collected_at - table.stats_at) / DAY_S
    stale = case.limits["mysql.statistics-days"].judge(days) != "ok"
    return f"the table's statistics are {days:.0f} days old, and the server does not renew them" if stale else ""


def growth(case: Case) -> Iterable[Observation]:
    """A database, or one of the 100 largest tables, grew by over 30 % in 30 days, and by 10 MiB at least.

    A period of less than a day says nothing of a month. When a disk will be full is said by the trend of its bytes.
    """
    return each(case, _growth, "databases", "tables")


def _growth(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    past, days = earlier_instance(case, one.name), elapsed_s(case) / DAY_S
    if past is None or past.databases is None or days < 1:
        reason = "less than a day since the last inspection" if 0 < days < 1 else why_not_compared(case, one.name)
        yield Observation(status="skipped", instance=one.name, reason=reason)
        return
    earlier = {f"数据库 {base.name}": base.size_bytes for base in past.databases}
    earlier |= {f"表 {table.name}": table.size_bytes for table in past.tables or ()}
    sizes = [(f"数据库 {base.name}", base.name, base.size_bytes) for base in one.databases or ()]
    sizes += [(f"表 {table.name}", table.name, table.size_bytes) for table in one.tables or ()]
    for title_zh, name, size in sizes:
        then = earlier.get(title_zh)
        if size is None or not then or then < 0:
            continue
        grown, percent = size - then, (size - then) / then * 100 * MONTH_DAYS / days
        if case.limits["mysql.growth-least"].judge(grown / MIB) != "ok":
            yield from _grown(case, f"{one.name}/{name}", title_zh, (then, size), (percent, days))


def _grown(
    case: Case, instance: str, title_zh: str, sizes: tuple[int, int], pace: tuple[float, float]
) -> Iterator[Observation]:
    percent, days = pace
    if case.limits["mysql.growth"].judge(percent) != "ok":
        yield measured(
            percent,
            case.limits["mysql.growth"],
            instance=instance,
            conclusion_zh=f"{title_zh} 在 {days:.0f} 天内增长 {(sizes[1] - sizes[0]) / MIB:.0f} MiB，"
            f"折合每 30 天 {percent:.0f}%。",
            remedy_zh="请核对增长是否来自正常业务量（对照发药量、就诊量）、批量导入或日志类表，"
            "据此安排归档方案或扩容；归档须经批准并先备份。",
            excerpt=f"{instance}: {sizes[0]} -> {sizes[1]} bytes in {days:.1f} days",
        )


CHECKS = (
    Check(
        id="mysql.fragmentation",
        category="mysql",
        title_zh="表空间碎片",
        needs=("mysql",),
        judge=fragmentation,
        limits=("mysql.fragmentation", "mysql.fragmentation-least", "mysql.statistics-days"),
        declared=is_declared,
    ),
    Check(
        id="mysql.growth",
        category="mysql",
        title_zh="数据库与表的增长",
        needs=("mysql",),
        judge=growth,
        limits=("mysql.growth", "mysql.growth-least"),
        declared=is_declared,
    ),
)
