"""One conversation with MariaDB or MySQL by the host's own client, kept open: what a named lock needs, and a watcher.

A password is only ever in the option file that is named, and words of the caller reach a statement as hexadecimal
digits or as a quoted name, never in argv.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import as_user

CLIENTS = ("mariadb", "mysql")
# A connection that was lost has lost its locks: it must not come back unseen.
OPTIONS = ("--batch", "--raw", "--skip-column-names", "--unbuffered", "--skip-reconnect", "--no-auto-rehash",
           "--loose-skip-print-query-on-error", "--default-character-set=utf8mb4", "--connect-timeout=10")  # fmt: skip
# Who may write here must not depend on a user's own settings; answers of MySQL 8 are else up to a day old.
PLAIN = """SET SESSION sql_mode = '', SESSION time_zone = 'SYSTEM', SESSION lock_wait_timeout = 5,
  SESSION wait_timeout = 28800;
/*!80003 SET SESSION information_schema_stats_expiry = 0 */"""
UNKNOWN = "[Warning] unknown option '--loose-"  # MySQL's client says so of each that only MariaDB's knows
END = "maintkit: that was all"
CODE = re.compile(r"^ERROR (\d+) \((\w+)\)", re.MULTILINE)
# Errors whose words may quote a row: classes of SQLSTATE (data, constraints, what a routine raises), and numbers of
# those in no class: a wrong value, and one without a partition.
OF_DATA = ("22", "23", "45")
OF_A_VALUE = ("1366", "1411", "1525", "1526")


@dataclass(frozen=True)
class Reach:
    """How a server is reached: as this OS user, by this socket (empty: the usual one) and, with a password, by a file.

    Without `defaults_file` no option file is read, and the server must let the OS user in by the socket.
    """

    user: str = "root"
    socket: str = ""
    defaults_file: str = ""
    account: str = ""
    bindir: str = ""

    def argv(self) -> list[str]:
        """The client, as the OS user. Refused when there is no client."""
        words = [self._client(), f"--defaults-file={self.defaults_file}" if self.defaults_file else "--no-defaults"]
        words += OPTIONS
        if self.socket:
            words += ["--protocol=socket", f"--socket={self.socket}"]
        if self.account or not self.defaults_file:
            words.append(f"--user={self.account or self.user}")
        return as_user(self.user, words)

    def _client(self) -> str:
        found = (shutil.which(name, path=self.bindir or None) for name in CLIENTS)
        client = next((one for one in found if one), None)
        if client is None:
            raise Refused(f"no client mariadb or mysql {f'in {self.bindir}' if self.bindir else 'on the PATH'}")
        return client


class Session:
    """An open client. Any error of the server ends it; what the server said is in the Refused that follows."""

    def __init__(self, reach: Reach) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the session; a pipe could fill up
        self.client = subprocess.Popen(
            reach.argv(), cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said
        )
        try:
            self.ask(PLAIN)
        except Refused:
            self.close()
            raise

    def __enter__(self) -> Session:  # noqa: PYI034  # hosts have a Python without typing.Self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it; its locks are free then."""
        for pipe in (self.client.stdin, self.client.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self.client.wait(10)
        except subprocess.TimeoutExpired:
            self.client.kill()
            self.client.wait()
        self.said.close()

    def ask(self, statement: str) -> list[str]:
        """Run statements; the lines of their answer."""
        try:
            self.client.stdin.write(f"{statement.rstrip().rstrip(';')};\nSELECT '{END}';\n".encode())
            self.client.stdin.flush()
        except OSError:
            raise self._ended() from None
        lines = []
        for line in self.client.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            if text == END:
                return lines
            lines.append(text)
        raise self._ended()

    def rows(self, statement: str) -> list[Any]:
        """The JSON value of each line of an answer."""
        return [json.loads(line) for line in self.ask(statement)]

    def row(self, statement: str) -> Any:
        """The first JSON value of an answer; None when there is none."""
        return next(iter(self.rows(statement)), None)

    def carry_out(self, statement: str) -> None:
        """Run one statement that holds names of the caller: no client reads it, only the server."""
        self.ask(f"SET @maintkit = {word(statement)};\nPREPARE maintkit FROM @maintkit;\nEXECUTE maintkit")

    def _ended(self) -> Refused:
        self.client.wait()
        self.said.seek(0)
        return Refused(f"MariaDB/MySQL: {without_values(self.said.read().decode(errors='replace'))}")


def without_values(told: str) -> str:
    """What a client has written of an error, as far as it may leave the host."""
    code = CODE.search(told)
    if code and (code[2][:2] in OF_DATA or code[1] in OF_A_VALUE):
        return f"it failed on a value of the data, error {code[1]} ({code[2]})"
    said = [line for line in told.strip().splitlines() if UNKNOWN not in line]
    return " / ".join(said[-3:]) or "the client ended without a word"


def word(text: str) -> str:
    """A string as a statement takes it, whatever is in it."""
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"


def name(text: str) -> str:
    """A name as a statement takes it, whatever is in it."""
    return "`{}`".format(text.replace("`", "``"))
