"""各月报告的故障: a chart of the faults of each month by level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from maintkit.desk.past import Fault
from maintkit.documents.model import Bars, Cell, Chart, Column, Table
from maintkit.documents.parts import faults as words
from maintkit.documents.views.month import Month
from maintkit.evidence.moment import Basis

MOST_MONTHS = 12


def charts(faults: Sequence[Fault], basis: Basis, last: Month, zone: tzinfo) -> tuple[Chart, ...]:
    """The months up to `last`, as far as the ledger goes back; none where there is nothing to compare or to draw."""
    first = Month.of(basis.begins, zone)
    shown = [last]
    while shown[0] > first and len(shown) < MOST_MONTHS:
        shown.insert(0, shown[0].previous())
    own = [one for one in faults if one.incident.duplicate_of is None]
    levels = ("P1", "P2", "P3", words.NO_LEVEL)
    told = [(Month.of(one.incident.reported, zone), words.level(one.incident)) for one in own]
    bars = tuple(
        Bars(name=level, values=tuple(told.count((month, level)) for month in shown))
        for level in levels
        if level != words.NO_LEVEL or any(given == level for _, given in told)
    )
    if len(shown) < 2 or not any(month in shown for month, _ in told):
        return ()
    table = Table(
        columns=(Column(title="月份", width=28), *(Column(title=one.name, width=18, align="center") for one in bars)),
        rows=tuple(
            (Cell(text=str(month)), *(Cell(text=str(one.values[place])) for one in bars))
            for place, month in enumerate(shown)
        ),
    )
    note = "按报告时间计入各月，不含重复报告；级别以期末为准。没有柱的月份在台账中没有故障报告。"
    labels = tuple(map(str, shown))
    return (Chart(title="各月报告的故障", unit="故障（起）", note=note, table=table, labels=labels, bars=bars),)
