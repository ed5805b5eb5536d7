"""与上期对比: what is new, still open, closed or was not looked at, and key numbers before and after."""

from __future__ import annotations

from maintkit.documents import wording
from maintkit.documents.glossary import STATUS, TONE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.documents.parts.events import tally
from maintkit.documents.reasons import reason
from maintkit.evidence.recorded import ABNORMAL, Comparison, Inspection, RecordedFinding

MOST_NUMBERS = 20  # lines of the table of numbers: the abnormal ones, then those that changed most


def section(title: str, inspection: Inspection, comparison: Comparison, header: Header) -> tuple[Block, ...]:
    """The section; without an inspection before, one sentence that says so."""
    heading = Heading(text=title)
    if comparison.previous_run is None:
        return (heading, Paragraph(text="台账中没有可比较的上期巡检，本次为首次巡检，不作对比。"))
    blocks: list[Block] = [heading, Paragraph(text=_counts(inspection, comparison))]
    if comparison.closed:
        blocks += [Heading(text="本期关闭的事件", level=2), _closed(comparison, header)]
    if comparison.unseen:
        blocks += [Heading(text="本期未能复核的事件（仍视为未关闭）", level=2), _unseen(inspection, comparison)]
    return (*blocks, Heading(text="关键指标", level=2), *_numbers(inspection))


def _counts(inspection: Inspection, comparison: Comparison) -> str:
    new, still_open = tally(inspection, comparison)
    return (
        f"上期巡检 {comparison.previous_run}。新增异常 {new} 个，持续 {still_open} 个，"
        f"关闭 {len(comparison.closed)} 个，本期未能复核 {len(comparison.unseen)} 个。"
    )


def _closed(comparison: Comparison, header: Header) -> Table:
    return Table(
        columns=(
            Column(title="事件编号", width=20),
            Column(title="对象", width=25),
            Column(title="巡检项", width=25),
            Column(title="上期结果", width=12, align="center"),
            Column(title="首次发现", width=18, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=finding.event or wording.NOTHING),
                Cell(text=wording.subject(finding)),
                Cell(text=finding.title_zh),
                Cell(text=STATUS[finding.status]),
                Cell(text=wording.instant(finding.first_seen, header.zone)),
            )
            for finding in comparison.closed
        ),
    )


def _unseen(inspection: Inspection, comparison: Comparison) -> Table:
    carried = {finding.event: finding for finding in inspection.findings if finding.event}
    return Table(
        columns=(
            Column(title="事件编号", width=20),
            Column(title="对象", width=24),
            Column(title="巡检项", width=22),
            Column(title="未能复核的原因", width=34),
        ),
        rows=tuple(_unseen_row(name, carried.get(name)) for name in sorted(filter(None, comparison.unseen))),
    )


def _unseen_row(event: str, finding: RecordedFinding | None) -> tuple[Cell, ...]:
    if finding is None:
        return (Cell(text=event), *(Cell(text=wording.NOTHING),) * 2, Cell(text="不在本次巡检范围内"))
    why = reason(finding.reason) or STATUS[finding.status]
    return (Cell(text=event), Cell(text=wording.subject(finding)), Cell(text=finding.title_zh), Cell(text=why))


def _numbers(inspection: Inspection) -> tuple[Block, ...]:
    measured = [finding for finding in inspection.findings if _change(finding) is not None]
    abnormal = [finding for finding in measured if finding.status in ABNORMAL]
    moved = sorted(
        (finding for finding in measured if finding.status not in ABNORMAL and _change(finding)),
        key=lambda finding: -(_change(finding) or 0),
    )
    shown = (abnormal + moved)[:MOST_NUMBERS]
    rest = len(measured) - len(shown)
    left_out = f"列出异常项及变化较大的项，其余 {rest} 项可比数值变化较小或没有变化，未列出。"
    note = left_out if rest else "可比数值全部列出。"
    return (Paragraph(text=note, tone="muted"), _number_table(shown))


def _number_table(findings: list[RecordedFinding]) -> Table:
    return Table(
        columns=(
            Column(title="对象", width=26),
            Column(title="巡检项", width=26),
            Column(title="上期", width=13, align="right"),
            Column(title="本期", width=13, align="right"),
            Column(title="变化", width=12, align="right"),
            Column(title="本期结果", width=10, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=wording.subject(finding)),
                Cell(text=finding.title_zh),
                Cell(text=wording.quantity(finding.previous, finding.unit)),
                Cell(text=wording.quantity(finding.value, finding.unit)),
                Cell(text=_signed(finding)),
                Cell(text=STATUS[finding.status], tone=TONE.get(finding.status, "plain")),
            )
            for finding in findings
        ),
        empty="没有可与上期比较的数值",
    )


def _change(finding: RecordedFinding) -> float | None:
    """The share by which a number changed, of the larger of the two; None without two numbers."""
    now, then = finding.value, finding.previous
    if not isinstance(now, int | float) or not isinstance(then, int | float):
        return None
    largest = max(abs(now), abs(then))
    return abs(now - then) / largest if largest else 0.0


def _signed(finding: RecordedFinding) -> str:
    now, then = finding.value, finding.previous
    if not isinstance(now, int | float) or not isinstance(then, int | float):
        return wording.NOTHING
    sign = "+" if now > then else ""
    return f"{sign}{wording.quantity(now - then, finding.unit)}"
