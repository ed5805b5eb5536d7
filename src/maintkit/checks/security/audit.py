"""The audit daemon."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.gaps import why_none
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import data_of, judged, not_applicable, unknown
from maintkit.checks.security.container import container


def running(case: Case) -> Iterable[Observation]:
    """auditd is not installed (warn), or installed and stopped (crit) (Lynis ACCT-9628)."""
    section = case.facts.sections.audit
    audit = data_of(section)
    if audit.running:
        yield Observation(status="ok", value="运行中")
    elif kind := container(case):
        yield not_applicable(f"a {kind} container is audited by the host it runs on")
    elif not audit.installed:
        yield judged(
            "warn",
            value="未安装",
            conclusion_zh="主机未安装审计服务 auditd，重要操作没有系统级审计记录，不满足等级保护安全审计要求。",
            remedy_zh="请在维护窗口内安装并启用 auditd，按等级保护要求配置审计规则；先评估磁盘余量与性能影响，"
            "已用其他审计产品替代的请登记说明。",
        )
    elif audit.running is None:
        yield unknown(why_none(section, "running"), value="已安装")
    else:
        yield judged(
            "crit",
            value="已停止",
            conclusion_zh="审计服务 auditd 已安装但未运行，审计记录已中断，此期间的操作无法追溯。",
            remedy_zh="请先查明停止原因（人为停止、审计日志分区已满或配置错误），处理后启动 auditd 并设为开机自启；"
            "无人认领的停止操作按安全事件核查。",
        )


CHECKS = (
    Check(
        id="audit.running",
        category="security",
        title_zh="审计服务运行",
        needs=("audit",),
        judge=running,
    ),
)
