"""人工恢复步骤: what a person does on a host that could not be put back, by what was kept there."""

from __future__ import annotations

from collections.abc import Mapping

from maintkit.documents.model import Block, Cell, Column, Note, Paragraph, Table
from maintkit.evidence.change_record import HostRecord
from maintkit.plans.implementation import Implementation
from maintkit.plans.manual import Manual, ManualStep, manual

_SAID: Mapping[str, str] = {
    "inform": "确认业务影响，登记 P1 故障，将业务切换至其他主机或启用应急预案；主机不得接收业务请求。",
    "look": "登录 {host}（{address}），执行 {command}，核对 machine-id 为 {told}。",
    "nothing-kept": "台账没有备份记录：不得自行恢复，按《数据恢复操作手册》由备份恢复。",
    "stop": "停止应用服务{by}。数据库结构已被升级：结构恢复之前不得安装原版本。",
    "restore": "数据库恢复点：{told}。恢复将丢失其后写入的数据，须采购人书面同意；"
    "同意后按《数据恢复操作手册》恢复{by}，核对结构与数据。",
    "check-files": "执行 {command}，与附表“软件包文件校验值”逐一核对，不符的不得使用。",
    "mend": "执行 {command}，记录输出。",
    "install": "执行 {command}，恢复原版本。",
    "remove": "卸载变更前没有的软件包：{command}。",
    "versions": "执行 {command}，核对版本：{told}。",
    "copy": "执行 {command}，恢复原文件。",
    "absent": "变更前没有该文件：执行 {command}。",
    "check-file": "执行 {command}，核对校验值为 {told}。",
    "snapshot": "停止应用服务；执行 {command}，先核对快照编号与 UUID 为 {told}；变更后的数据移至一旁保留，不得删除。",
    "link": "执行 {command}，恢复原发布目录。",
    "reload": "执行 {command}，重新加载。",
    "restart": "重启相关服务{by}，逐项执行变更前检查；由采购人确认业务正常后恢复接收请求。",
    "wipe": "演练副本含患者数据：终止其进程并删除{by}，确认 {told} 已不存在。",
    "kept-data": "恢复前的数据目录留存于 {told}：确认没有数据库进程在用，执行 {command} 换回；"
    "恢复出的数据移至一旁，不得删除。",
    "unlock": "由有权人员签署解锁：{command}，并填写原因分析与后续措施。",
}
_KEPT: Mapping[str, str] = {
    "packages": "软件包文件",
    "file": "配置文件副本",
    "release": "原发布目录",
    "snapshot": "数据快照",
    "restore-point": "数据库恢复点",
    "state": "变更前主机状态",
}


def needed(done: Implementation) -> tuple[HostRecord, ...]:
    """Hosts that could not be put back."""
    return tuple(host for host in done.done.hosts if host.state == "rollback-failed")


def section(done: Implementation) -> tuple[Block, ...]:
    """A table a host; only asked for where `needed` finds one."""
    blocks: list[Block] = [
        Note(kind="alert", text="P1：以下主机未能恢复原状，由工程师在采购人监督下逐步执行，每步签名；不得跳过核对。")
    ]
    for host in needed(done):
        told = manual(done.plan, host)
        blocks += [Paragraph(text=f"主机 {host.name}", tone="strong"), Paragraph(text=_kept(told)), _table(told)]
    return tuple(blocks)


def _kept(told: Manual) -> str:
    kept = "；".join(f"{_KEPT[one.kind]} {one.where}" for one in told.kept)
    return f"主机留存：{kept or '台账无记录'}。"


def _table(told: Manual) -> Table:
    return Table(
        columns=(
            Column(title="步骤", width=7, align="center"),
            Column(title="操作", width=58),
            Column(title="执行结果", width=20),
            Column(title="签名与时间", width=15),
        ),
        rows=tuple(
            (Cell(text=str(number)), Cell(text=_text(told, step)), Cell(text=""), Cell(text=""))
            for number, step in enumerate(told.steps, start=1)
        ),
    )


def _text(told: Manual, step: ManualStep) -> str:
    by = f"（{step.command}）" if step.command else ""
    values = {"host": told.host, "address": told.address, "command": step.command, "told": step.told, "by": by}
    return _SAID[step.what].format(**values)
