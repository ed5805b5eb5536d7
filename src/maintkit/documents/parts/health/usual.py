"""与平时相比: values that are unusual for their weekday and hour; an observation, never an alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from maintkit.analysis.baseline import FEWEST, Compared, Usual
from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.evidence.figures import SERIES

_RULES = (
    "平时值为此前同一星期同一时段（前后一小时）各次数值的中位数，"
    "范围为中位数 ± 5 倍（经正态换算的）绝对中位差，且不窄于该项的最小差。"
    "超出范围只说明与平时不同，不等于故障，是否需要处理由人判断。"
)


def section(compared: Sequence[Compared], header: Header) -> tuple[Block, ...]:
    """What is unusual, row by row; how many values are as usual, and of how many nobody can tell."""
    heading = Heading(text="与平时相比", level=2)
    known = [one for one in compared if isinstance(one.usual, Usual)]
    blind = len(compared) - len(known)
    odd = [one for one in known if isinstance(one.usual, Usual) and one.usual.outside]
    if not known:
        said = f"数据不足：没有任何数值有 {FEWEST} 次以上同一星期同一时段的历史，本报告不作与平时的比较。"
        return (heading, Paragraph(text=said, tone="strong"))
    said = f"共比较 {len(known)} 个数值，{len(odd)} 个与平时不同。"
    if blind:
        said += f"另有 {blind} 个数据不足，没有比较：{_kinds(compared)}。"
    table = Table(
        columns=(
            Column(title="对象", width=30),
            Column(title="时间", width=18, align="center"),
            Column(title="数值", width=16, align="right"),
            Column(title="平时（范围）", width=28, align="right"),
            Column(title="依据", width=14),
        ),
        rows=tuple(_row(one, one.usual, header) for one in odd if isinstance(one.usual, Usual)),
        empty="没有与平时不同的数值",
    )
    return (heading, Paragraph(text=said), table, Paragraph(text=_RULES, tone="muted"))


def _kinds(compared: Sequence[Compared]) -> str:
    counts = Counter(SERIES[one.kind].title_zh for one in compared if not isinstance(one.usual, Usual))
    return "、".join(f"{title} {count} 个" for title, count in counts.items())


def _row(one: Compared, usual: Usual, header: Header) -> tuple[Cell, ...]:
    about = SERIES[one.kind]
    low, middle, high = (wording.quantity(float(each), about.unit) for each in (usual.low, usual.middle, usual.high))
    range_ = f"不高于 {high}" if usual.low <= 0 else f"{low} 至 {high}"
    return (
        Cell(text=f"{one.host}　{about.title_zh}　{one.which}".strip("　")),
        Cell(text=wording.instant(usual.at, header.zone)),
        Cell(text=wording.quantity(float(usual.value), about.unit)),
        Cell(text=f"{middle}（{range_}）"),
        Cell(text=f"{usual.points} 次"),
    )
