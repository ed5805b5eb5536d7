"""Processor: how busy, and how long the queue before it."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Cpu
from maintkit.checks.model import Case, Check, DataProblem, Observation
from maintkit.checks.rule import before, data_of, judged, measured


def busy(case: Case) -> Iterator[Observation]:
    """CPU busy > 90 %, and the five-minute load confirms it (load5 per core ≥ 0.9).

    The source's limit is a five-minute mean, and the collector looks for about a second: a second at 100 % says
    nothing alone, so the kernel's own five-minute mean of the run queue has to back it.
    """
    cpu = data_of(case.facts.sections.cpu)
    limit, backing = case.limits["cpu.busy"], case.limits["cpu.busy-load5"]
    load5 = cpu.load5 / _cores(cpu)
    confirmed = backing.judge(load5) != "ok"
    earlier = before(case, lambda sections: sections.cpu)
    yield judged(
        limit.judge(cpu.busy_percent) if confirmed else "ok",
        value=cpu.busy_percent,
        limit=limit,
        previous=earlier.busy_percent if earlier else None,
        conclusion_zh=f"CPU 使用率 {cpu.busy_percent:.1f}%，5 分钟平均负载每核 {load5:.2f}，处理器持续繁忙。",
        remedy_zh="查看占用 CPU 最高的进程及其所属业务，确认是否为批量任务、慢查询或异常进程；"
        "避开业务高峰安排优化，长期偏高时评估扩容。未确认业务影响前不要结束进程。",
        excerpt=f"busy {cpu.busy_percent:.1f}% over {cpu.sample_s:g} s, iowait {cpu.iowait_percent:.1f}%, "
        f"steal {cpu.steal_percent:.1f}%, load5 per core {load5:.2f}",
    )


def load(case: Case) -> Iterator[Observation]:
    """Load1 per core > 1.5."""
    cpu = data_of(case.facts.sections.cpu)
    per_core = cpu.load1 / _cores(cpu)
    earlier = before(case, lambda sections: sections.cpu)
    yield measured(
        per_core,
        case.limits["cpu.load1"],
        previous=earlier.load1 / _cores(earlier) if earlier else None,
        conclusion_zh=f"1 分钟平均负载 {cpu.load1:.2f}（{cpu.cores} 核，每核 {per_core:.2f}），任务排队等待。",
        remedy_zh="结合 CPU 使用率与磁盘等待判断排队原因：CPU 高则查繁忙进程，CPU 低而负载高则查磁盘或网络存储；"
        "确认原因后再安排处理。",
        excerpt=f"load {cpu.load1} {cpu.load5} {cpu.load15}, {cpu.cores} cores",
    )


def _cores(cpu: Cpu) -> int:
    if cpu.cores < 1:
        raise DataProblem(f"a host of {cpu.cores} cores")
    return cpu.cores


CHECKS = (
    Check(
        id="cpu.busy",
        category="host",
        title_zh="CPU 使用率",
        needs=("cpu",),
        judge=busy,
        limits=("cpu.busy", "cpu.busy-load5"),
    ),
    Check(id="cpu.load", category="host", title_zh="系统负载", needs=("cpu",), judge=load, limits=("cpu.load1",)),
)
