"""The copy as a server of its own: it listens on no network, knows nothing of production, its log gone with it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session, as_user

from . import guard
from .work import Work

PORT = 5432  # names the socket only: nothing listens on the network
POLL_S = 0.3
# Of the source, as its control file has them: a standby with less would stop in the middle of its way.
AT_LEAST = ("max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_xacts", "max_locks_per_xact")
LOGIN_TRIGGERS = 17
AS_SETTING = {"max_prepared_xacts": "max_prepared_transactions", "max_locks_per_xact": "max_locks_per_transaction"}
# Over whatever came along in postgresql.auto.conf: words on the command line stand above it.
ISOLATED = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "hot_standby": "on",
    "archive_mode": "off",
    "archive_command": "",
    "archive_cleanup_command": "",
    "recovery_end_command": "",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "shared_preload_libraries": "",
    "session_preload_libraries": "",
    "local_preload_libraries": "",
    "max_logical_replication_workers": "0",
    "ssl": "off",
    "autovacuum": "off",
    "external_pid_file": "",
    "cluster_name": "maintkit-drill",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "logging_collector": "on",
    "log_destination": "stderr",
    "log_filename": "server.log",
    "log_file_mode": "0600",
    "log_rotation_age": "0",
    # Neither statements nor rows: DETAIL and STATEMENT may hold a patient.
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

RECOVERY = """
SELECT jsonb_build_object(
    'recovering', pg_is_in_recovery(), 'replayed', pg_last_wal_replay_lsn(),
    'committed_at', extract(epoch FROM pg_last_xact_replay_timestamp()),
    'paused', CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END)
