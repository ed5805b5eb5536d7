"""Trials of the backup checks: a real PostgreSQL on `db`, backed up by a real pgBackRest on `repo`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

from lab import network
from lab.faults import backup, clock, disk
from lab.faults.backup import Repository, back_up, pgbackrest
from lab.faults.postgresql import cluster
from lab.faults.preload import PRELOAD
from lab.host import Host
from lab.image import File, Layer
from lab.lab import Lab, Spec, load
from lab.seed import make_key
from lab.suites import BOOKWORM, Suite
from lab.trials.healthy import HARDENED_HOST, settled
from lab.trials.trial import Trial

DATABASE, SERVER = "db", "repo"
REPOSITORY = Repository(path="/srv/backup")
CONFIG = "/etc/pgbackrest.conf"
HOME = "/var/lib/postgresql"
DAYS_AGO = 3
EARLIER = 2  # full backups of then: with today's, three tell what is a usual size
ON_DATABASE = f"[global]\nrepo1-host={SERVER}\nrepo1-host-user=postgres\n[his]\npg1-path={{data}}\n"
ON_SERVER = (
    f"[global]\nrepo1-path={REPOSITORY.path}\nrepo1-retention-full=50\nrepo1-bundle=y\nstart-fast=y\ncompress-type=lz4\n"
    f"[his]\npg1-host={DATABASE}\npg1-host-user=postgres\npg1-path={{data}}\n"
)
ARCHIVING = "archive_mode = on\narchive_command = 'pgbackrest --stanza=his archive-push %p'\nfsync = off\n"
PGBACKREST = Layer(name="pgbackrest", packages=("pgbackrest",))
POSTGRESQL = Layer(
    name="postgresql",
    packages=("postgresql",),
    files=(File(path="/etc/postgresql-lab.conf", content=ARCHIVING.encode()),),
    script="""
        version=$(ls /etc/postgresql)
        pg_dropcluster $version main
        pg_createcluster $version main -- --data-checksums
        cp /etc/postgresql-lab.conf /etc/postgresql/$version/main/conf.d/lab.conf
        systemctl -q enable postgresql
    """,
)


def specs(suite: Suite = BOOKWORM) -> list[Spec]:
    """A database host and the host of its backups."""
    common = (PRELOAD, HARDENED_HOST, PGBACKREST)
    layers = {DATABASE: (*common, POSTGRESQL), SERVER: common}
    return [Spec(name=name, layers=under, suite=suite) for name, under in layers.items()]


def declared(made: Lab) -> Mapping[str, Any]:
    """What services.yml says of `repo`: its job, and that the database host logs in there."""
    known = [f"{network.gateway(made.subnet)}/32", f"{made[DATABASE].address}/32"]
    job = {"tool": "pgbackrest", "name": REPOSITORY.stanza, "every_h": 24, "config": CONFIG, "keep": {"copies": 2}}
    return {"backups": [job], "known_addresses": known}


@contextmanager
def protected(made: Lab) -> Iterator[None]:
    """The database is backed up on `repo`: some days ago, and just now."""
    database, server = made[DATABASE], made[SERVER]
    _acquaint(made)
    served = cluster(database)
    database.put(File(path=CONFIG, content=ON_DATABASE.format(data=served.data).encode()))
    server.put(File(path=CONFIG, content=ON_SERVER.format(data=served.data).encode()))
    with ExitStack() as given:
        given.enter_context(disk.attached(server, REPOSITORY.path, mb=1024))
        server.run("chown", "postgres:", REPOSITORY.path)
        pgbackrest(server, REPOSITORY, "stanza-create")
        with clock.seen(database, clock.Clock(ahead_s=-86400 * DAYS_AGO)):
            database.run("systemctl", "restart", served.unit)  # whose clock a backup's dates are of
            for _ in range(EARLIER):
                back_up(server, REPOSITORY)
        database.run("systemctl", "restart", served.unit)
        back_up(server, REPOSITORY)
        given.enter_context(settled(server))
        yield


def _acquaint(made: Lab) -> None:
    """The user postgres of each host may log in as the other's."""
    pair = made.place / "postgres_key"
    public = make_key(pair)
    for host in (made[DATABASE], made[SERVER]):
        owner = tuple(int(host.run("id", option, "postgres").out) for option in ("-u", "-g"))
        files = {
            "id_ed25519": pair.read_bytes(),
            "authorized_keys": f"{public} lab\n".encode(),
            "known_hosts": (made.place / "known_hosts").read_bytes(),
        }
        for name, content in files.items():
            host.put(File(path=f"{HOME}/.ssh/{name}", content=content, mode=0o600, owner=(owner[0], owner[1])))
        host.run("chown", "-R", "postgres:", f"{HOME}/.ssh")


