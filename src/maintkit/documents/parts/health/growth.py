"""存储增长图: the fill of a filesystem at every inspection, where it is going, and the limits it meets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta, tzinfo
from typing import Literal

from maintkit.analysis.capacity import Forecast
from maintkit.analysis.slope import Slope
from maintkit.analysis.trend import Point, Trend
from maintkit.documents import wording
from maintkit.documents.model import Cell, Chart, Column, Line, Table

MOST_CHARTS = 4  # those that meet a limit soonest: the table before them has all
AHEAD_DAYS = 90  # one quarter: the next report is there by then
_TABLED_DAYS = (30, 60, 90)
_LIMITS = (("warn", "警告限"), ("crit", "严重限"))
_UNITS = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"))
_NOTE = (
    "实线为历次巡检实测；虚线为按全期中位增速、点划线为按近三分之一时段增速推算 {days} 天，自去除波动的现值起算，"
    "带状为 P10 至 P90；点线为限值。推算只是趋势的延长，不计今后的清理或扩容。"
)


def charts(forecasts: Sequence[Forecast], zone: tzinfo) -> tuple[Chart, ...]:
    """A chart for each of the filesystems with a trend that meet a limit first; none where nothing can be foretold."""
    able = [one for one in forecasts if one.points and isinstance(one.trend, Trend)]
    ranked = sorted(able, key=lambda one: (_soonest(one), one.host, one.mount))
    return tuple(_chart(one, one.trend, zone) for one in ranked[:MOST_CHARTS] if isinstance(one.trend, Trend))


def _soonest(one: Forecast) -> float:
    """Days until the first limit is met by any scenario; 0 where one is met, infinite where none will be."""
    arrivals = [arrival for scenario in one.scenarios for arrival in scenario.arrivals.values()]
    if any(arrival.state == "reached" for arrival in arrivals):
        return 0.0
    return min((arrival.middle for arrival in arrivals if arrival.middle is not None), default=float("inf"))


def _chart(one: Forecast, trend: Trend, zone: tzinfo) -> Chart:
    size, unit = next((each for each in _UNITS if one.room >= each[0]), _UNITS[-1])
    measured = tuple((_day(point, zone), point.value / size) for point in one.points)
    start = trend.last.astimezone(zone).date()
    limits = [(name, one.limits[key] / size) for key, name in _LIMITS if key in one.limits]
    return Chart(
        title=f"{one.host} {one.mount} 存储增长",
        unit=f"已用（{unit}）",
        note=_NOTE.format(days=AHEAD_DAYS),
        table=_table(one, trend, unit=unit, size=size, zone=zone),
        lines=(
            Line(name="实测", style="measured", points=measured),
            *_expected(trend, zone, size),
            *(
                Line(name=f"{name} {wording.number(round(value, 1))} {unit}", style="limit", points=((start, value),))
                for name, value in limits
            ),
        ),
    )


def _expected(trend: Trend, zone: tzinfo, size: int) -> Iterator[Line]:
    """Where the whole history's slope leads in a quarter, and the newest third's where it is another one."""
    start, days = trend.last.astimezone(zone).date(), (0, AHEAD_DAYS)
    ahead = [start + timedelta(days=each) for each in days]
    told: tuple[tuple[str, Literal["expected", "recent"], Slope | None], ...] = (
        ("推算", "expected", trend.slope), ("近期增速", "recent", trend.recent),
    )  # fmt: skip
    for name, style, slope in told:
        if slope is not None:
            middle, low, high = (_ahead(trend, rate, days) for rate in (slope.middle, slope.low, slope.high))
            yield Line(
                name=name,
                style=style,
                points=tuple((day, value / size) for day, value in zip(ahead, middle, strict=True)),
                band=tuple((day, least / size, most / size) for day, least, most in zip(ahead, low, high, strict=True)),
            )


def _table(one: Forecast, trend: Trend, *, unit: str, size: int, zone: tzinfo) -> Table:
    """The newest value of each month, and the fill foretold in one, two and three months."""
    newest = {f"{_day(point, zone):%Y-%m}": point for point in sorted(one.points, key=lambda point: point.at)}
    rows = [(str(_day(point, zone)), "实测", _in(point.value, size), "", "") for point in newest.values()]
    start = trend.last.astimezone(zone).date()
    middle, low, high = (
        _ahead(trend, rate, _TABLED_DAYS) for rate in (trend.slope.middle, trend.slope.low, trend.slope.high)
    )
    for days, likely, least, most in zip(_TABLED_DAYS, middle, low, high, strict=True):
        day = str(start + timedelta(days=days))
        rows.append((day, "推算", _in(likely, size), _in(least, size), _in(most, size)))
    return Table(
        columns=(
            Column(title="日期（各月末次实测）", width=28, align="center"),
            Column(title="性质", width=12, align="center"),
            *(Column(title=f"{title}（{unit}）", width=20, align="right") for title in ("已用", "P10", "P90")),
        ),
        rows=tuple(tuple(Cell(text=text or wording.NOTHING) for text in row) for row in rows),
    )


def _ahead(trend: Trend, rate: float, days: Sequence[int]) -> list[float]:
    """The fill in bytes so many days after the newest point, at a rate a day; never below nothing."""
    return [max(0.0, trend.level + rate * each) for each in days]


def _in(value: float, size: int) -> str:
    return f"{value / size:.1f}"


def _day(point: Point, zone: tzinfo) -> date:
    return point.at.astimezone(zone).date()
