"""A plan: what one change will do to which hosts, frozen. Its hash is the sha256 of its canonical JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from maintkit.clock import to_text
from maintkit.contract.changes import RISKS, Risk
from maintkit.errors import ChangeRefused
from maintkit.evidence.canonical import canonical

SCHEMA = "maintkit.plan/1"
Phase = Literal["precheck", "backup", "change", "verify", "rollback"]
# From what undoes itself to what cannot be undone; `restore-only` loses what was written since.
Rollback = Literal["reversible", "snapshot", "restore-only", "point-of-no-return"]
Effect = Literal["none", "some"]
Parameter = JsonValue


def _one_line(text: str) -> str:
    """Text that goes into what people sign must not be able to look like another line of it."""
    if not text.isprintable() or text != text.strip():
        raise ValueError("not one line of printable text without blanks around it")
    return text


Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_one_line)]
Name = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Instant = Annotated[AwareDatetime, PlainSerializer(to_text)]
Seconds = Annotated[int, Field(ge=0, le=10**6)]
Bytes = Annotated[int, Field(ge=0)]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Predicted seconds. `samples` previous runs gave them; 0: `detail_zh` states a rate, or the probe's word."""

    __pydantic_config__ = _STRICT

    seconds: Seconds
    samples: Annotated[int, Field(ge=0)]
    detail_zh: Line


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing done to one host. `before` and `after` are what `target` is and will be, where it is a value.

    `title_zh` is what the documents print; `action` is the procedure's own word.
    """

    __pydantic_config__ = _STRICT

    phase: Phase
    action: Name
    title_zh: Line
    target: Line
    before: str | None = None
    after: str | None = None
    rollback: Rollback
    risk: Risk
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class PackageChange:
    """A package's versions. `before` None: it is installed anew; `after` None: it is removed."""

    __pydantic_config__ = _STRICT

    name: Line
    architecture: Line
    before: Line | None
    after: Line | None


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file's sha256. `before` None: it is new. `difference` shows the lines, with what must not be seen masked."""

    __pydantic_config__ = _STRICT

    path: Line
    before: Digest | None
    after: Digest | None
    difference: str


