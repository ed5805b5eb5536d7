"""Indexes of MySQL and MariaDB that another one makes needless, or that nobody has used."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.analysis.advice.model import DAY_S, MIB, Advice, Insufficient, Rule, Said, Seen, size
from maintkit.evidence.server_facts import MyIndex, Mysql

_DROP = "按名称引用该索引的语句（FORCE INDEX）会失效；移除为在线 DDL，只短暂持元数据锁，但须等待长事务结束。"
_KEEP = "先设为不可见观察（MySQL 8 的 INVISIBLE、MariaDB 10.6 起的 IGNORED），事先用 SHOW CREATE TABLE 保存定义。"
REDUNDANT = Rule(
    id="mysql.redundant-index",
    title="another index begins with all of this one",
    title_zh="冗余索引",
    source="MariaDB ALTER TABLE / MySQL 8.0 Multiple-Column Indexes, ALTER TABLE",
    takes="online",
    confidence="medium",
    risk_zh=_DROP,
    undo_zh=_KEEP,
)
UNUSED = Rule(
    id="mysql.unused-index",
    title="an index that nobody has used",
    title_zh="未使用的索引",
    source="MariaDB / MySQL 8.0 Performance Schema: table_io_waits_summary_by_index_usage",
    takes="by-hand",
    confidence="low",
    risk_zh=f"月末、年终的报表和从库上的查询可能用到，外键可能依赖它。{_DROP}",
    undo_zh=_KEEP,
)
RULES = (REDUNDANT, UNUSED)
LEAST_BYTES = 10 * MIB
UNUSED_DAYS = 30


def rules(seen: Seen[Mysql]) -> Iterator[Said]:
    """What the account may not see is said, not taken for well."""
    gap = seen.now.withheld.get("indexes")
    if gap or seen.now.indexes is None:
        yield Insufficient(subject=seen.now.name, rule=REDUNDANT, reason_zh="索引未能全部查看", why=gap or "")
    for index in seen.now.indexes or ():
        if index.redundant_to is not None:
            yield _redundant(seen, index)
    yield from _unused(seen)


def _redundant(seen: Seen[Mysql], index: MyIndex) -> Advice:
    told = size(index.size_bytes) if index.size_bytes is not None else "大小未知"
    return Advice(
        rule=REDUNDANT,
        subject=f"{seen.now.name} {index.name}",
        figures=(("size", told if index.size_bytes is not None else "-"), ("kept", index.redundant_to or "")),
        observation_zh=f"索引 {index.name}（{told}）的全部列是同表索引 {index.redundant_to} 的前几列。",
        conclusion_zh=f"{index.redundant_to} 能代替它；多余的索引增加每次写入和备份的开销。",
        advice_zh="与应用厂商确认没有语句按名称使用后，先设为不可见观察，再在维护窗口移除。",
        sql=_dropping(index),
    )


def _dropping(index: MyIndex) -> str:
    parts = index.name.split(".")
    if len(parts) != 3:  # a name with a dot in it: a person has to write the statement
        return ""
    database, table, name = ("`" + part.replace("`", "``") + "`" for part in parts)
    return f"ALTER TABLE {database}.{table} DROP INDEX {name}, ALGORITHM=INPLACE, LOCK=NONE;"


def _unused(seen: Seen[Mysql]) -> Iterator[Said]:
    idle = [one for one in seen.now.indexes or () if one.unused and one.redundant_to is None]
    idle = [one for one in idle if (one.size_bytes or 0) >= LEAST_BYTES]
    if not idle:
        return
    days = (seen.host.at - seen.now.started_at) / DAY_S if seen.now.started_at is not None else 0.0
    if days < UNUSED_DAYS:
        reason = f"{idle[0].name} 等 {len(idle)} 个索引无使用记录，但实例仅运行 {days:.1f} 天，不足 {UNUSED_DAYS} 天"
        yield Insufficient(subject=seen.now.name, rule=UNUSED, reason_zh=reason)
        return
    replica_zh = (
        "本实例是从库，主库上的使用须另行核对。" if seen.now.channels else "如有从库，其查询不计入本实例，须逐台核对。"
    )
    for index in idle:
        yield Advice(
            rule=UNUSED,
            subject=f"{seen.now.name} {index.name}",
            figures=(("size", size(index.size_bytes or 0)), ("uses", f"0 in {days:.0f} d")),
            observation_zh=f"索引 {index.name}（{size(index.size_bytes or 0)}）{days:.0f} 天内未被使用。",
            conclusion_zh="它占用空间，增加每次写入的开销，对本实例的语句没有作用。",
            advice_zh=f"{replica_zh}核对外键、月末与年终报表，与应用厂商确认后先设为不可见观察；不要仅凭本项移除。",
            sql=_dropping(index),
        )