def _with_database(fault: Callable[[Host, Repository, Host], AbstractContextManager[None]]) -> Any:
    """A fault that works on the database as well, as one of `repo`."""
    return lambda host: fault(host, REPOSITORY, load(host.lab)[DATABASE])


def _stopped(host: Host) -> AbstractContextManager[None]:
    return backup.stopped(host, REPOSITORY, since=backup.labels(host, REPOSITORY)[EARLIER - 1])


STANZA = REPOSITORY.stanza
UNSEEN = tuple(f"backup.{name}" for name in ("age", "retention", "size", "page-errors", "wal-gap", "space", "off-host"))

TRIALS = (
    Trial(
        check="backup.age",
        words=f"no backup for {DAYS_AGO} days, where the schedule says one a day",
        fault=_stopped,
        status="crit",
        instance=STANZA,
        value=24 * DAYS_AGO,
    ),
    Trial(
        check="backup.retention",
        words="expired by a retention of one full backup, where two are agreed",
        fault=partial(backup.expired, repository=REPOSITORY, full=1),
        status="warn",
        instance=STANZA,
        value=50,
    ),
    Trial(
        check="backup.retention",
        words="pgBackRest's configuration keeps one full backup, where two are agreed and all are still there",
        fault=partial(backup.told_to_keep, config=CONFIG, full=1),
        status="warn",
        instance=STANZA,
        value=50,
    ),
    Trial(
        check="backup.retention",
        words=f"{EARLIER + 2} full backups, where pgBackRest's configuration keeps {EARLIER}: none has expired",
        fault=partial(backup.not_expired, repository=REPOSITORY, config=CONFIG, full=EARLIER),
        status="warn",
        instance=STANZA,
        value=f"{EARLIER + 2} 份",
    ),
    Trial(
        check="backup.size",
        words="the last full backup is more than half as large again as the earlier ones",
        fault=_with_database(partial(backup.grown, mb=30)),
        status="warn",
        instance=STANZA,
    ),
    Trial(
        check="backup.status",
        words="the repository's list of backups is gone",
        fault=partial(backup.without_catalogue, repository=REPOSITORY),
        status="crit",
        instance=STANZA,
        explains=UNSEEN,  # no backup is known then
    ),
    Trial(
        check="backup.page-errors",
        words="a table's file on the database host was written over before the last backup",
        fault=_with_database(backup.damaged_pages),
        status="crit",
        instance=STANZA,
    ),
    Trial(
        check="backup.space",
        words="the repository's filesystem filled to 95 %",
        fault=partial(disk.filled, path=REPOSITORY.path, percent=95),
        status="crit",
        instance=STANZA,
        explains=("disk.space", "disk.free"),
    ),
    Trial(
        check="backup.off-host",
        words="pgBackRest's configuration names no other host for the database",
        fault=partial(backup.on_the_database_host, config=CONFIG),
        status="crit",
        instance=STANZA,
    ),
    Trial(
        check="backup.wal-gap",
        words="the last WAL segment that the newest backup needs is gone from the archive",
        fault=partial(backup.without_wal, repository=REPOSITORY),
        status="crit",
        instance=STANZA,
    ),
    Trial(
        check="backup.wal-gap",
        words="a WAL segment before the newest backup is gone from the archive: none before it leads on to the end",
        fault=_with_database(backup.with_hole),
        status="warn",
        instance=STANZA,
        value=EARLIER + 1,
    ),
)