@dataclass(frozen=True, kw_only=True)
class DiskNeed:
    """What the change and its rollback write below `path`, and what was free there when the plan was made."""

    __pydantic_config__ = _STRICT

    path: Line
    need_bytes: Bytes
    free_bytes: Bytes

    @property
    def fits(self) -> bool:
        """Whether there is room."""
        return self.need_bytes <= self.free_bytes


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What must hold after the change: a unit is active, a port accepts, a page answers with these words."""

    __pydantic_config__ = _STRICT

    kind: Literal["unit", "port", "http"]
    name: Line
    unit: str | None = None
    port: int | None = None
    url: str | None = None
    contains: str | None = None
    timeout: float | None = None

    @property
    def told(self) -> dict[str, str | int | float]:
        """As maintkit.ops.health_gate takes it."""
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class PlanHost:
    """One host and what happens there, in order.

    `variables` are what the procedure is told when it runs, as its probe has frozen it.
    `drained_from` are the balancers that send it no requests meanwhile; `after` are hosts that must be done before it.
    """

    __pydantic_config__ = _STRICT

    name: Name
    machine_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    address: Line
    boot_id: str | None = None
    systems: tuple[Line, ...] = ()
    steps: tuple[Step, ...] = ()
    packages: tuple[PackageChange, ...] = ()
    files: tuple[FileChange, ...] = ()
    restarts: tuple[Line, ...] = ()
    reboot: bool = False
    disk: tuple[DiskNeed, ...] = ()
    gates: tuple[Gate, ...] = ()
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    drained_from: tuple[Name, ...] = ()
    after: tuple[Name, ...] = ()

    @property
    def forward_s(self) -> int:
        """Predicted seconds from the first check to the last: the host is not left in between."""
        return sum(step.estimate.seconds for step in self.steps if step.phase != "rollback")

    @property
    def rollback_s(self) -> int:
        """Predicted seconds to put the host back."""
        return sum(step.estimate.seconds for step in self.steps if step.phase == "rollback")


@dataclass(frozen=True, kw_only=True)
class Content:
    """A file or value that the change is made of, by name and sha256."""

    __pydantic_config__ = _STRICT

    name: Line
    sha256: Digest


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One change. `batches` are host names in the order of work, the canary alone first where there are several.

    `requester` is a principal of signers/roles.yml; `versions` are programs that the change depends on;
    `ledger` is the id of the one ledger it is valid in, `site` the hospital's name for people. `undoes` is the run that
    it takes back: its hosts, parameters and variables are that run's.
    """

    __pydantic_config__ = _STRICT

    schema: Literal["maintkit.plan/1"] = "maintkit.plan/1"
    id: Annotated[str, Field(pattern=r"^P[0-9]{8}-[1-9][0-9]{0,5}$")]
    ledger: Line
    site: Line
    procedure: Name
    title_zh: Line
    reason: Line
    requester: Line
    created_at: Instant
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    hosts: tuple[PlanHost, ...]
    batches: tuple[tuple[Name, ...], ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    content: tuple[Content, ...]
    effect: Effect
    undoes: Name | None = None

    def __post_init__(self) -> None:
        problem = next(_contradictions(self), None)
        if problem:
            raise ValueError(problem)

    @property
    def sha256(self) -> str:
        """The hash that people sign: of `text`, so `sha256sum` of the exported file gives it too."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """The plan as canonical JSON (RFC 8785)."""
        return canonical(_told(self))

    @property
    def risk(self) -> Risk:
        """The highest risk of a step; low when there is none."""
        return max((step.risk for host in self.hosts for step in host.steps), key=RISKS.index, default="low")

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems it touches, in the order of the hosts."""
        return tuple(dict.fromkeys(system for host in self.hosts for system in host.systems))

    @property
    def worst_step_s(self) -> int:
        """The longest time in which a host, once begun, is done: what a window must have room for."""
        return max((host.forward_s for host in self.hosts), default=0)

    @property
    def worst_rollback_s(self) -> int:
        """The longest time in which a host is put back."""
        return max((host.rollback_s for host in self.hosts), default=0)

    @property
    def total_s(self) -> int:
        """Predicted seconds of the whole change, host after host, without a rollback."""
        return sum(host.forward_s for host in self.hosts)

    def host(self, name: str) -> PlanHost:
        """The host of this name; KeyError if the plan has none."""
        return {host.name: host for host in self.hosts}[name]


def parse(text: str | bytes) -> Plan:
    """A plan from its JSON; ChangeRefused says where it is not one."""
    try:
        return _ADAPTER.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise ChangeRefused(
            f"this is no plan: {where}: {first['msg']}", hint="make it anew with `maintkit plan`"
        ) from None


def _told(plan: Plan) -> dict[str, Any]:
    """The plan as JSON. What plans did not have from the beginning is left out where empty: older hashes stay."""
    told: dict[str, Any] = _ADAPTER.dump_python(plan, mode="json")
    for host in told["hosts"]:
        if not host["files"]:
            del host["files"]
    if plan.undoes is None:
        del told["undoes"]
    return told


def _contradictions(plan: Plan) -> Iterator[str]:
    names = [host.name for host in plan.hosts]
    if not names:
        yield "it names no host"
    yield from _twice("host", names)
    yield from _twice("machine-id", [host.machine_id for host in plan.hosts])
    yield from _twice("content", [content.name for content in plan.content])
    placed = [name for batch in plan.batches for name in batch]
    yield from _twice("host of the batches", placed)
    if set(placed) != set(names):
        yield f"the batches and the hosts differ in {', '.join(sorted(set(placed) ^ set(names)))}"
    if len(names) > 1 and plan.batches and len(plan.batches[0]) != 1:
        yield "the first batch is the canary and holds one host"
    yield from _out_of_order(plan, placed)
    changes = any(step.phase == "change" for host in plan.hosts for step in host.steps)
    if plan.effect != ("some" if changes else "none"):
        yield f"the effect is {plan.effect}, the steps say otherwise"


def _out_of_order(plan: Plan, placed: list[str]) -> Iterator[str]:
    for host in plan.hosts:
        late = [name for name in host.after if name in placed and placed.index(name) > placed.index(host.name)]
        if late:
            yield f"{host.name} comes before {late[0]}, which must be done first"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{what} {name} stands twice" for name, count in Counter(names).items() if count > 1)


_ADAPTER = TypeAdapter(Plan)
