"""The forecasts of a site's filesystems, from its ledger and its limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from maintkit.analysis.capacity import Forecast
from maintkit.analysis.trend import Cut, Point, trend
from maintkit.checks.limits import LimitsFile, resolve
from maintkit.evidence import history, space
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection

LIMITS = "limits.yml"
LOOK_BACK_DAYS = 730
USED = "disk.used"


def forecasts(
    ledger: Ledger, limits: LimitsFile, *, since: datetime, until: Inspection | None = None
) -> Iterator[Forecast]:
    """Every local filesystem that an inspection has seen since then, by host and mount.

    With `until`, as that inspection knew it: its own hosts, and nothing that came to be known later. Real inspections
    alone make a trend, and of a simulated one the simulated ones.
    """
    last = until or history.latest(ledger)
    groups = {host.name: host.groups for host in last.hosts} if last else {}
    before, simulated = until.head_seq if until else None, last.simulated if last else False
    found = space.fills(ledger, since=since, before=before, simulated=simulated)
    for (host, mount), series in sorted(found.items()):
        if until is not None and host not in groups:
            continue
        limit = resolve(limits, host, groups.get(host, ()))[USED]
        bounds = {"warn": limit.warn, "crit": limit.crit, "full": 100.0}
        room = series[-1].room
        cuts = tuple(Cut(at=jump.at, why=jump.why) for jump in space.jumps(ledger, host, mount, series))
        points = tuple(Point(at=one.at, value=float(one.used)) for one in series)
        yield Forecast(
            host=host,
            mount=mount,
            used=series[-1].used,
            room=room,
            limits={name: room * percent / 100 for name, percent in bounds.items() if percent is not None},
            trend=trend(points, cuts),
            cuts=cuts,
            points=points,
        )
