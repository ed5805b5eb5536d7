"""sudo rules that ask for no password."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.facts.security import SudoRule
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.offenders import Offender, counted
from maintkit.checks.rule import data_of


def nopasswd(case: Case) -> Iterable[Observation]:
    """Every rule with NOPASSWD, each a matter of its own."""
    section = case.facts.sections.sudo
    rules = dict.fromkeys(rule for rule in data_of(section).rules if rule.nopasswd)
    return counted(map(_rule, rules), case.limits["sudo.nopasswd"], gap=withheld(section))


def _rule(rule: SudoRule) -> Offender:
    text = " ".join(rule.text.split())
    return Offender(
        instance=f"{rule.source}: {text}",
        conclusion_zh=f"{rule.source} 中的规则“{text}”允许免口令提权，相应账户一旦被冒用即可直接取得所授权限。",
        remedy_zh="请核实该规则的用途：运维自动化确需使用的，收窄为所需的具体命令并登记在案；"
        "其余的经系统负责人确认后用 visudo 去掉 NOPASSWD，改后先验证 sudo 可用再退出当前会话。",
        excerpt=f"{rule.source}: {text}",
    )


CHECKS = (
    Check(
        id="sudo.nopasswd",
        category="security",
        title_zh="sudo 免口令规则",
        needs=("sudo",),
        judge=nopasswd,
        limits=("sudo.nopasswd",),
    ),
)
