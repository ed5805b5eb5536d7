"""变更内容: what the plan wanted changed, and what the hosts' own documents say was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from maintkit.documents import wording
from maintkit.documents.glossary import ACTION, ROLLBACK
from maintkit.documents.model import Block, Cell, Column, KeyValue, KeyValues, Paragraph, Table
from maintkit.documents.parts.difference import differences
from maintkit.documents.reasons import reason
from maintkit.evidence.change_record import HostRecord
from maintkit.evidence.phase_document import Since, Step
from maintkit.plans.implementation import Implementation
from maintkit.plans.model import PlanHost

UNTOLD = "台账无记录"
_AFTER = {"done": "", "rolled-back": "（其后回退）", "rollback-failed": "（其后回退失败）", "unknown": "（状态未知）"}
_SAID = (("restore_point", "恢复点"), ("migration", "数据库结构升级输出"), ("schema", "回退时数据库结构"))


@dataclass(kw_only=True)
class _Package:
    planned: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def section(done: Implementation) -> tuple[Block, ...]:
    """Reason, hosts with what was restarted, packages planned and changed, other steps, files, what hooks said."""
    why = Paragraph(text=f"变更理由：{done.plan.reason}")
    return (why, _hosts(done), *_packages(done), *_steps(done), *differences(done.plan), *_hooks(done))


def since_change(host: HostRecord) -> Since | None:
    """How the host differs from before, as the phase that judged it last saw it."""
    for phase in ("rollback", "verify"):
        document = host.document(phase)
        if document is not None and document.since is not None:
            return document.since
    return None


def _hosts(done: Implementation) -> Table:
    return Table(
        caption="主机",
        columns=(
            Column(title="主机", width=14),
            Column(title="地址", width=16),
            Column(title="机器标识（machine-id）", width=26),
            Column(title="计划重启", width=20),
            Column(title="实际重启（实施前后进程对比）", width=24),
        ),
        rows=tuple(_host(done.plan.host(host.name), host) for host in done.done.hosts),
    )


def _host(planned: PlanHost, host: HostRecord) -> tuple[Cell, ...]:
    restarts = [*planned.restarts, *(["主机重启"] if planned.reboot else [])]
    return (
        Cell(text=host.name),
        Cell(text=planned.address),
        Cell(text=planned.machine_id),
        Cell(text="\n".join(restarts) or "无"),
        Cell(text=_restarted(host)),
    )


def _restarted(host: HostRecord) -> str:
    if not host.change_begun:
        return "未变更"
    since = since_change(host)
    if since is None:
        return UNTOLD
    return "\n".join([*(["主机已重启"] if since.rebooted else []), *since.restarted]) or "无服务重启"


def _packages(done: Implementation) -> tuple[Block, ...]:
    found: dict[tuple[str, str, str], _Package] = {}
    for host in done.plan.hosts:
        for one in host.packages:
            found.setdefault((one.name, one.before or "", one.after or ""), _Package()).planned.append(host.name)
    for record in done.done.hosts:
        for key in _moved(record):
            note = _AFTER.get(record.state or "", "（未结束）")
            found.setdefault(key, _Package()).changed.append(f"{record.name}{note}")
    if not found:
        return ()
    return (
        Table(
            caption="软件包（含随同变更的依赖）",
            columns=(
                Column(title="软件包", width=22),
                Column(title="原版本", width=19),
                Column(title="目标版本", width=19),
                Column(title="计划主机", width=18),
                Column(title="实际变更的主机", width=22),
            ),
            rows=tuple(_package(key, one, len(done.plan.hosts)) for key, one in found.items()),
        ),
    )


def _moved(host: HostRecord) -> Iterator[tuple[str, str, str]]:
    document = host.document("change")
    for one in (document.packages if document else None) or ():
        yield one.package.partition(":")[0], one.before, one.after


def _package(key: tuple[str, str, str], one: _Package, hosts: int) -> tuple[Cell, ...]:
    name, before, after = key
    return (
        Cell(text=name),
        Cell(text=before or "未安装"),
        Cell(text=after or "卸载"),
        Cell(text=_named(one.planned, hosts) or "计划外", tone="plain" if one.planned else "crit"),
        Cell(text=_named(one.changed, hosts) or "无变更记录", tone="plain" if one.changed else "strong"),
    )


def _named(names: list[str], hosts: int) -> str:
    """The names; all hosts of a plan, with nothing to remark, in a word."""
    plain = len(names) == hosts > 1 and not any("（" in name for name in names)
    return f"全部 {hosts} 台" if plain else "、".join(names)


def _steps(done: Implementation) -> tuple[Block, ...]:
    """Steps of the change that are not of packages: files, restarts, migrations."""
    rows = [
        _step(host.name, step)
        for host in done.done.hosts
        for document in [host.document("change")]
        for step in (document.steps if document else ())
        if not step.action.endswith(" package")
    ]
    if not rows:
        return ()
    return (
        Table(
            caption="实施步骤（主机结果文件所载）",
            columns=(
                Column(title="主机", width=14),
                Column(title="操作", width=15),
                Column(title="对象", width=25),
                Column(title="由 → 至", width=28),
                Column(title="回退类别", width=18),
            ),
            rows=tuple(rows),
        ),
    )


def _step(host: str, step: Step) -> tuple[Cell, ...]:
    # What a log was rotated to may hold why it stayed as it is, in the words of the host.
    after = reason(step.after) if step.action in ("rotate file", "copytruncate file") else step.after
    moved = f"{step.before or '无'}\n→ {after or '无'}" if step.before or after else wording.NOTHING
    return (
        Cell(text=host),
        Cell(text=ACTION.get(step.action, step.action)),
        Cell(text="主机" if step.target == "host" else step.target),
        Cell(text=moved),
        Cell(text=ROLLBACK.get(step.rollback_class, step.rollback_class or wording.NOTHING)),
    )


def _hooks(done: Implementation) -> tuple[Block, ...]:
    """What restore points and migrations printed, a form a host."""
    forms = ((host.name, _printed(host)) for host in done.done.hosts)
    return tuple(KeyValues(caption=f"数据库　{name}", items=items) for name, items in forms if items)


def _printed(host: HostRecord) -> tuple[KeyValue, ...]:
    return tuple(
        KeyValue(label=label, text=text, wide=True)
        for phase in ("backup", "change", "rollback")
        for document in [host.document(phase)]
        for name, label in _SAID
        for text in [document.text(name) if document else ""]
        if text
    )
