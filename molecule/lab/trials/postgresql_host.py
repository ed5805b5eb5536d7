"""The host of the trials of the PostgreSQL checks, and a role that has no more than pg_monitor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.faults import postgresql
from lab.faults.postgresql import sql
from lab.faults.preload import PRELOAD
from lab.host import Host
from lab.image import File
from lab.lab import Spec
from lab.suites import BOOKWORM, Suite
from lab.trials import backup
from lab.trials.healthy import HARDENED_HOST

HOST, INSTANCE, ROLE = "db", "his", "his_monitor"
IN_DATABASE = f"{INSTANCE}/{postgresql.DATABASE}"
PASSFILE = "/etc/maintkit-pgpass"
# The layers are those of the backups' database host, so that no image is made for these trials alone.
SETTINGS = """
archive_command = '/bin/true'
autovacuum_freeze_max_age = 2000000000
fsync = off
max_connections = 20
max_prepared_transactions = 2
shared_buffers = 4MB
shared_preload_libraries = pg_stat_statements
"""


def specs(suite: Suite = BOOKWORM) -> list[Spec]:
    """One database host."""
    settings = File(path=f"/etc/postgresql/{suite.postgresql}/main/conf.d/trials.conf", content=SETTINGS.encode())
    layers = (PRELOAD, HARDENED_HOST, backup.PGBACKREST, backup.POSTGRESQL)
    return [Spec(name=HOST, layers=layers, files=(settings,), suite=suite)]


def declared() -> dict[str, Any]:
    """What services.yml says of the instance."""
    return {
        "name": INSTANCE,
        "host": "127.0.0.1",
        "user": ROLE,
        "passfile": PASSFILE,
        "databases": [postgresql.DATABASE],
        "role": "primary",
    }


def let_in(host: Host, password: str) -> None:
    """The file from which psql takes the role's password."""
    owner = tuple(int(host.run("id", option, "postgres").out) for option in ("-u", "-g"))
    line = f"127.0.0.1:*:*:{ROLE}:{password}\n"
    host.put(File(path=PASSFILE, content=line.encode(), mode=0o600, owner=(owner[0], owner[1])))


@contextmanager
def served(host: Host, password: str) -> Iterator[None]:
    """The database, and the role that an inspection uses, with no more rights than docs/postgresql.md says."""
    # By standard input: an argument could be seen by every user of the host.
    told = f"CREATE DATABASE his; CREATE ROLE {ROLE} LOGIN PASSWORD '{password}';"
    host.run(*postgresql.PSQL[:-1], "postgres", stdin=told)
    sql(
        host,
        f"GRANT pg_monitor TO {ROLE}",
        f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO {ROLE}",
        "CREATE EXTENSION pg_stat_statements",
        "CREATE EXTENSION pgstattuple",
    )
    let_in(host, password)
    yield
