"""The copy as a server of its own: no network, no jobs, no replication, an account of its own, its log gone with it."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import wait
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach, Session, program
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import as_user

from . import guard
from .fingerprint import ACCOUNT

STOP_S = 300.0
# On the command line, after --no-defaults: no file of options, of this host or of the source, is read.
ISOLATED = {
    "skip_networking": "ON",
    "skip_slave_start": "ON",
    "event_scheduler": "OFF",
    "read_only": "ON",
    "log_bin": "{place}/log/copy",
    "binlog_format": "ROW",
    "server_id": "1",
    "general_log": "OFF",
    "slow_query_log": "OFF",
    "log_error": "{place}/log/server.log",
    "log_warnings": "1",
    "local_infile": "OFF",
    "secure_file_priv": "{place}/tmp",
    "init_file": "{place}/init.sql",
    "socket": "{place}/socket/s",
    "pid_file": "{place}/socket/pid",
    "datadir": "{data}",
    "tmpdir": "{place}/tmp",
    "max_allowed_packet": "1G",
    "performance_schema": "OFF",
}
FREE = ("performance_schema", "max_allowed_packet")  # of ISOLATED, what may be another one without letting anything out
NEVER = ("port", "bind_address", "extra_port", "log_basename", "innodb_data_home_dir", "innodb_undo_directory",
         "innodb_log_group_home_dir", "innodb_force_recovery", "wsrep_on", "wsrep_provider", "wsrep_cluster_address",
         "relay_log", "master_info_file", "skip_grant_tables", "user")  # fmt: skip
# What a set says of its own files.
OF_SET = re.compile(
    r"^(innodb_(?:data_file_path|page_size|undo_tablespaces|checksum_algorithm))\s*=\s*(\S+)", re.MULTILINE
)
GRAVE = re.compile(r"\[ERROR\]\s*(.*)")


def refuse_settings(settings: Mapping[str, str], option: str = "restore_drill_settings") -> None:
    """Refused when a setting would take from the copy what keeps it alone: a block pasted from production, say.

    A server also takes a name that is cut short, and prefixes that turn it round.
    """
    kept = [*NEVER, *(name for name in ISOLATED if name not in FREE)]
    wrong = sorted(name for name in settings if any(one.startswith(_bare(name)) for one in kept))
    if wrong:
        raise Refused(f"{option} must not hold {', '.join(wrong)}: by them the copy is kept apart")


def _bare(name: str) -> str:
    return re.sub(r"^(?:(?:loose|disable|enable|maximum|autoset)_)+", "", name.replace("-", "_").lower())


@dataclass(frozen=True)
class Instance:
    """The copy below `place`, run by `user`. `alike` are the source's, `settings` stand over them."""

    place: Path
    user: str
    bindir: str
    alike: Mapping[str, str]
    settings: Mapping[str, str]
    account: str = ACCOUNT

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.place / "data"

    @property
    def reach(self) -> Reach:
        """The one way to it: a socket in its private directory, with an account that it was given at its start."""
        return Reach(user=self.user, defaults_file=str(self.place / "client.cnf"), bindir=self.bindir)

    def program(self, name: str, *arguments: str) -> list[str]:
        """One of MariaDB's programs, as its user."""
        return as_user(self.user, [program(name, self.bindir), *arguments])

    def server(self) -> list[str]:
        """The server's command line."""
        told = {**self.alike, **self.of_set()}
        told.update({name: value.format(place=self.place, data=self.data) for name, value in ISOLATED.items()})
        told.update(self.settings)
        return self.program("mariadbd", "--no-defaults", *(f"--{name}={value}" for name, value in told.items()))

    def of_set(self) -> dict[str, str]:
        """What the set says of its own files."""
        own = self.data / "backup-my.cnf"
        return dict(OF_SET.findall(own.read_text() if own.exists() else ""))

    def configure(self) -> None:
        """An account for this copy alone, with a password that nobody knows and that is never in argv."""
        password = f"Aa1!{secrets.token_hex(24)}"
        account = f"'{self.account}'@'localhost'"
        self._private(
            "init.sql",
            "SET SESSION sql_log_bin = 0;\n"
            f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n",
        )
        socket = self.place / "socket" / "s"
        self._private("client.cnf", f'[client]\nuser={self.account}\npassword="{password}"\nsocket={socket}\n')

    def _private(self, name: str, text: str) -> None:
        path = self.place / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        found = self.place.stat()
        os.chown(path, found.st_uid, found.st_gid)

    def answers(self) -> bool:
        """Whether it takes connections."""
        if not (self.place / "socket" / "s").exists():
            return False
        with suppress(Refused), self.session() as session:
            return session.value("SELECT 1") == "1"
        return False

    def session(self, *, discreet: bool = False) -> Session:
        """A conversation with it."""
        return Session(self.reach, discreet=discreet)

    def runs(self) -> bool:
        """Whether a server works in its directory."""
        return any(one.data == self.data for one in guard.servers())

    def stop(self, mode: str = "fast") -> None:
        """Stop it, if it runs; `immediate` asks nobody."""
        for one in [one for one in guard.servers() if one.data == self.data]:
            with suppress(ProcessLookupError):
                os.kill(one.pid, 9 if mode == "immediate" else 15)
        if not wait(lambda: not self.runs(), STOP_S):
            raise Refused(f"the copy cannot be stopped: {self.last_words()}")

    def last_words(self) -> str:
        """The errors at the end of its log."""
        path = self.place / "log" / "server.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        found = [words[1] for words in map(GRAVE.search, lines) if words and words[1] != "Aborting"]
        return " / ".join(found[-2:])[:400] or "its log says nothing"

    def start(self, work: Work, name: str, seconds: float) -> None:
        """Start it as a step of this name; Refused when it does not answer in time."""
        work.begin(name, self.server())
        until = time.monotonic() + seconds
        while not self.answers():
            if work.cut_off(name):
                raise Refused(f"{name} was begun and cut off: the host or its process went down in it")
            if work.ended(name):
                raise Refused(f"the copy does not start: {self.last_words()}")
            if time.monotonic() > until:
                raise Refused(f"the copy does not answer within {seconds:.0f} s: {self.last_words()}")
            time.sleep(0.3)
