"""《备份恢复验证报告》: a backup restored for real, what proved it, how long it took, and that the copy is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from maintkit.documents import wording
from maintkit.documents.header import Header, parties
from maintkit.documents.model import (
    Annex,
    Block,
    Document,
    Heading,
    KeyValue,
    KeyValues,
    Note,
    PageBreak,
    Paragraph,
    Party,
    SignOff,
    Tone,
)
from maintkit.documents.parts import drill as part
from maintkit.documents.parts import simulated
from maintkit.documents.parts.change import window_text
from maintkit.documents.parts.drill_subject import subject
from maintkit.documents.parts.drill_words import stages_of
from maintkit.documents.parts.run import deviations, evidence, judgement, manual, permission
from maintkit.documents.reasons import reason
from maintkit.evidence.change_record import HostRecord
from maintkit.evidence.drill_record import Drill, drill_of
from maintkit.plans.implementation import Implementation
from maintkit.plans.window import Window

TITLE = "备份恢复验证报告"
_NUMBERS = "一二三四五六七八九十"
_STATEMENT = "各方确认：本报告所列恢复验证的过程、结果、用时及副本清除情况属实。"
_WIPE_FIRST = "演练主机上可能仍有副本（含患者数据）：须立即核实并清除。"
Drills = tuple[tuple[HostRecord, Drill | None], ...]
Section = tuple[str, tuple[Block, ...]]


def drill_report(done: Implementation, header: Header) -> Document:
    """The document. It is a draft while the run has no end, or while a person has to say why it failed and has not."""
    drills = tuple((host, drill_of(host)) for host in done.done.hosts)
    word, tone = outcome(done, drills)
    return Document(
        kind="restore-drill",
        number=done.done.run,
        title=TITLE,
        organisation=header.hospital,
        cover=_cover(done, drills, header, word, tone),
        blocks=(
            *_alerts(done, drills, header, word),
            *_numbered(tuple(_sections(done, drills, header))),
            _sign_off(header),
            PageBreak(),
            *_annexes(drills),
            evidence.annex(done, header),
        ),
        footer=f"编号 {done.done.run}　计划 {done.plan.sha256[:16]}　台账 #{done.head.seq} {done.head.hash[:16]}",
        dated=done.entries[-1].at,
        draft=done.done.verdict is None or bool(judgement.missing(done, "drill")),
    )


def outcome(done: Implementation, drills: Drills) -> tuple[str, Tone]:
    """通过 only if the run ended well and the ledger shows that every part of every drill did."""
    if done.done.verdict is None:
        return "未结束", "crit"
    wanted = _promised(done)
    well = all(
        one is not None
        and one.all_passed
        and part.kept_promise(one.rto_s, wanted["rto"])
        and part.kept_promise(one.rpo_s, wanted["rpo"])
        for _, one in drills
    )
    if done.done.verdict == "done" and well:
        return "通过", "strong"
    begun = any(host.change_begun for host, _ in drills)
    return ("未通过", "crit") if begun or done.done.verdict == "unknown" else ("未实施恢复", "crit")


def _sections(done: Implementation, drills: Drills, header: Header) -> Iterator[Section]:
    source = str(done.plan.parameters.get("source", wording.NOTHING))
    known = tuple((host, one) for host, one in drills if one is not None)
    yield "验证结论", tuple(_conclusion(done, drills))
    yield "验证对象", _each(known, lambda host, one: subject(one, done.plan.host(host.name), source, header))
    yield "实施过程与用时", tuple(_course(drills, header, _engine(done)))
    yield "数据比对", _each(known, lambda _, one: part.comparison(one))
    yield "业务查询", _each(known, lambda _, one: (part.questions(one), *part.started(one)))
    yield "反向验证", _each(known, lambda _, one: (part.controls(one),))
    yield "副本清除", _each(known, lambda _, one: part.wiped(one))
    yield "审批与现场监督", permission.section(done, header)
    yield "偏差与异常", deviations.section(done, header)
    if judgement.wanted(done, "drill") or done.done.assessments:
        yield "原因分析与后续措施", judgement.section(done, "drill", header)
    if manual.needed(done):
        yield "人工清除步骤", manual.section(done)
    yield "证据", evidence.section(done)


def _course(drills: Drills, header: Header, engine: str) -> Iterator[Block]:
    for host, one in drills:
        yield from _of(drills, host)
        yield part.stages(one, header, engine)


def _conclusion(done: Implementation, drills: Drills) -> Iterator[Block]:
    word, tone = outcome(done, drills)
    means = {
        "通过": "备份与归档可用：已恢复到标记时刻，与源库一致，各项检查通过且经反向验证有效，副本已清除。",
        "未通过": "本次演练不能证明备份可用。在查明原因并重新演练通过之前，不得以该备份作为恢复依据。",
        "未实施恢复": "演练在恢复开始之前被拒绝，没有恢复任何数据；不能证明备份可用，须处理原因后重新演练。",
        "未结束": "台账没有演练结束的记录，不得视为通过。",
    }[word]
    yield KeyValues(
        items=(
            KeyValue(label="验证结果", text=word, tone=tone, wide=True),
            KeyValue(label="含义", text=means, wide=True),
            KeyValue(label="原因", text="\n".join(_reasons(done, drills)) or "无", wide=True),
        )
    )
    for host, one in drills:
        yield from _of(drills, host)
        yield part.measures(one, _promised(done), _engine(done))


def _reasons(done: Implementation, drills: Drills) -> Iterator[str]:
    for host, one in drills:
        failed = [phase for phase in host.phases if phase.outcome == "failed" and phase.reason]
        yield from dict.fromkeys(f"{host.name}：{reason(phase.reason)}" for phase in failed)
        for held in host.held:
            yield f"{host.name}：{reason(held.text)}"
        short = _short(one) if one is not None else []
        if short:
            yield f"{host.name}：以下阶段没有通过的记录：{'、'.join(short)}"
        for name, value in (("rto", one.rto_s), ("rpo", one.rpo_s)) if one is not None else ():
            if not part.kept_promise(value, _promised(done)[name]):
                yield f"{host.name}：{name.upper()} {'未达到约定' if value is not None else '未测得'}"


def _short(one: Drill) -> list[str]:
    """The stages that the ledger does not show to have passed."""
    titles = stages_of(one.engine)
    return [titles[name].title for name in one.order if one.stage(name).status != "passed"]


def _each(
    known: tuple[tuple[HostRecord, Drill], ...], drawn: Callable[[HostRecord, Drill], tuple[Block, ...]]
) -> tuple[Block, ...]:
    found = tuple(block for host, one in known for block in (*_of(known, host), *drawn(host, one)))
    return found or (Paragraph(text="台账没有记录：演练未进行到建立标记。", tone="strong"),)


def _of(drills: tuple[object, ...], host: HostRecord) -> tuple[Paragraph, ...]:
    """The host's name over its part, where there are several."""
    return (Paragraph(text=f"演练主机 {host.name}", tone="strong"),) if len(drills) > 1 else ()


