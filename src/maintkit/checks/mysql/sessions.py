"""Connections, who was turned away, and the transactions that are open: who waits is never to blame, who holds is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.mysql import MysqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.mysql.instances import counted, each, is_declared, uncounted
from maintkit.checks.rule import measured, shown


def connections(case: Case) -> Iterable[Observation]:
    """Client connections over 80 % (crit 95 %) of max_connections."""
    return each(case, _connections, "connections", "max_connections")


def _connections(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    if one.connections is not None and one.max_connections is not None and one.max_connections > 0:
        yield measured(
            one.connections / one.max_connections * 100,
            case.limits["mysql.connections"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 的连接数为 {one.connections}，上限 {one.max_connections}，接近用尽。",
            remedy_zh="请按应用来源和状态统计会话，核对各应用连接池的上限之和，先处理空闲不释放的连接；"
            "确需调大 max_connections 的，先评估每连接内存与文件句柄上限，在线调整后写入配置。",
            excerpt=f"{one.name}: {one.connections} of {one.max_connections} connections",
        )


def refusals(case: Case) -> Iterable[Observation]:
    """A client was turned away since the last inspection because no connection was left, or over 10 a day gave up.

    Those that gave up: a wrong password, a port that was only probed, a network that broke while logging in.
    """
    return each(case, _refusals)


def _refusals(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    gap = uncounted(case, one, "connection_errors_max_connections", "aborted_connects")
    if gap is not None:
        yield gap
        return
    full = counted(case, one, "connection_errors_max_connections")
    aborted = counted(case, one, "aborted_connects")
    if full is not None and case.limits["mysql.refusals"].judge(full.amount) != "ok":
        yield measured(
            full.amount,
            case.limits["mysql.refusals"],
            instance=one.name,
            conclusion_zh=f"实例 {one.name} 本期因连接用尽拒绝了 {full.amount:.0f} 次连接，期间业务会报错。",
            remedy_zh="请对照应用日志找出发生的时段，核对各应用连接池的上限之和与连接泄漏，"
            "再决定是否调大 max_connections。",
            excerpt=f"{one.name}: {full.amount:.0f} refused, {shown(one.max_connections)} allowed at once",
        )
    if aborted is not None and case.limits["mysql.aborted"].judge(aborted.a_day) != "ok":
        yield measured(
            aborted.a_day,
            case.limits["mysql.aborted"],
            instance=f"{one.name} aborted",
            conclusion_zh=f"实例 {one.name} 本期平均每天有 {aborted.a_day:.0f} 次连接未完成登录。",
            remedy_zh="请在错误日志中按来源地址统计：口令错误的核对应用配置，未知来源的按安全事件处置并限制访问地址；"
            "若来自负载均衡或监控的端口探测，改为带账号的健康检查。",
            excerpt=f"{one.name}: {aborted.amount:.0f} aborted in {aborted.seconds:.0f} s",
        )


def long(case: Case) -> Iterable[Observation]:
    """A client's transaction open for more than an hour."""
    return each(case, _long, "transactions")


def _long(case: Case, one: MysqlInstance) -> Iterator[Observation]:
    limit = case.limits["mysql.long-transaction"]
    for session in one.transactions or ():
        if limit.judge(session.transaction_s / 60) == "ok":
            continue
        blocks_zh = f"，并阻塞了 {session.blocks} 个事务" if session.blocks else ""
        yield measured(
            session.transaction_s / 60,
            limit,
            instance=f"{one.name} {session.database or '-'}/{session.user or '-'} {session.pid}",
            conclusion_zh=f"实例 {one.name} 中用户 {session.user or '-'} 的会话（编号 {session.pid}）事务已打开 "
            f"{session.transaction_s / 60:.0f} 分钟{blocks_zh}，会妨碍清理（purge）并可能长期持锁。",
            remedy_zh="请按用户、数据库和会话编号找到发起的应用，由应用方提交或回滚，并检查程序是否漏关事务；"
            "须由数据库侧终止时，处理的是持有锁的这个会话，不是被它阻塞的会话，先看其已改行数（回滚同样耗时），"
            "并先经系统负责人确认其未提交的工作可以放弃。",
            excerpt=f"connection {session.pid}, {session.user or '-'}@{session.database or '-'}, "
            f"{session.command or '-'}, open {session.transaction_s:.0f} s, {shown(session.changed)} rows changed, "
            f"blocks {shown(session.blocks)}",
        )


CHECKS = (
    Check(
        id="mysql.connections",
        category="mysql",
        title_zh="数据库连接数",
        needs=("mysql",),
        judge=connections,
        limits=("mysql.connections",),
        declared=is_declared,
    ),
    Check(
        id="mysql.refusals",
        category="mysql",
        title_zh="被拒绝的连接",
        needs=("mysql",),
        judge=refusals,
        limits=("mysql.refusals", "mysql.aborted"),
        declared=is_declared,
    ),
    Check(
        id="mysql.long-transaction",
        category="mysql",
        title_zh="长事务",
        needs=("mysql",),
        judge=long,
        limits=("mysql.long-transaction",),
        declared=is_declared,
    ),
)
