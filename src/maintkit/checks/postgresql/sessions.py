"""Connections and the transactions that are open: who waits is never to blame, who holds is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlInstance, PostgresqlTransaction
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each, is_declared, minutes
from maintkit.checks.rule import measured, shown

OPEN_REMEDY = (
    "请按用户、数据库和进程号找到发起的应用，由应用方提交或回滚，并检查程序是否漏关事务；"
    "须由数据库侧终止时，处理的是持有锁的这个会话，不是被它阻塞的会话，并先经系统负责人确认其未提交的工作可以放弃。"
)


def connections(case: Case) -> Iterable[Observation]:
    """Client connections at 75 % (crit 90 %) of max_connections."""
    return each(case, _connections, "connections", "max_connections")


def _connections(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    if one.connections is not None and one.max_connections is not None and one.max_connections > 0:
        yield measured(
            one.connections / one.max_connections * 100,
            case.limits["postgresql.connections"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 的连接数为 {one.connections}，上限 {one.max_connections}，接近用尽。",
            remedy_zh="请按应用来源和状态统计会话，核对各应用连接池的上限之和，先处理空闲不释放的连接；"
            "确需调大 max_connections 的，评估内存后在维护窗口重启生效。",
            excerpt=f"{one.name}: {one.connections} of {one.max_connections} connections",
        )


def idle(case: Case) -> Iterable[Observation]:
    """A session idle in an open transaction for 5 minutes (crit 15): it holds locks, and keeps vacuum from its work."""
    return each(case, _sessions("postgresql.idle-transaction", _idle_s, "空闲在事务中"), "transactions")


def _idle_s(one: PostgresqlTransaction) -> float | None:
    return one.state_s if (one.state or "").startswith("idle in transaction") else None


def long(case: Case) -> Iterable[Observation]:
    """A client's transaction open for more than an hour."""
    return each(
        case, _sessions("postgresql.long-transaction", lambda one: one.transaction_s, "事务已打开"), "transactions"
    )


def _sessions(
    key: str, lasting: Callable[[PostgresqlTransaction], float | None], what_zh: str
) -> Callable[[Case, PostgresqlInstance], Iterator[Observation]]:
    """The transactions whose `lasting` seconds cross the limit, a finding each."""

    def rule(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
        limit = case.limits[key]
        for session in one.transactions or ():
            seconds = lasting(session)
            if seconds is None or limit.judge(minutes(seconds)) == "ok":
                continue
            blocks_zh = f"，并阻塞了 {session.blocks} 个会话" if session.blocks > 0 else ""
            yield measured(
                minutes(seconds),
                limit,
                instance=f"{one.name} {session.database or '-'}/{session.user or '-'} {session.pid}",
                conclusion_zh=f"实例 {one.name} 中用户 {session.user or '-'} 的会话（进程 {session.pid}）{what_zh} "
                f"{minutes(seconds):.0f} 分钟{blocks_zh}，会妨碍清理并可能长期持锁。",
                remedy_zh=OPEN_REMEDY,
                excerpt=f"pid {session.pid}, {session.user or '-'}@{session.database or '-'}, {session.state or '-'}, "
                f"transaction {session.transaction_s:.0f} s, state {shown(session.state_s)} s, blocks {session.blocks}",
            )

    return rule


def prepared(case: Case) -> Iterable[Observation]:
    """A prepared transaction older than a minute: nobody's session holds it, and it outlives a restart."""
    return each(case, _prepared, "prepared")


def _prepared(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    limit = case.limits["postgresql.prepared"]
    for transaction in one.prepared or ():
        if limit.judge(minutes(transaction.age_s)) != "ok":
            yield measured(
                minutes(transaction.age_s),
                limit,
                instance=f"{one.name} {transaction.database or '-'} {transaction.name}",
                conclusion_zh=f"实例 {one.name} 有一个两阶段事务 {transaction.name} 悬置 "
                f"{minutes(transaction.age_s):.0f} 分钟，其锁不随重启释放，并妨碍清理。",
                remedy_zh="请向事务管理器（中间件）核对该全局事务的最终结果，再按其结论由数据库管理员执行 "
                "COMMIT PREPARED 或 ROLLBACK PREPARED；结果不明时不要自行决定。",
                excerpt=f"{transaction.name}: prepared {transaction.age_s:.0f} s ago",
            )


CHECKS = (
    Check(
        id="postgresql.connections",
        category="postgresql",
        title_zh="数据库连接数",
        needs=("postgresql",),
        judge=connections,
        limits=("postgresql.connections",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.idle-transaction",
        category="postgresql",
        title_zh="空闲事务",
        needs=("postgresql",),
        judge=idle,
        limits=("postgresql.idle-transaction",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.long-transaction",
        category="postgresql",
        title_zh="长事务",
        needs=("postgresql",),
        judge=long,
        limits=("postgresql.long-transaction",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.prepared",
        category="postgresql",
        title_zh="悬置的两阶段事务",
        needs=("postgresql",),
        judge=prepared,
        limits=("postgresql.prepared",),
        declared=is_declared,
    ),
)
