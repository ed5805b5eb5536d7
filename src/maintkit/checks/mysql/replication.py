"""Replicas that have stopped receiving or applying, and those that fall behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.mysql import MysqlChannel, MysqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.mysql.instances import each, is_declared
from maintkit.checks.rule import judged, measured, not_applicable, shown, unknown

NO_REPLICA = "the instance receives from no other"


def replication(case: Case) -> Iterable[Observation]:
    """A channel of a replica that does not receive, or does not apply what it has received."""
    return each(case, _replication, "channels")


def _replication(_case: Case, one: MysqlInstance) -> Iterator[Observation]:
    if one.channels is not None and not one.channels:
        yield not_applicable(NO_REPLICA, instance=one.name)
    for channel in one.channels or ():
        receives, applies = channel.io == "Yes", channel.sql == "Yes"
        if receives and applies:
            continue
        if channel.io is None or channel.sql is None:
            yield unknown("not known whether it runs", instance=_name(one, channel))
            continue
        error = channel.io_error if applies else channel.sql_error
        what_zh = "没有在接收" if applies else "已停止回放"
        yield judged(
            "crit",
            instance=_name(one, channel),
            value="未在接收" if applies else "未在回放",
            conclusion_zh=f"从库 {one.name} 的复制（来源 {channel.source or '-'}）{what_zh}"
            f"{f'，错误号 {error}' if error else ''}，数据停留在中断之时。",
            remedy_zh="请查看从库错误日志中该错误号的原因：连接类的检查网络、账号与主库的 binlog 是否仍在，"
            "数据冲突类的先核对两侧数据、弄清为何不一致，再决定修复或重建从库；不要跳过事务或跳过错误来恢复复制。",
            excerpt=f"{_name(one, channel)}: IO {channel.io} ({shown(channel.io_error)}), SQL {channel.sql} "
            f"({shown(channel.sql_error)})",
        )


def lag(case: Case) -> Iterable[Observation]:
    """A replica 60 s (crit 600 s) behind, a delay that is meant taken off."""
    return each(case, _lag, "channels")


def _lag(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    if one.channels is not None and not one.channels:
        yield not_applicable(NO_REPLICA, instance=one.name)
    for channel in one.channels or ():
        if channel.lag_s is None:
            reason = "the replica does not say how far it is behind: see mysql.replication"
            yield unknown(reason, instance=_name(one, channel))
            continue
        behind = max(0.0, channel.lag_s - (channel.delay_s or 0.0))
        yield measured(
            behind,
            case.limits["mysql.lag"],
            instance=_name(one, channel),
            conclusion_zh=f"从库 {one.name}（来源 {channel.source or '-'}）落后 {behind:.0f} 秒，读到的不是最新数据，"
            "切换时会丢失这部分数据。",
            remedy_zh="请检查从库磁盘写入、从库上的长查询与锁、主库的大事务和无主键的表，确认回放在推进；"
            "追不上时评估并行回放，并把报表类查询错开。",
            excerpt=f"{_name(one, channel)}: {channel.lag_s:.0f} s behind, meant to be {shown(channel.delay_s)} s",
        )


def _name(one: MysqlInstance, channel: MysqlChannel) -> str:
    return f"{one.name} {channel.name}".strip()


CHECKS = (
    Check(
        id="mysql.replication",
        category="mysql",
        title_zh="复制状态",
        needs=("mysql",),
        judge=replication,
        declared=is_declared,
    ),
    Check(
        id="mysql.lag",
        category="mysql",
        title_zh="复制延迟",
        needs=("mysql",),
        judge=lag,
        limits=("mysql.lag",),
        declared=is_declared,
    ),
)
