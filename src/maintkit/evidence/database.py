"""The two databases a ledger can live in: how to connect, begin and lock, and what their errors mean."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from maintkit.errors import LedgerCorrupt, LedgerError, LedgerLocked
from maintkit.evidence import tables
from maintkit.evidence.lock import WAIT_S, Holder, file_lock, locked_by, patiently

BUSY_S = 10


class Database(Protocol):
    """What differs between SQLite and PostgreSQL."""

    name: str  # for messages, without a password
    path: Path | None  # the file, where the database is one on this machine
    engine: Engine

    def writer(self, me: Holder, *, wait_s: float = WAIT_S) -> AbstractContextManager[Connection]:
        """A connection that alone may write, until it is left; LedgerLocked names who else writes."""
        ...


def database(url: str, *, create: bool = False, read_only: bool = False) -> Database:
    """The database of a URL; LedgerError when it is none, does not exist, or its driver is not installed."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return Sqlite(parsed, create=create, read_only=read_only)
    return Postgres(parsed, read_only=read_only)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise LedgerError("the ledger's URL cannot be understood", hint=_URLS) from error
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed
    raise LedgerError(f"{parsed.render_as_string()}: no ledger can be kept there", hint=_URLS)


_URLS = "write sqlite:////absolute/path/ledger.db or postgresql+psycopg://user@host/database"


@contextmanager
def errors(name: str) -> Iterator[None]:
    """Turns the driver's errors into ours, with what to do next."""
    try:
        yield
    except DBAPIError as error:
        raise _meaning(name, str(error.orig).strip()) from error
    except SQLAlchemyError as error:
        raise LedgerError(f"{name}: {error}", hint="this is a defect of maintkit: report it") from error


def _meaning(name: str, words: str) -> LedgerError:
    first = words.splitlines()[0] if words else "no reason given"
    for part, kind, hint in _KNOWN:
        if part in words:
            return kind(f"{name}: {first}", hint=hint)
    return LedgerError(f"{name}: {first}", hint="nothing was written; see the database's own log for the cause")


_KNOWN: tuple[tuple[str, type[LedgerError], str], ...] = (
    ("disk is full", LedgerError, "free space on that disk; nothing of this write was kept, all earlier entries were"),
    ("No space left", LedgerError, "free space on that disk; nothing of this write was kept, all earlier entries were"),
    ("disk I/O error", LedgerError, "look at that disk and at quotas; all acknowledged entries are kept"),
    ("read-only transaction", LedgerError, "this ledger was opened for reading only"),
    ("terminating connection", LedgerError, "run the command again; `maintkit ledger show` says how far it came"),
    ("readonly database", LedgerError, "give the user who runs maintkit write access to the ledger and its directory"),
    ("unable to open", LedgerError, "give the user who runs maintkit access to the ledger and its directory"),
    ("not a database", LedgerCorrupt, "this file is no SQLite database: restore the ledger from its last good copy"),
    ("Could not decode", LedgerCorrupt, "the file is damaged: restore the ledger from its last good copy"),
    ("malformed", LedgerCorrupt, "the file is damaged: restore the ledger from its last good copy"),
    ("database is locked", LedgerLocked, "another program has the database open for writing: close it and try again"),
    (
        "append-only",
        LedgerCorrupt,
        "run `maintkit ledger verify`: what is in the ledger is not what this program wrote",
    ),
    ("no such table", LedgerError, "this database holds no ledger: `maintkit init` makes one"),
    ("does not exist", LedgerError, "make the database first, then `maintkit init` makes the ledger in it"),
    ("password authentication failed", LedgerError, "put the password into ~/.pgpass or the service file"),
    ("connection", LedgerError, "check that PostgreSQL runs and that this host may connect to it"),
)


