"""Settings with which PostgreSQL can lose what it has committed, or swells: these need no counting."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.analysis.advice.model import Advice, Change, Rule, Said, Seen
from maintkit.analysis.advice.pg_values import text
from maintkit.evidence.server_facts import Postgresql

_UNDO = "恢复原参数文件（计划自带回退），重新加载。"
FSYNC = Rule(
    id="postgresql.fsync",
    title="fsync is off",
    title_zh="fsync 被关闭",
    source="PostgreSQL 15: 20.5.1, fsync",
    takes="reload",
    confidence="high",
    risk_zh="提交改为等待落盘，写入延迟会上升；须事先确认磁盘写能力。",
    undo_zh=_UNDO,
    danger=True,
)
FULL_PAGES = Rule(
    id="postgresql.full-page-writes",
    title="full_page_writes is off",
    title_zh="full_page_writes 被关闭",
    source="PostgreSQL 15: 20.5.1, full_page_writes",
    takes="reload",
    confidence="high",
    risk_zh="WAL 量会增加，须核对归档与复制的带宽和空间。",
    undo_zh=_UNDO,
    danger=True,
)
COMMIT = Rule(
    id="postgresql.synchronous-commit",
    title="synchronous_commit is off",
    title_zh="synchronous_commit 被关闭",
    source="PostgreSQL 15: 20.5.1, synchronous_commit",
    takes="reload",
    confidence="high",
    risk_zh="提交须等待 WAL 落盘，小事务密集时延迟会上升。",
    undo_zh=_UNDO,
    danger=True,
)
AUTOVACUUM = Rule(
    id="postgresql.autovacuum",
    title="autovacuum is off",
    title_zh="自动清理被关闭",
    source="PostgreSQL 15: 20.10, autovacuum",
    takes="reload",
    confidence="high",
    risk_zh="积压的清理会在一段时间内占用磁盘读写，宜在业务低峰开启。",
    undo_zh=_UNDO,
)
RULES = (FSYNC, FULL_PAGES, COMMIT, AUTOVACUUM)
_MEANS = {
    "fsync": (FSYNC, "操作系统崩溃或断电后，整个实例可能损坏且不能启动，已提交的数据可能丢失。"),
    "full_page_writes": (FULL_PAGES, "断电时写了一半的数据页无法由 WAL 修复，可能造成不易察觉的数据损坏。"),
    "synchronous_commit": (COMMIT, "崩溃或断电时，最近已向业务返回成功的事务可能丢失。"),
    "autovacuum": (AUTOVACUUM, "表和索引会持续膨胀，统计信息过时，最终有事务号回卷停机的风险。"),
}


def rules(seen: Seen[Postgresql]) -> Iterator[Said]:
    """One for each of these that is off."""
    for name, (rule, means_zh) in _MEANS.items():
        if text(seen.now, name) == "off":
            yield Advice(
                rule=rule,
                subject=seen.now.name,
                figures=((name, "off"),),
                observation_zh=f"参数 {name} = off。",
                conclusion_zh=means_zh,
                advice_zh=f"将 {name} 改为 on，重新加载即可生效；若当初有意关闭（如批量导入），先确认该工作已结束。",
                change=Change(name=name, before="off", after="on"),
            )
