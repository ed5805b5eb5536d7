"""What a restore drill told of itself in its phases' documents (docs/ledger-entries.md), typed for its report.

Hosts have written it. What is absent or has not its shape is None or empty: a report then says that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from maintkit.evidence.change_record import HostRecord, change_record
from maintkit.evidence.changes import STARTED
from maintkit.evidence.ledger import Ledger

PROCEDURE = "restore_drill"
# In this order, each of them: one that did not pass forbids that the drill passes.
STAGES = ("restore", "recover", "compare", "promote", "smoke", "amcheck", "checksums", "control", "wipe")
APPLICATION = "application"  # a stage of those drills that were to start the application
CONTROLS = ("fingerprint", "checksums", "amcheck")  # what must have found the damage that was done on purpose
SERVICE = ("restore", "recover", "promote", "smoke")  # until the application could work again
MARIADB_STAGES = (
    "restore",
    "prepare",
    "recover",
    "compare",
    "promote",
    "smoke",
    "check",
    "checksums",
    "control",
    "wipe",
)
MARIADB_CONTROLS = ("short", "fingerprint", "checksums", "check")
MARIADB_SERVICE = ("restore", "prepare", "recover", "promote", "smoke")
PASSED = "passed"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Source(_Part):
    """The cluster, or the server, that was marked; of MariaDB `system_identifier` is its server_id."""

    machine_id: str
    system_identifier: str
    data_directory: str
    version: str
    config_file: str = ""
    bindir: str = ""
    checksums: bool
    size: int | None = Field(default=None, alias="bytes")


class Link(_Part):
    """One of the sets that are put one upon another."""

    label: str
    kind: str
    folder: str = ""


class Position(_Part):
    """Where the binary logs lead on from a set."""

    file: str
    at: int
    gtid: str = ""


class BackupSet(_Part):
    """The backup that was restored; `stopped_at` is seconds since 1970, by the backup tool's catalogue.

    `chain` is, of mariadb-backup, the full set and those that are put upon it.
    """

    label: str
    kind: str
    stopped_at: float = Field(ge=0, le=4_102_444_800)
    size_bytes: int
    repo_bytes: int = 0
    age_h: float | None = None
    chain: tuple[Link, ...] = ()
    position: Position | None = None


class Table(_Part):
    """A table as it was at the mark."""

    table: str
    rows: int
    digest: str


class Kind(_Part):
    """One kind of thing in the catalog."""

    count: int
    digest: str


class Database(_Part):
    """A database as it was at the mark."""

    tables: tuple[Table, ...]
    catalog: Mapping[str, Kind]


class Mark(_Part):
    """The restore point and what the source held at that instant.

    Of MariaDB `lsn` is the position in the binary log `wal`, `gtid` the transactions up to it, and `unread` are the
    tables that no snapshot covers.
    """

    name: str
    lsn: str
    wal: str
    at: datetime
    locked_ms: int
    archived_s: float
    unarchived_s: float | None
    databases: Mapping[str, Database]
    gtid: str = ""
    unread: tuple[str, ...] = ()


class Asked(_Part):
    """One of the application's questions that was answered rightly."""

    name: str
    database: str
    lines: int
    took_ms: int


class Stage(_Part):
    """One stage; `said` is why it failed or did not run. The other fields are of the stage that has them."""

    status: str
    said: str = ""
    at: float | None = Field(default=None, ge=0, le=4_102_444_800)
    took_ms: int | None = Field(default=None, ge=0)
    replayed: str = ""
    blocks: int | None = None
    argv: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    found: Mapping[str, str] = Field(default_factory=dict)
    files: int | None = None
    size: int | None = Field(default=None, alias="bytes")
    left: tuple[str, ...] = ()
    place: str = ""
    answered_ms: int | None = None
    network: tuple[str, ...] = ()


class Drill(_Part):
    """One drill, as far as it came; `logs` is where the source's binary logs were kept."""

    engine: Literal["postgresql", "mariadb"] = "postgresql"
    stanza: str
    source: Source
    set: BackupSet
    mark: Mark
    logs: str = ""
    stages: Mapping[str, Stage] = Field(default_factory=dict)
    application: str = ""  # what was to be started against the copy

    def stage(self, name: str) -> Stage:
        """A stage; `not-run` where nothing is known of it."""
        return self.stages.get(name, Stage(status="not-run"))

    @property
    def order(self) -> tuple[str, ...]:
        """The stages that it must pass, in their order: the application's too where one was to be started."""
        whole = order_of(self.engine)
        place = whole.index("smoke") + 1
        return (*whole[:place], APPLICATION, *whole[place:]) if self.application else whole

    @property
    def service(self) -> tuple[str, ...]:
        """The stages until the application could work again."""
        return MARIADB_SERVICE if self.engine == "mariadb" else SERVICE

    @property
    def controls(self) -> tuple[str, ...]:
        """What must have found the damage that was done on purpose."""
        return MARIADB_CONTROLS if self.engine == "mariadb" else CONTROLS

    @property
    def all_passed(self) -> bool:
        """Whether every stage ran and was well, the controls found their damage, and nothing of the copy was left."""
        ran = all(self.stage(name).status == PASSED for name in self.order)
        return ran and set(self.controls) <= set(self.stage("control").found) and not self.stage("wipe").left

    @property
    def rto_s(self) -> float | None:
        """Seconds until the application could work again; None when a part of it was not measured."""
        parts = [self.stage(name) for name in self.service]
        whole = [one.took_ms for one in parts if one.status == PASSED and one.took_ms is not None]
        return sum(whole) / 1000 if len(whole) == len(parts) else None

    @property
    def rpo_s(self) -> float | None:
        """Seconds of work that were archived nowhere when the source was marked."""
        return self.mark.unarchived_s


def order_of(engine: str) -> tuple[str, ...]:
    """The stages of a drill by the engine of its source, in their order."""
    return MARIADB_STAGES if engine == "mariadb" else STAGES


def drill_of(host: HostRecord) -> Drill | None:
    """The drill on a host, by the last document that tells of it; None when it came to no mark."""
    told = [one.document.facts.get("drill") for one in host.phases if one.document is not None]
    return next((drill for drill in map(_read, reversed(told)) if drill is not None), None)


def last_passed(ledger: Ledger) -> dict[str, datetime]:
    """When a drill of each backup job last ended well: the run did, and the ledger shows every part of it."""
    found: dict[str, datetime] = {}
    for entry in ledger.entries(kind=STARTED, newest_first=True):
        if entry.body.get("procedure") == PROCEDURE:
            record = change_record(ledger, entry.run or "")
            for drill in map(drill_of, record.hosts) if record.verdict == "done" else ():
                if drill is not None and drill.all_passed and record.finished_at is not None:
                    found.setdefault(drill.stanza, record.finished_at)
    return found


def _read(value: Any) -> Drill | None:
    try:
        return TypeAdapter(Drill).validate_python(value) if value else None
    except ValidationError:
        return None
