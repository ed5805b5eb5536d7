"""What recovery has to work with, as the ledger knows it: databases and backups by facts, drills by their runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from maintkit.evidence.change_record import change_record, sealed_by
from maintkit.evidence.changes import STARTED
from maintkit.evidence.drill_record import PROCEDURE, Drill, drill_of
from maintkit.evidence.ledger import Ledger


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Instance(_Part):
    """A PostgreSQL that an inspection found; `reason` says why nothing more is known of it."""

    name: str
    state: str = ""
    reason: str | None = None
    version_num: int | None = None
    in_recovery: bool | None = None
    data_checksums: bool | None = None

    @property
    def product(self) -> str:
        """The server and its version, as far as that is known."""
        number = self.version_num
        return f"PostgreSQL {number // 10_000}.{number % 10_000}" if number else "PostgreSQL"


class MysqlInstance(_Part):
    """A MySQL or MariaDB that an inspection found. One with a channel to receive by is a replica, running or not."""

    name: str
    state: str = ""
    reason: str | None = None
    flavour: str | None = None
    version: str | None = None
    channels: tuple[Any, ...] | None = None

    @property
    def product(self) -> str:
        """The server and its version, as far as that is known."""
        named = {"mysql": "MySQL", "mariadb": "MariaDB"}.get(self.flavour or "", "MySQL/MariaDB")
        return f"{named} {(self.version or '').partition('-')[0]}".strip()


class BackupSet(_Part):
    """One backup in the repository; times are seconds since 1970."""

    label: str
    kind: str
    stopped_at: float = Field(ge=0, le=4_102_444_800)
    size_bytes: int | None = None


class Wal(_Part):
    """The archived WAL of one cluster."""

    archive: str
    first: str | None = None
    last: str | None = None


class Job(_Part):
    """A backup job; `off_host` is None where it could not be seen whether a copy lies on another machine."""

    name: str
    tool: str = "pgbackrest"
    status: str = ""
    backups: tuple[BackupSet, ...] = ()
    wal: tuple[Wal, ...] = ()
    off_host: bool | None = None
    repositories: int = 1

    @property
    def newest(self) -> BackupSet | None:
        """The newest backup."""
        return max(self.backups, key=lambda one: one.stopped_at, default=None)


PartT = TypeVar("PartT", Instance, MysqlInstance, Job)
INSTANCES = TypeAdapter(tuple[Instance, ...])
OF_MYSQL = TypeAdapter(tuple[MysqlInstance, ...])
JOBS = TypeAdapter(tuple[Job, ...])


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What one host has of databases and backups; `withheld` are sections of which nothing is known, and why."""

    host: str
    at: datetime
    facts: str
    instances: tuple[Instance | MysqlInstance, ...]
    jobs: tuple[Job, ...]
    withheld: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """A drill of a backup job with its run and when that ended; `seq` and `hash` are of the entry that says so."""

    run: str
    at: datetime
    drill: Drill
    passed: bool
    seq: int
    hash: str
    simulated: bool = False


def holdings(ledger: Ledger, host: str) -> Holdings | None:
    """From the newest facts of the host; None when there are none."""
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True):
        if entry.body["facts"] is not None:
            document = json.loads(ledger.attachment(entry.body["facts"]))
            return read(document, host=host, at=entry.at, facts=entry.body["facts"])
    return None


def read(document: Mapping[str, Any], *, host: str, at: datetime, facts: str) -> Holdings:
    """The databases and backups in a facts document; what has not its shape is withheld, never left out."""
    withheld: dict[str, str] = {}
    sections = document.get("sections", {})
    instances = _part(sections, "postgresql", "instances", INSTANCES, withheld)
    of_mysql = _part(sections, "mysql", "instances", OF_MYSQL, withheld)
    jobs = _part(sections, "backups", "jobs", JOBS, withheld)
    found: tuple[Instance | MysqlInstance, ...] = (*instances, *of_mysql)
    return Holdings(host=host, at=at, facts=facts, instances=found, jobs=jobs, withheld=withheld)


def _part(
    sections: Mapping[str, Any], name: str, key: str, shape: TypeAdapter[tuple[PartT, ...]], withheld: dict[str, str]
) -> tuple[PartT, ...]:
    told = sections.get(name) or {"status": "absent", "data": None}
    if told["data"] is None:
        if told["status"] != "absent":
            withheld[name] = told.get("reason") or told["status"]
        return ()
    try:
        return shape.validate_python(told["data"][key])
    except (ValidationError, KeyError, TypeError):
        withheld[name] = "not understood"
        return ()


def drills(ledger: Ledger) -> dict[str, tuple[Drilled, Drilled | None]]:
    """By backup job: the newest drill that came to a mark, and the newest that the ledger shows to have passed."""
    newest: dict[str, Drilled] = {}
    passed: dict[str, Drilled] = {}
    for one in _drilled(ledger):
        newest.setdefault(one.drill.stanza, one)
        if one.passed:
            passed.setdefault(one.drill.stanza, one)
    return {stanza: (one, passed.get(stanza)) for stanza, one in newest.items()}


def _drilled(ledger: Ledger) -> Iterator[Drilled]:
    for entry in ledger.entries(kind=STARTED, newest_first=True):
        if entry.body.get("procedure") == PROCEDURE and entry.run:
            record = change_record(ledger, entry.run)
            for drill in map(drill_of, record.hosts):
                if drill is not None:
                    well = record.verdict == "done" and drill.all_passed
                    at, invented = record.finished_at or entry.at, record.simulated
                    end = sealed_by(record)
                    yield Drilled(
                        run=entry.run, at=at, drill=drill, passed=well, seq=end.seq, hash=end.hash, simulated=invented
                    )
