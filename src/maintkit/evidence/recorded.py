"""An inspection, its findings and what people said of them, in the shape that the ledger holds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from sys import intern
from typing import Any

from maintkit.clock import from_text

ABNORMAL = ("warn", "crit")
SEEN = (*ABNORMAL, "waived")  # an event whose matter was looked at and is still there


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualLook:
    """What a person saw of a row that only a person can look at: the newest word on it.

    `at` is when it was seen, `entered` when it was said. `result` is ok, warn or crit; `event` that of a bad one.
    `corrects` is the number of the word before it, None where there is none.
    """

    run: str
    check: str
    subject: str
    at: datetime
    entered: datetime
    result: str
    note: str
    by: str
    event: str | None
    seq: int
    corrects: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedFinding:
    """A finding as it was recorded; the fields are those of `host.judged`, instants parsed.

    A row for a person has the status `manual` until somebody has looked; then what was seen is in `look`.
    """

    check: str
    title_zh: str
    host: str
    instance: str
    category: str
    status: str
    value: float | str | None
    unit: str
    limit: dict[str, Any] | None
    previous: float | str | None
    delta: float | None
    evidence: dict[str, Any] | None
    collected_at: datetime | None
    took_ms: int
    reason: str
    conclusion_zh: str
    remedy_zh: str
    first_seen: datetime | None
    event: str | None
    waiver: dict[str, Any] | None
    waived_status: str | None
    look: ManualLook | None = None

    @property
    def subject(self) -> str:
        """`host` or `host/instance`."""
        return f"{self.host}/{self.instance}" if self.instance else self.host


@dataclass(frozen=True, kw_only=True)
class RecordedHost:
    """One expected host of an inspection. `collection` None: nothing was recorded of it (interrupted)."""

    name: str
    groups: tuple[str, ...]
    systems: tuple[str, ...]
    address: str
    checks: tuple[str, ...]
    collection: str | None = None
    reason: str = ""
    via: str = ""
    took_ms: int = 0
    carried: bool = False
    facts: str | None = None
    findings: tuple[RecordedFinding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """应检/实检/未检: `missed` says why, host by host. `inventory_size` counts hosts outside the scope too."""

    expected: int
    inspected: int
    missed: dict[str, str]
    inventory_size: int


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """One inspection run. `ended` None: it never finished (killed); the record says so."""

    run: str
    deep: bool
    engineer: str
    scope: str | None
    started_at: datetime
    finished_at: datetime | None
    ended: str | None
    period_from: datetime | None
    hosts: tuple[RecordedHost, ...]
    coverage: Coverage
    version: str
    carried: bool
    simulated: bool
    head_seq: int  # of the last entry of this run
    head_hash: str

    @property
    def findings(self) -> tuple[RecordedFinding, ...]:
        """All findings, host by host in inventory order."""
        return tuple(finding for host in self.hosts for finding in host.findings)


RESOLVED = "resolved"  # the state of a handling that leaves nothing to do


@dataclass(frozen=True, kw_only=True)
class Handling:
    """What a person entered about an event."""

    event: str
    at: datetime
    conclusion: str
    handling: str
    owner: str
    due: date | None
    state: str
    by: str

    @property
    def whole(self) -> bool:
        """Whether it says what it was, what is done, by whom and by when; what is resolved needs no day any more."""
        dated = self.due is not None or self.state == RESOLVED
        return bool(dated and self.conclusion.strip() and self.handling.strip() and self.owner.strip())


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Against the inspection before: events by name. `unseen`: open before, and not looked at this time."""

    previous_run: str | None
    new: tuple[str, ...] = ()
    still_open: tuple[str, ...] = ()
    closed: tuple[RecordedFinding, ...] = field(default=())
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordedWaiver:
    """A waiver in force: who lets the findings of `check` on `subject` stand, why, until when."""

    check: str
    subject: str
    who: str
    why: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """An abnormal matter: its newest finding, the handlings in order, and whether the last look still saw it."""

    name: str
    finding: RecordedFinding
    run: str
    open: bool
    handlings: tuple[Handling, ...]


def finding_of(raw: dict[str, Any]) -> RecordedFinding:
    """A finding from its JSON in `host.judged`.

    A record of a thousand hosts holds tens of thousands of findings at once: what they have in common is kept once.
    """
    instants: dict[str, Any] = {key: _instant(raw[key]) if raw[key] else None for key in ("collected_at", "first_seen")}
    shared: dict[str, Any] = {key: intern(value) if isinstance(value, str) else value for key, value in raw.items()}
    if raw["evidence"] is not None:
        shared["evidence"] = raw["evidence"] | {"sha256": intern(raw["evidence"]["sha256"])}
    return RecordedFinding(**(shared | instants))


@lru_cache(maxsize=256)
def _instant(text: str) -> datetime:
    return from_text(text)


def events_of(findings: Iterable[RecordedFinding]) -> dict[str, RecordedFinding]:
    """Those that carry an event, by its name."""
    return {finding.event: finding for finding in findings if finding.event is not None}
