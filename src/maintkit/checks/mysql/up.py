"""Whether the declared instances answer, and are what the site says they are."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.facts.mysql import MysqlInstance
from maintkit.checks.model import Case, Check, ExpectedMysql, Observation
from maintkit.checks.mysql.instances import found
from maintkit.checks.rule import judged, not_applicable, unknown

ROLE_ZH = {"primary": "主库", "replica": "从库"}


def up(case: Case) -> Iterable[Observation]:
    """A declared instance does not answer, has no connection left, or is a replica where the site says primary.

    A replica is who has a channel to receive by, running or not. An instance that did not let us in is unknown with
    its reason, as is one that the site does not declare.
    """
    told = found(case)
    for wanted in case.expected.mysql:
        one = told.pop(wanted.name, None)
        if one is None:
            yield unknown("the declared instance is not among the facts", instance=wanted.name)
        else:
            yield _judge(wanted, one)
    yield from (unknown(one.reason or "not declared", instance=one.name) for one in told.values())
    if not case.expected.mysql and not told:
        yield not_applicable("the site declares no MySQL for this host")


def _judge(wanted: ExpectedMysql, one: MysqlInstance) -> Observation:
    match one.state:
        case "up":
            return _role(wanted, one)
        case "down":
            return judged(
                "crit",
                instance=one.name,
                value="无应答",
                conclusion_zh=f"MySQL/MariaDB 实例 {one.name} 无应答，依赖它的业务不可用。",
                remedy_zh="请查看数据库服务状态、错误日志和磁盘空间，弄清停止原因后再启动；"
                "不要删除 ibdata、redo 或 binlog 文件，"
                "怀疑数据文件损坏时先保留现场并做文件级副本，不要贸然使用 innodb_force_recovery。",
                excerpt=one.reason or "",
            )
        case "full":
            return judged(
                "crit",
                instance=one.name,
                value="连接已满",
                conclusion_zh=f"MySQL/MariaDB 实例 {one.name} 的连接已用尽，新的业务连接会被拒绝。",
                remedy_zh="请由数据库管理员经保留的管理连接登录，按来源和状态统计会话，找出泄漏连接的应用并在应用侧释放；"
                "长期不足的，核对各应用连接池之和与内存后再调大 max_connections（可在线生效，并写入配置）。",
                excerpt=one.reason or "",
            )
        case _:
            return unknown(f"the instance did not let us in: {one.reason or 'not known'}", instance=one.name)


def _role(wanted: ExpectedMysql, one: MysqlInstance) -> Observation:
    if one.channels is None:
        if wanted.role is None:
            return Observation(status="ok", instance=one.name, excerpt=f"{one.name}: version {one.version or '-'}")
        reason = one.withheld.get("channels") or one.withheld.get("instance") or one.withheld.get("version")
        return unknown(f"its role cannot be told: {reason or 'not known'}", instance=one.name)
    role = "replica" if one.channels else "primary"
    return judged(
        "crit" if wanted.role not in {None, role} else "ok",
        instance=one.name,
        value=ROLE_ZH[role],
        conclusion_zh=f"MySQL/MariaDB 实例 {one.name} 现为{ROLE_ZH[role]}，与登记的角色不符，可能发生过切换或误提升。",
        remedy_zh="请确认是否有计划内的主从切换；若无，立即核对两侧是否同时可写（脑裂），"
        "在弄清哪一侧的数据为准之前不要重新同步任何一侧。",
        excerpt=f"{one.name}: {one.flavour or '-'} {one.version or '-'}, {role}",
    )


CHECKS = (Check(id="mysql.up", category="mysql", title_zh="数据库实例运行", needs=("mysql",), judge=up),)
