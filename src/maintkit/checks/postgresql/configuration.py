"""Settings that were changed and do not hold yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each, is_declared
from maintkit.checks.rule import measured


def pending(case: Case) -> Iterable[Observation]:
    """Settings changed in a file that hold only after a restart: the next one brings a surprise."""
    return each(case, _pending, "pending_restart")


def _pending(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    if one.pending_restart:
        yield measured(
            float(len(one.pending_restart)),
            case.limits["postgresql.pending-restart"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 有 {len(one.pending_restart)} 项参数已改而未生效："
            f"{'、'.join(one.pending_restart[:5])}，须重启数据库。",
            remedy_zh="请核对这些改动由谁、为何作出，确认新值适合本机后安排维护窗口重启；不再需要的改动先恢复原值。",
            excerpt=", ".join(one.pending_restart),
        )


CHECKS = (
    Check(
        id="postgresql.pending-restart",
        category="postgresql",
        title_zh="待重启生效的参数",
        needs=("postgresql",),
        judge=pending,
        limits=("postgresql.pending-restart",),
        declared=is_declared,
    ),
)
