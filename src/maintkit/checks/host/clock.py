"""The host's clock: kept by somebody, near its reference, and near ours."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, judged, measured, shown, unknown


def synchronised(case: Case) -> Iterator[Observation]:
    """Nothing keeps the clock: the time service says that it is not synchronised."""
    clock = data_of(case.facts.sections.clock)
    if clock.synchronised is None:
        yield unknown(withheld(case.facts.sections.clock, "synchronised") or "nothing on the host says whether it is")
        return
    yield judged(
        "ok" if clock.synchronised else "warn",
        value="已同步" if clock.synchronised else "未同步",
        conclusion_zh="系统时钟没有与时间源同步，病历、医嘱和日志的时间会逐渐失准。",
        remedy_zh="检查时间同步服务是否运行、院内时间服务器是否可达；恢复同步时用渐进方式校时，"
        "不要在业务运行中直接跳变时间。",
        excerpt=f"source {shown(clock.source)}, synchronised {shown(clock.synchronised)}",
    )


def offset(case: Case) -> Iterator[Observation]:
    """The time service sees the clock more than 50 ms away from its reference."""
    clock = data_of(case.facts.sections.clock)
    if clock.offset_s is None:
        yield unknown(withheld(case.facts.sections.clock, "offset_s") or "nothing on the host says how far it is off")
        return
    earlier = before(case, lambda sections: sections.clock)
    value = abs(clock.offset_s) * 1000
    yield measured(
        value,
        case.limits["clock.offset"],
        previous=abs(earlier.offset_s) * 1000 if earlier and earlier.offset_s is not None else None,
        conclusion_zh=f"系统时钟与时间源相差 {value:.0f} ms。",
        remedy_zh="检查时间源的质量与网络时延，确认同步服务配置的时间服务器正确；用渐进方式校时。",
        excerpt=f"offset {clock.offset_s:+.6f} s from {shown(clock.source)}",
    )


def skew(case: Case) -> Iterator[Observation]:
    """The host's clock is more than 30 s (crit 300 s) from the controller's at collection.

    The collection itself takes time, and the host's instant lies anywhere in it: only what goes beyond counts.
    """
    start, end = case.facts.collected_at, case.facts.collected_at + case.facts.took_ms / 1000
    here = case.now.timestamp()
    value = max(0.0, start - here, here - end)
    yield measured(
        value,
        case.limits["clock.skew"],
        conclusion_zh=f"本机时钟与巡检控制端相差约 {value:.0f} 秒，两边的记录时间无法对应。",
        remedy_zh="核对两端的时间同步状态，先确认哪一端准确；用渐进方式校时，数据库主机校时前先征得应用厂商同意。",
        excerpt=f"host {start:.0f} to {end:.0f}, controller {here:.0f}",
    )


CHECKS = (
    Check(id="clock.synchronised", category="host", title_zh="时钟同步", needs=("clock",), judge=synchronised),
    Check(
        id="clock.offset",
        category="host",
        title_zh="时钟偏差",
        needs=("clock",),
        judge=offset,
        limits=("clock.offset",),
    ),
    Check(
        id="clock.skew",
        category="host",
        title_zh="与控制端时差",
        needs=("clock",),
        judge=skew,
        limits=("clock.skew",),
    ),
)
