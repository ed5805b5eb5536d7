"""数据库状态: each database server check by check: what was measured, against which limit, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence

from maintkit.documents import wording
from maintkit.documents.glossary import CATEGORY, STATUS, TONE
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.documents.parts import results
from maintkit.documents.reasons import reason
from maintkit.evidence.recorded import Inspection, RecordedFinding

CATEGORIES = ("postgresql", "mysql")
MOST_TABLES = 20  # some 15 pages; the rest is counted, those with something to say first
_WORST = ("crit", "warn", "error", "unknown", "skipped", "waived", "ok")
_BAD = ("crit", "warn", "error", "unknown")
_Server = tuple[str, str, str]  # host, category, instance


def section(title: str, inspection: Inspection) -> tuple[Block, ...]:
    """A table for each server, under one sentence of all; what does not apply has looked at no database."""
    found = [one for one in inspection.findings if one.category in CATEGORIES and one.status != "not-applicable"]
    if not found:
        said = "台账中没有本次范围内的数据库巡检结果，本报告不对数据库状态作结论。"
        return (Heading(text=title), Paragraph(text=said, tone="strong"))
    servers: dict[_Server, list[RecordedFinding]] = {}
    for one in found:
        servers.setdefault((one.host, one.category, _instance(one)), []).append(one)
    ranked = sorted(servers, key=lambda server: not any(one.status in _BAD for one in servers[server]))
    shown = [server for server in servers if server in ranked[:MOST_TABLES]]
    counts = f"数据库巡检共 {len(found)} 项：{results.counts_text(results.count(found))}。"
    lead = (
        "每项列出最差的一个对象，其余计数；不适用的项不列。“—”表示没有单一的实测值或限值，结论为正常时各对象均未超限。"
    )
    blocks: list[Block] = [Heading(text=title), Paragraph(text=counts), Paragraph(text=lead, tone="muted")]
    for server in shown:
        blocks += [Heading(text=_title(server), level=2), _table(servers[server])]
    left = [server for server in servers if server not in shown]
    return (*blocks, *_rest([one for server in left for one in servers[server]], len(left)))


def _instance(finding: RecordedFinding) -> str:
    """The server's own name: a finding is called `his`, `his/his public.patient` or `his autovacuum`."""
    return re.split(r"[ /]", finding.instance, maxsplit=1)[0]


def _title(server: _Server) -> str:
    host, category, instance = server
    return f"{host}　{CATEGORY[category]}{f' {instance}' if instance else ''}"


def _rest(findings: Sequence[RecordedFinding], servers: int) -> tuple[Block, ...]:
    if not findings:
        return ()
    counts = results.counts_text(results.count(findings))
    return (Paragraph(text=f"另有 {servers} 个实例未列表：{counts}，逐项见同次季度深度巡检记录附表。"),)


def _table(findings: Sequence[RecordedFinding]) -> Table:
    checks: dict[str, list[RecordedFinding]] = {}
    for one in findings:
        checks.setdefault(one.check, []).append(one)
    return Table(
        columns=(
            Column(title="检查项", width=18),
            Column(title="实测值", width=22),
            Column(title="判定限值", width=18),
            Column(title="结论", width=11, align="center"),
            Column(title="说明", width=31),
        ),
        rows=tuple(_row(sorted(own, key=_order)) for own in checks.values()),
    )


def _order(finding: RecordedFinding) -> tuple[int, bool, float]:
    """The worst first; of those alike one with a value, nearest to its limit."""
    value = finding.value if isinstance(finding.value, int | float) else 0.0
    above = str((finding.limit or {}).get("op", ">")).startswith(">")
    return _WORST.index(finding.status), finding.value is None, -value if above else value


def _row(own: Sequence[RecordedFinding]) -> tuple[Cell, ...]:
    worst = own[0]
    where = worst.instance.removeprefix(_instance(worst)).lstrip(" /")
    value = wording.quantity(worst.value, worst.unit)
    why = worst.conclusion_zh if worst.status in ("crit", "warn", "waived") else reason(worst.reason)
    said = (why, _others(own) if len(own) > 1 else "")
    return (
        Cell(text=worst.title_zh, tone="strong"),
        Cell(text=f"{where}：{value}" if where and worst.value is not None else where or value),
        Cell(text=wording.limit(worst.limit)),
        Cell(text=STATUS[worst.status], tone=TONE.get(worst.status, "plain")),
        Cell(text="\n".join(filter(None, said)) or wording.NOTHING),
    )


def _others(own: Sequence[RecordedFinding]) -> str:
    return f"共 {len(own)} 个对象：{results.counts_text(results.count(own))}"
