"""巡检内容与结果: what was looked at, host by host, and every item that is not well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from maintkit.documents import wording
from maintkit.documents.glossary import CATEGORY, STATUS, TONE
from maintkit.documents.header import Header
from maintkit.documents.model import Annex, Block, Cell, Column, Heading, Paragraph, Table, Tone
from maintkit.documents.parts.coverage import systems
from maintkit.documents.reasons import reason
from maintkit.evidence.recorded import Inspection, RecordedFinding, RecordedHost

MOST_ROWS_ON_PAPER = 1500  # about 45 pages A4; what is longer stands in the workbook alone


def section(title: str, inspection: Inspection, header: Header) -> tuple[Block, ...]:
    """The items by category, then a line a host with its counts."""
    return (
        Heading(text=title),
        Heading(text="巡检内容", level=2),
        _contents(inspection),
        Heading(text="各主机结果", level=2),
        Paragraph(text="数字为该类别“正常项数/判定项数”；有异常的类别注明警告与严重项数，逐项明细见附表。"),
        _hosts(inspection, header),
    )


def count(findings: Sequence[RecordedFinding]) -> Counter[str]:
    """How many findings of each status."""
    return Counter(finding.status for finding in findings)


def counts_text(counts: Counter[str]) -> str:
    """`正常 52 项，警告 2 项`: every status that occurs, in the fixed order."""
    return "，".join(f"{STATUS[status]} {counts[status]} 项" for status in STATUS if counts[status]) or "无巡检项"


def annex(inspection: Inspection) -> Annex:
    """Every item of every host; on paper while that many rows can be read."""
    findings = inspection.findings
    long = len(findings) > MOST_ROWS_ON_PAPER
    where = "纸面篇幅不足以列出，见本记录电子表格（xlsx）的同名工作表" if long else "电子表格（xlsx）中列于同名工作表"
    return Annex(
        title="附表　巡检逐项明细",
        note=f"共 {len(inspection.hosts)} 台主机、{len(findings)} 项，{where}。",
        workbook_only=long,
        table=Table(
            columns=(
                Column(title="主机", width=14),
                Column(title="类别", width=13),
                Column(title="巡检项", width=19),
                Column(title="对象", width=13),
                Column(title="结果", width=9, align="center"),
                Column(title="实测值", width=12, align="right"),
                Column(title="判定限值", width=12),
                Column(title="说明", width=22),
            ),
            rows=tuple(_item(finding) for finding in findings),
        ),
    )


def _item(finding: RecordedFinding) -> tuple[Cell, ...]:
    return (
        Cell(text=finding.host),
        Cell(text=CATEGORY.get(finding.category, finding.category)),
        Cell(text=finding.title_zh),
        Cell(text=finding.instance or "本机"),
        Cell(text=STATUS[finding.status], tone=TONE.get(finding.status, "plain")),
        Cell(text=wording.quantity(finding.value, finding.unit)),
        Cell(text=wording.limit(finding.limit)),
        Cell(text=finding.conclusion_zh or reason(finding.reason) or wording.NOTHING),
    )


def _contents(inspection: Inspection) -> Table:
    titles: dict[str, dict[str, str]] = {}
    hosts: dict[str, set[str]] = {}
    for finding in _seen(inspection):
        titles.setdefault(finding.category, {})[finding.check] = finding.title_zh
        hosts.setdefault(finding.category, set()).add(finding.host)
    return Table(
        columns=(
            Column(title="类别", width=16),
            Column(title="巡检项", width=66),
            Column(title="项数", width=8, align="center"),
            Column(title="主机数", width=10, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=CATEGORY.get(category, category), tone="strong"),
                Cell(text="、".join(titles[category].values())),
                Cell(text=str(len(titles[category]))),
                Cell(text=str(len(hosts[category]))),
            )
            for category in _categories(_seen(inspection))
        ),
        empty="未取得任何巡检结果",
    )


def _seen(inspection: Inspection) -> list[RecordedFinding]:
    """Findings of hosts that answered: what was expected of the others was not looked at."""
    return [finding for host in inspection.hosts if host.collection == "ok" for finding in host.findings]


def _hosts(inspection: Inspection, header: Header) -> Table:
    categories = _categories(inspection.findings)
    return Table(
        columns=(
            Column(title="主机", width=16),
            Column(title="所属系统", width=17),
            *(Column(title=CATEGORY.get(name, name), width=_width(name), align="center") for name in categories),
            Column(title="未能判定", width=11, align="center"),
            Column(title="结论", width=13, align="center"),
        ),
        rows=tuple(_host(host, categories, header) for host in inspection.hosts),
    )


def _width(category: str) -> int:
    """Its share: one title is a long word, which is not broken."""
    return 17 if category == "postgresql" else 13


def _host(host: RecordedHost, categories: Sequence[str], header: Header) -> tuple[Cell, ...]:
    inspected = host.collection == "ok"
    counts = count(host.findings)
    undetermined = counts["unknown"] + counts["error"]
    conclusion, tone = _conclusion(counts) if inspected else ("未检", "strong")
    return (
        Cell(text=f"{host.name}（携带导入）" if host.carried else host.name),
        Cell(text=systems(host, header)),
        *(_category(host, name) if inspected else Cell(text=wording.NOTHING) for name in categories),
        Cell(text=_undetermined(undetermined, inspected=inspected)),
        Cell(text=conclusion, tone=tone),
    )


def _undetermined(number: int, *, inspected: bool) -> str:
    if not inspected:
        return "全部"
    return str(number) if number else wording.NOTHING


def _category(host: RecordedHost, category: str) -> Cell:
    counts = count([finding for finding in host.findings if finding.category == category])
    judged = counts["ok"] + counts["warn"] + counts["crit"] + counts["waived"]
    if not judged:
        return Cell(text=wording.NOTHING)
    bad = "".join(f"\n{STATUS[status]} {counts[status]}" for status in ("crit", "warn") if counts[status])
    tone: Tone = "crit" if counts["crit"] else "warn" if counts["warn"] else "plain"
    return Cell(text=f"{counts['ok']}/{judged}{bad}", tone=tone)


def _conclusion(counts: Counter[str]) -> tuple[str, Tone]:
    if counts["crit"]:
        return STATUS["crit"], "crit"
    if counts["warn"]:
        return STATUS["warn"], "warn"
    if counts["unknown"] or counts["error"]:
        # Nothing bad was seen, and not everything was seen: that is not "normal".
        return "有未判定项", "strong"
    return (STATUS["ok"], "plain") if counts["ok"] else ("无判定", "strong")


def _categories(findings: Sequence[RecordedFinding]) -> tuple[str, ...]:
    seen = dict.fromkeys(finding.category for finding in findings)
    return tuple(name for name in CATEGORY if name in seen) + tuple(name for name in seen if name not in CATEGORY)
