"""其他资源的增长: databases, backup targets, memory, connections …, by the same rules as the filesystems."""

from __future__ import annotations

from collections.abc import Sequence

from maintkit.analysis.capacity import Outlook
from maintkit.analysis.trend import Withheld
from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.documents.parts.health.capacity import SOON_DAYS, arrivals, is_soon, said_of_cuts
from maintkit.evidence.figures import SERIES

ALWAYS = ("database", "backup-target")  # what is planned for by its growth, also far from any limit
_RULES = (
    "规则与文件系统相同；没有上限的只给日增长。连接数、内存与交换区为巡检时刻的值，两次巡检之间的峰值不在其中。"
    "事务号年龄在每次冻结处分段。表空间与 WAL 归档目录未单独采集，其占用见所在文件系统与备份目标。"
)


def section(outlooks: Sequence[Outlook], unopened: int, header: Header) -> tuple[Block, ...]:
    """Databases and backup targets, and whatever meets a limit within twice its history; the rest is counted."""
    heading = Heading(text="数据库、备份与其他资源", level=2)
    if not outlooks:
        said = "台账中没有数据库、备份目标、内存等序列的数据，本报告不对其增长作结论。"
        return (heading, Paragraph(text=said, tone="strong"))
    shown = [one for one in outlooks if one.kind in ALWAYS or _arrives(one)]
    rest = [one for one in outlooks if one not in shown]
    blind = sum(isinstance(one.trend, Withheld) for one in rest)
    said = f"共 {len(outlooks)} 个序列，列出数据库、备份目标以及在历史两倍时间内达到限值的，共 {len(shown)} 个。"
    soon = [_name(one) for one in outlooks if any(map(is_soon, one.scenarios))]
    if soon:
        said += f"按现有增长在 {SOON_DAYS:.0f} 天内达到限值，须安排处理：{'、'.join(soon)}。"
    if len(rest) > blind:
        said += f"另有 {len(rest) - blind} 个在历史两倍时间内按现有增长不会达到限值。"
    if blind:
        said += f"另有 {blind} 个数据不足，不作结论。"
    if unopened:
        said += f"早期台账未单列这些数值，其中 {unopened} 份巡检事实为节省时间未计入，其余在时间上均匀抽取。"
    table = Table(
        columns=(
            Column(title="序列", width=30),
            Column(title="现值\n上限", width=14, align="right"),
            Column(title="日增长", width=17, align="right"),
            Column(title="达到警告限", width=17, align="center"),
            Column(title="达到严重限", width=17, align="center"),
            Column(title="达到上限", width=17, align="center"),
        ),
        rows=tuple(row for one in shown for row in _rows(one, header)),
        empty="没有需要列出的序列",
    )
    # Of transactions the freezes are counted by the hundred, and say nothing of what was done.
    cut = said_of_cuts([(_name(one), one.cuts) for one in shown if one.kind != "xid-age"], header.zone)
    return (heading, Paragraph(text=said), table, *cut, Paragraph(text=_RULES, tone="muted"))


def _name(one: Outlook) -> str:
    return f"{one.host} {SERIES[one.kind].title_zh} {one.which}".strip()


def _arrives(one: Outlook) -> bool:
    return any(
        arrival.state in ("reached", "days") for scenario in one.scenarios for arrival in scenario.arrivals.values()
    )


def _rows(one: Outlook, header: Header) -> list[tuple[Cell, ...]]:
    about = SERIES[one.kind]
    name = Cell(text=f"{one.host}　{about.title_zh}\n{one.which}".strip(), tone="strong")
    whole = wording.quantity(one.whole, about.unit) if one.whole is not None else "无上限"
    now = Cell(text=f"{wording.quantity(one.value, about.unit)}\n{whole}")
    if isinstance(one.trend, Withheld):
        return [(name, now, Cell(text=one.trend.reason_zh), *[Cell(text=wording.NOTHING)] * 3)]
    heads = ((name, now), (Cell(text="（近期增速）"), Cell(text=wording.NOTHING)))
    return [
        (
            *head,
            Cell(text=_growth(about.unit, scenario.slope.middle, scenario.slope.low, scenario.slope.high)),
            *arrivals(scenario, one.trend.last, header.zone),
        )
        for head, scenario in zip(heads, one.scenarios, strict=False)
    ]


def _growth(unit: str, middle: float, low: float, high: float) -> str:
    said = [wording.quantity(float(rate), unit) for rate in (middle, low, high)]
    return f"{said[0]}\n（{said[1]} 至 {said[2]}）"
