"""容量风险: what meets a limit within a quarter by its growth, and who answers for it by when, as a person wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import chain

from maintkit.analysis.capacity import Forecast, Outlook, Scenario
from maintkit.analysis.trend import Withheld
from maintkit.documents.parts.health.capacity import SOON_DAYS, is_soon
from maintkit.evidence.figures import SERIES
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.recorded import RecordedFinding

OWNER, DUE = "owner:", "due:"
_LIMITS = {"warn": "警告限", "crit": "严重限", "full": "上限"}
_SPACE = ("disk.space", "disk.free")


@dataclass(frozen=True, kw_only=True)
class Tight:
    """One series that meets a limit within a quarter, or has met one.

    `name` is what its blanks are called by, `met` the day of each limit that is met so soon, None for one that has
    been. `since` is when it was last measured.
    """

    name: str
    subject: str
    what: str
    met: Mapping[str, datetime | None]
    since: datetime

    @property
    def severe(self) -> bool:
        """Whether more than the warning is at stake."""
        return bool({"crit", "full"} & set(self.met))

    @property
    def soonest(self) -> datetime:
        """When the first of its limits is met."""
        return min(at or self.since for at in self.met.values())


def tight(
    forecasts: Sequence[Forecast], outlooks: Sequence[Outlook], events: Sequence[RecordedFinding]
) -> tuple[Tight, ...]:
    """The soonest first. What is an event already is left out: owner and date are those of its handling."""
    known = {(event.host, event.check, event.instance) for event in events}
    found = chain(
        (made for one in forecasts for made in _filesystem(one, known)),
        (made for one in outlooks for made in _series(one, known)),
    )
    return tuple(sorted(found, key=lambda one: (one.soonest, one.name)))


def blanks(found: Sequence[Tight]) -> dict[str, str]:
    """What a person has to write of each, by the names that `maintkit report fill --blank` takes."""
    return {
        f"{kind}{one.name}": f"{one.subject} {one.what}风险的{title}"
        for one in found
        for kind, title in ((OWNER, "责任人"), (DUE, "期限"))
    }


def owner(one: Tight, judged: Mapping[str, Judgement]) -> str:
    """Who answers for it; empty when nobody has said."""
    found = judged.get(f"{OWNER}{one.name}")
    return found.text if found else ""


def due(one: Tight, judged: Mapping[str, Judgement]) -> date | None:
    """By when; None when nobody has said."""
    found = judged.get(f"{DUE}{one.name}")
    return date.fromisoformat(found.text) if found else None


def words(one: Tight, zone: tzinfo) -> str:
    """What is to come: `预计 2026-12-31 达到警告限`, limit by limit."""
    said = [
        f"已达到{_LIMITS[name]}" if at is None else f"预计 {at.astimezone(zone):%Y-%m-%d} 达到{_LIMITS[name]}"
        for name, at in one.met.items()
    ]
    return f"{one.what}：按现有增长{'，'.join(said)}"


def _filesystem(one: Forecast, known: set[tuple[str, str, str]]) -> Iterator[Tight]:
    if isinstance(one.trend, Withheld) or any((one.host, check, one.mount) in known for check in _SPACE):
        return
    met = _met(one.scenarios, one.trend.last)
    if met:
        subject = f"{one.host} {one.mount}"
        yield Tight(name=f"{one.host}:{one.mount}", subject=subject, what="存储容量", met=met, since=one.trend.last)


def _series(one: Outlook, known: set[tuple[str, str, str]]) -> Iterator[Tight]:
    about = SERIES[one.kind]
    if isinstance(one.trend, Withheld) or (one.host, about.limit or "", one.which) in known:
        return
    met = _met(one.scenarios, one.trend.last)
    if met:
        name, subject = f"{one.host}:{one.kind} {one.which}".strip(), f"{one.host} {one.which}".strip()
        yield Tight(name=name, subject=subject, what=about.title_zh, met=met, since=one.trend.last)


def _met(scenarios: Sequence[Scenario], since: datetime) -> dict[str, datetime | None]:
    """The limits that are met within a quarter, by the scenario that meets each first."""
    found: dict[str, datetime | None] = {}
    for name in _LIMITS:
        arrivals = [
            scenario.arrivals[name] for scenario in scenarios if name in scenario.arrivals and is_soon(scenario)
        ]
        days = [one.middle for one in arrivals if one.middle is not None and one.middle <= SOON_DAYS]
        if any(one.state == "reached" for one in arrivals):
            found[name] = None
        elif days:
            found[name] = since + timedelta(days=min(days))
    return found
