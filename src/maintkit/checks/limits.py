"""Where values turn abnormal: the defaults of each category's limits.yml, and what a site puts in their place.

A site's limits.yml:

    profiles:
      default: {cpu.load: {warn: 2, reason: …}}     # for every host
      database: {memory.available: {warn: 10, crit: 5, reason: …}}
    assign:
      - {groups: [db], profile: database}            # later lines win
    hosts:
      db1: {disk.used: {crit: 95, reason: …}}        # wins over all profiles

A bound that is left out keeps its value, `null` switches it off, and the reason becomes the limit's source.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import Field, RootModel

from maintkit.checks.model import Limit, Op
from maintkit.checks.registry import categories
from maintkit.sitefile import Problem, SiteFile, SiteModel, load, near, read

DEFAULT = "default"


class _Default(SiteModel):
    """One line of a category's limits.yml."""

    op: Op
    unit: str
    warn: float | None = None
    crit: float | None = None
    source: str


class _Defaults(RootModel[dict[str, _Default]]):
    pass


class Override(SiteModel):
    """A site's own bounds for one limit, and why."""

    warn: float | None = Field(default=None, description="a number, or null for no bound")
    crit: float | None = Field(default=None, description="a number, or null for no bound")
    reason: str = Field(min_length=1, description="why this site departs from the default")


class Assignment(SiteModel):
    """Which hosts and groups a profile is for."""

    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    profile: str


class SiteLimits(SiteModel):
    """A site's limits.yml."""

    profiles: dict[str, dict[str, Override]] = Field(default_factory=dict)
    assign: tuple[Assignment, ...] = ()
    hosts: dict[str, dict[str, Override]] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LimitsFile:
    """A site's limits, checked; `site` None: the site has no file and the defaults hold."""

    site: SiteFile[SiteLimits] | None = None


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """Overrides of one name, and where they stand in the file."""

    profile: str
    overrides: Mapping[str, Override]
    at: tuple[str, ...]


@cache
def default_limits() -> Mapping[str, Limit]:
    """Every limit by key, as CHECKS.md draws it; raises ValueError for a key that two categories use."""
    limits: dict[str, Limit] = {}
    for category in categories():
        for key, line in _defaults_of(category).items():
            if key in limits:
                raise ValueError(f"two limits are called {key!r}")
            limits[key] = Limit(
                key=key, op=line.op, unit=line.unit, warn=line.warn, crit=line.crit, source=line.source, profile=DEFAULT
            )
    return limits


def load_limits(path: Path) -> LimitsFile:
    """The site's limits; SiteError names, by line, unknown keys and profiles and bounds that contradict each other."""
    site = load(path, SiteLimits)
    site.refuse(_problems(site.model))
    return LimitsFile(site=site)


def resolve(file: LimitsFile, host: str, groups: Iterable[str]) -> Mapping[str, Limit]:
    """Every limit as it holds on `host`: the default, then the site's profiles in order, then the host's own.

    SiteError if layers that are each sound contradict one another (a profile's crit against the host's warn).
    """
    limits = dict(default_limits())
    if file.site is None:
        return limits
    problems: list[Problem] = []
    for layer in _layers(file.site.model, host, frozenset(groups)):
        for key, override in layer.overrides.items():
            limits[key] = _overridden(limits[key], override, layer.profile)
            problems += _contradiction(limits[key], (*layer.at, key), override)
    file.site.refuse(problems)
    return limits


def _defaults_of(category: str) -> Mapping[str, _Default]:
    folder = Path(next(iter(importlib.import_module(f"maintkit.checks.{category}").__path__)))
    path = folder / "limits.yml"
    return read(path, _Defaults).root if path.exists() else {}


def _layers(site: SiteLimits, host: str, groups: frozenset[str]) -> Iterator[_Layer]:
    names = [DEFAULT] if DEFAULT in site.profiles else []
    names += [line.profile for line in site.assign if host in line.hosts or not groups.isdisjoint(line.groups)]
    for name in names:
        yield _Layer(profile=name, overrides=site.profiles[name], at=("profiles", name))
    yield _Layer(profile=f"host {host}", overrides=site.hosts.get(host, {}), at=("hosts", host))


def _overridden(limit: Limit, override: Override, profile: str) -> Limit:
    """A bound that the site did not write keeps its value; one written as null is off."""
    return replace(
        limit,
        warn=override.warn if "warn" in override.model_fields_set else limit.warn,
        crit=override.crit if "crit" in override.model_fields_set else limit.crit,
        source=override.reason,
        profile=profile,
    )


def _problems(site: SiteLimits) -> Iterator[Problem]:
    for name, overrides in site.profiles.items():
        yield from _problems_of(overrides, ("profiles", name))
    for host, overrides in site.hosts.items():
        yield from _problems_of(overrides, ("hosts", host))
    for place, line in enumerate(site.assign):
        if line.profile not in site.profiles:
            known = tuple(site.profiles)
            yield Problem(
                at=("assign", place, "profile"),
                text=f"no profile `{line.profile}`{near(line.profile, known)}",
                allowed=", ".join(known) or "a name that stands under profiles",
            )
        if not line.groups and not line.hosts:
            yield Problem(at=("assign", place), text="assigned to nobody", allowed="groups, hosts or both")


def _problems_of(overrides: Mapping[str, Override], at: tuple[str, ...]) -> Iterator[Problem]:
    known = default_limits()
    for key, override in overrides.items():
        if key not in known:
            text = f"no limit is called `{key}`{near(key, tuple(known))}"
            yield Problem(at=(*at, key), text=text, allowed="the keys of docs/checks.md")
        else:
            yield from _contradiction(_overridden(known[key], override, ""), (*at, key), override)


def _contradiction(limit: Limit, at: tuple[str, ...], override: Override) -> Iterator[Problem]:
    if limit.warn is None or limit.crit is None:
        return
    above = limit.op in {">", ">="}
    if (limit.crit < limit.warn) if above else (limit.crit > limit.warn):
        word = "below" if above else "above"
        inherited = [name for name in ("warn", "crit") if name not in override.model_fields_set]
        note = f" ({inherited[0]} is inherited)" if inherited else ""
        yield Problem(
            at=at,
            text=f"`{limit.key}` turns crit at {limit.crit:g}, {word} its warn of {limit.warn:g}{note}",
            allowed=f"crit {'at or above' if above else 'at or below'} warn, or null",
        )
