"""覆盖情况: how many hosts had to be looked at, how many were, and why the others were not."""

from __future__ import annotations

from maintkit.documents.glossary import COLLECTION
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.documents.reasons import reason
from maintkit.evidence.recorded import Inspection, RecordedHost


def section(title: str, inspection: Inspection, header: Header) -> tuple[Block, ...]:
    """Counts, the hosts that were missed with their reasons, and what the inventory holds beyond the scope."""
    missed = [host for host in inspection.hosts if host.name in inspection.coverage.missed]
    blocks: list[Block] = [Heading(text=title), Paragraph(text=counts(inspection))]
    if missed:
        blocks.append(_missed(missed, header))
    return tuple(blocks)


def counts(inspection: Inspection) -> str:
    """应检, 实检 and 未检 in one sentence, and what stands outside the scope."""
    coverage = inspection.coverage
    missed = len(coverage.missed)
    said = f"应检主机 {coverage.expected} 台，实检 {coverage.inspected} 台，未检 {missed} 台。"
    outside = coverage.inventory_size - coverage.expected
    if outside > 0:
        said += f"清单共有主机 {coverage.inventory_size} 台，其余 {outside} 台不在本次巡检范围内。"
    carried = sum(1 for host in inspection.hosts if host.carried)
    if carried:
        said += f"实检主机中 {carried} 台的结果由人工携带导入。"
    return said


def _missed(hosts: list[RecordedHost], header: Header) -> Table:
    return Table(
        columns=(
            Column(title="未检主机", width=22),
            Column(title="所属系统", width=20),
            Column(title="地址", width=18),
            Column(title="原因", width=50),
        ),
        rows=tuple(
            (
                Cell(text=host.name, tone="strong"),
                Cell(text=systems(host, header)),
                Cell(text=host.address),
                Cell(text=_why(host)),
            )
            for host in hosts
        ),
    )


def systems(host: RecordedHost, header: Header) -> str:
    """The systems a host serves, by their printed names."""
    return "、".join(header.system(key) for key in host.systems) or "未归属"


def _why(host: RecordedHost) -> str:
    detail = reason(host.reason)
    if host.collection is None:
        return detail or "巡检中断，未取得该主机的结果"
    word = COLLECTION.get(host.collection, host.collection)
    return f"{word}：{detail}" if detail else word
