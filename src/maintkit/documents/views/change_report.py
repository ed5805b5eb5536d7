"""The document of a change that was carried out, by its procedure: 升级实施报告, 安全补丁更新记录, 重启评估与实施记录,
性能优化实施记录, 维护记录. All say the same things; what comes first is what the duty asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from maintkit.documents import wording
from maintkit.documents.header import Header, parties
from maintkit.documents.model import (
    Block,
    Document,
    Heading,
    KeyValue,
    KeyValues,
    Note,
    PageBreak,
    Party,
    SignOff,
)
from maintkit.documents.parts import simulated
from maintkit.documents.parts.change import window_text
from maintkit.documents.parts.run import (
    backup,
    content,
    deviations,
    evidence,
    figures,
    gates,
    judgement,
    manual,
    permission,
    restored,
    times,
    verdict,
)
from maintkit.plans.implementation import Implementation
from maintkit.plans.window import Window

Kind = Literal["upgrade", "patch", "restart", "tuning", "housekeeping"]
TITLES: dict[Kind, str] = {
    "upgrade": "升级实施报告",
    "patch": "安全补丁更新记录",
    "restart": "重启评估与实施记录",
    "tuning": "性能优化实施记录",
    "housekeeping": "维护记录",
}
RESTORED = "数据恢复实施报告"  # of a restore, which says all that an upgrade does
_OF_PROCEDURE: dict[str, Kind] = {
    "patch": "patch",
    "restart": "restart",
    "reindex": "tuning",
    "change_indexes": "tuning",
    "rebuild_tables": "tuning",
    "housekeeping": "housekeeping",
    "vacuum": "housekeeping",
}
MAY_BE_TUNING = ("restart", "config")
_NUMBERS = "一二三四五六七八九"
_STATEMENT = "各方确认：本文件所列实施内容、时间、检查结果、偏差及处理情况属实。"
Section = tuple[str, tuple[Block, ...]]


def kind_of(done: Implementation) -> Kind:
    """The document that a change gets by its procedure."""
    return kind_of_procedure(done.done.procedure)


def kind_of_procedure(procedure: str) -> Kind:
    """The same of a procedure by its name."""
    return _OF_PROCEDURE.get(procedure, "upgrade")


def change_report(done: Implementation, kind: Kind, header: Header) -> Document:
    """The document. It is a draft while the run has no end, or while a person has to say something and has not."""
    return Document(
        kind=f"change-{kind}",
        number=done.done.run,
        title=RESTORED if restored.wanted(done) else TITLES[kind],
        organisation=header.hospital,
        cover=_cover(done, header),
        blocks=(
            *_alerts(done, kind, header),
            *_numbered(tuple(_sections(done, kind, header))),
            _sign_off(header),
            PageBreak(),
            *backup.annex(done),
            evidence.annex(done, header),
        ),
        footer=f"编号 {done.done.run}　计划 {done.plan.sha256[:16]}　台账 #{done.head.seq} {done.head.hash[:16]}",
        dated=done.entries[-1].at,
        draft=done.done.verdict is None or bool(judgement.missing(done, kind)),
    )


def _sections(done: Implementation, kind: Kind, header: Header) -> Iterator[Section]:
    """In the order in which they are read; a restart is judged first, of tuning the figures come first."""
    yield "实施结论", verdict.section(done, header)
    if kind == "restart":
        yield "重启评估", judgement.assessment(done)
    compared = ("实施前后对比", figures.section(done))
    if kind in judgement.NEEDS_EFFECT:
        yield compared
    yield "审批与现场监督", permission.section(done, header)
    if restored.wanted(done):
        yield "恢复结果与数据损失", restored.section(done, header)
    yield "变更内容", content.section(done)
    yield "时间安排与实际", times.section(done, header)
    yield "备份", backup.section(done)
    yield "变更后检查", gates.section(done, header)
    if kind not in judgement.NEEDS_EFFECT:
        yield compared
    yield "偏差与异常", deviations.section(done, header)
    if manual.needed(done):
        yield "人工恢复步骤", manual.section(done)
    title = "效果评价与说明" if kind in judgement.NEEDS_EFFECT else "原因分析与后续措施"
    yield title, judgement.section(done, kind, header)
    yield "证据", evidence.section(done)


def _numbered(sections: tuple[Section, ...]) -> Iterator[Block]:
    for number, (title, blocks) in enumerate(sections, start=1):
        yield Heading(text=f"{_chinese(number)}、{title}")
        yield from blocks


def _chinese(number: int) -> str:
    """1 to 19 as headings count."""
    return _NUMBERS[number - 1] if number < 10 else f"十{_NUMBERS[number - 11] if number > 10 else ''}"


def _cover(done: Implementation, header: Header) -> KeyValues:
    plan, ran, zone = done.plan, done.done, header.zone
    systems = "、".join(header.system(name) for name in plan.systems) or wording.NOTHING
    start, end = ran.window
    ended = wording.second(ran.finished_at, zone) if ran.finished_at else "台账无结束记录"
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="实施编号", text=ran.run),
            KeyValue(label="计划编号", text=plan.id),
            KeyValue(label="操作", text=f"{plan.title_zh}（{ran.procedure}）"),
            KeyValue(label="实施工程师", text=ran.engineer),
            KeyValue(label="涉及系统", text=systems),
            KeyValue(label="主机数", text=f"{len(plan.hosts)} 台，分 {len(plan.batches)} 批"),
            KeyValue(label="实施依据", text=permission.GROUND.get(ran.ground, ran.ground)),
            KeyValue(label="现场监督人", text=permission.watched_by(done)),
            KeyValue(label="时间窗口", text=window_text(Window(start=start, end=end), zone), wide=True),
            KeyValue(label="实际时间", text=f"{wording.second(ran.started_at, zone)} 至 {ended}", wide=True),
            KeyValue(label="计划校验值", text=plan.sha256, wide=True),
            KeyValue(label="实施结果", text=verdict.word(done), tone=verdict.tone(done), wide=True),
        )
    )


def _alerts(done: Implementation, kind: Kind, header: Header) -> tuple[Note, ...]:
    ran = done.done
    said = [*simulated.of_change(simulated=ran.simulated), permission.unapproved(done, header)]
    said += permission.unused(done, header)
    if not verdict.well(done):
        said.append(f"实施结果：{verdict.word(done)}。{verdict.means(done)}")
    if manual.needed(done):
        hosts = "、".join(host.name for host in manual.needed(done))
        said.append(f"P1：{hosts} 未能恢复原状，须立即按“人工恢复步骤”处理。")
    if done.undone_by:
        said.append(f"本次实施其后由 {'、'.join(done.undone_by)} 撤销（回退），各主机现状以该次实施的记录为准。")
    said.append(times.overrun(done))
    if not done.stays:
        said.append("台账没有采购人现场监督人的签到记录。")
    return (*(Note(kind="alert", text=text) for text in said if text), *judgement.draft_note(done, kind))


def _sign_off(header: Header) -> SignOff:
    return SignOff(
        statement=_STATEMENT,
        parties=(
            Party(role="服务方工程师", organisation=header.provider),
            Party(role="采购人现场监督人", organisation=header.hospital),
            Party(role="采购人系统负责人", organisation=header.hospital),
        ),
    )
