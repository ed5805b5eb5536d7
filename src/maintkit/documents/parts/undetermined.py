"""未能判定项, 豁免项 and what a person has to look at: everything that must not be read as healthy."""

from __future__ import annotations

from datetime import datetime, tzinfo

from maintkit.clock import from_text
from maintkit.documents import wording
from maintkit.documents.glossary import STATUS, TO_FILL_IN, TONE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Note, Paragraph, Table, Tone
from maintkit.documents.reasons import reason
from maintkit.evidence.manual import blank, rows
from maintkit.evidence.recorded import Inspection, ManualLook, RecordedFinding


def section(title: str, inspection: Inspection, header: Header) -> tuple[Block, ...]:
    """Items without a verdict and why, items that stand by a waiver, items that wait for a person."""
    return (
        Heading(text=title),
        Heading(text="未能判定项", level=2),
        *_undetermined(inspection),
        Heading(text="豁免项", level=2),
        _waived(inspection, header.zone),
        *_manual(inspection, header.zone),
    )


def unlooked(inspection: Inspection) -> tuple[RecordedFinding, ...]:
    """The rows that a deep inspection leaves to a person and of which nobody has said what was seen."""
    return blank(inspection.findings) if inspection.deep else ()


def draft_note(inspection: Inspection) -> tuple[Note, ...]:
    """The words that call the record a draft while a row for a person is empty."""
    empty = unlooked(inspection)
    if not empty:
        return ()
    said = f"草稿：{len(empty)} 个人工检查项的结果尚未填写，填写前不作为正式记录签署。"
    return (Note(kind="alert", text=said),)


def _undetermined(inspection: Inspection) -> tuple[Block, ...]:
    inspected = {host.name for host in inspection.hosts if host.collection == "ok"}
    found = [finding for finding in inspection.findings if finding.status in ("unknown", "error")]
    there = [finding for finding in found if finding.host in inspected]
    blocks: list[Block] = []
    if len(found) > len(there) or inspection.coverage.missed:
        missed = len(inspection.coverage.missed)
        blocks.append(
            Paragraph(text=f"未检的 {missed} 台主机的自动巡检项全部未能判定，原因见“覆盖情况”，此处不逐项列出。")
        )
    # The same reason on many hosts is one line: what is missing is a privilege or a program, not a host.
    alike: dict[tuple[str, str, str], list[RecordedFinding]] = {}
    for finding in there:
        alike.setdefault((finding.status, finding.title_zh, finding.reason), []).append(finding)
    table = Table(
        columns=(
            Column(title="巡检项", width=22),
            Column(title="结果", width=10, align="center"),
            Column(title="原因", width=36),
            Column(title="对象", width=32),
        ),
        rows=tuple(
            (
                Cell(text=title),
                Cell(text=STATUS[status], tone="strong"),
                Cell(text=reason(why) or "未记录原因"),
                Cell(text=_subjects(findings)),
            )
            for (status, title, why), findings in alike.items()
        ),
        empty="实检主机无未能判定项",
    )
    return (*blocks, table)


def _subjects(findings: list[RecordedFinding], most: int = 12) -> str:
    named = "、".join(wording.subject(finding) for finding in findings[:most])
    return f"{named} 等 {len(findings)} 个" if len(findings) > most else named


def _waived(inspection: Inspection, zone: tzinfo) -> Table:
    return Table(
        columns=(
            Column(title="对象", width=20),
            Column(title="巡检项", width=20),
            Column(title="实际结果", width=10, align="center"),
            Column(title="豁免理由", width=26),
            Column(title="同意人", width=10),
            Column(title="有效期至", width=14, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=wording.subject(finding)),
                Cell(text=finding.title_zh),
                Cell(text=STATUS.get(finding.waived_status or "", wording.NOTHING)),
                Cell(text=str((finding.waiver or {}).get("why") or wording.NOTHING)),
                Cell(text=str((finding.waiver or {}).get("who") or wording.NOTHING)),
                Cell(text=wording.instant(_until(finding), zone)),
            )
            for finding in inspection.findings
            if finding.status == "waived"
        ),
    )


def _until(finding: RecordedFinding) -> datetime | None:
    until = (finding.waiver or {}).get("until")
    return until if isinstance(until, datetime) else from_text(until) if until else None


def _manual(inspection: Inspection, zone: tzinfo) -> tuple[Block, ...]:
    found = rows(inspection.findings)
    if not found:
        return ()
    table = Table(
        columns=(
            Column(title="对象", width=14),
            Column(title="人工检查项", width=19),
            Column(title="要求", width=24),
            Column(title="检查结果", width=24),
            Column(title="检查人与时间", width=19),
        ),
        rows=tuple(
            (
                Cell(text=wording.subject(finding)),
                Cell(text=finding.title_zh),
                Cell(text=reason(finding.reason) or wording.NOTHING),
                *(_looked(finding.look, zone) if finding.look else (Cell(text=TO_FILL_IN, tone="strong"),) * 2),
            )
            for finding in found
        ),
    )
    return (Heading(text="人工检查项", level=2), table)


def _looked(look: ManualLook, zone: tzinfo) -> tuple[Cell, Cell]:
    """What was seen, and who saw it when; when it was entered, where that was another minute; what it corrects."""
    tone: Tone = TONE.get(look.result, "plain")
    event = f"（事件 {look.event}）" if look.event else ""
    saw, entered = wording.instant(look.at, zone), wording.instant(look.entered, zone)
    who = [look.by, saw]
    who += [f"补记于 {entered}"] if entered != saw else []
    who += [f"更正台账 #{look.corrects}"] if look.corrects else []
    return Cell(text=f"{STATUS[look.result]}：{look.note}{event}", tone=tone), Cell(text="\n".join(who))
