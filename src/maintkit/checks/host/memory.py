"""Memory and swap, and whether the kernel had to kill for want of them."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Memory
from maintkit.checks.model import Case, Check, DataProblem, Observation
from maintkit.checks.rule import before, data_of, measured, not_applicable, same_boot

GIB = 2**30


def available(case: Case) -> Iterator[Observation]:
    """Memory available < 25 % (crit 10 %) of the total."""
    memory = data_of(case.facts.sections.memory)
    earlier = before(case, lambda sections: sections.memory)
    value = _available_percent(memory)
    yield measured(
        value,
        case.limits["memory.available"],
        previous=_available_percent(earlier) if earlier else None,
        conclusion_zh=f"可用内存 {_gib(memory.available_bytes)}，"
        f"占总内存 {_gib(memory.total_bytes)} 的 {value:.1f}%，余量不足。",
        remedy_zh="核对占用内存最多的进程及数据库、JVM 的内存配置是否与本机规格相符；"
        "与业务部门商定窗口后再调整参数，或申请扩容。",
        excerpt=_meminfo(memory),
    )


def used(case: Case) -> Iterator[Observation]:
    """Memory used (total less available) > 90 %."""
    memory = data_of(case.facts.sections.memory)
    earlier = before(case, lambda sections: sections.memory)
    value = 100 - _available_percent(memory)
    yield measured(
        value,
        case.limits["memory.used"],
        previous=100 - _available_percent(earlier) if earlier else None,
        conclusion_zh=f"内存使用率 {value:.1f}%（总内存 {_gib(memory.total_bytes)}），存在内存耗尽的风险。",
        remedy_zh="查看内存占用最高的进程，确认是正常业务增长还是内存泄漏；疑似泄漏的应用报其厂商分析，"
        "并商定窗口后重启该应用。",
        excerpt=_meminfo(memory),
    )


def swap(case: Case) -> Iterator[Observation]:
    """Swap free < 50 % of the swap there is; a host without swap has nothing to run out of."""
    memory = data_of(case.facts.sections.memory)
    if memory.swap_total_bytes == 0:
        yield not_applicable("this host has no swap")
        return
    earlier = before(case, lambda sections: sections.memory)
    value = 100 * memory.swap_free_bytes / memory.swap_total_bytes
    usable = earlier is not None and earlier.swap_total_bytes > 0
    yield measured(
        value,
        case.limits["memory.swap-free"],
        previous=100 * earlier.swap_free_bytes / earlier.swap_total_bytes if earlier and usable else None,
        conclusion_zh=f"交换区剩余 {value:.1f}%（共 {_gib(memory.swap_total_bytes)}），物理内存曾经或正在不足。",
        remedy_zh="确认是否仍在频繁换入换出（vmstat 的 si、so）；持续换页时按内存不足处理。不要在业务时段关闭交换区。",
        excerpt=_meminfo(memory),
    )


def oom(case: Case) -> Iterator[Observation]:
    """Any process killed for want of memory since the last inspection, or since boot where that cannot be told."""
    memory = data_of(case.facts.sections.memory)
    if memory.oom_kills is None:
        yield not_applicable("this kernel (before 4.13) does not count OOM kills")
        return
    count, period, basis = _counted(case, memory.oom_kills)
    limit = case.limits["memory.oom-kills"]
    yield measured(
        count,
        limit,
        conclusion_zh=f"{period}系统因内存耗尽强制终止进程 {count} 次，业务进程可能已被中断。",
        remedy_zh="在系统日志中查明被终止的进程和时间，核对相关业务是否已恢复；调整内存配置或扩容，避免再次发生。",
        excerpt=f"oom_kill {memory.oom_kills}, {basis}",
    )


def _counted(case: Case, since_boot: int) -> tuple[int, str, str]:
    """How often, the period it fell in (Chinese), and the basis (English)."""
    earlier = before(case, lambda sections: sections.memory)
    then = earlier.oom_kills if earlier is not None and same_boot(case) else None
    if then is not None and then <= since_boot:
        return since_boot - then, "自上次巡检以来，", "counted since the last inspection"
    return since_boot, "自本次开机以来，", "counted since boot: no earlier inspection of this boot"


def _available_percent(memory: Memory) -> float:
    if memory.total_bytes <= 0:
        raise DataProblem(f"a host of {memory.total_bytes} bytes of memory")
    return 100 * memory.available_bytes / memory.total_bytes


def _meminfo(memory: Memory) -> str:
    estimated = " (estimated: free + buffers + cached)" if memory.available_estimated else ""
    return (
        f"total {_gib(memory.total_bytes)}, available {_gib(memory.available_bytes)}{estimated}, "
        f"swap {_gib(memory.swap_free_bytes)} free of {_gib(memory.swap_total_bytes)}"
    )


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"


CHECKS = (
    Check(
        id="memory.available",
        category="host",
        title_zh="可用内存",
        needs=("memory",),
        judge=available,
        limits=("memory.available",),
    ),
    Check(
        id="memory.used", category="host", title_zh="内存使用率", needs=("memory",), judge=used, limits=("memory.used",)
    ),
    Check(
        id="memory.swap",
        category="host",
        title_zh="交换区余量",
        needs=("memory",),
        judge=swap,
        limits=("memory.swap-free",),
    ),
    Check(
        id="memory.oom",
        category="host",
        title_zh="内存耗尽终止进程",
        needs=("memory",),
        judge=oom,
        limits=("memory.oom-kills",),
        change=True,
    ),
)
