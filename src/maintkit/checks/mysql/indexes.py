"""Indexes that do nothing, or what another does as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.mysql import MysqlIndex, MysqlInstance
from maintkit.checks.gaps import DAY_S
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.mysql.instances import MIB, each, is_declared, not_seen
from maintkit.checks.rule import judged, unknown

OFF = "performance_schema is off"


def redundant(case: Case) -> Iterable[Observation]:
    """An index with whose columns another of its table begins; a unique one, if the other is unique on the same."""
    return each(case, _redundant, "indexes")


def _redundant(_case: Case, one: MysqlInstance) -> Iterator[Observation]:
    for index in one.indexes or ():
        if index.redundant_to is not None:
            size_zh = f"（{index.size_bytes / MIB:.1f} MiB）" if index.size_bytes is not None else ""
            yield judged(
                "warn",
                instance=f"{one.name} {index.name}",
                value=index.redundant_to,
                conclusion_zh=f"索引 {index.name}{size_zh} 的作用已由同表的 {index.redundant_to} 覆盖，"
                "白白增加写入与备份的开销。",
                remedy_zh="请与应用厂商确认没有按名称（FORCE INDEX 等）依赖该索引的语句后，"
                "先设为不可见（MySQL 8 的 INVISIBLE，"
                "MariaDB 10.6 起的 IGNORED）观察，再在维护窗口移除其一，并保留其定义以便恢复。",
                excerpt=f"{index.name} <= {index.redundant_to}",
            )


def unused(case: Case) -> Iterable[Observation]:
    """A plain index of 10 MiB or more that nobody has used since the server started, 30 days ago or more.

    Only performance_schema counts the use of indexes; where it is off (as MariaDB comes) the check is skipped.
    """
    return each(case, _unused, "indexes")


def _unused(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    gap = not_seen(one, "unused")
    if gap:
        if gap == OFF:
            reason = "the use of indexes is not counted: performance_schema = ON and a restart let it be seen"
            yield Observation(status="skipped", instance=one.name, reason=reason)
        else:
            yield unknown(gap, instance=one.name)
        return
    idle = [index for index in one.indexes or () if index.unused]
    if one.started_at is None:
        yield unknown("not known since when use is counted", instance=one.name)
        return
    days = (case.facts.collected_at - one.started_at) / DAY_S
    if idle and case.limits["mysql.unused-days"].judge(days) == "ok":
        reason = f"use has been counted for {max(days, 0):.0f} days only"
        yield Observation(status="skipped", instance=one.name, reason=reason)
        return
    if idle and any(index.size_bytes is None for index in idle):
        yield unknown(one.withheld.get("index_sizes", "index_sizes: not known"), instance=one.name)
        return
    large = case.limits["mysql.index-least"]
    yield from (_idle(one, index, days) for index in idle if large.judge((index.size_bytes or 0) / MIB) != "ok")


def _idle(one: MysqlInstance, index: MysqlIndex, days: float) -> Observation:
    size = (index.size_bytes or 0) / MIB
    return judged(
        "warn",
        instance=f"{one.name} {index.name}",
        value=float(size),
        unit="MiB",
        conclusion_zh=f"索引 {index.name}（{size:.0f} MiB）{days:.0f} 天内未被本实例的语句使用。",
        remedy_zh="请先核对从库上的使用情况和月末、年终才运行的报表，与应用厂商确认后先设为不可见观察，"
        "再在维护窗口移除，并保留其定义；不要仅凭本项移除。",
        excerpt=f"{index.name}: no use in {days:.0f} days",
    )


CHECKS = (
    Check(
        id="mysql.redundant-indexes",
        category="mysql",
        title_zh="冗余索引",
        needs=("mysql",),
        judge=redundant,
        declared=is_declared,
    ),
    Check(
        id="mysql.unused-indexes",
        category="mysql",
        title_zh="未使用的索引",
        needs=("mysql",),
        judge=unused,
        limits=("mysql.unused-days", "mysql.index-least"),
        declared=is_declared,
    ),
)
