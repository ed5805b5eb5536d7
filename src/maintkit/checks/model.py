"""Check, limit and finding: a pure rule over facts, the line it draws, and its verdict (DESIGN.md, CHECKS.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from maintkit.checks.facts.document import Facts

Status = Literal["ok", "warn", "crit", "unknown", "error", "skipped", "not-applicable", "waived", "manual"]
Category = Literal["host", "security", "backup", "postgresql", "mysql", "web"]
Op = Literal[">", ">=", "<", "<=", "=="]
Severity = Literal["warn", "crit"]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Where a value turns to warn and to crit. A bound that is None is never crossed.

    `profile` is the name of the limits profile it came from; `source` the abbreviation of CHECKS.md (NM, ZL, PM …)
    or the site's own reason.
    """

    key: str
    op: Op
    unit: str
    warn: float | None = None
    crit: float | None = None
    source: str
    profile: str = "default"

    def judge(self, value: float) -> Literal["ok", "warn", "crit"]:
        """The worst bound that `value` crosses."""
        if self.crit is not None and crosses(value, self.op, self.crit):
            return "crit"
        if self.warn is not None and crosses(value, self.op, self.warn):
            return "warn"
        return "ok"


def crosses(value: float, op: Op, bound: float) -> bool:
    """Whether `value op bound` holds."""
    match op:
        case ">":
            return value > bound
        case ">=":
            return value >= bound
        case "<":
            return value < bound
        case "<=":
            return value <= bound
        case "==":
            return value == bound


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the site says must be on one host (services.yml, resolved for that host)."""

    units: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    known_addresses: tuple[str, ...] = ()  # CIDR ranges that logins may come from; empty: nothing is said
    backups: tuple[ExpectedBackup, ...] = ()
    antivirus: bool = False  # the site demands an engine
    probes: tuple[str, ...] = ()  # names of the pages to ask for
    latency_ms: Mapping[str, float] = field(default_factory=dict)  # probe name -> its own limit
    gauges: Mapping[str, GaugeLimit] = field(default_factory=dict)
    postgresql: tuple[ExpectedPostgresql, ...] = ()
    mysql: tuple[ExpectedMysql, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExpectedBackup:
    """A backup job that must run: the tool's name for it and the longest time between two, in hours.

    `off_host_every_h` is that of a repository off the host, where it has a schedule of its own.
    """

    tool: str
    name: str
    every_h: float
    off_host_every_h: float | None = None
    keep: ExpectedKeep | None = None


@dataclass(frozen=True, kw_only=True)
class ExpectedKeep:
    """What is agreed to be kept of a job: full sets, days back, or both; `since`: when that was begun."""

    copies: int | None = None
    days: int | None = None
    since: date | None = None


@dataclass(frozen=True, kw_only=True)
class ExpectedPostgresql:
    """An instance of PostgreSQL that must run; `role` None: the site does not say which it is."""

    name: str
    role: Literal["primary", "standby"] | None = None


@dataclass(frozen=True, kw_only=True)
class ExpectedMysql:
    """An instance of MySQL or MariaDB that must run; `role` None: the site does not say which it is."""

    name: str
    role: Literal["primary", "replica"] | None = None


@dataclass(frozen=True, kw_only=True)
class GaugeLimit:
    """The site's own limit for one number of a metrics page."""

    op: Op
    warn: float | None = None
    crit: float | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything a check may look at. `now` is the controller's clock at collection, `previous` the last facts."""

    host: str
    now: datetime
    facts: Facts
    previous: Facts | None
    limits: Mapping[str, Limit]
    expected: Expected
    last_drills: Mapping[str, datetime] = field(default_factory=dict)  # backup job name -> last passed restore drill


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one check saw of one instance (a mount, a unit, a key); the judge makes the Finding from it."""

    status: Status
    instance: str = ""  # "" when the host itself is the subject
    value: float | str | None = None
    unit: str = ""
    limit: Limit | None = None
    previous: float | str | None = None
    reason: str = ""  # English, why this status; required for every status but ok, warn and crit
    conclusion_zh: str = ""  # what it means; required for warn and crit
    remedy_zh: str = ""  # safe advice; required for warn and crit
    excerpt: str = ""  # the lines of evidence, short


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule. `needs` are the sections it reads: if one is missing, denied or broken the judge answers for it.

    `judge` yields at least one Observation; a list subject (mounts, units) yields one an instance, and one
    with instance "" and status ok when the list has nothing to complain about.
    """

    id: str  # dotted, category-free: disk.space
    category: Category
    title_zh: str
    needs: tuple[str, ...]
    judge: Callable[[Case], Iterable[Observation]]
    deep: bool = False  # only in deep inspections
    limits: tuple[str, ...] = ()  # keys of limits.yml that the rule reads
    declared: Callable[[Expected], bool] | None = None  # expected only on hosts of which this holds; None: on all
    change: bool = False  # tells of a change since last time: seen once, its event stays open until it is handled
    decides_absence: bool = False  # the rule itself answers where a section is "absent" (its data is None then)


class DataProblem(Exception):
    """Facts that contradict themselves (a memory of 0 bytes): the judge makes an `error` finding of the message."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How it is known: commands and files, the hash of the stored facts document, the lines that show it."""

    how: tuple[str, ...]
    sha256: str
    excerpt: str = ""
    redacted: bool = False


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """Who lets a finding stand, why and until when."""

    who: str
    why: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A verdict. Observation (value), conclusion and advice are different fields and never mixed."""

    check: str
    title_zh: str
    host: str
    instance: str
    category: Category
    status: Status
    value: float | str | None
    unit: str
    limit: Limit | None
    previous: float | str | None
    delta: float | None
    evidence: Evidence | None
    collected_at: datetime | None
    took_ms: int
    reason: str
    conclusion_zh: str
    remedy_zh: str
    first_seen: datetime | None = None
    event: str | None = None
    waiver: Waiver | None = None
    waived_status: Severity | None = None

    @property
    def subject(self) -> str:
        """`host` or `host/instance`: with `check`, what makes two findings of two inspections the same matter."""
        return f"{self.host}/{self.instance}" if self.instance else self.host
