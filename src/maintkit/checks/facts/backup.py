"""Facts of backups, from the tools' own catalogues."""

from __future__ import annotations

from typing import Literal

from maintkit.checks.facts.fact import Fact, Whole


class BackupSet(Fact):
    """One backup of the tool's own catalogue."""

    label: str
    kind: str  # full, diff, incr, partial
    repo: Whole | None = None  # pgBackRest's number of the repository in which it lies
    started_at: float | None = None  # a dump does not say when it began
    stopped_at: float
    size_bytes: Whole | None = None  # of the database
    repo_bytes: Whole | None = None  # what it took in the repository
    error: bool | None = None  # pages failed their checksum; pgBackRest says false also of a cluster without checksums
    archive: str | None = None  # that of its WAL, as `wal` has it
    wal_start: str | None = None  # first and last WAL segment without which it cannot be restored
    wal_stop: str | None = None


class WalHole(Fact):
    """Segments that no timeline has, by the last 16 digits of the first and the last one."""

    first: str
    last: str


class WalRange(Fact):
    """An archive from its first to its last segment; `segments` None: `unlisted` says why it was not listed."""

    archive: str
    repo: Whole | None = None
    first: str | None = None
    last: str | None = None
    per_log: Whole | None = None  # how many segments have the same middle of their names
    segments: Whole | None = None
    missing: Whole | None = None
    holes: tuple[WalHole, ...] = ()  # the newest
    unlisted: str | None = None


class BackupRepository(Fact):
    """One repository of a stanza, by pgBackRest's number; `off_host` None: the configuration could not be read.

    `keep_full` is `repo-retention-full` of the configuration (None: it says nothing), in days where the type is `time`.
    """

    key: Whole
    off_host: bool | None = None
    keep_full: Whole | None = None
    keep_type: str | None = None


class BackupJob(Fact):
    """One stanza, from pgBackRest's `info`, or one folder of sets that say of themselves what they are.

    `status_code` 0 is well. Of sets, 1: `status` names one that did not finish; 2: an incremental one without its base;
    3: what of a repository cannot be read; 4: a set of which files are gone; 5: one in which files have changed.
    """

    tool: Literal["pgbackrest", "mariadb-backup", "mysqldump", "restic", "manifest"]
    name: str
    status_code: Whole
    status: str
    backups: tuple[BackupSet, ...] = ()  # of sets the newest
    kept: Whole | None = None  # how many whole sets there are; of more dumps than are told by their names
    oldest_at: float | None = None  # and when the oldest of them ended
    wal: tuple[WalRange, ...] = ()
    repositories: Whole = 0
    repos: tuple[BackupRepository, ...] = ()
    off_host: bool | None = None  # whether a set lies off the host; None: the configuration could not be read
    target_free_bytes: Whole | None = None
    target_size_bytes: Whole | None = None
    binlogs: bool | None = None  # whether `wal` and the sets' first and last files are of binary logs kept with them
    files_listed: Whole | None = None  # of the newest set with a manifest: its files, and how many of them were
    files_missing: Whole | None = None  # not there,
    files_hashed: Whole | None = None  # read whole,
    files_changed: Whole | None = None  # and found to have another hash


class Backups(Fact):
    jobs: tuple[BackupJob, ...]
