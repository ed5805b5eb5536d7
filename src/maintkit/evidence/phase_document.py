"""The document that a phase leaves of itself (docs/procedures.md), typed as far as the records of a change need it.

Hosts have written parts of it. What is absent, and what has not the shape it should have, is None or empty here: a
record then says that there is nothing, never that all is well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

T = TypeVar("T")


_NUMBER: type[float] = FiniteFloat


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Step(_Part):
    """One thing that a phase did or would do; `before` and `after` are empty where it is no change of a value."""

    action: str
    target: str
    before: str = Field(default="", alias="from")
    after: str = Field(default="", alias="to")
    rollback_class: str = ""


class Move(_Part):
    """A package's versions; empty where it is not installed."""

    package: str
    before: str = Field(alias="from")
    after: str = Field(alias="to")


class Gate(_Part):
    """One question to a host or a service, asked once: `said` is what was wrong, empty when nothing was."""

    gate: str
    ok: bool
    said: str = ""
    took_ms: int = Field(ge=0)


class Round(_Part):
    """All gates asked once, at `at` by the host's clock; `problems` also holds services lost or restarting."""

    at: float = Field(ge=0, le=4_102_444_800)  # until 2100: what is later is no instant
    gates: tuple[Gate, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def instant(self) -> datetime:
        """When, by the host's clock."""
        return datetime.fromtimestamp(self.at, UTC)


class Figures(_Part):
    """What a host is like at a moment."""

    uptime_s: float
    load: tuple[float, float, float]
    memory_total_bytes: int
    memory_available_bytes: int
    swap_used_bytes: int


class Service(_Part):
    """A service at a moment; `pid` 0: it does not run."""

    active: str
    sub: str = ""
    pid: int = 0
    restarts: int = 0
    memory_bytes: int | None = None


class Since(_Part):
    """How a host differs from what it was before the change; packages are of the whole list."""

    packages: tuple[Move, ...]
    lost: tuple[str, ...]
    newly_failed: tuple[str, ...]
    restarted: tuple[str, ...]
    restarting: tuple[str, ...]
    rebooted: bool
    another_machine: bool


class Kept(_Part):
    """A file that was kept on the host; `sha256` is empty where nobody has reckoned it."""

    file: str
    sha256: str = ""


class Link(_Part):
    """A link to the release that runs: where it led before the change, and the digest of what was there."""

    path: str
    target: str = ""
    tree: str = ""


class Snapshot(_Part):
    """A snapshot beside its subvolume, known again by its id and uuid."""

    path: str
    of: str
    id: str = ""
    uuid: str = ""


class Timed(_Part):
    """A statement at a moment: what the planner reckons, what it took, or `why` that was not measured."""

    cost: float | None = None
    ms: float | None = None
    why: str = ""


class Sizes(_Part):
    """A table without its indexes, and all its indexes."""

    bytes: int | None = None
    index_bytes: int | None = None


class Measured(_Part):
    """What a change of indexes is done for, at a moment, by name; `msg` is why nothing could be measured."""

    msg: str = ""
    statements: dict[str, Timed] = Field(default_factory=dict)
    tables: dict[str, Sizes] = Field(default_factory=dict)


class Left(_Part):
    """One index or table that a change in a limited time did not come to, and why."""

    database: str
    in_schema: str = Field(default="", alias="schema")
    name: str
    why: str = ""

    @property
    def target(self) -> str:
        """As steps name it."""
        return f"{self.database}: {self.in_schema}.{self.name}" if self.in_schema else f"{self.database}.{self.name}"


class DeadMan(_Part):
    """The host's own way back: `by` says who decided, host, controller or confirmation."""

    state: str
    by: str = ""
    rehearsed_rc: int | None = None
    reverted_rc: int | None = None


@dataclass(frozen=True, kw_only=True)
class PhaseDocument:
    """What one run of a phase said of itself. `sha256` names the attachment of the ledger."""

    sha256: str
    facts: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def packages(self) -> tuple[Move, ...] | None:
        """Packages that would change (precheck) or were changed (change), with what came along."""
        return _read(tuple[Move, ...], self.facts.get("packages"))

    @property
    def files(self) -> dict[str, str]:
        """Package files that are kept for the way back and forth, by path below the cache, with their sha256."""
        return _read(dict[str, str], self.facts.get("files")) or {}

    @property
    def state(self) -> Kept | None:
        """The file on the host that holds what it was like before the change."""
        return _read(Kept, self.facts.get("state"))

    @property
    def since(self) -> Since | None:
        """What differs from before the change."""
        return _read(Since, self.facts.get("since"))

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The checks, oldest first; of those before the first clean one, the last ten."""
        return _read(tuple[Round, ...], self.facts.get("checks")) or ()

    @property
    def figures(self) -> tuple[Figures | None, Figures | None]:
        """Before and after; a phase that knows one moment only gives it as before."""
        return self._pair("figures", Figures)

    @property
    def services(self) -> tuple[dict[str, Service] | None, dict[str, Service] | None]:
        """Services by name, before and after, as `figures`."""
        return self._pair("services", dict[str, Service])

    @property
    def measures(self) -> dict[str, str]:
        """What the plan has asked to measure, by name; an empty answer is none."""
        return _read(dict[str, str], self.facts.get("measures")) or {}

    @property
    def measured(self) -> Measured:
        """Statements and tables, as the plan has asked; empty where nothing was measured."""
        return _read(Measured, self.facts.get("measured")) or Measured()

    @property
    def remaining(self) -> tuple[Left, ...]:
        """What a change did not come to, because its time was up or something hindered it."""
        return _read(tuple[Left, ...], self.facts.get("remaining")) or ()

    @property
    def deadman(self) -> DeadMan | None:
        """The host's own way back, where one was armed."""
        return _read(DeadMan, self.facts.get("deadman"))

    @property
    def link(self) -> Link | None:
        """The link to the release that runs, where one was kept."""
        return _read(Link, self.facts.get("link"))

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot that the change has taken of the data."""
        return _read(Snapshot, self.facts.get("snapshot"))

    def text(self, name: str) -> str:
        """A fact that is text, such as `output` or `restore_point`; empty when there is none."""
        return _read(str, self.facts.get(name)) or ""

    def number(self, name: str) -> float | None:
        """A fact that is a number."""
        return _read(_NUMBER, self.facts.get(name))

    def _pair(self, name: str, kind: type[T]) -> tuple[T | None, T | None]:
        found = self.facts.get(name)
        if isinstance(found, dict) and {"before", "after"} & set(found):
            return _read(kind, found.get("before")), _read(kind, found.get("after"))
        return _read(kind, found), None


def phase_document(sha256: str, content: Any) -> PhaseDocument:
    """The document from its parsed JSON, whatever that is."""
    whole = content if isinstance(content, dict) else {}
    facts = whole.get("facts")
    steps = _read(tuple[Step, ...], whole.get("steps"))
    return PhaseDocument(sha256=sha256, facts=facts if isinstance(facts, dict) else {}, steps=steps or ())


def _read(kind: type[T], value: Any) -> T | None:
    if value is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None
