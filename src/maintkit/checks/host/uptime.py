"""How long the host has been up."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, measured


def uptime(case: Case) -> Iterator[Observation]:
    """Up for less than 10 minutes: it has just been started, by somebody or by a fault."""
    host = data_of(case.facts.sections.host)
    earlier = before(case, lambda sections: sections.host)
    minutes = host.uptime_s / 60
    yield measured(
        minutes,
        case.limits["host.uptime"],
        previous=earlier.uptime_s / 60 if earlier else None,
        conclusion_zh=f"主机在 {minutes:.1f} 分钟前刚刚启动。",
        remedy_zh="核对是否为计划内重启；如不是，查看重启前的系统日志、硬件日志与供电情况，并确认各项业务服务已恢复。",
        excerpt=f"up {host.uptime_s / 86400:.1f} days, boot {host.boot_id}",
    )


CHECKS = (
    Check(
        id="host.uptime",
        category="host",
        title_zh="运行时长",
        needs=("host",),
        judge=uptime,
        limits=("host.uptime",),
        change=True,
    ),
)
