"""Tables that both plans have: whom to call, what runs where, and the order in which systems come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maintkit.contract.span import Span
from maintkit.documents import wording
from maintkit.documents.glossary import TO_FILL_IN
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, EvidenceItem, EvidenceList, Note, Paragraph, Table
from maintkit.documents.parts import proof as evidence
from maintkit.documents.parts import simulated
from maintkit.documents.parts.readiness.ready import Gap, Ready

_MOST_GAPS = 6
_UNITS = {"min": "分钟", "h": "小时", "wd": "个工作日", "month": "个月"}


def length(span: Span) -> str:
    """`15 分钟`, `2 小时`, `3 个工作日`; nothing at all is 立即."""
    return f"{span.count} {_UNITS[span.unit]}" if span.count else "立即"


def alerts(ready: Ready, found: Sequence[Gap], blanks: Mapping[str, str]) -> tuple[Note, ...]:
    """What the reader must not miss: what is lacking, and why it is a draft."""
    said = list(simulated.resting_on(ready.invented))
    if found:
        first = "；".join(f"{gap.system}：{gap.text}" for gap in found[:_MOST_GAPS])
        more = f"；另有 {len(found) - _MOST_GAPS} 项" if len(found) > _MOST_GAPS else ""
        said.append(f"恢复能力存在 {len(found)} 项缺口：{first}{more}。")
    wanting = [f"“{blanks[blank]}”待填写" for blank in missing(ready, blanks)]
    if ready.inspection is None:
        wanting.append("台账中没有巡检，系统与主机未知")
    if wanting:
        said.append(f"草稿：{'，'.join(wanting)}，填写前不作为正式文件签发。")
    return tuple(Note(kind="alert", text=text) for text in said)


def missing(ready: Ready, blanks: Mapping[str, str]) -> list[str]:
    """The blanks that nobody has filled in."""
    return [blank for blank in blanks if blank not in ready.judged]


def blank(ready: Ready, name: str, header: Header) -> Paragraph:
    """What a person wrote, with the name under it; or the marked blank."""
    found = ready.judged.get(name)
    if found is None:
        return Paragraph(text=TO_FILL_IN, tone="strong")
    return Paragraph(text=f"{found.text}（{found.by}　{wording.instant(found.at, header.zone)}）")


def contacts(ready: Ready) -> Table:
    """Who is called."""
    return Table(
        columns=(
            Column(title="单位", width=22),
            Column(title="姓名", width=16),
            Column(title="职责", width=24),
            Column(title="电话", width=18),
            Column(title="电子邮件", width=22),
        ),
        rows=tuple(
            (
                Cell(text=one.side),
                Cell(text=one.name, tone="strong"),
                Cell(text=one.role or wording.NOTHING),
                Cell(text=one.phone or wording.NOTHING),
                Cell(text=one.email or wording.NOTHING),
            )
            for one in ready.contacts
        ),
    )


def topology(ready: Ready, header: Header) -> tuple[Block, ...]:
    """What runs where, by the newest inspection."""
    if ready.inspection is None:
        return (Paragraph(text="台账中没有巡检，不能列出系统与主机。", tone="strong"),)
    table = Table(
        columns=(
            Column(title="主机", width=16),
            Column(title="地址", width=16),
            Column(title="所属系统", width=24),
            Column(title="操作系统", width=22),
            Column(title="应运行的服务", width=22),
        ),
        rows=tuple(
            (
                Cell(text=one.name, tone="strong"),
                Cell(text=one.address),
                Cell(text="、".join(map(header.system, one.systems)) or "未归属"),
                Cell(text=one.os or wording.NOTHING),
                Cell(text="\n".join(one.services) or "未声明"),
            )
            for one in ready.machines
        ),
    )
    return (Paragraph(text=f"依据巡检 {ready.inspection} 与各主机最近一次采集结果。"), table)


def order(ready: Ready, header: Header) -> Table:
    """The order of recovery, what each system needs before it, and its hosts."""

    def row(place: int, system: str) -> tuple[Cell, ...]:
        promise = ready.promise(system)
        hosts = [machine.name for machine in ready.machines if system in machine.systems]
        return (
            Cell(text=str(place) if promise else "未约定", tone="plain" if promise else "strong"),
            Cell(text=header.system(system), tone="strong"),
            Cell(text="、".join(map(header.system, promise.after)) if promise and promise.after else wording.NOTHING),
            Cell(text="、".join(hosts) or "没有主机"),
            Cell(text="、".join(job.name for job in ready.jobs_of(system)) or "没有备份任务"),
            Cell(text=f"{length(promise.rto)}\n{length(promise.rpo)}" if promise else "未约定"),
        )

    return Table(
        columns=(
            Column(title="次序", width=9, align="center"),
            Column(title="系统", width=24),
            Column(title="须先恢复", width=20),
            Column(title="主机", width=20),
            Column(title="备份任务", width=14),
            Column(title="约定 RTO\n约定 RPO", width=13, align="center"),
        ),
        rows=tuple(row(place, system) for place, system in enumerate(ready.systems(), start=1)),
    )


def gap_table(found: Sequence[Gap]) -> Table:
    """Everything that is lacking, whole."""
    return Table(
        columns=(Column(title="系统", width=30), Column(title="缺口", width=70)),
        rows=tuple((Cell(text=gap.system), Cell(text=gap.text, tone="strong")) for gap in found),
        empty="没有发现缺口",
    )


def proof(ready: Ready, blanks: Mapping[str, str], header: Header) -> EvidenceList:
    """What the plan rests on: the contract, the inspection, drills, registered people, and what people wrote."""
    told = f"{ready.contract.number}　sha256 {ready.contract_sha256}"
    items = [EvidenceItem(label="合同 contract.yml", value=told)]
    if ready.inspection:
        items.append(EvidenceItem(label=f"巡检 {ready.inspection}", value=f"台账链首 sha256 {ready.head}"))
    for job in ready.jobs:
        if job.passed:
            told = (
                f"{job.passed.run}　{wording.instant(job.passed.at, header.zone)}　台账 #{job.passed.seq}"
                f"　sha256 {job.passed.hash}"
            )
            items.append(EvidenceItem(label=f"恢复演练 {job.name}", value=told))
    people = {item.seq: item for one in ready.contacts for item in one.registered}
    return EvidenceList(items=(*items, *evidence.registered(people.values()), *evidence.written(ready.judged, blanks)))
