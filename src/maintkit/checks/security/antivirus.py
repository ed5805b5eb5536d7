"""The antivirus engine's definitions, where an engine is there or the site demands one."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.gaps import DAY_S, age_s, date_text, why_none
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import judged, measured, not_applicable, unknown


def definitions(case: Case) -> Iterable[Observation]:
    """Days since the definitions were made, against 7/30 (ours).

    A host without an engine is fine unless the site demands one. An engine that the site demands and that does not run
    protects nothing, however new its definitions are.
    """
    section = case.facts.sections.antivirus
    antivirus = section.data if section is not None and section.status == "ok" else None
    if antivirus is None:
        yield _no_engine(demanded=case.expected.antivirus)
        return
    engine = antivirus.engine
    if case.expected.antivirus and antivirus.running is not True:
        yield _not_running(engine, running=antivirus.running, why=why_none(section, "running"))
    if antivirus.definitions_at is None:
        yield unknown(why_none(section, "definitions_at"), instance=engine)
        return
    age = age_s(case, antivirus.definitions_at)
    if age is None:
        reason = f"the definitions are dated {date_text(antivirus.definitions_at)}, after the collection"
        yield unknown(reason, instance=engine)
        return
    days = age / DAY_S
    yield measured(
        days,
        case.limits["antivirus.definitions"],
        instance=engine,
        conclusion_zh=f"防病毒引擎 {engine} 的病毒库已 {days:.0f} 天未更新"
        f"（最近 {date_text(antivirus.definitions_at)}，UTC），对新出现的病毒没有防护能力。",
        remedy_zh="请检查病毒库升级服务器是否可达、升级任务是否正常；内网不能联网的，按既定流程导入离线病毒库，"
        "导入后核对版本日期。",
        excerpt=f"{engine} definitions {antivirus.definitions_version or 'of unknown version'}, "
        f"{date_text(antivirus.definitions_at)}",
    )


def _no_engine(*, demanded: bool) -> Observation:
    if not demanded:
        return not_applicable("no antivirus engine is installed, and the site demands none")
    return judged(
        "crit",
        value="未安装",
        conclusion_zh="按本院要求应安装防病毒引擎的主机上未发现防病毒引擎，主机不具备恶意代码防范能力。",
        remedy_zh="请按本院统一的防病毒方案，先评估与业务系统的兼容性和资源占用，"
        "再在维护窗口内安装引擎并导入最新病毒库；"
        "已有其他防护手段替代的请登记说明。",
    )


def _not_running(engine: str, *, running: bool | None, why: str) -> Observation:
    if running is None:
        return unknown(why, instance=f"{engine} engine")
    return judged(
        "crit",
        instance=f"{engine} engine",
        value="已停止",
        conclusion_zh=f"本院要求的防病毒引擎 {engine} 已安装但未运行，主机当前没有恶意代码防护。",
        remedy_zh="请先查明停止原因（是否因资源占用或与业务冲突被人为停用），与系统负责人确认后启动并设为开机自启，"
        "随后核对病毒库日期。",
    )


CHECKS = (
    Check(
        id="antivirus.definitions",
        category="security",
        title_zh="防病毒与病毒库时效",
        needs=("antivirus",),
        judge=definitions,
        limits=("antivirus.definitions",),
        decides_absence=True,
    ),
)