def _engine(done: Implementation) -> str:
    return str(done.plan.parameters.get("engine") or "postgresql")


def _promised(done: Implementation) -> dict[str, float]:
    said = done.plan.parameters
    return {name: float(str(said.get(name) or 0)) for name in ("rto", "rpo")}


def _cover(done: Implementation, drills: Drills, header: Header, word: str, tone: Tone) -> KeyValues:
    plan, ran, zone = done.plan, done.done, header.zone
    start, end = ran.window
    ended = wording.second(ran.finished_at, zone) if ran.finished_at else "台账无结束记录"
    one = next((drill for _, drill in drills if drill is not None), None)
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="实施编号", text=ran.run),
            KeyValue(label="计划编号", text=plan.id),
            KeyValue(label="备份任务", text=str(plan.parameters.get("stanza", wording.NOTHING))),
            KeyValue(label="备份集", text=one.set.label if one else "台账无记录"),
            KeyValue(label="源库主机", text=str(plan.parameters.get("source", wording.NOTHING))),
            KeyValue(label="演练主机", text="、".join(host.name for host in plan.hosts)),
            KeyValue(label="实施工程师", text=ran.engineer),
            KeyValue(label="现场监督人", text=permission.watched_by(done)),
            KeyValue(label="时间窗口", text=window_text(Window(start=start, end=end), zone), wide=True),
            KeyValue(label="实际时间", text=f"{wording.second(ran.started_at, zone)} 至 {ended}", wide=True),
            KeyValue(label="验证结果", text=word, tone=tone, wide=True),
        )
    )


def _alerts(done: Implementation, drills: Drills, header: Header, word: str) -> tuple[Note, ...]:
    said = [*simulated.of_change(simulated=done.done.simulated), permission.unapproved(done, header)]
    said += permission.unused(done, header)
    if word != "通过":
        said.append(f"验证结果：{word}。")
    if any(host.change_begun and (one is None or one.stage("wipe").status != "passed") for host, one in drills):
        said.append(_WIPE_FIRST)
    return (*(Note(kind="alert", text=text) for text in said if text), *judgement.draft_note(done, "drill"))


def _annexes(drills: Drills) -> Iterator[Annex]:
    for host, one in drills:
        if one is not None:
            yield part.annex(one, host.name)


def _numbered(sections: tuple[Section, ...]) -> Iterator[Block]:
    for number, (title, blocks) in enumerate(sections):
        yield Heading(text=f"{_NUMBERS[number] if number < 10 else '十' + _NUMBERS[number - 10]}、{title}")
        yield from blocks


def _sign_off(header: Header) -> SignOff:
    return SignOff(
        statement=_STATEMENT,
        parties=(
            Party(role="服务方工程师", organisation=header.provider),
            Party(role="采购人现场监督人", organisation=header.hospital),
            Party(role="采购人系统负责人", organisation=header.hospital),
        ),
    )
