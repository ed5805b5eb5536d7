"""证据: the numbers and hashes by which a reader finds the same facts in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from maintkit.documents.model import Annex, Block, Cell, Column, EvidenceItem, EvidenceList, Heading, Paragraph, Table
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.recorded import Inspection, RecordedHost
from maintkit.evidence.registers import Item

MOST_FACTS_ON_PAPER = 60  # hashes of collected facts; more stand in the workbook alone


def section(title: str, inspection: Inspection, more: Iterable[EvidenceItem] = ()) -> tuple[Block, ...]:
    """Run, head of the ledger after the run's last entry, program version, one hash a host, and what comes on top."""
    collected = [host for host in inspection.hosts if host.facts]
    return (
        Heading(text=title),
        Paragraph(text="本记录全部内容取自维护台账；以下编号与校验值可用 maintkit ledger verify 核对。"),
        EvidenceList(
            items=(
                EvidenceItem(label="巡检编号", value=inspection.run),
                EvidenceItem(label="台账序号", value=str(inspection.head_seq)),
                EvidenceItem(label="台账链首（SHA-256）", value=inspection.head_hash),
                EvidenceItem(label="程序版本", value=f"maintkit {inspection.version}"),
                EvidenceItem(label="采集数据", value=f"{len(collected)} 份"),
                *_facts(collected),
                *more,
            )
        ),
    )


def written(judged: Mapping[str, Judgement], blanks: Mapping[str, str]) -> Iterator[EvidenceItem]:
    """What people wrote into the blanks of a document, by its entries."""
    for blank, title in blanks.items():
        if blank in judged:
            yield EvidenceItem(label=f"填写 {title}", value=f"台账 #{judged[blank].seq} {judged[blank].hash}")


def registered(items: Iterable[Item]) -> Iterator[EvidenceItem]:
    """Items of the registers, by their entries."""
    for one in items:
        yield EvidenceItem(label=f"登记 {one.id}", value=f"台账 #{one.seq} {one.hash}")


def annex(inspection: Inspection) -> tuple[Annex, ...]:
    """The hashes of all hosts, when they are too many for the section."""
    collected = [host for host in inspection.hosts if host.facts]
    if len(collected) <= MOST_FACTS_ON_PAPER:
        return ()
    return (
        Annex(
            title="附表　采集数据校验值",
            note=f"共 {len(collected)} 份，见本记录电子表格（xlsx）的同名工作表。",
            workbook_only=True,
            table=Table(
                columns=(Column(title="主机", width=30), Column(title="采集数据 SHA-256", width=70)),
                rows=tuple((Cell(text=host.name), Cell(text=host.facts or "")) for host in collected),
            ),
        ),
    )


def _facts(collected: list[RecordedHost]) -> tuple[EvidenceItem, ...]:
    if len(collected) > MOST_FACTS_ON_PAPER:
        return ()
    return tuple(EvidenceItem(label=host.name, value=host.facts or "") for host in collected)