class Sqlite:
    """One file, one writer: rollback journal (WAL has a corruption bug up to 3.51.2), synced fully at each commit."""

    def __init__(self, url: URL, *, create: bool, read_only: bool) -> None:
        self._file = Path(str(url.database))
        self.path: Path | None = self._file
        self.name = str(self._file)
        self._read_only = read_only
        if create:
            self._make()
        elif not self._file.is_file():
            raise LedgerError(f"there is no ledger at {self._file}", hint="`maintkit init` makes a site with a ledger")
        self.engine = create_engine("sqlite://", creator=self._connect)
        event.listen(self.engine, "begin", _begin)

    @contextmanager
    def writer(self, me: Holder, *, wait_s: float = WAIT_S) -> Iterator[Connection]:
        """The lock is a file beside the database, `ledger.db.lock`."""
        with (
            file_lock(self._file.with_name(f"{self._file.name}.lock"), me, ledger=self.name, wait_s=wait_s),
            errors(self.name),
            self.engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection,
        ):
            yield connection

    def _make(self) -> None:
        """An empty file that only its owner can read; one that is there and empty is a creation that was cut short."""
        try:
            os.close(os.open(self._file, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise LedgerError(
                f"{self._file} cannot be made: {error.strerror}",
                hint="make the directory, and be allowed to write there",
            ) from error

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self._read_only else "rw"
        connection = sqlite3.connect(
            f"{self._file.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,  # SQLAlchemy's begin event says BEGIN, not the driver
            check_same_thread=False,  # the ledger has a lock of its own
        )
        # Pragmas read the file's header: where that fails, the first statement says so through `errors`.
        if not self._read_only:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


class Postgres:
    """A database that a team shares: the lock is an advisory lock of the session that writes."""

    def __init__(self, url: URL, *, read_only: bool) -> None:
        self.name = url.render_as_string()
        self.path: Path | None = None
        ours = "-c synchronous_commit=on" + (" -c default_transaction_read_only=on" if read_only else "")
        theirs = url.query.get("options", "")
        options = f"{theirs if isinstance(theirs, str) else ' '.join(theirs)} {ours}"
        arguments: dict[str, Any] = {"options": options, "connect_timeout": 10, "keepalives_idle": 30}
        try:
            self.engine = create_engine(url, connect_args=arguments)
        except ModuleNotFoundError as error:
            raise LedgerError(
                f"a ledger in PostgreSQL needs the Python package {error.name}",
                hint="pip install 'maintkit[postgresql]'",
            ) from error

    @contextmanager
    def writer(self, me: Holder, *, wait_s: float = WAIT_S) -> Iterator[Connection]:
        """Entries are written by the very session that holds the lock: without it, nothing can be written."""
        with errors(self.name), self.engine.connect() as connection:
            if not patiently(lambda: self._take(connection), wait_s=wait_s, holder=lambda: self._holder(connection)):
                raise locked_by(self._holder(connection), ledger=self.name)
            event.listen(connection, "begin", self._same_session(connection))
            try:
                self._name(connection, me)
                yield connection
            finally:
                # Closing the session gives the lock back whatever state the transaction is in.
                connection.invalidate()

    def _same_session(self, connection: Connection) -> Callable[[Connection], None]:
        """SQLAlchemy connects anew when a session was lost, and the lock went with the old one: nothing may follow."""
        session = connection.connection.dbapi_connection

        def check(now: Connection) -> None:
            if now.connection.dbapi_connection is not session:
                raise LedgerError(
                    f"{self.name}: the session that held the lock was lost",
                    hint="run the command again; `maintkit ledger show` says how far it came",
                )

        return check

    def _take(self, connection: Connection) -> bool:
        with connection.begin():
            return bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}).scalar_one())

    def _name(self, connection: Connection, me: Holder) -> None:
        with connection.begin():
            if not inspect(connection).has_table(tables.holder.name):
                return  # the ledger is being made
            connection.execute(tables.holder.delete())
            connection.execute(tables.holder.insert().values(one=1, who=json.dumps(asdict(me))))

    def _holder(self, connection: Connection) -> Holder | None:
        with connection.begin():
            if not inspect(connection).has_table(tables.holder.name):
                return None
            who = connection.execute(tables.holder.select()).first()
        return Holder(**json.loads(who.who)) if who else None


# Advisory locks are per database, and a ledger is alone in its database or schema; 63 bits of a name nobody else uses.
_LOCK_KEY = int.from_bytes(sha256(b"maintkit.ledger").digest()[:8], "big") >> 1
