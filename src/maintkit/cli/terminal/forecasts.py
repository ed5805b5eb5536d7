"""Forecasts, outlooks and baselines of a site, from its ledger and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from maintkit.analysis.baseline import Compared, baseline
from maintkit.analysis.capacity import Forecast, Outlook
from maintkit.analysis.trend import Cut, Point, trend
from maintkit.checks.limits import LimitsFile, load_limits, resolve
from maintkit.checks.model import Limit
from maintkit.contract.load import Site
from maintkit.documents.parts.events import abnormal_events
from maintkit.documents.parts.health.tight import Tight, tight
from maintkit.evidence import history, space
from maintkit.evidence.figures import SERIES, Series
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moved import Moved, Own, moved
from maintkit.evidence.readings import Figure, Name, Readings, cuts, readings, responses
from maintkit.evidence.recorded import Inspection

LIMITS = "limits.yml"
LOOK_BACK_DAYS = 730
USED = "disk.used"
WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the inspections up to one of them told, and which hosts are in which groups.

    With `until`, as that inspection knew it: its own hosts, and nothing that came to be known later. Real inspections
    alone are in it, and of a simulated one the simulated ones.
    """

    ledger: Ledger
    limits: LimitsFile
    groups: Mapping[str, tuple[str, ...]]
    since: datetime
    until: Inspection | None
    told: Readings
    moved: Mapping[str, tuple[Moved, ...]]

    def limits_of(self, host: str) -> Mapping[str, Limit]:
        return resolve(self.limits, host, self.groups.get(host, ()))

    def own(self, host: str) -> Own:
        """What our own changes did to a host."""
        mounts = tuple(mount for name, mount in self.told.fills if name == host)
        return Own(moves=self.moved.get(host, ()), mounts=mounts)

    def knows(self, host: str) -> bool:
        """Whether the host is one of the inspection; without one, all are."""
        return self.until is None or host in self.groups


def past(
    ledger: Ledger, limits: LimitsFile, *, since: datetime, until: Inspection | None = None, figures: bool = True
) -> Past:
    """Read once what all of these are made of; `figures` False where filesystems are enough."""
    last = until or history.latest(ledger)
    groups = {host.name: host.groups for host in last.hosts} if last else {}
    before, simulated = until.head_seq if until else None, last.simulated if last else False
    told = readings(ledger, since=since, before=before, simulated=simulated, figures=figures)
    own = moved(ledger, since=since, simulated=simulated)
    return Past(ledger=ledger, limits=limits, groups=groups, since=since, until=until, told=told, moved=own)


def as_known(place: Site, ledger: Ledger, deep: Inspection) -> Past:
    """What a deep inspection knew of two years before it."""
    since = deep.started_at - timedelta(days=LOOK_BACK_DAYS)
    return past(ledger, load_limits(place.root / LIMITS), since=since, until=deep)


def scarce(place: Site, ledger: Ledger, deep: Inspection) -> tuple[Tight, ...]:
    """What meets a limit within a quarter of a deep inspection, as its health report has it."""
    known = as_known(place, ledger, deep)
    return tight(tuple(forecasts(known)), tuple(outlooks(known)), abnormal_events(deep))


def forecasts(known: Past) -> Iterator[Forecast]:
    """Every local filesystem that a host told of when it last told of any, by host and mount."""
    newest = _newest({(host, mount): series[-1].at for (host, mount), series in known.told.fills.items()})
    for (host, mount), series in sorted(known.told.fills.items()):
        if not known.knows(host) or series[-1].at < newest[host]:
            continue
        limit = known.limits_of(host)[USED]
        bounds = {"warn": limit.warn, "crit": limit.crit, "full": 100.0}
        room = series[-1].room
        jumped = space.jumps(known.ledger, host, mount, series, known.own(host))
        jumps = tuple(Cut(at=jump.at, why=jump.why) for jump in jumped)
        points = tuple(Point(at=one.at, value=float(one.used)) for one in series)
        yield Forecast(
            host=host,
            mount=mount,
            used=series[-1].used,
            room=room,
            limits={name: room * percent / 100 for name, percent in bounds.items() if percent is not None},
            trend=trend(points, jumps),
            cuts=jumps,
            points=points,
        )


def outlooks(known: Past) -> Iterator[Outlook]:
    """Every other series that grows, by host, kind and which; what a host's newest inspection lacks is left out."""
    newest = _newest(_last(known.told))
    for (host, kind, which), series in sorted(known.told.figures.items()):
        about = SERIES[kind]
        if not about.grows or not known.knows(host) or series[-1].at < newest[host]:
            continue
        whole = series[-1].whole
        jumped = cuts(known.ledger, (host, kind, which), series, known.own(host))
        jumps = tuple(Cut(at=one.at, why=one.why) for one in jumped)
        yield Outlook(
            host=host,
            kind=kind,
            which=which,
            value=series[-1].value,
            whole=whole,
            limits=_bounds(about, known.limits_of(host), whole),
            trend=trend(_points(series), jumps),
            cuts=jumps,
        )


def baselines(known: Past, zone: tzinfo) -> Iterator[Compared]:
    """Every series of which it is known what it usually is, and those of which it is not, with the reason.

    With an inspection, only values that it took itself; of the function watch, those since a week before it.
    """
    before = known.until.head_seq if known.until else None
    told: dict[Name, tuple[Figure, ...]] = {**known.told.figures}
    told |= responses(known.ledger, since=known.since, before=before)
    newest = _newest(_last(known.told)) | {"": known.until.started_at - WEEK if known.until else known.since}
    for (host, kind, which), series in sorted(told.items()):
        least = SERIES[kind].least
        if least is None or (host and not known.knows(host)) or series[-1].at < newest[host]:
            continue
        yield Compared(host=host, kind=kind, which=which, usual=baseline(_points(series), zone, least=least))


def _points(series: tuple[Figure, ...]) -> tuple[Point, ...]:
    return tuple(Point(at=one.at, value=float(one.value)) for one in series)


def _last(told: Readings) -> dict[tuple[str, ...], datetime]:
    return {name: series[-1].at for name, series in told.figures.items()}


def _newest(last: Mapping[tuple[str, ...], datetime]) -> dict[str, datetime]:
    """When each host last told of anything: a database or a filesystem that is gone since has no future."""
    found: dict[str, datetime] = {}
    for (host, *_), at in last.items():
        found[host] = max(found.get(host, at), at)
    return found


def _bounds(about: Series, limits: Mapping[str, Limit], whole: float | None) -> dict[str, float]:
    """The bounds of limits.yml in the unit of the series, and the whole itself."""
    if whole is None:
        return {}
    made = {"full": whole}
    if about.limit is not None:
        limit = limits[about.limit]
        for name, percent in (("warn", limit.warn), ("crit", limit.crit)):
            if percent is not None:
                made[name] = whole * (percent if about.bound == "used" else 100 - percent) / 100
    return made
