"""A real MariaDB with fragmented tables in it, and rebuilds of them on this machine."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from indexing import part
from mariadb import READY_S, account

SERVER = Path("/usr/sbin/mariadbd")
KEYS = Path("/usr/lib/mysql/plugin/file_key_management.so")
OPTIONS = (
    "--skip-networking", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0", "--skip-slave-start",
    "--log-bin", "--server-id=7", "--performance-schema=OFF", "--innodb-max-dirty-pages-pct-lwm=0.001",
)  # fmt: skip


@dataclass(kw_only=True)
class Server:
    """A server with the database `his`; it can be killed and started again."""

    home: Path
    running: subprocess.Popen[bytes] | None = field(default=None)
    internal: str = "INNODB_SYS_TABLES"
    rows: int = 12_000  # of a table that is measured
    kept_back: int = 2 << 20  # bytes of extents that nobody can foretell

    @property
    def kinds(self) -> dict[str, str]:
        """How tables are made whose pages cannot be read."""
        return {"punched": "PAGE_COMPRESSED=1", **({"secret": "ENCRYPTED=YES"} if KEYS.exists() else {})}

    @property
    def locked(self) -> dict[str, tuple[str, str]]:
        """Tables that this server alone locks while it rebuilds them, by their columns, and a word of the reason."""
        return {
            "hashed": ("n int PRIMARY KEY, t text, filler text, UNIQUE (t) USING HASH", "by hash"),
            "reckoned": ("n int PRIMARY KEY, t int AS (n + 1) VIRTUAL, filler text, KEY (t)", "virtual column"),
        }

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def reach(self) -> Any:
        return part("mysql.session").Reach(socket=str(self.home / "s"))

    def common(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self.data}", *(f"--user={name}" for name in account())]

    def command(self) -> list[str]:
        """The server's own words, but for its places."""
        words = [str(SERVER), *self.common(), *OPTIONS]
        if KEYS.exists():
            words += ["--plugin-load-add=file_key_management", f"--file-key-management-filename={self.home / 'keys'}"]
        return words

    def install(self) -> list[str]:
        """What makes an empty data directory."""
        (self.home / "keys").write_text(f"1;{'ab' * 32}\n")
        (self.home / "keys").chmod(0o644)
        return ["mariadb-install-db", *self.common(), "--auth-root-authentication-method=normal", "--skip-test-db"]

    def start(self) -> None:
        (self.home / "s").unlink(missing_ok=True)
        places = [f"--socket={self.home / 's'}", f"--pid-file={self.home / 'pid'}", f"--tmpdir={self.home}"]
        with (self.home / "log").open("ab") as log:
            self.running = subprocess.Popen([*self.command(), *places], stdout=log, stderr=log)
        until = time.monotonic() + READY_S
        while self.ask("SELECT 1", check=False).returncode:
            assert self.running.poll() is None, (self.home / "log").read_text()
            assert time.monotonic() < until, (self.home / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut does."""
        assert self.running is not None
        self.running.kill()
        self.running.wait()

    def client(self) -> list[str]:
        return ["mariadb"]

    def argv(self) -> list[str]:
        words = ("--no-defaults", f"--socket={self.home / 's'}", "--user=root", "--default-character-set=utf8mb4")
        return [*self.client(), *words, "--batch", "--raw", "--skip-column-names", "--unbuffered"]

    def ask(self, statements: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(), input=f"USE mysql;\n{statements}", capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def sql(self, statements: str) -> str:
        """Statements, in the database `his`, and their answer."""
        return self.ask(f"USE his;\n{statements}").stdout.strip()

    @contextmanager
    def holding(self, statements: str) -> Iterator[subprocess.Popen[str]]:
        """A session that has run these statements in `his` and stays open, doing nothing."""
        session = subprocess.Popen(self.argv(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert session.stdin is not None
        assert session.stdout is not None
        session.stdin.write(f"USE his;\n{statements};\nSELECT 'ready';\n")
        session.stdin.flush()
        while session.stdout.readline().strip() != "ready":
            assert session.poll() is None
        try:
            yield session
        finally:
            session.stdin.close()
            session.wait(30)
            session.stdout.close()

    def bytes(self, table: str, database: str = "his") -> int:
        return sum(file.stat().st_size for file in (self.data / database).glob(f"{table}*.ibd"))

    def at_work(self) -> bool:
        """Whether a rebuild has begun its file; seen without a word to the server, which could come too late."""
        return any(self.data.glob("*/#sql*.ibd"))

    def half_made(self) -> list[str]:
        """Files and tables of rebuilds that are not whole."""
        files = [file.name for file in self.data.glob("*/#sql*")]
        asked = f"SELECT NAME FROM information_schema.{self.internal} WHERE NAME LIKE '%/#sql%'"  # noqa: S608  # ours
        return files + self.sql(asked).splitlines()

    def rules(self, **changes: Any) -> Any:
        told = {"limits": part("tables.choice").Limits(min_bytes=1 << 20), "spare_bytes": 0, "lock_timeout_s": 2.0}
        return part("tables.sweep").Rules(**{**told, **changes})

    def sweep(self, name: str = "r1", databases: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
        sweep = part("tables.sweep").Sweep(self.reach, name, self.rules(**changes))
        found: dict[str, Any] = sweep.go(databases)
        return found

    @property
    def memory(self) -> Any:
        with part("mysql.session").Session(self.reach) as session:
            return part("tables.memory").TableMemory(part("tables.preflight").server(session).cluster)

    def look(self) -> dict[str, Any]:
        """Every table by database and name, with its choice."""
        with part("mysql.session").Session(self.reach) as session:
            found = part("tables.preflight").server(session)
            sweep = part("tables.sweep")
            choices, _ = sweep.look(session, found, self.memory, (), self.rules().limits)
        return {f"{one.table.database}.{one.table.name}": one for one in choices}

    def settled(self, *tables: str) -> None:
        """Until deleted rows are gone and every page of these tables is in its file."""
        self.purge()
        self.sql("".join(f"FLUSH TABLES {name} FOR EXPORT; UNLOCK TABLES; " for name in tables))

    def purge(self) -> None:
        """Until no deleted row is kept for anybody."""
        self.sql("SET GLOBAL innodb_max_purge_lag_wait = 0")

    def fragment(self, table: str, rows: int = 8_000, *, keep: int = 5, more: str = "") -> None:
        """A table of which all rows but each `keep`th are deleted, and whose file shows that; `more` is how it lies."""
        self.sql(
            f"CREATE TABLE {table} (n int PRIMARY KEY, few int, filler varchar(300), KEY (few)) {more};"  # noqa: S608  # its own
            f"INSERT INTO {table} SELECT seq, seq % 97, REPEAT(MD5(seq), 8) FROM seq_1_to_{rows};"
            f"DELETE FROM {table} WHERE n % {keep} <> 0;"
        )
        self.settled(table)


Kind = TypeVar("Kind", bound=Server)


@contextmanager
def server() -> Iterator[Server]:
    """The server, for as long as the block runs; skipped where there is none."""
    if not SERVER.exists():
        pytest.skip("no MariaDB server on this machine")
    with kept(Server(home=Path(tempfile.mkdtemp(prefix="maintkit-tables-")))) as made:
        yield made


@contextmanager
def emptied(made: Server) -> Iterator[None]:
    """Afterwards no table of a test is left in it."""
    yield
    made.ask("DROP DATABASE his; CREATE DATABASE his; DROP DATABASE IF EXISTS `库 ``一;`")


@contextmanager
def kept(made: Kind) -> Iterator[Kind]:
    """A server in its home, made, started and taken away again."""
    for name in account():
        shutil.chown(made.home, name)
    try:
        done = subprocess.run(made.install(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        made.start()
        made.ask("CREATE DATABASE his")
        yield made
    finally:
        if made.running is not None and made.running.poll() is None:
            made.running.terminate()
            made.running.wait(timeout=60)
        shutil.rmtree(made.home, ignore_errors=True)
