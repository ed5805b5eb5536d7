"""The hospital's packages, built and unpacked once, and a registration database as the lab makes it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hospital
import psycopg
import pytest
from hospital import FILES, Site
from sqlalchemy import make_url


@pytest.fixture(scope="session")
def debs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Every package of the hospital, by version."""
    return hospital.build(tmp_path_factory.mktemp("debs"))


@pytest.fixture(scope="session")
def versions(debs: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every version of his-demo, unpacked."""
    hospital.needs("psycopg2")
    root = tmp_path_factory.mktemp("unpacked")
    return {
        version: hospital.unpack([deb for deb in some if deb.name.startswith("his-demo")], root / version)
        for version, some in debs.items()
    }


@dataclass(frozen=True, kw_only=True)
class Database:
    """The registration database: what each role connects with, and the way in for a test."""

    host: str
    name: str

    def dsn(self, role: str) -> str:
        return f"host={self.host} dbname={self.name} user={role}"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.dsn("postgres"), autocommit=True)

    def one(self, query: str) -> object:
        with self.connect() as connection:
            row = connection.execute(query).fetchone()
            return None if row is None else row[0]

    def schema(self) -> str:
        """Every object with its definition, without the token that newer pg_dump draws at random each time."""
        command = ["pg_dump", "--schema-only", "-h", self.host, "-U", "postgres", self.name]
        dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))

    def run(self, script: Path, **variables: str) -> None:
        """psql, as the provisioning does it."""
        options = [item for name, value in variables.items() for item in ("-v", f"{name}={value}")]
        command = ["psql", "-qXh", self.host, "-U", "postgres", "-d", self.name, "-v", "ON_ERROR_STOP=1", *options]
        subprocess.run([*command, "-f", script], check=True, capture_output=True, text=True)


@pytest.fixture(scope="session")
def filled(postgres_server: str, versions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Database:
    """`his` as on the lab's database host: roles, migrations of 1.0, synthetic data."""
    server = Database(host=str(make_url(postgres_server).query["host"]), name="postgres")
    passwords = {f"{role}_password": "x" for role in ("owner", "app", "monitor")}
    server.run(FILES / "his-db.sql", **passwords)
    his = Database(host=server.host, name="his")
    site = Site.make(tmp_path_factory.mktemp("setup"), dsn="", owner_dsn=his.dsn("his_owner"))
    done = site.migrate(versions["1.0"])
    assert done.returncode == 0, done.stderr
    his.run(FILES / "his-seed.sql")
    return his


@pytest.fixture
def database(filled: Database) -> Iterator[Database]:
    """A copy of the filled database, for one test."""
    server = Database(host=filled.host, name="postgres")
    with server.connect() as connection:
        connection.execute("CREATE DATABASE his_test TEMPLATE his")
        try:
            yield Database(host=filled.host, name="his_test")
        finally:
            connection.execute("DROP DATABASE his_test WITH (FORCE)")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    """Configuration of one application host: it works as his_app, it migrates as his_owner."""
    return Site.make(tmp_path / "app1", dsn=database.dsn("his_app"), owner_dsn=database.dsn("his_owner"))
