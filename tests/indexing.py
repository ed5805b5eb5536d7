"""A real PostgreSQL in a directory of its own, with bloated indexes in it, and rebuilds of them on this machine."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from postgres import OWNER, as_owner, binaries, run

PACKAGE = "ansible_collections.maintkit.ops.plugins.module_utils"
DATABASE = "his"


def part(name: str) -> Any:
    """A part of the collection, as modules import it: `part("indexes.sweep")`."""
    return importlib.import_module(f"{PACKAGE}.{name}")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running cluster with the database `his`, which has pgstattuple and amcheck."""

    home: Path
    port: int = 5432

    def reader(self, port: int) -> Server:
        """A standby beside it."""
        return Server(home=self.home, port=port)

    @property
    def reach(self) -> Any:
        return part("postgresql.session").Reach(user=OWNER, socket=str(self.home), bindir=str(binaries()))

    def argv(self, statement: str, database: str = DATABASE) -> list[str]:
        words = (
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.home),
            "-p",
            str(self.port),
            "-d",
            database,
            "-c",
            statement,
        )
        return as_owner(str(binaries() / "psql"), *words)

    def sql(self, statement: str, database: str = DATABASE) -> str:
        done = subprocess.run(self.argv(statement, database), capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def holding(self, statements: str) -> Iterator[subprocess.Popen[str]]:
        """A session that has run these statements and stays open."""
        argv = as_owner(str(binaries() / "psql"), "-XAtq", "-h", str(self.home), "-p", str(self.port), "-d", DATABASE)
        session = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        assert session.stdin is not None
        assert session.stdout is not None
        session.stdin.write(f"{statements};\n\\echo ready\n")
        session.stdin.flush()
        while session.stdout.readline().strip() != "ready":
            assert session.poll() is None
        try:
            yield session
        finally:
            session.stdin.close()
            session.wait(30)

    def invalid(self) -> list[str]:
        """The names of all invalid indexes."""
        found = self.sql("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid ORDER BY 1")
        return found.splitlines()

    def bytes(self, index: str) -> int:
        return int(self.sql(f"SELECT pg_relation_size('{index}'::regclass)"))

    def rules(self, **changes: Any) -> Any:
        told = {"limits": part("indexes.choice").Limits(min_bytes=100_000), "spare_bytes": 0, "old_transaction_s": 1,
                "lock_timeout_s": 3}  # fmt: skip
        return part("indexes.sweep").Rules(**{**told, **changes})

    def sweep(self, name: str = "r1", **changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = part("indexes.sweep").Sweep(self.reach, name, self.rules(**changes)).go([DATABASE])
        return found

    @property
    def memory(self) -> Any:
        cluster = self.sql("SELECT system_identifier FROM pg_control_system()")
        return part("indexes.memory").Memory(cluster)

    def look(self) -> dict[str, Any]:
        """Every index of the database by schema and name, with its choice."""
        seen = part("indexes.sweep").look(self.reach, DATABASE, self.memory, self.rules().limits)
        return {f"{one.index.schema}.{one.index.name}": one for one in seen.choices}

    def bloat(self, table: str, rows: int = 60_000, *, keep: int = 5) -> None:
        """A table whose index `<table>_n` is `keep` times as large as it should be, and statistics that say so."""
        for statement in (
            f"CREATE TABLE {table} (n integer, text text)",
            f"INSERT INTO {table} SELECT n, md5(n::text) FROM generate_series(1, {rows}) AS n",  # noqa: S608  # its own
            f"CREATE INDEX {table}_n ON {table} (n, text)",
            f"DELETE FROM {table} WHERE n % {keep} <> 0",  # noqa: S608  # a test's own table
        ):
            self.sql(statement)
        self.sql(f"VACUUM ANALYZE {table}")


@contextmanager
def server(*, wal: Path | None = None) -> Iterator[Server]:
    """The cluster, for as long as the block runs; skipped where there is no PostgreSQL. `wal`: where its WAL lies."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become the user that PostgreSQL runs as")
    where = binaries()
    made = Server(home=Path(tempfile.mkdtemp(prefix="maintkit-indexes-")))
    shutil.chown(made.home, OWNER, OWNER)
    data = made.home / "data"
    elsewhere = ("--waldir", wal) if wal else ()
    options = f"-k {made.home} -c listen_addresses= -c fsync=off -c max_prepared_transactions=2 -c autovacuum=off"
    try:
        run(
            where / "initdb",
            "-D",
            data,
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            *elsewhere,
        )
        run(where / "pg_ctl", "-D", data, "-w", "-l", made.home / "log", "-o", options, "start")
        made.sql(f"CREATE DATABASE {DATABASE}", database="postgres")
        made.sql("CREATE EXTENSION pgstattuple; CREATE EXTENSION amcheck")
        yield made
    finally:
        if (data / "postmaster.pid").exists():
            run(where / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(made.home, ignore_errors=True)


class Beside:
    """Something that runs in a thread of its own; its result or its error is had at the end."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(act,))
        self.thread.start()

    def _run(self, act: Callable[[], Any]) -> None:
        try:
            self.result = act()
        except Exception as error:  # noqa: BLE001  # handed over to the test
            self.error = error

    def end(self, seconds: float = 60) -> Any:
        self.thread.join(seconds)
        assert not self.thread.is_alive()
        if self.error:
            raise self.error
        return self.result


def until(seen: Callable[[], Any], seconds: float = 60, every: float = 0.05) -> Any:
    """What `seen` answers once that is something."""
    end = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < end
        time.sleep(every)
    return found
