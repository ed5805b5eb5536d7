"""Numbers of a metrics page (queue depth, heap used), against the limits that the site gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from maintkit.checks.facts.web import Gauge
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, GaugeLimit, Limit, Observation
from maintkit.checks.rule import before, data_of, measured, not_applicable, unknown


def gauge(case: Case) -> Iterable[Observation]:
    """Every number by its own limit of services.yml: what is too much of a queue only the site can say."""
    section = case.facts.sections.web
    gauges = data_of(section).gauges if section is not None and section.status != "absent" else ()
    for one in gauges:
        yield _judge(case, one, case.expected.gauges.get(one.name))
    missing = [name for name in case.expected.gauges if name not in {one.name for one in gauges}]
    for name in missing:
        yield unknown("the site limits this number, and it was not read", instance=name)
    gap = withheld(section, "gauges")
    if gap:
        yield unknown(f"not every number came home: {gap}")
    elif not gauges and not missing:
        yield not_applicable("the site asks for no number of this host")


def _judge(case: Case, one: Gauge, bounds: GaugeLimit | None) -> Observation:
    if one.value is None or not math.isfinite(one.value):
        return unknown(one.error or f"{one.metric} has no value on the page", instance=one.name)
    excerpt = f"{one.url}: {one.metric} {one.value:g}"
    if bounds is None:
        reason = "the site gives this number no limit"
        return Observation(status="skipped", instance=one.name, value=one.value, reason=reason, excerpt=excerpt)
    limit = Limit(
        key="web.gauge",
        op=bounds.op,
        unit="",
        warn=bounds.warn,
        crit=bounds.crit,
        source="services.yml",
        profile=f"gauge {one.name}",
    )
    return measured(
        one.value,
        limit,
        instance=one.name,
        previous=_earlier(case, one),
        conclusion_zh=f"中间件指标 {one.name}（{one.metric}）为 {one.value:g}，"
        f"已越过约定的限值（{_bounds_zh(bounds)}）。",
        remedy_zh="请对照业务量和历史值判断是突发还是持续积压，检查下游接口、消费程序和 JVM 状态；"
        "确需重启的，先确认队列中的数据已持久化并取得批准。",
        excerpt=excerpt,
    )


def _earlier(case: Case, now: Gauge) -> float | None:
    """The same number at the last inspection."""
    earlier = before(case, lambda sections: sections.web)
    for one in earlier.gauges if earlier else ():
        if (one.name, one.metric) == (now.name, now.metric):
            return one.value if one.value is not None and math.isfinite(one.value) else None
    return None


def _bounds_zh(bounds: GaugeLimit) -> str:
    named = (("警告", bounds.warn), ("严重", bounds.crit))
    return "，".join(f"{name} {bounds.op} {bound:g}" for name, bound in named if bound is not None)


CHECKS = (
    Check(id="web.gauge", category="web", title_zh="中间件指标", needs=("web",), judge=gauge, decides_absence=True),
)
