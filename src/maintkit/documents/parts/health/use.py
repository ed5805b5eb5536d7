"""服务器性能分析: each server's resources by utilisation, saturation and errors, and what is short."""

from __future__ import annotations

from collections.abc import Mapping

from maintkit.analysis.bottleneck import Aspect, Resource, Silence, State, figure, resources
from maintkit.documents import wording
from maintkit.documents.glossary import STATUS
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table, Tone
from maintkit.documents.parts.coverage import systems
from maintkit.documents.reasons import reason
from maintkit.evidence.recorded import Inspection, RecordedFinding, RecordedHost

RESOURCE: Mapping[str, str] = {
    "cpu": "CPU",
    "memory": "内存",
    "storage-io": "磁盘读写",
    "filesystem": "文件系统",
    "network": "网络",
    "kernel-tables": "内核资源表",
}
STATE: Mapping[State, tuple[str, Tone]] = {
    "bottleneck": ("瓶颈", "crit"),
    "strained": ("偏紧", "warn"),
    "well": ("正常", "plain"),
    "partly": ("已测项未见异常", "plain"),
    "undetermined": ("未能判定", "strong"),
}
SILENCE: Mapping[Silence, tuple[str, Tone]] = {
    "none-such": (wording.NOTHING, "plain"),
    "not-applicable": ("不适用", "plain"),
    "not-collected": ("未采集", "strong"),
}
ASPECTS: tuple[Aspect, ...] = ("utilisation", "saturation", "errors")
_WELL = ("ok", "waived")


def section(title: str, inspection: Inspection, header: Header) -> tuple[Block, ...]:
    """A table for each server that answered, under one sentence of what is short where."""
    inspected = [host for host in inspection.hosts if host.collection == "ok"]
    lead = (
        "按 USE 方法逐项列出各资源的使用率、饱和度与错误；每格为该项中最差的一个实测值。“—”表示该资源没有此项，"
        "“未采集”的项不作结论，该资源不称正常。"
    )
    if not inspected:
        return (Heading(text=title), Paragraph(text="没有取得任何服务器的结果，本报告不作性能结论。", tone="strong"))
    used = {host.name: resources(host.findings) for host in inspected}
    blocks: list[Block] = [Heading(text=title), Paragraph(text=_sentence(used)), Paragraph(text=lead, tone="muted")]
    for host in inspected:
        blocks += [Heading(text=_title(host, header), level=2), _table(used[host.name])]
    return tuple(blocks)


def _title(host: RecordedHost, header: Header) -> str:
    return f"{host.name}（{systems(host, header)}）"


def _sentence(used: Mapping[str, tuple[Resource, ...]]) -> str:
    short = [f"{host} 的{_names(found, 'bottleneck')}" for host, found in used.items() if _names(found, "bottleneck")]
    tight = [f"{host} 的{_names(found, 'strained')}" for host, found in used.items() if _names(found, "strained")]
    missing = sum("not-collected" in one.silent.values() for found in used.values() for one in found)
    blind = sum(any(one.state == "undetermined" for one in found) for found in used.values())
    said = f"共分析服务器 {len(used)} 台。"
    said += f"存在瓶颈：{'；'.join(short)}。" if short else "已判定的资源未见瓶颈。"
    said += f"偏紧：{'；'.join(tight)}。" if tight else ""
    said += f"{missing} 处资源有未采集的方面，对其不作结论。" if missing else ""
    return said + (f"{blind} 台有未能判定的资源，不能据此认为正常。" if blind else "")


def _names(found: tuple[Resource, ...], state: State) -> str:
    return "、".join(RESOURCE[one.name] for one in found if one.state == state)


def _table(found: tuple[Resource, ...]) -> Table:
    return Table(
        columns=(
            Column(title="资源", width=14),
            Column(title="使用率", width=25),
            Column(title="饱和度", width=25),
            Column(title="错误", width=22),
            Column(title="结论", width=14, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=RESOURCE[one.name], tone="strong"),
                *(_aspect(one, aspect) for aspect in ASPECTS),
                Cell(text=STATE[one.state][0], tone=STATE[one.state][1]),
            )
            for one in found
        ),
    )


def _aspect(one: Resource, aspect: Aspect) -> Cell:
    if aspect in one.silent:
        text, weight = SILENCE[one.silent[aspect]]
        return Cell(text=text, tone=weight)
    worst: RecordedFinding = one.findings[aspect][0]
    where = f"{worst.instance} " if worst.instance else ""
    value = wording.quantity(worst.value, worst.unit) if worst.value is not None else STATUS[worst.status]
    why = reason(worst.reason) if figure(worst) else STATUS[worst.status]
    bad = "" if worst.status in _WELL or worst.value is None else f"（{why}）"
    tone: Tone = "crit" if worst.status == "crit" else "warn" if worst.status == "warn" else "plain"
    return Cell(text=f"{worst.title_zh}：{where}{value}{bad}", tone=tone)
