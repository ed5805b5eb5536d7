"""A real PostgreSQL cluster for one test session, from the system's binaries; skipped where there are none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

OWNER = "postgres"


def binaries() -> Path:
    """Where initdb and pg_ctl are: PATH, or Debian's versioned place; newest first."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not candidates:
        pytest.skip("no PostgreSQL server binaries on this machine")
    return candidates[-1].parent


def as_owner(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", OWNER, "--", *command] if os.geteuid() == 0 else list(command)


@contextmanager
def cluster(*settings: str) -> Iterator[str]:
    """A running cluster without network, not synced to disk; the URL of its `maintkit` database.

    `settings` are its own (`name=value`), and come after those that every test has.
    """
    where = binaries()
    home = Path(tempfile.mkdtemp(prefix="maintkit-pg-"))
    if os.geteuid() == 0:
        try:
            account = pwd.getpwnam(OWNER)
        except KeyError:
            pytest.skip("root cannot run PostgreSQL, and there is no user postgres")
        os.chown(home, account.pw_uid, account.pw_gid)
    data = home / "data"
    options = f"-k {home} -c listen_addresses='' -c fsync=off -c max_connections=30 -c shared_buffers=16MB"
    options += "".join(f" -c {one}" for one in settings)
    try:
        run(where / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run(where / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start")
        run(where / "createdb", "-h", home, "-U", OWNER, "maintkit")
        yield f"postgresql+psycopg://{OWNER}@/maintkit?host={home}"
    finally:
        if (data / "postmaster.pid").exists():
            run(where / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(home, ignore_errors=True)


def run(program: Path, *arguments: object) -> None:
    """Run one of PostgreSQL's programs; its words are in the error."""
    command = as_owner(str(program), *map(str, arguments))
    # Output goes to a file: the server inherits it, and a pipe would never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False)
        output.seek(0)
        assert done.returncode == 0, output.read().decode(errors="replace")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a cluster that lives as long as the session (one a worker under pytest-xdist)."""
    with cluster() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of its own, removed afterwards."""
    server = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    name = f"ledger_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
