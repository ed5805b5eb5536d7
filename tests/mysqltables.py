"""A real MySQL 8.0 with fragmented tables in it: Ubuntu's packages, from an image of the lab, run on this machine."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from indexing import part
from tabling import Server, kept

from lab.image import Layer, layered
from lab.places import why_not
from lab.suites import JAMMY

MYSQL = Layer(name="mysql", packages=("mysql-server",), script="systemctl -q enable mysql")
OPTIONS = (
    "--skip-networking", "--mysqlx=0", "--secure-file-priv=", "--innodb-buffer-pool-size=64M", "--log-bin=binlog",
    "--server-id=7", "--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--skip-replica-start",
    "--innodb-max-dirty-pages-pct-lwm=0.001", "--innodb-purge-rseg-truncate-frequency=1",
    "--cte-max-recursion-depth=10000000", "--early-plugin-load=keyring_file.so",
)  # fmt: skip
# MariaDB has tables of numbers, which the tests ask for.
SEQUENCE = re.compile(r"\bseq_(\d+)_to_(\d+)(?:_step_(\d+))?")
NUMBERS = (
    r"(WITH RECURSIVE c (seq) AS (SELECT {0} UNION ALL SELECT seq + {2} FROM c WHERE seq + {2} <= {1})"
    " SELECT seq FROM c) AS c"
)
HISTORY = "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'"
PURGED_S = 60


@dataclass(kw_only=True)
class MySQL(Server):
    """As a MariaDB of the tests, from the directories of an image: nothing of this machine's is loaded."""

    roots: tuple[Path, ...]
    internal: str = "INNODB_TABLES"
    rows: int = 50_000
    # The most that was seen: of full tables, and of those that would just not fill one extent and do.
    kept_back: int = 7 << 20

    @property
    def kinds(self) -> dict[str, str]:
        return {"punched": "COMPRESSION='zlib'", "secret": "ENCRYPTION='Y'"}

    @property
    def locked(self) -> dict[str, tuple[str, str]]:
        return {}

    def program(self, path: str) -> list[str]:
        """A program of the image by its own loader and its own libraries."""
        folders = [str(at) for root in self.roots for at in root.glob("*lib/*-linux-gnu")]
        folders += [str(at) for root in self.roots for at in root.glob("usr/lib/*-linux-gnu")]
        loader = next(at for root in self.roots for at in root.glob("lib/*-linux-gnu/ld-linux-*"))
        found = next(root / path for root in self.roots if (root / path).exists())
        return [str(loader), "--library-path", ":".join(folders), str(found)]

    @property
    def reach(self) -> Any:
        """By the image's own client, which a script of this name starts."""
        there = self.home / "bin"
        if not there.exists():
            there.mkdir()
            (there / "mysql").write_text(f'#!/bin/sh\nexec {" ".join(self.program("usr/bin/mysql"))} "$@"\n')
            (there / "mysql").chmod(0o755)
        return part("mysql.session").Reach(socket=str(self.home / "s"), bindir=str(there))

    def client(self) -> list[str]:
        return self.program("usr/bin/mysql")

    def common(self) -> list[str]:
        return [*super().common(), f"--basedir={self.roots[0] / 'usr'}", "--lc-messages=en_US",
                f"--keyring-file-data={self.home / 'keyring'}"]  # fmt: skip

    def command(self) -> list[str]:
        return [
            *self.program("usr/sbin/mysqld"),
            *self.common(),
            *OPTIONS,
            f"--innodb-directories={self.home / 'elsewhere'}",
        ]

    def install(self) -> list[str]:
        return [*self.program("usr/sbin/mysqld"), *self.common()[:-1], "--initialize-insecure", "--secure-file-priv="]

    def ask(self, statements: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        return super().ask(SEQUENCE.sub(lambda one: NUMBERS.format(one[1], one[2], one[3] or 1), statements),
                           check=check)  # fmt: skip

    def purge(self) -> None:
        until = time.monotonic() + PURGED_S
        while self.ask(HISTORY).stdout.strip() != "0":
            assert time.monotonic() < until, self.ask(HISTORY).stdout
            time.sleep(0.05)


@contextmanager
def mysql_server() -> Iterator[MySQL]:
    """The server, for as long as the block runs; skipped where no image can be made."""
    if reason := why_not():
        pytest.skip(f"lab: {reason}")
    home = Path(tempfile.mkdtemp(prefix="maintkit-mysql-"))
    with kept(MySQL(home=home, roots=layered(MYSQL, suite=JAMMY))) as made:
        yield made
