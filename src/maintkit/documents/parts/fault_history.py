"""What happened to a fault, as people entered it: its levels, its steps with both times, its pauses."""

from __future__ import annotations

from collections.abc import Sequence

from maintkit.desk.incident import Incident, Step
from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Table
from maintkit.documents.parts import faults as words


def levels(one: Incident, header: Header) -> Table:
    """Every level that it had, from when, by which rule or whose agreement."""

    def ground(agreed: str, rule: str | None) -> str:
        return "；".join((*([f"合同规则 {rule}"] if rule else []), *([f"经 {agreed} 同意"] if agreed else [])))

    return Table(
        columns=(
            Column(title="级别", width=10, align="center"),
            Column(title="起", width=20, align="center"),
            Column(title="影响范围", width=14, align="center"),
            Column(title="依据", width=28),
            Column(title="理由", width=28),
        ),
        rows=tuple(
            (
                Cell(text=each.level),
                Cell(text=wording.second(each.since, header.zone)),
                Cell(text=words.SCOPE[each.scope]),
                Cell(text=ground(each.agreed_by, each.rule)),
                Cell(text=each.why or wording.NOTHING),
            )
            for each in one.levels
        ),
        empty="尚未定级",
        caption="定级与级别变更",
    )


def steps(found: Sequence[Step], header: Header, empty: str = "无") -> Table:
    """Steps by when they happened, with when they were entered."""
    return Table(
        columns=(
            Column(title="发生时间", width=16, align="center"),
            Column(title="录入时间", width=16, align="center"),
            Column(title="步骤", width=15, align="center"),
            Column(title="内容", width=42),
            Column(title="录入人", width=11),
        ),
        rows=tuple(
            (
                Cell(text=wording.moment(step.at, header.zone)),
                Cell(text=wording.moment(step.entered, header.zone)),
                Cell(text=words.VERB[step.verb]),
                Cell(text=_text(step)),
                Cell(text=step.by),
            )
            for step in sorted(found, key=lambda step: (step.at, step.entry))
        ),
        empty=empty,
    )


def _text(step: Step) -> str:
    body = step.body
    match step.verb:
        case "triaged":
            return f"{body['level']}" + (f"：{step.text}" if step.text else "")
        case "paused":
            return f"{step.text}（经 {body['agreed_by']} 同意）"
        case "analysed":
            return f"{step.text}\n原因：{body['cause']}\n预防：{body['prevention']}"
        case "related" | "separated":
            return _relation(step)
        case "located":
            names = "、".join((*body["systems"], *body["hosts"])) or wording.NOTHING
            return f"{step.text}\n涉及：{names}"
        case _:
            return step.text


def _relation(step: Step) -> str:
    body = step.body
    if step.verb == "separated":
        return f"不是 {body['duplicate_of']} 的重复报告：{step.text}（经 {body['agreed_by']} 同意）"
    return f"重复于 {body['duplicate_of']}" if body["duplicate_of"] else f"复发自 {body['recurs']}"


def rests(one: Incident, header: Header) -> tuple[Block, ...]:
    """The pauses that the hospital agreed to; nothing where there are none."""
    if not one.rests:
        return ()
    return (
        Table(
            columns=(
                Column(title="暂停自", width=18, align="center"),
                Column(title="至", width=18, align="center"),
                Column(title="录入时间", width=18, align="center"),
                Column(title="同意人", width=16),
                Column(title="理由", width=30),
            ),
            rows=tuple(
                (
                    Cell(text=wording.second(rest.start, header.zone)),
                    Cell(text=wording.second(rest.end, header.zone) if rest.end else "未结束"),
                    Cell(text=wording.second(rest.entered, header.zone)),
                    Cell(text=rest.agreed_by),
                    Cell(text=rest.why),
                )
                for rest in one.rests
            ),
            caption="经采购人同意的暂停计时",
        ),
    )