"""

FREE = (
    *("shared_buffers", "huge_pages"),
    *("shared_preload_libraries", "session_preload_libraries", "local_preload_libraries"),
)  # of ISOLATED, what may be another one without letting anything out
NEVER = (
    *("data_directory", "config_file", "hba_file", "ident_file", "unix_socket_directories", "port", "log_directory"),
    *("primary_conninfo", "restore_command", "archive_command", "archive_library", "archive_cleanup_command"),
    *("recovery_end_command", "external_pid_file", "include", "include_dir", "include_if_exists"),
)


def refuse_settings(settings: Mapping[str, str], option: str = "restore_drill_settings") -> None:
    """Refused when a setting would take from the copy what keeps it alone: a block pasted from production, say."""
    wrong = sorted(one for one in settings if one in NEVER or (one in ISOLATED and one not in FREE))
    if wrong:
        raise Refused(f"{option} must not hold {', '.join(wrong)}: by them the copy is kept apart")


@dataclass(frozen=True)
class Instance:
    """The copy below `place`, run by `user` with the programs of `bindir`. `settings` stand over ISOLATED."""

    place: Path
    user: str
    bindir: str
    settings: Mapping[str, str]

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.place / "data"

    @property
    def reach(self) -> Reach:
        """The one way to it: a socket in its private directory."""
        return Reach(user=self.user, socket=str(self.place / "socket"), port=PORT, bindir=self.bindir)

    def program(self, name: str, *arguments: str) -> list[str]:
        """One of PostgreSQL's programs, as its user."""
        return as_user(self.user, [f"{self.bindir}/{name}", *arguments])

    def control(self) -> dict[str, str]:
        """pg_controldata, by its own words."""
        done = run(self.program("pg_controldata", "-D", str(self.data)))
        if done.returncode != 0:
            raise Refused(f"pg_controldata ended with {done.returncode}: {done.stderr.strip()}")
        pairs = (line.partition(":") for line in done.stdout.splitlines())
        return {name.strip(): value.strip() for name, _colon, value in pairs}

    @property
    def checksums(self) -> bool:
        """Whether its pages bear checksums."""
        return self.control().get("Data page checksum version", "0") != "0"

    def server(self) -> list[str]:
        """The server's command line."""
        known = self.control()
        least = {
            AS_SETTING.get(name, name): known[f"{name} setting"] for name in AT_LEAST if f"{name} setting" in known
        }
        told = {**ISOLATED, **least, **wal_sizes(known)}
        told.update({"unix_socket_directories": str(self.place / "socket"), "port": str(PORT)})
        told.update({"log_directory": str(self.place / "log"), "data_directory": str(self.data)})
        files = {name: str(self.place / f"{name}.conf") for name in ("hba", "ident")}
        told.update({f"{name}_file": file for name, file in files.items()})
        told["config_file"] = str(self.place / "server.conf")
        told.update(self.settings)
        words = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
        # Of pgBackRest that fetches WAL ahead: it goes with the copy, and never into the spool of this host.
        spool = f"PGBACKREST_SPOOL_PATH={self.place / 'spool'}"
        return as_user(self.user, ["env", spool, f"{self.bindir}/postgres", "-D", str(self.data), *words])

    def recovering(self) -> list[str]:
        """The same for recovery, which may need a network: nobody's login runs a trigger meanwhile (17 and later)."""
        silent = ["-c", "event_triggers=off"] if self.major >= LOGIN_TRIGGERS else []
        return [*self.server(), *silent]

    @property
    def major(self) -> int:
        """The release that its data are of."""
        return int((self.data / "PG_VERSION").read_text())

    def configure(self) -> None:
        """Files of its own instead of those of the source: no setting of production is read but its recovery."""
        users = sorted({self.user, "root"})
        own = {
            "server.conf": "",
            "hba.conf": "local all all peer map=drill\n",
            "ident.conf": "".join(f"drill {user} {self.user}\n" for user in users),
        }
        for name, text in own.items():
            path = self.place / name
            path.write_text(text)
            path.chmod(0o644)

    def answers(self) -> bool:
        """Whether it takes connections."""
        return run(self.program("pg_isready", "-h", str(self.place / "socket"), "-p", str(PORT))).returncode == 0

    def session(self, database: str) -> Session:
        """A conversation with it."""
        return Session(self.reach, database)

    def recovery(self) -> dict[str, Any] | None:
        """`recovering`, `paused`, the position `replayed`, `committed_at` of the last transaction; None: no answer."""
        try:
            with self.session("postgres") as session:
                state: dict[str, Any] = session.json(RECOVERY)
                return state
        except Refused:  # it is just going down, or not yet consistent: the next look tells
            return None

    @property
    def pid(self) -> int:
        """The server that works in its directory; 0: none."""
        return next((one.pid for one in guard.postmasters() if one.data == self.data), 0)

    def runs(self) -> bool:
        """Whether a server works in its directory."""
        return self.pid != 0

    def stop(self, mode: str = "fast") -> None:
        """Stop it, if it runs."""
        if not (self.data / "postmaster.pid").exists():
            return
        done = run(self.program("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", "300", "stop"))
        if done.returncode != 0 and (self.data / "postmaster.pid").exists():
            raise Refused(f"the copy cannot be stopped: {(done.stderr or done.stdout).strip()[-300:]}")

    def last_words(self) -> str:
        """What its log says of its end, with the indented lines that go on; levels above a warning only."""
        path = self.place / "log" / "server.log"
        text = path.read_text(errors="replace") if path.exists() else ""
        grave = [" ".join(line.strip() for line in said[0].splitlines()) for said in _GRAVE.finditer(text)]
        return " / ".join(grave[-2:]) or "its log says nothing"


_GRAVE = re.compile(r"\b(?:FATAL|PANIC|ERROR):.*(?:\n[ \t]+\S.*)*")


def run(argv: list[str], timeout: float = 360) -> subprocess.CompletedProcess[str]:
    """A short command in the C locale."""
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("PG")}, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        argv, env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        timeout=timeout, check=False,
    )  # fmt: skip


def start(instance: Instance, work: Work, name: str, seconds: float) -> None:
    """Start it again as the step of this name; Refused with its last words when it does not answer in time."""
    work.begin(name, instance.server())
    if not wait(lambda: instance.answers() or work.ended(name), seconds) or not instance.answers():
        raise Refused(f"the copy does not start again: {instance.last_words()}")


def wal_sizes(known: Mapping[str, str]) -> dict[str, str]:
    """PostgreSQL's own defaults, or two of its segments where they are larger: with less it does not start."""
    two_mb = 2 * int(known.get("Bytes per WAL segment", "0")) >> 20
    return {"min_wal_size": f"{max(80, two_mb)}MB", "max_wal_size": f"{max(1024, two_mb)}MB"}


def position(lsn: str) -> int:
    """A WAL position as a number."""
    high, _slash, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Until the condition holds, or the time is up; whether it holds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    return True
