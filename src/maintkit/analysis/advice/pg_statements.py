"""Statements of PostgreSQL that take the time, read too much for what they give, or spill to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maintkit.analysis.advice.model import GIB, Advice, Insufficient, Rule, Said, Seen, counted, enough, size
from maintkit.analysis.advice.pg_values import blocks
from maintkit.evidence.server_facts import Postgresql, Statement

_RISK = "补索引增加写入开销，改写可能改变结果；须先在测试环境用相同规模的数据核对结果和耗时。"
_UNDO = "应用恢复原语句；新建的索引用 DROP INDEX CONCURRENTLY 移除。"
_HOW = "用 EXPLAIN（不带 ANALYZE，或在副本上）查看执行计划，与应用厂商确认"
SHARE = Rule(
    id="postgresql.statement-time",
    title="one statement takes a fifth of the time of all",
    title_zh="一条语句占用大量执行时间",
    source="PostgreSQL 15: appendix F (pg_stat_statements); 14.1 (EXPLAIN)",
    takes="by-hand",
    confidence="medium",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
MEAN = Rule(
    id="postgresql.statement-mean",
    title="a statement that takes over a second each time",
    title_zh="单次执行慢的语句",
    source="PostgreSQL 15: appendix F (pg_stat_statements); 14.1 (EXPLAIN)",
    takes="by-hand",
    confidence="medium",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
READS = Rule(
    id="postgresql.statement-reads",
    title="a statement that reads a thousand blocks for each row it gives",
    title_zh="读取过多、返回很少的语句",
    source="PostgreSQL 15: appendix F (pg_stat_statements); 11 (Indexes)",
    takes="by-hand",
    confidence="medium",
    risk_zh=_RISK,
    undo_zh=_UNDO,
)
SPILLS = Rule(
    id="postgresql.statement-temp",
    title="a statement that writes temporary files",
    title_zh="写临时文件的语句",
    source="PostgreSQL 15: appendix F (pg_stat_statements); 20.4.1 (work_mem)",
    takes="by-hand",
    confidence="medium",
    risk_zh="为该语句的用户加大 work_mem，每个会话的每次排序都可用到，须计入并发。",
    undo_zh="ALTER ROLE … RESET work_mem；应用恢复原语句。",
)
RULES = (SHARE, MEAN, READS, SPILLS)
LEAST_CALLS, LEAST_SLOW_CALLS, EACH = 100, 20, 5


@dataclass(frozen=True, kw_only=True)
class _Spent:
    """What one statement took in the period."""

    one: Statement
    calls: float
    ms: float
    rows: float
    blocks: float
    temp: float
    days: float


def rules(seen: Seen[Postgresql]) -> Iterator[Said]:
    """Nothing where statements are not counted, and why."""
    told, why = seen.now.statements, seen.now.withheld.get("statements")
    if told is None or why:
        absent = "extension" in (why or "") or "shared_preload_libraries" in (why or "")
        reason = "未安装 pg_stat_statements，语句未作分析" if absent else "未取得语句统计，语句未作分析"
        yield Insufficient(subject=seen.now.name, rule=None, reason_zh=reason, why="" if absent else why or "")
        return
    past = seen.before.statements if seen.before else None
    total = counted(seen, told.total_ms, past.total_ms if past else None, told.since_at)
    short = enough(SHARE, seen.now.name, total, what_zh="语句统计")
    if short is not None or total is None:
        yield from [short] if short else []
        return
    spent = [one for one in (_spent(seen, statement) for statement in told.top) if one is not None]
    yield from _share(seen, spent, total.amount, total.seconds)
    yield from _mean(seen, spent)
    yield from _reads(seen, spent)
    yield from _spills(seen, spent)


def _spent(seen: Seen[Postgresql], one: Statement) -> _Spent | None:
    """None where it was not counted for a week; one that did not stand out before has counted since the reset."""
    told = seen.now.statements
    past = seen.before.statements if seen.before else None
    then = next((old for old in past.top if (old.id, old.database) == (one.id, one.database)), None) if past else None
    since = told.since_at if told else None

    def of(now: int | None, before: int | None) -> float:
        found = counted(seen, now or 0, (before or 0) if then else None, since)
        return found.amount if found else 0.0

    calls = counted(seen, one.calls, then.calls if then else None, since)
    ms = counted(seen, one.ms, then.ms if then else None, since)
    if calls is None or ms is None or not calls.enough or calls.amount <= 0:
        return None
    return _Spent(
        one=one,
        calls=calls.amount,
        ms=ms.amount,
        rows=of(one.rows, then.rows if then else None),
        blocks=of(one.blks_hit, then.blks_hit if then else None) + of(one.blks_read, then.blks_read if then else None),
        temp=of(one.temp_blks, then.temp_blks if then else None),
        days=calls.days,
    )


def _share(seen: Seen[Postgresql], spent: list[_Spent], total: float, seconds: float) -> Iterator[Said]:
    if total / 1000 < 0.01 * seconds:
        return  # the server is idle: a share of nothing is nothing
    for one in sorted(spent, key=lambda one: -one.ms)[:EACH]:
        share = min(1.0, one.ms / total)
        if share >= 0.2 and one.calls >= LEAST_CALLS:
            yield Advice(
                rule=SHARE,
                subject=_subject(seen, one),
                figures=_figures(one, ("share", f"{share * 100:.0f} %")),
                observation_zh=f"{_counted_zh(one)}，占全部执行时间的 {share * 100:.0f}%。语句：{one.one.query}",
                conclusion_zh="数据库的时间集中于这一条语句，优化它收益最大。",
                advice_zh=f"{_HOW}是否缺索引、取数过多或调用过频。",
            )


def _mean(seen: Seen[Postgresql], spent: list[_Spent]) -> Iterator[Said]:
    slow = [one for one in spent if one.calls >= LEAST_SLOW_CALLS and one.ms / one.calls >= 1000]
    for one in sorted(slow, key=lambda one: -one.ms / one.calls)[:EACH]:
        yield Advice(
            rule=MEAN,
            subject=_subject(seen, one),
            figures=_figures(one),
            observation_zh=f"{_counted_zh(one)}。语句：{one.one.query}",
            conclusion_zh="使用者每次都要等待一秒以上。",
            advice_zh=f"{_HOW}是否缺索引，或能否改为后台执行。",
        )


def _reads(seen: Seen[Postgresql], spent: list[_Spent]) -> Iterator[Said]:
    many = [one for one in spent if one.calls >= LEAST_CALLS and one.blocks / one.calls >= 1000]
    many = [one for one in many if one.blocks / max(one.rows, one.calls) >= 1000 and _selects(one.one)]
    for one in sorted(many, key=lambda one: -one.blocks)[:EACH]:
        each = one.blocks / one.calls
        yield Advice(
            rule=READS,
            subject=_subject(seen, one),
            figures=_figures(one, ("blocks a call", f"{each:.0f}"), ("rows a call", f"{one.rows / one.calls:.1f}")),
            observation_zh=f"{_counted_zh(one)}，每次读 {each:.0f} 块（{size(each * blocks(seen))}），"
            f"返回 {one.rows / one.calls:.1f} 行。语句：{one.one.query}",
            conclusion_zh="为少量的行读了大量的数据，多为缺少合适的索引。",
            advice_zh=f"{_HOW}条件列上有无索引、索引是否被用上。",
        )


def _spills(seen: Seen[Postgresql], spent: list[_Spent]) -> Iterator[Said]:
    unit = blocks(seen)
    for one in sorted(spent, key=lambda one: -one.temp)[:EACH]:
        if one.temp * unit >= GIB and one.calls >= LEAST_SLOW_CALLS:
            each = one.temp * unit / one.calls
            yield Advice(
                rule=SPILLS,
                subject=_subject(seen, one),
                figures=_figures(one, ("temporary a call", size(each))),
                observation_zh=f"{_counted_zh(one)}，每次读写临时文件 {size(each)}。语句：{one.one.query}",
                conclusion_zh="排序或哈希放不进 work_mem，改用磁盘。",
                advice_zh=f"{_HOW}能否少取列、少排序或利用索引的顺序；仍需要的，只对其用户加大 work_mem。",
            )


def _selects(one: Statement) -> bool:
    """Whether it gives rows: an UPDATE of many rows reads many blocks rightly."""
    return one.query.lstrip("( ").upper().startswith(("SELECT", "WITH"))


def _subject(seen: Seen[Postgresql], one: _Spent) -> str:
    return f"{seen.now.name}/{one.one.database or '-'} {one.one.id or '-'}"


def _figures(one: _Spent, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    mean = one.ms / one.calls
    return (("calls", f"{one.calls:.0f} in {one.days:.0f} d"), ("mean", f"{mean:.1f} ms"), *more,
            ("statement", one.one.query[:120]))  # fmt: skip


def _counted_zh(one: _Spent) -> str:
    return f"{one.days:.0f} 天内执行 {one.calls:.0f} 次，平均 {one.ms / one.calls:.1f} 毫秒"
