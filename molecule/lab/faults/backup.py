"""Backups by pgBackRest: files that are damaged or gone, backups that stopped, shrank, or read damaged pages.

`Repository` says where they lie. Every fault keeps a copy of the repository first, and puts it back at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.host import Host

USER = "postgres"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A stanza's repository, on the host where `pgbackrest backup` runs."""

    path: str = "/var/lib/pgbackrest"
    stanza: str = "his"

    @property
    def backups(self) -> str:
        """The folder of the stanza's backups."""
        return f"{self.path}/backup/{self.stanza}"

    @property
    def archive(self) -> str:
        """The folder of the stanza's WAL."""
        return f"{self.path}/archive/{self.stanza}"


def back_up(host: Host, repository: Repository, *, kind: str = "full") -> None:
    """Run a backup, as the schedule does; a step, not a fault."""
    pgbackrest(host, repository, "backup", f"--type={kind}", "--log-level-console=warn")


def pgbackrest(host: Host, repository: Repository, *argv: str) -> str:
    """Run pgBackRest as its user; LabError with what it said when it fails."""
    command = ("runuser", "-u", USER, "--", "pgbackrest", f"--stanza={repository.stanza}", *argv)
    return host.run(*command, timeout_s=300).out


def sql(host: Host, statement: str) -> str:
    """Run a statement in the database `postgres` of a database host; what it gave."""
    command = ("runuser", "-u", USER, "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement)
    return host.run(*command).out.strip()


def labels(host: Host, repository: Repository) -> list[str]:
    """Labels of the backups, oldest first."""
    names = host.run("ls", repository.backups).out.split()
    return sorted(name for name in names if name[:1].isdigit())


@contextmanager
def kept(host: Host, repository: Repository) -> Iterator[None]:
    """Whatever happens to the repository, at the end it is what it was, and has the WAL that came meanwhile."""
    copy = f"{repository.path}.kept"
    host.run("cp", "-a", repository.path, copy)
    try:
        yield
    finally:
        # Its content, not the folder: that may be where a disk is mounted. The database does not archive WAL twice.
        host.sh(f"""
            find {repository.path} -mindepth 1 -maxdepth 1 ! -name archive -exec rm -r {{}} +
            cp -a {copy}/. {repository.path}
            rm -r {copy}
        """)


@contextmanager
def stopped(host: Host, repository: Repository, *, since: str) -> Iterator[None]:
    """No backup since the one with the label `since`: every later one is gone."""
    with kept(host, repository):
        for label in labels(host, repository):
            if label > since:
                pgbackrest(host, repository, "expire", f"--set={label}")
        yield


@contextmanager
def expired(host: Host, repository: Repository, *, full: int) -> Iterator[None]:
    """Backups were expired by a retention of so many full ones, whatever the configuration says."""
    with kept(host, repository):
        pgbackrest(host, repository, f"--repo1-retention-full={full}", "expire")
        yield


@contextmanager
def told_to_keep(host: Host, *, config: str, full: int) -> Iterator[None]:
    """The configuration says to keep so many full backups; nothing has expired by it yet."""
    host.run("cp", "-p", config, f"{config}.before")
    host.run("sed", "-i", f"s/^repo1-retention-full=.*/repo1-retention-full={full}/", config)
    try:
        yield
    finally:
        host.run("mv", f"{config}.before", config)


@contextmanager
def not_expired(host: Host, repository: Repository, *, config: str, full: int) -> Iterator[None]:
    """One backup more was made, and none expired, though the configuration says to keep so many full ones."""
    with kept(host, repository):
        back_up(host, repository)
        with told_to_keep(host, config=config, full=full):
            yield


@contextmanager
def corrupted(host: Host, repository: Repository) -> Iterator[None]:
    """One byte is another in the largest file of the newest backup; `pgbackrest info` does not see it."""
    with kept(host, repository):
        newest = f"{repository.backups}/{labels(host, repository)[-1]}"
        host.sh(f"""
            file=$(find {newest} -type f -printf '%s %p\\n' | sort -n | tail -1 | cut -d' ' -f2-)
            byte=$(od -An -tu1 -j1000 -N1 "$file")
            printf "\\\\$(printf %o $(( (byte + 1) % 256 )))" | dd of="$file" bs=1 seek=1000 conv=notrunc status=none
        """)
        yield


@contextmanager
def without_wal(host: Host, repository: Repository) -> Iterator[None]:
    """The last WAL segment that the newest backup needs is gone."""
    (told,) = json.loads(pgbackrest(host, repository, "info", "--output=json"))
    with _without_segment(host, repository, told["backup"][-1]["archive"]["stop"]):
        yield


@contextmanager
def with_hole(host: Host, repository: Repository, database: Host) -> Iterator[None]:
    """A WAL segment before the newest backup is gone."""
    with kept(host, repository):
        switched = []
        for _ in range(3):  # a hole that ends where a backup begins may be retention's
            sql(database, "select pg_logical_emit_message(true, 'lab', 'something to archive')")
            switched.append(sql(database, "select pg_walfile_name(pg_switch_wal())"))
        back_up(host, repository)
        with _without_segment(host, repository, switched[0]):
            yield


@contextmanager
def _without_segment(host: Host, repository: Repository, segment: str) -> Iterator[None]:
    """It is gone, and so long ago that it cannot be on its way any more."""
    host.run("find", repository.archive, "-type", "f", "-exec", "touch", "-d", "1 hour ago", "{}", "+")
    path = host.run("find", repository.archive, "-name", f"{segment}-*").out.strip()
    aside = f"{repository.path}.segment"
    host.run("mv", path, aside)
    try:
        yield
    finally:
        host.run("mv", aside, path)


@contextmanager
def without_catalogue(host: Host, repository: Repository) -> Iterator[None]:
    """The repository's list of backups is gone, with its copy."""
    with kept(host, repository):
        host.run("rm", f"{repository.backups}/backup.info", f"{repository.backups}/backup.info.copy")
        yield


@contextmanager
def grown(host: Host, repository: Repository, database: Host, *, mb: int) -> Iterator[None]:
    """The database was larger by so much when it was last backed up."""
    with kept(host, repository):
        rows = f"generate_series(1, {mb * 1024})"
        sql(database, f"create table lab_ballast as select repeat('x', 900) from {rows}")  # noqa: S608  # a number
        try:
            back_up(host, repository)
            yield
        finally:
            sql(database, "drop table lab_ballast")


@contextmanager
def damaged_pages(host: Host, repository: Repository, database: Host) -> Iterator[None]:
    """The last backup read pages that do not fit their checksums: a table's file was written over on the disk."""
    with kept(host, repository):
        # Nothing may touch its pages afterwards: the server would write them whole again before the backup.
        off = "with (autovacuum_enabled = off)"
        sql(database, f"create table lab_damaged {off} as select generate_series(1, 1000) as number")
        sql(database, "vacuum (freeze) lab_damaged")
        sql(database, "checkpoint")
        file = sql(database, "select current_setting('data_directory') || '/' || pg_relation_filepath('lab_damaged')")
        database.sh(f"printf 'damage' | dd of={file} bs=1 seek=4000 conv=notrunc status=none")
        try:
            back_up(host, repository)
            yield
        finally:
            sql(database, "drop table lab_damaged")


@contextmanager
def on_the_database_host(host: Host, config: str) -> Iterator[None]:
    """The configuration knows no other host: the backups lie beside the database that they are to save."""
    host.run("cp", "-p", config, f"{config}.before")
    host.run("sed", "-i", "/^pg1-host/d", config)
    try:
        yield
    finally:
        host.run("mv", f"{config}.before", config)
