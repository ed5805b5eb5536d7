"""HTTP requests made on the host: does the page answer, how fast, and with the right content."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from maintkit.checks.facts.web import Probe
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, Limit, Observation
from maintkit.checks.rule import before, data_of, judged, measured, not_applicable, unknown

# The server is up and asks who is there: the page itself was not seen.
ASKS_WHO = frozenset({401, 403, 407})


def status(case: Case) -> Iterable[Observation]:
    """crit for no answer and for a status from 400 (ours); warn for 401, 403 and 407, where the server is up.

    A redirect is an answer: whether it leads to the right page is for the content to say.
    """
    return _each(case, _status)


def _status(case: Case, probe: Probe) -> Observation:
    limit = case.limits["web.status"]
    if probe.error or probe.status is None:
        return _no_answer(probe) if probe.error else unknown("no status and no error came home", instance=probe.name)
    if not 200 <= probe.status < 600:
        return unknown(f"{probe.status} is not a final status of HTTP", instance=probe.name)
    if probe.status in ASKS_WHO:
        return _asks_who(probe, limit)
    return measured(
        float(probe.status),
        limit,
        instance=probe.name,
        conclusion_zh=f"页面 {probe.name}（{probe.url}）返回 HTTP {probe.status}，业务页面不可正常访问。",
        remedy_zh="请查看应用和反向代理日志定位原因，核对近期发布与配置变更，并确认其依赖的数据库和接口是否正常；"
        "需要重启的，先保留现场日志并取得批准。",
        excerpt=f"{probe.url} -> {probe.status}",
    )


def _no_answer(probe: Probe) -> Observation:
    return judged(
        "crit",
        instance=probe.name,
        value="无应答" if probe.status is None else float(probe.status),
        conclusion_zh=f"页面 {probe.name}（{probe.url}）未能得到正常应答：{probe.error}，业务可能已中断。",
        remedy_zh="请先确认服务进程和监听端口是否正常，再检查反向代理、防火墙、域名解析与证书；"
        "影响业务的按故障流程上报，重启前保留现场日志。",
        excerpt=f"{probe.url}: {probe.error}",
    )


def _asks_who(probe: Probe, limit: Limit) -> Observation:
    """The milder half of a client error: the limit's crit counts as warn."""
    return judged(
        "ok" if limit.judge(float(probe.status or 0)) == "ok" else "warn",
        instance=probe.name,
        value=float(probe.status or 0),
        limit=limit,
        conclusion_zh=f"页面 {probe.name}（{probe.url}）返回 HTTP {probe.status}，服务在线但拒绝了探测，"
        "不能证明业务页面可用。",
        remedy_zh="请把探测地址改为无需登录的健康检查页，或核实访问控制是否被误改。",
        excerpt=f"{probe.url} -> {probe.status}",
    )


def latency(case: Case) -> Iterable[Observation]:
    """Time to the answer against 3/10 s (ours), or the site's own limit for that probe.

    The site's limit takes the place of warn; crit stays where it is, and gives way to twice the site's limit if that
    is above it.
    """
    return _each(case, _latency)


def _latency(case: Case, probe: Probe) -> Observation:
    if probe.latency_ms is None or not math.isfinite(probe.latency_ms) or probe.error:
        return unknown(f"no whole answer to time: {probe.error or 'no latency came home'}", instance=probe.name)
    limit = _limit_of(case, probe.name)
    bound = limit.warn if limit.warn is not None else limit.crit
    return measured(
        probe.latency_ms,
        limit,
        instance=probe.name,
        previous=_earlier_ms(case, probe),
        conclusion_zh=f"页面 {probe.name}（{probe.url}）响应用时 {probe.latency_ms:.0f} ms，"
        f"超过 {bound or 0:g} ms，用户操作会明显变慢。",
        remedy_zh="请结合主机 CPU、内存、磁盘等待和数据库慢查询定位瓶颈，与上期和业务高峰时段对比；"
        "优化措施避开业务高峰实施。",
        excerpt=f"{probe.url}: {probe.latency_ms:.0f} ms",
    )


def _earlier_ms(case: Case, probe: Probe) -> float | None:
    """The latency of the same page at the last inspection."""
    earlier = before(case, lambda sections: sections.web)
    for one in earlier.probes if earlier else ():
        if (one.name, one.url) == (probe.name, probe.url):
            return one.latency_ms
    return None


def _limit_of(case: Case, name: str) -> Limit:
    limit, own = case.limits["web.latency"], case.expected.latency_ms.get(name)
    if own is None:
        return limit
    crit = max(limit.crit, 2 * own) if limit.crit is not None else None
    return replace(limit, warn=own, crit=crit, source="services.yml", profile=f"probe {name}")


def content(case: Case) -> Iterable[Observation]:
    """The page does not hold the text that the site asks for."""
    return _each(case, _content)


def _content(_case: Case, probe: Probe) -> Observation:
    excerpt = f"{probe.url} -> {probe.status}"
    if probe.matched:
        return Observation(status="ok", instance=probe.name, value="符合", excerpt=excerpt)
    if probe.status is None:
        return unknown(f"no page to look at: {probe.error or 'no status came home'}", instance=probe.name)
    if probe.matched is None:
        return not_applicable("the site asks for no content of this page", instance=probe.name)
    return judged(
        "crit",
        instance=probe.name,
        value="不符",
        conclusion_zh=f"页面 {probe.name}（{probe.url}）有应答（HTTP {probe.status}），但没有约定的内容，"
        "可能是错误页、维护页或被篡改。",
        remedy_zh="请人工打开该页面核对实际内容：属版本更新的修改探测内容；属错误页的按应用日志处理；"
        "疑似篡改的保全现场并按安全事件上报。",
        excerpt=excerpt,
    )


def _each(case: Case, rule: Callable[[Case, Probe], Observation]) -> Iterator[Observation]:
    """`rule` for every page that was asked for; one that the site names and nobody asked for is unknown."""
    section = case.facts.sections.web
    probes = data_of(section).probes if section is not None and section.status != "absent" else ()
    for probe in probes:
        yield rule(case, probe)
    named = dict.fromkeys((*case.expected.probes, *case.expected.latency_ms))
    missing = [name for name in named if name not in {probe.name for probe in probes}]
    for name in missing:
        yield unknown("the site names this page, and it was not asked for", instance=name)
    gap = withheld(section, "probes")
    if gap:
        yield unknown(f"not every probe came home: {gap}")
    elif not probes and not missing:
        yield not_applicable("the site asks for no page of this host")


CHECKS = (
    Check(
        id="web.status",
        category="web",
        title_zh="页面可用性",
        needs=("web",),
        judge=status,
        decides_absence=True,
        limits=("web.status",),
    ),
    Check(
        id="web.latency",
        category="web",
        title_zh="页面响应时间",
        needs=("web",),
        judge=latency,
        decides_absence=True,
        limits=("web.latency",),
    ),
    Check(id="web.content", category="web", title_zh="页面内容", needs=("web",), judge=content, decides_absence=True),
)
