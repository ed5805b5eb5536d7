"""What only a person can say of a change: whether it had the wanted effect, why it failed, what is still to be done."""

from __future__ import annotations

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, KeyValue, KeyValues, Note, Paragraph, Table
from maintkit.documents.parts.run.figures import before, measures, told
from maintkit.documents.parts.run.gates import answered
from maintkit.evidence.change_record import Assessment
from maintkit.plans.implementation import Implementation

NEEDS_EFFECT = ("restart", "tuning")  # kinds of document that answer whether it helped
FIELDS = {
    "效果评价": "effect",
    "原因分析": "cause",
    "后续措施": "remaining",
}  # as `maintkit assess` has it
_ENTER = "以 maintkit assess {run} 填写后重新生成。"


def wanted(done: Implementation, kind: str) -> tuple[str, ...]:
    """The labels of what a person has to enter for this document, in order."""
    return wanted_of(kind, done.done.verdict)


def wanted_of(kind: str, verdict: str | None) -> tuple[str, ...]:
    """The same by the document's kind and the run's verdict."""
    effect = ("效果评价",) if kind in NEEDS_EFFECT else ()
    failed = verdict not in (None, "done")
    return (*effect, *(("原因分析", "后续措施") if failed else ()))


def missing(done: Implementation, kind: str) -> tuple[str, ...]:
    """Those that nobody has entered yet: the document is a draft because of them."""
    said = _entered(done)
    return tuple(label for label in wanted(done, kind) if not said[label])


def draft_note(done: Implementation, kind: str) -> tuple[Note, ...]:
    """Why the document is a draft; nothing when it is none."""
    if done.done.verdict is None:
        return (Note(kind="alert", text="草稿：台账没有实施结束的记录，本文件不得作为实施结果归档。"),)
    labels = missing(done, kind)
    text = f"草稿：{'、'.join(labels)}待填写。{_ENTER.format(run=done.done.run)}"
    return (Note(kind="alert", text=text),) if labels else ()


def section(done: Implementation, kind: str, header: Header) -> tuple[Block, ...]:
    """A form of what was entered, with the words that ask for what was not; nothing when nothing is wanted or there."""
    said, latest = _entered(done), _latest(done)
    labels = dict.fromkeys((*wanted(done, kind), *(label for label, text in said.items() if text)))
    if not labels:
        return (Paragraph(text="本次实施成功，无须人工说明；台账无人工评价记录。"),)
    by = f"{latest.by}　{wording.instant(latest.at, header.zone)}　台账 #{latest.seq}" if latest else wording.filled("")
    items = [KeyValue(label=label, text=wording.filled(said[label]), wide=True) for label in labels]
    return (KeyValues(items=(*items, KeyValue(label="填写人", text=by, wide=True))),)


def assessment(done: Implementation) -> tuple[Block, ...]:
    """重启评估: why it was wanted, what the hosts were like before it, and whether their gates answered."""
    return (
        Paragraph(text=f"提出重启的理由：{done.plan.reason}"),
        Table(
            caption="实施前的运行情况",
            columns=(
                Column(title="主机", width=14),
                Column(title="连续运行时间", width=14, align="right"),
                Column(title="平均负载 1／15 分钟", width=18, align="right"),
                Column(title="可用内存", width=22, align="right"),
                Column(title="已用交换区", width=12, align="right"),
                Column(title="实施前健康检查", width=20),
            ),
            rows=tuple(_state(done, host.name) for host in done.done.hosts),
        ),
    )


def _state(done: Implementation, name: str) -> tuple[Cell, ...]:
    host = next(one for one in done.done.hosts if one.name == name)
    figures = before(host)
    said = {label: told(value, unit) for label, value, unit in measures(figures)} if figures else {}
    load = "／".join(said[label] for label in ("平均负载（1 分钟）", "平均负载（15 分钟）")) if said else "台账无记录"
    memory = f"{said['可用内存']}（{said['可用内存比例']}）" if said else "台账无记录"
    return (
        Cell(text=name),
        Cell(text=said.get("连续运行时间", "台账无记录")),
        Cell(text=load),
        Cell(text=memory),
        Cell(text=said.get("已用交换区", "台账无记录")),
        Cell(text=answered(host)),
    )


def _latest(done: Implementation) -> Assessment | None:
    return done.done.assessments[-1] if done.done.assessments else None


def _entered(done: Implementation) -> dict[str, str]:
    latest = _latest(done)
    return {label: str(getattr(latest, field)) if latest else "" for label, field in FIELDS.items()}
