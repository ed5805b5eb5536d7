"""Pressure stall information: how long tasks stood still for want of memory or of storage."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, measured, unknown


def memory(case: Case) -> Iterator[Observation]:
    """Some task stalled on memory in more than 10 % (crit 60 %) of the last minute (PSI some avg60)."""
    value = data_of(case.facts.sections.pressure).memory_some_avg60
    if value is None:
        yield unknown("the kernel's pressure file for memory holds no avg60")
        return
    earlier = before(case, lambda sections: sections.pressure)
    yield measured(
        value,
        case.limits["pressure.memory"],
        previous=earlier.memory_some_avg60 if earlier else None,
        conclusion_zh=f"最近 1 分钟内有 {value:.1f}% 的时间存在任务因内存不足而停顿，业务响应会变慢。",
        remedy_zh="查看内存占用最高的进程和交换区换入换出情况，核对数据库与中间件的内存参数；"
        "必要时申请扩充内存或迁移部分负载。",
        excerpt=f"/proc/pressure/memory some avg60={value}",
    )


def io(case: Case) -> Iterator[Observation]:
    """Some task stalled on storage in more than 10 % (crit 60 %) of the last minute (PSI some avg60)."""
    value = data_of(case.facts.sections.pressure).io_some_avg60
    if value is None:
        yield unknown("the kernel's pressure file for io holds no avg60")
        return
    earlier = before(case, lambda sections: sections.pressure)
    yield measured(
        value,
        case.limits["pressure.io"],
        previous=earlier.io_some_avg60 if earlier else None,
        conclusion_zh=f"最近 1 分钟内有 {value:.1f}% 的时间存在任务等待磁盘读写，存储可能成为瓶颈。",
        remedy_zh="查看读写量最大的进程与磁盘，确认是否与备份、报表或批处理时段重叠；错峰安排，"
        "持续偏高时评估存储性能。",
        excerpt=f"/proc/pressure/io some avg60={value}",
    )


CHECKS = (
    Check(
        id="pressure.memory",
        category="host",
        title_zh="内存压力",
        needs=("pressure",),
        judge=memory,
        limits=("pressure.memory",),
    ),
    Check(
        id="pressure.io", category="host", title_zh="磁盘压力", needs=("pressure",), judge=io, limits=("pressure.io",)
    ),
)
