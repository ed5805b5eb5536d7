"""Kernel tables that fill up: tracked connections, file handles, processes."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Tables
from maintkit.checks.model import Case, Check, DataProblem, Observation
from maintkit.checks.rule import before, data_of, measured, not_applicable, shown, unknown


def conntrack(case: Case) -> Iterator[Observation]:
    """Tracked connections > 75 % of their maximum."""
    tables = data_of(case.facts.sections.tables)
    count, most = tables.conntrack_count, tables.conntrack_max
    if count is None or most is None:
        none = not_applicable("the kernel of this host tracks no connections")
        yield _half(count, most, "tracked connections") or none
        return
    earlier = before(case, lambda sections: sections.tables)
    value = _percent(count, most)
    yield measured(
        value,
        case.limits["kernel.conntrack"],
        previous=_percent(earlier.conntrack_count, earlier.conntrack_max)
        if earlier and earlier.conntrack_count is not None and earlier.conntrack_max
        else None,
        conclusion_zh=f"连接跟踪表已使用 {value:.1f}%（{count}/{most}），用尽后新连接会被丢弃。",
        remedy_zh="查明连接来源是否正常（业务增长、异常扫描或未关闭的连接）；需要调大上限时先核对内存余量，"
        "按变更流程执行。",
        excerpt=f"nf_conntrack {count} of {most}",
    )


def file_handles(case: Case) -> Iterator[Observation]:
    """File handles in use > 70 % (crit 90 %) of the kernel's maximum."""
    tables = data_of(case.facts.sections.tables)
    count, most = tables.file_handles_used, tables.file_handles_max
    if count is None or most is None:
        none = not_applicable("the kernel of this host shows no count of file handles")
        yield _half(count, most, "file handles") or none
        return
    earlier = before(case, lambda sections: sections.tables)
    value = _percent(count, most)
    yield measured(
        value,
        case.limits["kernel.file-handles"],
        previous=_percent(earlier.file_handles_used, earlier.file_handles_max)
        if earlier and earlier.file_handles_used is not None and earlier.file_handles_max
        else None,
        conclusion_zh=f"系统文件句柄已使用 {value:.1f}%（{count}/{most}），用尽后程序无法打开文件或新建连接。",
        remedy_zh="查明打开句柄最多的进程，判断是否存在未关闭的文件或连接；请应用厂商处理泄漏，"
        "需要调大上限时按变更流程执行。",
        excerpt=f"file-nr {count} of {most}",
    )


def processes(case: Case) -> Iterator[Observation]:
    """Processes > 80 % of what the kernel allows (the lower of pid_max and threads-max)."""
    tables = data_of(case.facts.sections.tables)
    earlier = before(case, lambda sections: sections.tables)
    count = _tasks(tables)
    value = _percent(count, tables.processes_max)
    yield measured(
        value,
        case.limits["kernel.processes"],
        previous=_percent(_tasks(earlier), earlier.processes_max) if earlier and earlier.processes_max else None,
        conclusion_zh=f"进程与线程数 {count}，已达上限 {tables.processes_max} 的 {value:.1f}%，用尽后无法新建进程。",
        remedy_zh="查明进程或线程数最多的程序，判断是否在不断创建而不回收；与应用厂商确认后商定窗口重启该应用。",
        excerpt=f"{tables.processes} processes, {shown(tables.threads)} threads, {tables.zombies} zombies, "
        f"{tables.blocked} blocked, at most {tables.processes_max}",
    )


def _half(count: int | None, most: int | None, what: str) -> Observation | None:
    """`unknown` where only one of the two numbers is known: the table is there, and how full it is cannot be told."""
    if count is not None:
        return unknown(f"the kernel shows {count} {what} and not their maximum")
    if most is not None:
        return unknown(f"the kernel shows a maximum of {most} {what} and not their number")
    return None


def _tasks(tables: Tables) -> int:
    """Each thread takes a PID, so threads are what fills the table, where their number is known."""
    return max(tables.processes, tables.threads or 0)


def _percent(count: int, most: int) -> float:
    if most <= 0:
        raise DataProblem(f"a kernel table with a maximum of {most}")
    return 100 * count / most


CHECKS = (
    Check(
        id="kernel.conntrack",
        category="host",
        title_zh="连接跟踪表",
        needs=("tables",),
        judge=conntrack,
        limits=("kernel.conntrack",),
    ),
    Check(
        id="kernel.file-handles",
        category="host",
        title_zh="文件句柄",
        needs=("tables",),
        judge=file_handles,
        limits=("kernel.file-handles",),
    ),
    Check(
        id="kernel.processes",
        category="host",
        title_zh="进程数",
        needs=("tables",),
        judge=processes,
        limits=("kernel.processes",),
    ),
)
