"""Facts of backups, from the tools' own catalogues."""

from __future__ import annotations

from typing import Literal

from maintkit.checks.facts.fact import Fact, Whole


class BackupSet(Fact):
    """One backup of the tool's own catalogue."""

    label: str
    kind: str  # full, diff, incr, partial
    started_at: float | None = None  # a dump does not say when it began
    stopped_at: float
    size_bytes: Whole | None = None  # of the database
    repo_bytes: Whole | None = None  # what it took in the repository
    error: bool | None = None  # pages failed their checksum; pgBackRest says false also of a cluster without checksums
    wal_start: str | None = None  # first and last WAL segment without which it cannot be restored
    wal_stop: str | None = None


class WalRange(Fact):
    archive: str
    first: str | None = None
    last: str | None = None


class BackupJob(Fact):
    """One stanza, from pgBackRest's `info`, or one folder of sets that say of themselves what they are.

    `status_code` 0 is well. Of sets, 1: `status` names one that did not finish; 2: an incremental one without its base.
    """

    tool: Literal["pgbackrest", "mariadb-backup", "mysqldump"]
    name: str
    status_code: Whole
    status: str
    backups: tuple[BackupSet, ...] = ()
    wal: tuple[WalRange, ...] = ()
    repositories: Whole = 0
    off_host: bool | None = None  # None: the configuration could not be read
    target_free_bytes: Whole | None = None
    target_size_bytes: Whole | None = None


class Backups(Fact):
    jobs: tuple[BackupJob, ...]
