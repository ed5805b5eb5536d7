"""One conversation with PostgreSQL by psql, kept open: what a transaction needs that outlives a statement.

psql runs as an OS user that the server knows (peer), or as ourselves; words of the caller reach a statement only as
psql variables, so that the server quotes them, and never in argv.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

from .said import Said, said

# What a value looks like as text must not depend on a server's or a user's settings.
PLAIN = {
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "search_path": "pg_catalog",
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
END = "maintkit: that was all"
# Verbose for the code of an error alone.
VARIABLES = ("-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose")
# A notice may quote a row, and stands before the error that counts.
QUIET = "-c client_min_messages=error"
LOCK_TIMEOUT, DEADLOCK, CANCELED = "55P03", "40P01", "57014"


@dataclass(frozen=True)
class Reach:
    """How a server is reached: as this OS user, by this socket directory (empty: the usual one) and port (0: 5432)."""

    user: str = "postgres"
    socket: str = ""
    port: int = 0
    bindir: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def program(self, name: str) -> str:
        """A client program; that of `bindir` where one is given."""
        return f"{self.bindir}/{name}" if self.bindir else name

    def environment(self, database: str) -> dict[str, str]:
        """By variables rather than argv: a database may be called like a connection string."""
        told = {"PGDATABASE": database, "PGAPPNAME": "maintkit", "PGCONNECT_TIMEOUT": "10", "PGCLIENTENCODING": "UTF8"}
        told["PGOPTIONS"] = " ".join([QUIET, *(f"-c {name}={value}" for name, value in PLAIN.items())])
        told.update({"PGHOST": self.socket} if self.socket else {})
        told.update({"PGPORT": str(self.port)} if self.port else {})
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {**kept, "LC_ALL": "C.UTF-8", **told, **self.more}


def as_user(user: str, argv: Sequence[str]) -> list[str]:
    """The command as this OS user; as it is when that is us."""
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        raise Refused(f"there is no OS user {user!r} on this host: name the one that PostgreSQL runs as") from None
    return list(argv) if uid == os.geteuid() else ["runuser", "-u", user, "--", *argv]


class ServerRefused(Refused):
    """What the server said in its own language, without values, and its SQLSTATE; empty where it has none.

    `primary` is its message alone, where that may quote a value too.
    """

    def __init__(self, database: str, found: Said) -> None:
        super().__init__(f"database {database}: {found.words}")
        self.code, self.primary = found.code, found.primary


class Session:
    """An open psql. Any error of the server ends it; what the server said is in the ServerRefused that follows."""

    def __init__(self, reach: Reach, database: str) -> None:
        argv = as_user(reach.user, [reach.program("psql"), "-XAtq", *VARIABLES, "-f", "-"])
        self.database = database
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the session; a pipe could fill up
        self.psql = subprocess.Popen(
            argv,
            env=reach.environment(database),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
        )

    def __enter__(self) -> Session:  # noqa: PYI034  # hosts have a Python without typing.Self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it; what was not committed is rolled back."""
        for pipe in (self.psql.stdin, self.psql.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self.psql.wait(10)
        except subprocess.TimeoutExpired:
            self.psql.kill()
            self.psql.wait()
        self.said.close()

    def ask(self, statement: str, **variables: str) -> list[str]:
        """Run statements; the lines of their answer. `:'name'` in them is the variable of that name, quoted."""
        given = "".join(f"\\set {name} {quoted(value)}\n" for name, value in variables.items())
        closed = statement if statement.rstrip().endswith((";", "\\gexec", "\\gset")) else f"{statement};"
        try:
            self.psql.stdin.write(f"{given}{closed}\n\\echo '{END}'\n".encode())
            self.psql.stdin.flush()
        except OSError:
            raise self._ended() from None
        lines = []
        for line in self.psql.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            if text == END:
                return lines
            lines.append(text)
        raise self._ended()

    def value(self, statement: str, **variables: str) -> str:
        """The one line of an answer; empty when there is none."""
        lines = self.ask(statement, **variables)
        return lines[0] if lines else ""

    def json(self, statement: str, **variables: str) -> Any:
        """The one JSON value of an answer (jsonb, which is one line); None when there is none."""
        text = self.value(statement, **variables)
        return json.loads(text) if text else None

    def _ended(self) -> ServerRefused:
        self.psql.wait()
        self.said.seek(0)
        return ServerRefused(self.database, said(self.said.read().decode(errors="replace")))


def quoted(value: str) -> str:
    """As psql's own commands take a word."""
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
