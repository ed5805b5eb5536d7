"""One conversation with MariaDB by its client, kept open: what a transaction needs that outlives a statement.

No password is ever in argv: the server lets the OS user in by its socket, or a file of options holds account and
password.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import as_user

USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/usr/local/mysql/bin"
END = "maintkit: that was all"
# What a value looks like as text must not depend on a server's or an account's settings.
PLAIN = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'",
    "SET SESSION max_statement_time = 0",
    "SET SESSION group_concat_max_len = 1048576",
)
CODE = re.compile(r"ERROR (\d+) \((\w+)\)")
OWN_COMMAND = re.compile(r"^\s*delimiter\b", re.IGNORECASE | re.MULTILINE)
ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


@dataclass(frozen=True)
class Reach:
    """How a server is reached: as this OS user, by this socket or file of options (empty: the client's own)."""

    user: str = "root"
    socket: str = ""
    defaults_file: str = ""
    account: str = ""
    bindir: str = ""

    def argv(self, name: str, *words: str) -> list[str]:
        """A client program that connects so."""
        options = [f"--defaults-file={self.defaults_file}" if self.defaults_file else "--no-defaults"]
        options += [f"--socket={self.socket}"] if self.socket else []
        options += [f"--user={self.account}"] if self.account else []
        return as_user(self.user, [program(name, self.bindir), *options, *words])


class Session:
    """An open client. Any error of the server ends it; what the server said is in the Refused that follows.

    `discreet`: of an error only its number is told, for its text may quote a value.
    """

    def __init__(self, reach: Reach, *, discreet: bool = False) -> None:
        # In binary mode the client obeys no word of its own (system, source) that a statement might hold.
        words = ["--batch", "--skip-column-names", "--unbuffered", "--binary-mode", "--connect-timeout=10"]
        self.discreet = discreet
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the session; a pipe could fill up
        self.client = subprocess.Popen(
            reach.argv("mariadb", *words, "--default-character-set=utf8mb4"),
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
        )
        for statement in PLAIN:
            self.ask(statement)

    def __enter__(self) -> Session:  # noqa: PYI034  # hosts have a Python without typing.Self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it; what was not committed is rolled back."""
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

    def ask(self, statement: str) -> list[list[str]]:
        """Run a statement; the rows of its answer, as text. NULL reads as the word: ask for what it should be."""
        if OWN_COMMAND.search(statement):
            raise Refused("a statement holds a line that begins with DELIMITER, which the client would obey")
        try:
            self.client.stdin.write(f"{statement.rstrip().rstrip(';')}\n;\nSELECT '{END}';\n".encode())
            self.client.stdin.flush()
        except OSError:
            raise self._ended() from None
        rows = []
        for line in self.client.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            if text == END:
                return rows
            rows.append([plain(field) for field in text.split("\t")])
        raise self._ended()

    def value(self, statement: str) -> str:
        """The first field of an answer; empty when there is none."""
        rows = self.ask(statement)
        return rows[0][0] if rows else ""

    def _ended(self) -> Refused:
        self.client.wait()
        self.said.seek(0)
        said = self.said.read().decode(errors="replace").strip()
        code = CODE.search(said)
        if self.discreet:
            return Refused(f"MariaDB: error {code[1]} ({code[2]})" if code else "MariaDB: the session has ended")
        return Refused(f"MariaDB: {' / '.join(said.splitlines()[-3:]) or 'its client ended without a word'}")


def program(name: str, bindir: str = "") -> str:
    """A program of MariaDB: that of `bindir`, else where it usually is; by its name alone where it is not there."""
    return f"{bindir}/{name}" if bindir else shutil.which(name, path=USUAL) or name


def plain(field: str) -> str:
    """A field without the escapes of the client's batch output."""
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[0]), field)


def name(identifier: str) -> str:
    """An identifier, quoted."""
    return "`" + identifier.replace("`", "``") + "`"


def text(value: str) -> str:
    """A text as a literal that no quote can end."""
    return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4) COLLATE utf8mb4_bin"
