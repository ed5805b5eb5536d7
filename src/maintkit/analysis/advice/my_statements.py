"""Statements of MySQL and MariaDB that take the time, use no index, read too much, or put tables on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maintkit.analysis.advice.model import MIB, Advice, Insufficient, Rule, Said, Seen, counted, enough, size
from maintkit.evidence.server_facts import Mysql, MyStatement

_RISK = "补索引增加写入开销，改写可能改变结果；须先在测试环境用相同规模的数据核对结果和耗时。"
_UNDO = "应用恢复原语句；新建的索引先设为不可见，再移除。"
_HOW = "在从库或测试环境用 EXPLAIN 查看执行计划，与应用厂商确认"
_SOURCE = "MariaDB / MySQL 8.0 Performance Schema: events_statements_summary_by_digest; EXPLAIN"
SHARE = Rule(
    id="mysql.statement-time",
    title="one statement takes a fifth of the time of all",
    title_zh="一条语句占用大量执行时间",
    source=_SOURCE,
    takes="by-hand",
    confidence="medium",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
NO_INDEX = Rule(
    id="mysql.statement-no-index",
    title="a statement that reads a large table without an index",
    title_zh="未使用索引的语句",
    source=_SOURCE,
    takes="by-hand",
    confidence="medium",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
EXAMINED = Rule(
    id="mysql.statement-examined",
    title="a statement that examines a thousand rows for each that it gives",
    title_zh="读取过多、返回很少的语句",
    source=_SOURCE,
    takes="by-hand",
    confidence="medium",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
ON_DISK = Rule(
    id="mysql.statement-temp",
    title="a statement that puts its temporary tables on the disk",
    title_zh="临时表落盘的语句",
    source=_SOURCE,
    takes="by-hand",
    confidence="low",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
RULES = (SHARE, NO_INDEX, EXAMINED, ON_DISK)
LEAST_CALLS, LEAST_ROWS, EACH, LARGE = 100, 10_000, 5, 10 * MIB
_OURS = re.compile(r"maintkit|performance_schema|information_schema", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class _Spent:
    """What one statement took in the period."""

    one: MyStatement
    calls: float
    ms: float
    examined: float
    sent: float
    no_index: float
    temp_disk: float
    days: float


def rules(seen: Seen[Mysql]) -> Iterator[Said]:
    """Nothing where statements are not counted, and why."""
    why = seen.now.withheld.get("statements")
    if seen.now.statements is None or why:
        off = why == "performance_schema is off"
        reason = "performance_schema 未开启，语句未作分析" if off else "未取得语句统计，语句未作分析"
        yield Insufficient(subject=seen.now.name, rule=None, reason_zh=reason, why="" if off else why or "")
        return
    total_now = seen.now.statements_ms or 0.0
    total = counted(seen, total_now, seen.before.statements_ms if seen.before else None, seen.now.started_at)
    short = enough(SHARE, seen.now.name, total, what_zh="语句统计")
    if short is not None or total is None:
        yield from [short] if short else []
        return
    own = [one for one in seen.now.statements if not _OURS.search(one.query)]
    spent = [one for one in (_spent(seen, statement) for statement in own) if one is not None]
    yield from _share(seen, spent, total.amount, total.seconds)
    yield from _no_index(seen, spent)
    yield from _examined(seen, spent)
    yield from _on_disk(seen, spent)


def _spent(seen: Seen[Mysql], one: MyStatement) -> _Spent | None:
    """None where it was not counted for a week; one that did not stand out before has counted since the start."""
    past = seen.before.statements if seen.before else None
    then = next((old for old in past or () if (old.id, old.database) == (one.id, one.database)), None)

    def of(field: str) -> float:
        now, before = getattr(one, field) or 0, (getattr(then, field) or 0) if then else None
        found = counted(seen, now, before, seen.now.started_at)
        return found.amount if found is not None else 0.0

    calls = counted(seen, one.calls or 0, (then.calls or 0) if then else None, seen.now.started_at)
    if calls is None or not calls.enough or calls.amount < LEAST_CALLS:
        return None
    return _Spent(
        one=one, calls=calls.amount, ms=of("ms"), examined=of("rows_examined"), sent=of("rows_sent"),
        no_index=of("no_index"), temp_disk=of("temp_disk"), days=calls.days,
    )  # fmt: skip


def _share(seen: Seen[Mysql], spent: list[_Spent], total: float, seconds: float) -> Iterator[Said]:
    if total / 1000 < 0.01 * seconds:
        return  # the server is idle: a share of nothing is nothing
    for one in sorted(spent, key=lambda one: -one.ms)[:EACH]:
        share = min(1.0, one.ms / total)
        if share >= 0.2:
            yield _advice(
                seen, SHARE, one,
                figure=("share", f"{share * 100:.0f} %"),
                seen_zh=f"占全部执行时间的 {share * 100:.0f}%",
                conclusion_zh="数据库的时间集中于这一条语句，优化它收益最大。",
                advice_zh=f"{_HOW}是否缺索引、取数过多或调用过频。",
            )  # fmt: skip


def _no_index(seen: Seen[Mysql], spent: list[_Spent]) -> Iterator[Said]:
    many = [one for one in spent if one.no_index >= 0.5 * one.calls and one.examined / one.calls >= LEAST_ROWS]
    for one in sorted(many, key=lambda one: -one.examined)[:EACH]:
        large = _large(seen, one.one)
        on_zh = f"涉及的大表：{'、'.join(large)}。" if large else ""
        yield _advice(
            seen, NO_INDEX, one,
            figure=("rows examined a call", f"{one.examined / one.calls:.0f}"),
            seen_zh=f"其中 {one.no_index:.0f} 次未使用索引，每次读 {one.examined / one.calls:.0f} 行",
            conclusion_zh=f"每次都读完整张表。{on_zh}",
            advice_zh=f"{_HOW}条件列上有无索引；取数占比大的报表除外。",
        )  # fmt: skip


def _large(seen: Seen[Mysql], one: MyStatement) -> list[str]:
    """Tables of size that the statement names."""
    tables = [table for table in seen.now.tables or () if (table.size_bytes or 0) >= LARGE]
    named = [table for table in tables if f"`{table.name.split('.', 1)[-1]}`" in one.query]
    return [f"{table.name}（{size(table.size_bytes or 0)}）" for table in named[:3]]


def _examined(seen: Seen[Mysql], spent: list[_Spent]) -> Iterator[Said]:
    many = [one for one in spent if one.no_index < 0.5 * one.calls and one.examined / one.calls >= LEAST_ROWS]
    many = [one for one in many if one.examined / max(one.sent, one.calls) >= 1000 and _selects(one.one)]
    for one in sorted(many, key=lambda one: -one.examined)[:EACH]:
        yield _advice(
            seen, EXAMINED, one,
            figure=("rows examined : sent", f"{one.examined:.0f} : {one.sent:.0f}"),
            seen_zh=f"每次读 {one.examined / one.calls:.0f} 行，返回 {one.sent / one.calls:.1f} 行",
            conclusion_zh="为少量的行读了大量的数据，多为索引的列不合适。",
            advice_zh=f"{_HOW}索引的列与条件是否相符。",
        )  # fmt: skip


def _on_disk(seen: Seen[Mysql], spent: list[_Spent]) -> Iterator[Said]:
    many = [one for one in spent if one.temp_disk >= 0.5 * one.calls and one.ms / one.calls >= 100]
    for one in sorted(many, key=lambda one: -one.temp_disk)[:EACH]:
        yield _advice(
            seen, ON_DISK, one,
            figure=("temporary tables on disk", f"{one.temp_disk:.0f}"),
            seen_zh=f"有 {one.temp_disk:.0f} 个临时表落到磁盘",
            conclusion_zh="分组、排序的中间结果放不进内存，或含大字段。",
            advice_zh=f"{_HOW}能否少取大字段、利用索引的顺序或分步取数。",
        )  # fmt: skip


def _selects(one: MyStatement) -> bool:
    """Whether it gives rows: an UPDATE of many rows examines many rightly."""
    return one.query.lstrip("( ").upper().startswith(("SELECT", "WITH"))


def _advice(
    seen: Seen[Mysql],
    rule: Rule,
    one: _Spent,
    *,
    figure: tuple[str, str],
    seen_zh: str,
    conclusion_zh: str,
    advice_zh: str,
) -> Advice:
    mean = one.ms / one.calls
    return Advice(
        rule=rule,
        subject=f"{seen.now.name}/{one.one.database or '-'} {one.one.id}",
        figures=(
            ("calls", f"{one.calls:.0f} in {one.days:.0f} d"), ("mean", f"{mean:.1f} ms"), figure,
            ("statement", one.one.query[:120]),
        ),
        observation_zh=f"{one.days:.0f} 天内执行 {one.calls:.0f} 次，平均 {mean:.1f} 毫秒，{seen_zh}。"
        f"语句：{one.one.query}",
        conclusion_zh=conclusion_zh,
        advice_zh=advice_zh,
    )  # fmt: skip
