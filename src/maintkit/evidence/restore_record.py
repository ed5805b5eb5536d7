"""What a restore told of itself in its phases' documents (docs/ledger-entries.md), typed for its report.

Hosts have written it. What is absent or has not its shape is None or empty: a report then says that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from maintkit.evidence.change_record import HostRecord
from maintkit.evidence.drill_record import BackupSet

PROCEDURE = "restore"
STAGES = ("aside", "restore", "recover", "promote", "smoke", "amcheck", "checksums", "open")
MARIADB_STAGES = ("aside", "restore", "prepare", "recover", "smoke", "check", "checksums", "open")
INSTANT = Field(default=None, ge=0, le=4_102_444_800)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Cluster(_Part):
    """The cluster, or the server, that was restored; of MariaDB `system_identifier` is its server_id."""

    machine_id: str
    system_identifier: str
    data_directory: str
    unit: str


class Lost(_Part):
    """What was written between two instants and lies in the kept state alone; exact when both are of transactions."""

    since: float | None = Field(default=None, alias="from", ge=0, le=4_102_444_800)
    until: float | None = Field(default=None, alias="to", ge=0, le=4_102_444_800)
    seconds: float | None = None
    exact: bool = False


class Stage(_Part):
    """One stage; `said` is why it failed. The other fields are of the stage that has them."""

    status: str
    said: str = ""
    at: float | None = INSTANT
    took_ms: int | None = Field(default=None, ge=0)
    kept: str = ""
    unpushed: tuple[str, ...] = ()
    reason: str = ""
    lost: Lost | None = None
    without: bool = False
    archived: str = ""
    history: str | None = None
    log: str = ""
    left_out: str = ""
    failed: str = ""
    returned: bool | None = None


class Restored(_Part):
    """One restore, as far as it came."""

    engine: str = "postgresql"
    stanza: str
    identity: Cluster
    set: BackupSet
    told: str = ""
    stages: Mapping[str, Stage] = Field(default_factory=dict)

    @property
    def order(self) -> tuple[str, ...]:
        """Its stages in their order, by the engine of the database."""
        return MARIADB_STAGES if self.engine == "mariadb" else STAGES

    @property
    def ended(self) -> Stage:
        """The stage that says where it ended and what was lost: MariaDB ends recovery where replay ends."""
        return self.stage("recover" if self.engine == "mariadb" else "promote")

    def stage(self, name: str) -> Stage:
        """A stage; `not-run` where nothing is known of it."""
        return self.stages.get(name, Stage(status="not-run"))


def restored_of(host: HostRecord) -> Restored | None:
    """The restore on a host, by the last document that tells of it; None when it was not begun."""
    told = [one.document.facts.get("restore") for one in host.phases if one.document is not None]
    return next((one for one in map(_read, reversed(told)) if one is not None), None)


def _read(value: Any) -> Restored | None:
    try:
        return Restored.model_validate(value) if value else None
    except ValidationError:
        return None
