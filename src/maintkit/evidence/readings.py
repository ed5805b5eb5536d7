"""What every inspection told in figures, host by host: one walk over the ledger for all series."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from maintkit.clock import from_text
from maintkit.evidence import watch
from maintkit.evidence.entry import Entry
from maintkit.evidence.figures import SERIES, figures_of
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moved import NONE, Moved, Own
from maintkit.evidence.space import RESIZED, Fill, Jump, entered, fills_of

MOST_OPENED = 2000  # facts documents of entries that tell no figures yet: some seconds' worth
RESPONSE = "response"

Name = tuple[str, str, str]  # host, kind of figures.SERIES, which one


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One value at one inspection; `whole` is what it is part of, None where nothing bounds it."""

    at: datetime
    value: float
    whole: float | None = None


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Fills by (host, mount) and figures by (host, kind, which), oldest first.

    `unopened`: inspections before entries told figures, whose documents were too many to be opened all.
    """

    fills: Mapping[tuple[str, str], tuple[Fill, ...]]
    figures: Mapping[Name, tuple[Figure, ...]]
    unopened: int


def readings(
    ledger: Ledger, *, since: datetime, before: int | None = None, simulated: bool = False, figures: bool = True
) -> Readings:
    """Of real inspections since then, or of the simulated ones alone; `before`: only up to the entry of this number.

    Of entries that tell no fills, every document is opened; of those that tell no figures at most 2000, spread
    evenly over time for every host. `figures` False leaves those out.
    """
    invented = {entry.run for entry in ledger.entries(kind="inspection.started") if entry.body.get("simulated")}
    last = None if before is None else before + 1
    told: list[Entry] = []
    for entry in ledger.entries(kind="facts.collected", newest_first=True, before=last):
        if entry.at < since:
            break
        if entry.body["facts"] is not None and (entry.run in invented) == simulated:
            told.append(entry)
    told.reverse()
    silent = [entry for entry in told if entry.body.get("figures") is None] if figures else []
    opened = _thinned(silent)
    fills: dict[tuple[str, str], list[Fill]] = {}
    found: dict[Name, list[Figure]] = {}
    for entry in told:
        wanted = figures and (entry.seq in opened or entry.body.get("figures") is not None)
        document = None
        if entry.body.get("fills") is None or (wanted and entry.body.get("figures") is None):
            document = json.loads(ledger.attachment(entry.body["facts"]))
        _fill(fills, entry, document)
        if wanted:
            _figure(found, entry, document)
    return Readings(
        fills={key: tuple(one) for key, one in fills.items()},
        figures={key: tuple(one) for key, one in found.items()},
        unopened=len(silent) - len(opened),
    )


def responses(ledger: Ledger, *, since: datetime, before: int | None = None) -> Mapping[Name, tuple[Figure, ...]]:
    """How long each probe of the function watch took, where it was answered well; its host is none."""
    found: dict[Name, list[Figure]] = {}
    last = None if before is None else before + 1
    for entry in ledger.entries(kind=watch.PROBED, newest_first=True, before=last):
        if entry.at < since:
            break
        if entry.body["status"] in ("ok", "warn") and entry.body["took_ms"] is not None:
            figure = Figure(at=entry.at, value=float(entry.body["took_ms"]))
            found.setdefault(("", RESPONSE, entry.subject or ""), []).append(figure)
    return {key: tuple(reversed(one)) for key, one in found.items()}


def cuts(
    ledger: Ledger,
    name: Name,
    series: tuple[Figure, ...],
    own: Own = NONE,
) -> tuple[Jump, ...]:
    """What is known to have cut a series: a whole that changed, a freeze, a change of our own, what people entered."""
    host, kind, which = name
    seen = [
        Jump(at=after.at, why="容量变化")
        for before, after in pairwise(series)
        if before.whole and after.whole and abs(after.whole - before.whole) > RESIZED * before.whole
    ]
    if kind == "xid-age":
        frozen = [after.at for before, after in pairwise(series) if after.value < before.value]
        seen += [Jump(at=at, why="已冻结（VACUUM）") for at in frozen]
    seen += [Jump(at=one.at, why=one.why) for one in own.moves if _shook(one, kind, which, series, own.mounts)]
    said = [
        Jump(at=from_text(entry.body["at"]), why=entry.body["why"])
        for entry in entered(ledger, host)
        if entry.body["mount"] is None and entry.body.get("series") in (None, called(kind, which))
    ]
    return tuple(sorted([*seen, *said], key=lambda jump: jump.at))


def _shook(one: Moved, kind: str, which: str, series: tuple[Figure, ...], mounts: Sequence[str]) -> bool:
    """Whether a change moved much of a series that was told before and after it."""
    known = [figure for figure in series if figure.at < one.at]
    if not known or len(known) == len(series):
        return False
    if kind == "inodes":
        return one.shook_inodes(which, mounts, known[-1].whole or 0.0)
    # Of a database that was restored, the transactions are those of another time.
    return (kind == "database" or (kind == "xid-age" and one.unknown)) and one.shook_database(which, known[-1].value)


def called(kind: str, which: str) -> str:
    """What a series is called on the command line, like `database postgresql main/his`."""
    return f"{kind} {which}".strip()


def _thinned(silent: list[Entry]) -> frozenset[int]:
    """The newest of each host and every so many before it, so that no more than MOST_OPENED are opened."""
    if len(silent) <= MOST_OPENED:
        return frozenset(entry.seq for entry in silent)
    by_host: dict[str, list[int]] = {}
    for entry in silent:
        by_host.setdefault(entry.subject or "", []).append(entry.seq)
    stride = -(-len(silent) // max(1, MOST_OPENED - len(by_host)))
    return frozenset(seq for own in by_host.values() for seq in own[::-1][::stride])


def _fill(found: dict[tuple[str, str], list[Fill]], entry: Entry, document: Mapping[str, Any] | None) -> None:
    told = entry.body.get("fills")
    for mount, fill in (fills_of(document or {}) if told is None else told).items():
        one = Fill(at=entry.at, used=fill["used"], free=fill["free"])
        found.setdefault((entry.subject or "", mount), []).append(one)


def _figure(found: dict[Name, list[Figure]], entry: Entry, document: Mapping[str, Any] | None) -> None:
    told = entry.body.get("figures")
    kinds: Mapping[str, Any] = figures_of(document or {}) if told is None else told
    for kind, own in kinds.items():
        for which, one in own.items() if kind in SERIES else ():
            figure = Figure(at=entry.at, value=one["value"], whole=one["of"])
            found.setdefault((entry.subject or "", kind, which), []).append(figure)


def series_of(ledger: Ledger, host: str) -> tuple[str, ...]:
    """What the series of a host's newest facts are called."""
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True):
        if entry.body["facts"] is not None:
            told = entry.body.get("figures")
            found = figures_of(json.loads(ledger.attachment(entry.body["facts"]))) if told is None else told
            return tuple(called(kind, which) for kind, own in sorted(found.items()) for which in sorted(own))
    return ()
