"""Numbers that run out: sequences, and primary keys of a type that is too small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlDatabase, PostgresqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each_database, is_declared, object_name
from maintkit.checks.rule import measured, shown, unknown


def sequences(case: Case) -> Iterable[Observation]:
    """A sequence that does not start over has given out 75 % (crit 90 %) of its numbers."""
    return each_database(case, _sequences)


def _sequences(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    limit = case.limits["postgresql.sequences"]
    for sequence in database.sequences:
        if limit.judge(sequence.used_percent) != "ok":
            yield measured(
                sequence.used_percent,
                limit,
                instance=object_name(one, database, sequence.name),
                conclusion_zh=f"数据库 {database.name} 的序列 {sequence.name} 已用 {sequence.used_percent:.1f}%，"
                "用尽后取号失败，相关业务无法新增记录。",
                remedy_zh="请由应用厂商确认列类型与取值范围，在维护窗口调大序列上限"
                "（列为 integer 的须同时改为 bigint）；不要让序列回绕或调小当前值，以免主键冲突。",
                excerpt=f"{sequence.name} ({sequence.type or '-'}): last value {shown(sequence.last_value)}",
            )
    yield from _hidden(one, database)


def _hidden(one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    """Sequences whose value the role may not see."""
    if database.sequences_hidden is None:
        yield unknown("not known", instance=object_name(one, database))
    elif database.sequences_hidden > 0:
        reason = f"{database.sequences_hidden} sequences are hidden: needs SELECT on the sequences"
        yield unknown(reason, instance=object_name(one, database))


def keys(case: Case) -> Iterable[Observation]:
    """An integer or smallint primary key has used 50 % (crit 75 %) of its type, by the sequence that feeds it.

    Keys that no sequence of their own feeds are not measured: that would need the right to read the rows.
    """
    return each_database(case, _keys)


def _keys(case: Case, one: PostgresqlInstance, database: PostgresqlDatabase) -> Iterator[Observation]:
    limit = case.limits["postgresql.integer-keys"]
    for key in database.keys:
        if limit.judge(key.used_percent) != "ok":
            yield measured(
                key.used_percent,
                limit,
                instance=object_name(one, database, key.name),
                conclusion_zh=f"数据库 {database.name} 的主键 {key.name}（{key.type or '-'}）已用去类型上限的 "
                f"{key.used_percent:.1f}%，到达上限后该表无法新增记录。",
                remedy_zh="请与应用厂商确定改为 bigint 的方案（大表须用新列、分批回填、短时切换的方式，"
                "直接修改列类型会长时间锁表），连同引用它的外键一起在维护窗口实施。",
                excerpt=f"{key.name}: last value {shown(key.last_value)}",
            )
    yield from _hidden(one, database)


CHECKS = (
    Check(
        id="postgresql.sequences",
        category="postgresql",
        title_zh="序列余量",
        needs=("postgresql",),
        judge=sequences,
        limits=("postgresql.sequences",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.integer-keys",
        category="postgresql",
        title_zh="整型主键余量",
        needs=("postgresql",),
        judge=keys,
        limits=("postgresql.integer-keys",),
        declared=is_declared,
    ),
)
