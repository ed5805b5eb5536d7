"""恢复结果与数据损失: how far a restore came, what it has lost, and where the state from before lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, KeyValue, KeyValues, Paragraph, Table, Tone
from maintkit.documents.reasons import reason
from maintkit.evidence.restore_record import PROCEDURE, Restored, restored_of
from maintkit.plans.implementation import Implementation

_STATUS: dict[str, tuple[str, Tone]] = {
    "passed": ("通过", "plain"), "failed": ("未通过", "crit"), "not-run": ("未执行", "strong"),
}  # fmt: skip
_STAGE = {
    "aside": "停止数据库，原数据目录改名留存",
    "restore": "恢复备份集",
    "recover": "回放归档日志至目标",
    "promote": "结束恢复，核对新时间线记载的恢复终点",
    "smoke": "业务查询",
    "amcheck": "结构检查（pg_amcheck）",
    "checksums": "页校验和检查（pg_checksums）",
    "open": "对业务开放，新时间线归档",
}
_MARIADB_STAGE = {
    **_STAGE,
    "restore": "复制备份集与二进制日志",
    "prepare": "准备备份集（mariadb-backup --prepare）",
    "recover": "回放二进制日志至目标，核对事务号",
    "check": "结构检查（mariadb-check --extended）",
    "checksums": "页校验和检查（innochecksum）",
    "open": "对业务开放，二进制日志接续",
}
_ENDED = (
    (r"before (.+)", "{0} 之前提交的事务"),
    (r"after (.+)", "{0} 提交的事务"),
    (r'at restore point "(.+)"', "恢复点 {0}"),
    (r"no recovery target.*", "归档末尾"),
    (r"reached consistency", "备份集的一致点"),
)


def wanted(done: Implementation) -> bool:
    """Whether the change was a restore."""
    return done.done.procedure == PROCEDURE


def section(done: Implementation, header: Header) -> tuple[Block, ...]:
    """Of each host; where nothing was begun, that."""
    blocks: list[Block] = []
    for host in done.done.hosts:
        found = restored_of(host)
        blocks.append(Paragraph(text=f"主机 {host.name}", tone="strong"))
        blocks += _told(found, header) if found else [Paragraph(text="台账没有记录：恢复没有开始。", tone="strong")]
    return tuple(blocks)


def _told(found: Restored, header: Header) -> Iterator[Block]:
    aside, back = found.stage("aside"), found.stage("back")
    yield KeyValues(
        items=(
            KeyValue(label="备份任务", text=found.stanza),
            KeyValue(label="备份集", text=found.set.label),
            KeyValue(
                label="服务器标识" if found.engine == "mariadb" else "集群标识", text=found.identity.system_identifier
            ),
            KeyValue(label="数据目录", text=found.identity.data_directory),
            KeyValue(label="原数据留存", text="已换回" if back.returned else aside.kept or wording.NOTHING, wide=True),
            KeyValue(label="恢复终点", text=_ended(found.ended.reason), wide=True),
            KeyValue(label="数据损失", text=_lost(found, header), tone="strong", wide=True),
        )
    )
    if back.failed:
        yield Paragraph(text=f"未通过的恢复结果移至 {back.failed}，由人员查明原因后清除。", tone="strong")
    if aside.unpushed:
        yield Paragraph(text=f"未能归档、仅存于留存目录的日志：{'、'.join(aside.unpushed)}。", tone="strong")
    opened = found.stage("open")
    if opened.left_out:
        way = f"二进制日志自 {opened.log} 接续，{opened.left_out} 有意空缺"
        yield Paragraph(text=f"{way}：此前的备份集不能沿日志越过本次恢复，须立即做一次全量备份。", tone="strong")
    yield Table(
        columns=(
            Column(title="阶段", width=44),
            Column(title="结果", width=14, align="center"),
            Column(title="用时", width=14, align="right"),
            Column(title="说明", width=28),
        ),
        rows=tuple(_row(found, name) for name in found.order),
    )


def _ended(said: str) -> str:
    """PostgreSQL's own reason in the new timeline's history."""
    for pattern, words in _ENDED:
        found = re.fullmatch(pattern, said)
        if found:
            return words.format(*found.groups())
    return said or "台账无记录"


def _row(found: Restored, name: str) -> tuple[Cell, ...]:
    stage = found.stage(name)
    word, tone = _STATUS.get(stage.status, (stage.status, "crit"))
    said = reason(stage.said) if stage.said else "未启用页校验和，未检查" if stage.without else ""
    return (
        Cell(text=(_MARIADB_STAGE if found.engine == "mariadb" else _STAGE)[name]),
        Cell(text=word, tone=tone),
        Cell(text=wording.took(stage.took_ms)),
        Cell(text=said),
    )


def _lost(found: Restored, header: Header) -> str:
    """From the last transaction that came back to the last one of the state that was kept."""
    if found.stage("back").returned:
        return "已换回原数据，没有因恢复而损失的数据"
    lost = found.ended.lost
    if lost is None or lost.since is None or lost.until is None:
        return "未能确定：须与留存的原数据核对"
    since, until = (wording.second(datetime.fromtimestamp(at, UTC), header.zone) for at in (lost.since, lost.until))
    basis = "两端均为事务提交时刻" if lost.exact else "按恢复目标与停库前最后所见时刻计，为上限"
    span = wording.duration(max(0, ceil(lost.until - lost.since)))
    return f"{since} 至 {until}（约 {span}）写入的数据未恢复，仅存于留存目录；{basis}"
