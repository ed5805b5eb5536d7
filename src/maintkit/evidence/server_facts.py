"""Database servers in the facts of two inspections: what advice on queries and settings is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Setting(_Part):
    """A setting of PostgreSQL: `setting` in `unit`; `sourcefile` None: no file sets it, or that is hidden."""

    name: str
    setting: str
    unit: str | None = None
    source: str | None = None
    sourcefile: str | None = None
    context: str | None = None


class Activity(_Part):
    """A large table; `vacuum_scale` is its own autovacuum_vacuum_scale_factor."""

    name: str
    size_bytes: int
    live: int
    dead: int
    seq_scan: int
    seq_tup_read: int
    idx_scan: int = 0
    vacuum_scale: float | None = None


class Index(_Part):
    """An index with something to be said of it (docs/schemas/facts-1.schema.json)."""

    name: str
    table: str
    size_bytes: int
    valid: bool
    twin_of: str | None = None
    prefix_of: str | None = None
    attached: bool = False
    unused: bool | None = None


class ForeignKey(_Part):
    """A foreign key whose columns no index starts with."""

    name: str
    table: str
    parent: str
    table_bytes: int
    columns: str | None = None


class Statement(_Part):
    """A statement of PostgreSQL, literals masked; `None`: this version of the facts does not say."""

    id: str | None = None
    database: str | None = None
    calls: int
    ms: float
    rows: int | None = None
    blks_hit: int | None = None
    blks_read: int | None = None
    temp_blks: int | None = None
    query: str = ""


class Statements(_Part):
    """Those that stand out, of `total_ms` since `since_at`."""

    since_at: float | None = None
    total_ms: float
    top: tuple[Statement, ...] = ()


class Checkpoints(_Part):
    """Checkpoints by their cause."""

    timed: int
    requested: int
    stats_reset_at: float | None = None


class Database(_Part):
    """One database of PostgreSQL."""

    name: str
    asked: bool = False
    size_bytes: int | None = None
    blks_hit: int | None = None
    blks_read: int | None = None
    temp_files: int | None = None
    temp_bytes: int | None = None
    stats_reset_at: float | None = None
    stats_since_at: float | None = None
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    activity: tuple[Activity, ...] = ()


class Postgresql(_Part):
    """One instance that was up."""

    name: str
    state: str
    withheld: dict[str, str] = {}
    version_num: int | None = None
    in_recovery: bool | None = None
    started_at: float | None = None
    max_connections: int | None = None
    connections: int | None = None
    replicas: tuple[dict[str, Any], ...] | None = None
    settings: tuple[Setting, ...] | None = None
    databases: tuple[Database, ...] | None = None
    checkpoints: Checkpoints | None = None
    statements: Statements | None = None


class MyStatement(_Part):
    """A digest of MySQL or MariaDB, literals masked."""

    id: str
    database: str | None = None
    calls: int | None = None
    ms: float | None = None
    rows_examined: int | None = None
    rows_sent: int | None = None
    no_index: int | None = None
    temp_disk: int | None = None
    query: str = ""


class MyIndex(_Part):
    """An index that another one makes needless, or that nobody has used."""

    name: str
    redundant_to: str | None = None
    unused: bool | None = None
    size_bytes: int | None = None


class MyTable(_Part):
    """One of the largest tables."""

    name: str
    size_bytes: int | None = None


class MyDatabase(_Part):
    """One database of MySQL."""

    name: str
    size_bytes: int | None = None


class Mysql(_Part):
    """One instance that was up; `settings` and `counters` as the server names them, counters in small letters."""

    name: str
    state: str
    withheld: dict[str, str] = {}
    version: str | None = None
    flavour: str | None = None
    started_at: float | None = None
    settings: dict[str, str] = {}
    counters: dict[str, int | None] | None = None
    max_connections: int | None = None
    most_connections: int | None = None
    open_tables: int | None = None
    performance_schema: bool | None = None
    channels: tuple[dict[str, Any], ...] | None = None
    databases: tuple[MyDatabase, ...] | None = None
    tables: tuple[MyTable, ...] | None = None
    indexes: tuple[MyIndex, ...] | None = None
    statements: tuple[MyStatement, ...] | None = None
    statements_ms: float | None = None


class Mount(_Part):
    """A filesystem, and what an unprivileged user may still write to it."""

    mount: str
    free_bytes: int | None = None


class Disk(_Part):
    """A block device; `rotational` None: the kernel does not say."""

    device: str
    rotational: bool | None = None


class Memory(_Part):
    """Memory of the machine; `huge_pages` are those that were set aside."""

    total_bytes: int
    available_bytes: int
    huge_pages: int | None = None


PartT = TypeVar("PartT", bound=_Part)


@dataclass(frozen=True, kw_only=True)
class Look:
    """A host at one inspection. `withheld`: sections of which nothing is known, and why; `at` by the host's clock."""

    host: str
    at: float
    facts: str
    memory: Memory | None
    disks: tuple[Disk, ...]
    mounts: tuple[Mount, ...]
    postgresql: tuple[Postgresql, ...]
    mysql: tuple[Mysql, ...]
    withheld: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The newest look at a host, and the newest one that is a week or more older (None: there is none)."""

    now: Look
    then: Look | None


def read(document: Mapping[str, Any], *, host: str, facts: str) -> Look:
    """The servers in a facts document; what has not its shape is withheld, never left out."""
    withheld: dict[str, str] = {}
    sections = document.get("sections", {})
    memory = _data(sections, "memory", withheld)
    return Look(
        host=host,
        at=float(document["collected_at"]),
        facts=facts,
        memory=_one(Memory, memory, "memory", withheld) if memory else None,
        disks=_all(Disk, _data(sections, "disks", withheld), "disks", "devices", withheld),
        mounts=_all(Mount, _data(sections, "filesystems", withheld), "filesystems", "mounts", withheld),
        postgresql=_all(Postgresql, _data(sections, "postgresql", withheld), "postgresql", "instances", withheld),
        mysql=_all(Mysql, _data(sections, "mysql", withheld), "mysql", "instances", withheld),
        withheld=withheld,
    )


def _data(sections: Mapping[str, Any], name: str, withheld: dict[str, str]) -> Mapping[str, Any] | None:
    told = sections.get(name) or {"status": "absent", "data": None}
    data: Mapping[str, Any] | None = told.get("data")
    if data is None and told["status"] != "absent":
        withheld[name] = told.get("reason") or told["status"]
    return data


def _one(shape: type[PartT], data: Mapping[str, Any], name: str, withheld: dict[str, str]) -> PartT | None:
    try:
        return shape.model_validate(data)
    except ValidationError:
        withheld[name] = "not understood"
        return None


def _all(
    shape: type[PartT], data: Mapping[str, Any] | None, name: str, key: str, withheld: dict[str, str]
) -> tuple[PartT, ...]:
    if data is None:
        return ()
    try:
        return TypeAdapter(tuple[shape, ...]).validate_python(data[key])  # type: ignore[valid-type]
    except (ValidationError, KeyError, TypeError):
        withheld[name] = "not understood"
        return ()
