"""人工恢复步骤: what a person does on a host that could not be put back, by what was kept there."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.documents.model import Block, Cell, Column, Note, Paragraph, Table
from maintkit.evidence.change_record import HostRecord
from maintkit.plans.implementation import Implementation

_UNTOLD = "（台账未记录位置）"


def needed(done: Implementation) -> tuple[HostRecord, ...]:
    """Hosts that could not be put back."""
    return tuple(host for host in done.done.hosts if host.state == "rollback-failed")


def section(done: Implementation) -> tuple[Block, ...]:
    """A table a host; only asked for where `needed` finds one."""
    blocks: list[Block] = [
        Note(kind="alert", text="P1：以下主机未能恢复原状，由工程师在采购人监督下逐步执行，每步签名；不得跳过核对。")
    ]
    for host in needed(done):
        blocks += [Paragraph(text=f"主机 {host.name}", tone="strong"), _table(done, host)]
    return tuple(blocks)


def _table(done: Implementation, host: HostRecord) -> Table:
    return Table(
        columns=(
            Column(title="步骤", width=7, align="center"),
            Column(title="操作", width=58),
            Column(title="执行结果", width=20),
            Column(title="签名与时间", width=15),
        ),
        rows=tuple(
            (Cell(text=str(number)), Cell(text=text), Cell(text=""), Cell(text=""))
            for number, text in enumerate(_steps(done, host), start=1)
        ),
    )


def _steps(done: Implementation, host: HostRecord) -> Iterator[str]:
    planned = done.plan.host(host.name)
    yield "确认业务影响，登记 P1 故障，将业务切换至其他主机或启用应急预案；主机不得接收业务请求。"
    known = f"核对 /etc/machine-id 为 {planned.machine_id}"
    yield f"登录 {host.name}（{planned.address}），{known}，查看 systemctl --failed。"
    backup = host.document("backup")
    if backup is None:
        yield "台账没有备份记录：不得自行恢复，按《数据恢复操作手册》由备份恢复。"
        return
    yield from _schema(done, host, backup.text("restore_point"))
    if backup.files:
        cache = backup.text("cache") or _UNTOLD
        yield f"在 {cache}/old 执行 sha256sum *.deb，与附表“软件包文件校验值”逐一核对，不符的不得使用。"
        yield "执行 dpkg --configure -a 与 dpkg --audit，记录输出。"
        yield f"执行 dpkg --install {cache}/old/*.deb，恢复原版本。"
        new = [one.name for one in planned.packages if one.before is None]
        if new:
            yield f"卸载变更前没有的软件包：dpkg --purge {' '.join(new)}。"
        back = "、".join(f"{one.name} {one.before}" for one in planned.packages if one.before)
        yield f"用 dpkg-query -W 核对版本：{back or '见变更内容'}。"
    if backup.text("copy"):
        yield f"执行 cp --archive {backup.text('copy')} {_target(host)}，重新加载服务。"
        yield f"用 sha256sum 核对该文件为 {backup.text('sha256') or _UNTOLD}。"
    yield "重启相关服务，逐项执行变更前检查；由采购人确认业务正常后恢复接收请求。"
    yield f"由有权人员签署解锁：maintkit lock break {host.name}，并填写原因分析与后续措施。"


def _schema(done: Implementation, host: HostRecord, point: str) -> Iterator[str]:
    """An old version must not meet the new schema: the database comes first."""
    if any(step.action == "migrate" for one in host.of("change") if one.document for step in one.document.steps):
        yield "停止应用服务。数据库结构已被升级：结构恢复之前不得安装原版本。"
    if point:
        restore = done.plan.parameters.get("restore")
        how = "按《数据恢复操作手册》恢复"
        if isinstance(restore, list) and restore:
            how = f"执行 {' '.join(map(str, restore))}"
        yield f"数据库恢复点：{point}。恢复将丢失其后写入的数据，须采购人书面同意；同意后{how}，核对结构与数据。"


def _target(host: HostRecord) -> str:
    change = host.document("change")
    files = (step.target for step in (change.steps if change else ()) if step.action.endswith(" file"))
    return next(files, "（原路径）")
