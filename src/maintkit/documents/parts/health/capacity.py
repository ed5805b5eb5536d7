"""存储容量规划: when each filesystem meets its limits, as dates with their range, or why nobody can say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import zip_longest

from maintkit.analysis.capacity import Arrival, Forecast, Scenario
from maintkit.analysis.trend import Cut, Trend, Withheld
from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table, Tone
from maintkit.documents.parts.health import growth

SOON_DAYS = 90.0  # one quarter: before the next report
_LIMITS = ("warn", "crit", "full")
_SAID = {"reached": "已达到", "beyond": "超过历史两倍，不作预测", "never": "无增长"}


def section(title: str, forecasts: Sequence[Forecast], header: Header) -> tuple[Block, ...]:
    """The table, the filesystems to plan for, and the rules by which it was reckoned."""
    soon_ = soon(forecasts)
    blocks: list[Block] = [Heading(text=title)]
    if soon_:
        names = "、".join(f"{one.host} {one.mount}" for one in soon_)
        blocks.append(
            Paragraph(text=f"按现有增长，以下文件系统在 {SOON_DAYS:.0f} 天内达到限值，须安排扩容或清理：{names}。")
        )
    elif any(one.scenarios for one in forecasts):
        blocks.append(Paragraph(text=f"按增长的中位数，能够预测的文件系统在 {SOON_DAYS:.0f} 天内均不会达到限值。"))
    else:
        blocks.append(Paragraph(text="台账中的数据不足以预测任何文件系统的容量，本报告不作容量结论。", tone="strong"))
    if maybe := [one for one in forecasts if one not in soon_ and any(map(may_be_soon, one.scenarios))]:
        names = "、".join(f"{one.host} {one.mount}" for one in maybe)
        blocks.append(Paragraph(text=f"增长偏快时，以下文件系统可能在 {SOON_DAYS:.0f} 天内达到限值：{names}。"))
    rules = (
        "日增长为各数据点两两之间斜率的中位数，仅在同一时段内计算（扩容、清理前后分开）；括号内为 P10 至 P90 的范围。"
        "近三分之一时段的增长明显不同时另列一行“近期增速”。"
    )
    cut = said_of_cuts([(f"{one.host} {one.mount}", one.cuts) for one in forecasts], header.zone)
    drawn = growth.charts(forecasts, header.zone)
    return (*blocks, _table(forecasts, header.zone), *cut, Paragraph(text=rules, tone="muted"), *drawn)


def said_of_cuts(cut: Sequence[tuple[str, Sequence[Cut]]], zone: tzinfo) -> tuple[Block, ...]:
    """What parted the series that are named: a purge, another size, a change of our own with its run."""
    told = [
        f"{name}（{'；'.join(f'{one.at.astimezone(zone):%Y-%m-%d} {one.why}' for one in cuts)}）"
        for name, cuts in cut
        if cuts
    ]
    return (Paragraph(text=f"已知的突变，前后分段计算：{'、'.join(told)}。"),) if told else ()


def soon(forecasts: Sequence[Forecast]) -> list[Forecast]:
    """Those that meet a limit within a quarter by any scenario, or have met one."""
    return [one for one in forecasts if any(is_soon(scenario) for scenario in one.scenarios)]


def is_soon(scenario: Scenario) -> bool:
    """Whether a limit is met within a quarter, or has been."""
    return any(
        arrival.state == "reached" or (arrival.middle is not None and arrival.middle <= SOON_DAYS)
        for arrival in scenario.arrivals.values()
    )


def may_be_soon(scenario: Scenario) -> bool:
    """Whether a limit may be met within a quarter, at the early end of the range."""
    soonest = (arrival.soonest for arrival in scenario.arrivals.values())
    return any(days is not None and days <= SOON_DAYS for days in soonest)


def _table(forecasts: Sequence[Forecast], zone: tzinfo) -> Table:
    return Table(
        columns=(
            Column(title="文件系统", width=18),
            Column(title="现用\n总量", width=13, align="right"),
            Column(title="日增长", width=17, align="right"),
            Column(title="达到警告限", width=17, align="center"),
            Column(title="达到严重限", width=17, align="center"),
            Column(title="写满", width=17, align="center"),
            Column(title="依据", width=16),
        ),
        rows=tuple(row for one in forecasts for row in _rows(one, zone)),
        empty="台账中没有文件系统的数据",
    )


def _rows(one: Forecast, zone: tzinfo) -> list[tuple[Cell, ...]]:
    name = Cell(text=f"{one.host}\n{one.mount}", tone="strong")
    fill = Cell(text=f"{wording.quantity(one.used, 'bytes')}\n{wording.quantity(one.room, 'bytes')}")
    if isinstance(one.trend, Withheld):
        blanks = [Cell(text=wording.NOTHING)] * (1 + len(_LIMITS))
        return [(name, fill, *blanks, Cell(text=one.trend.reason_zh))]
    heads = ((name, fill), (Cell(text="（近期增速）"), Cell(text=wording.NOTHING)))
    said = (_basis(one, one.trend), "近三分之一时段")
    return [
        (*head, Cell(text=_growth(scenario)), *arrivals(scenario, one.trend.last, zone), Cell(text=basis))
        for (head, basis), scenario in zip_longest(zip(heads, said, strict=True), one.scenarios)
        if scenario is not None
    ]


def _basis(one: Forecast, trend: Trend) -> str:
    cuts = f"，{len(one.cuts)} 处突变" if one.cuts else ""
    return f"{trend.points} 个数据点，{trend.history_days:.0f} 天{cuts}"


def _growth(scenario: Scenario) -> str:
    middle, low, high = (
        wording.quantity(abs(rate), "bytes") if rate >= 0 else f"-{wording.quantity(abs(rate), 'bytes')}"
        for rate in (scenario.slope.middle, scenario.slope.low, scenario.slope.high)
    )
    return f"{middle}\n（{low} 至 {high}）"


def arrivals(scenario: Scenario, since: datetime, zone: tzinfo) -> list[Cell]:
    """A cell each for warn, crit and full."""
    return [_arrival(scenario.arrivals.get(name), since, zone) for name in _LIMITS]


def _arrival(arrival: Arrival | None, since: datetime, zone: tzinfo) -> Cell:
    if arrival is None:
        return Cell(text="未设限值")
    if arrival.middle is None or arrival.soonest is None:
        return Cell(text=_SAID[arrival.state], tone="crit" if arrival.state == "reached" else "plain")
    on, first = (_day(since, days, zone) for days in (arrival.middle, arrival.soonest))
    last = _day(since, arrival.latest, zone) if arrival.latest is not None else "不定"
    tone: Tone = "warn" if arrival.middle <= SOON_DAYS else "plain"
    return Cell(text=f"{on}\n（{first} 至 {last}）", tone=tone)


def _day(since: datetime, days: float, zone: tzinfo) -> str:
    return (since + timedelta(days=days)).astimezone(zone).strftime("%Y-%m-%d")
