"""A real PostgreSQL with a real pgBackRest repository in directories of their own, and drills of it on this machine."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from postgres import OWNER, as_owner, binaries, run

PACKAGE = "ansible_collections.maintkit.ops.plugins.module_utils"
STANZA = "his"
SMOKE = ({"name": "挂号人数", "database": "postgres", "sql": "SELECT count(*) FROM patient", "contains": "2000"},)


def part(name: str) -> Any:
    """A part of the collection, as modules import it: `part("drill.guard")`."""
    return importlib.import_module(f"{PACKAGE}.{name}")


class Direct:
    """The work of a drill as plain processes of this machine, which has no systemd: begun once, waited for."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str, argv: Sequence[str]) -> None:
        if name not in self.running:
            with (self.place / f"{name}.out").open("wb") as output:
                self.running[name] = subprocess.Popen(
                    argv, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )

    def finish(self, name: str, argv: Sequence[str], seconds: float) -> dict[str, Any]:
        self.begin(name, argv)
        code = self.running[name].wait(seconds)
        return {"rc": code, "output": (self.place / f"{name}.out").read_text(errors="replace")}

    def ended(self, name: str) -> bool:
        return self.running[name].poll() is not None

    def begun(self, name: str) -> bool:
        return name in self.running

    def cut_off(self, name: str) -> bool:
        return self.begun(name) and self.running[name].poll() == -signal.SIGKILL

    def end(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


class Alone(Direct):
    """The same in a network of its own, without any card but its loopback."""

    def begin(self, name: str, argv: Sequence[str]) -> None:
        super().begin(name, ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *argv])


@dataclass(frozen=True, kw_only=True)
class Source:
    """A running cluster that archives to its repository, with one full backup of 2000 patients."""

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def config(self) -> Path:
        return self.home / "pgbackrest.conf"

    @property
    def repository(self) -> Path:
        return self.home / "repository"

    @property
    def second(self) -> Path:
        """Its second repository, where it has one."""
        return self.home / "second"

    @property
    def spool(self) -> Path:
        """Where pgBackRest of this host keeps what it has fetched ahead."""
        return self.home / "spool"

    @property
    def slow(self) -> Path:
        """While it is there, a segment takes two seconds more to be archived."""
        return self.home / "slow"

    @property
    def reach(self) -> Any:
        return part("postgresql.session").Reach(user=OWNER, socket=str(self.home), bindir=str(binaries()))

    def sql(self, statement: str, database: str = "postgres") -> str:
        argv = as_owner(str(binaries() / "psql"), "-XAtq", "-h", str(self.home), "-d", database, "-c", statement)
        return subprocess.run(argv, capture_output=True, text=True, check=True, cwd="/").stdout.strip()

    def pgbackrest(self, *words: str) -> str:
        argv = as_owner("pgbackrest", f"--config={self.config}", f"--stanza={STANZA}", *words)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        push = f"pgbackrest --config={self.config} --stanza={STANZA} archive-push %p"
        archive = f"test ! -e {self.slow} || sleep 2; {push}"
        options = (
            f"-k {self.home} -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c archive_mode=on"
            f" -c max_connections=40 -c archive_command='{archive}' -c wal_level=replica"
        )
        run(binaries() / "pg_ctl", "-D", self.data, "-w", "-l", self.home / "log", "-o", options, "start")

    def stop(self) -> None:
        run(binaries() / "pg_ctl", "-D", self.data, "-w", "stop")

    def mark(self, **changes: Any) -> dict[str, Any]:
        told = {"prefix": "maintkit-r1", "wanted_databases": [], "wanted_tables": [], "lock_timeout_s": 2,
                "archive_timeout_s": 120}  # fmt: skip
        found: dict[str, Any] = part("drill.mark").mark(self.reach, **{**told, **changes})
        return found

    def identity(self) -> dict[str, Any]:
        found: dict[str, Any] = part("drill.source").identity(self.reach)
        return found


@contextmanager
def source(*, repositories: int = 1, segment_mb: int = 16, ahead: bool = False) -> Iterator[Source]:
    """The source, for as long as the block runs; skipped where there is no pgBackRest or no user postgres.

    With segments of another size it begins four before the first 4 GiB of its WAL are full. `ahead`: pgBackRest fetches
    WAL before it is asked for it.
    """
    if shutil.which("pgbackrest") is None or os.geteuid() != 0:
        pytest.skip("needs pgBackRest and root")
    made = _configured(Path(tempfile.mkdtemp(prefix="maintkit-source-")), repositories, ahead=ahead)
    where = binaries()
    try:
        _initialised(made, f"--wal-segsize={segment_mb}")
        if segment_mb != 16:
            run(where / "pg_resetwal", "-l", f"{1:08X}{0:08X}{4096 // segment_mb - 4:08X}", "-D", made.data)
        made.start()
        made.pgbackrest("stanza-create")
        made.sql("CREATE TABLE patient AS SELECT n, '测试患者' || n AS name FROM generate_series(1, 2000) AS n")
        made.sql("CREATE UNIQUE INDEX patient_n ON patient (n)")
        made.pgbackrest("backup", "--type=full")
        yield made
    finally:
        if (made.data / "postmaster.pid").exists():
            run(where / "pg_ctl", "-D", made.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(made.home, ignore_errors=True)


def another(place: Path) -> Path:
    """pgBackRest's configuration of a stanza of the same name, with a backup of another cluster that never ran."""
    made = _configured(place)
    _initialised(made)
    made.pgbackrest("stanza-create", "--no-online")
    made.pgbackrest("backup", "--type=full", "--no-online")
    return made.config


def _configured(home: Path, repositories: int = 1, *, ahead: bool = False) -> Source:
    made = Source(home=home)
    spool = f"archive-async=y\nspool-path={made.spool}\n" if ahead else ""
    second = f"repo2-path={made.second}\nrepo2-retention-full=9\n" if repositories == 2 else ""
    made.home.mkdir(exist_ok=True)
    made.home.chmod(0o711)
    shutil.chown(made.home, OWNER, OWNER)
    made.config.write_text(
        f"[global]\njob-retry=0\nrepo1-path={made.repository}\nlog-path={made.home}\n"
        f"lock-path={made.home}/lock\nstart-fast=y\n"
        f"repo1-retention-full=9\n{second}{spool}log-level-console=warn\n[{STANZA}]\n"
        f"pg1-path={made.data}\npg1-socket-path={made.home}\n"
    )
    return made


def _initialised(made: Source, *more: str) -> None:
    words = ("-U", OWNER, "-A", "trust", "--locale=C.UTF-8", "--no-sync", "-k", *more)
    run(binaries() / "initdb", "-D", made.data, *words)


@dataclass(kw_only=True)
class Drilling:
    """Drills of one source on this machine, each a run of its own."""

    source: Source
    scratch: Path
    work: Direct
    alone: Alone
    smoke: Sequence[Mapping[str, Any]] = SMOKE

    def repository(self, **changes: Any) -> Any:
        told = {"stanza": STANZA, "config": str(self.source.config), "user": OWNER}
        return part("drill.backup").Repository(**{**told, **changes})

    def wish(self, run: str = "r1", **changes: Any) -> Any:
        told = {"run": run, "repository": self.repository(), "scratch": self.scratch, "source": self.source.identity(),
                "same_host": True, "wanted_set": "", "oldest_h": 48, "spare_bytes": 1 << 20,
                "bindir": str(binaries())}  # fmt: skip
        return part("drill.look").Wish(**{**told, **changes})

    def look(self, **changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = part("drill.look").look(self.wish(**changes))
        return found

    def drill(self, run: str = "r1", *, mark: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """A drill that is ready to begin: looked at, marked, journalled."""
        seen = self.look(run=run)
        assert seen["refusals"] == []
        journal = part("drill.journal").Journal(run)
        journal.keep(
            source=self.source.identity(), set=seen["set"], mark=mark or self.source.mark(prefix=f"maintkit-{run}")
        )
        told = {"journal": journal, "work": self.work, "alone": self.alone, "repository": self.repository(),
                "scratch": self.scratch, "bindir": str(binaries()), "settings": {"fsync": "off"}, "smoke": self.smoke,
                "restore_timeout_s": 60, "recover_timeout_s": 60, "check_timeout_s": 60}  # fmt: skip
        return part("drill.stages").Drill(**{**told, **changes})

    def wipe(self, drill: Any) -> dict[str, Any]:
        found: dict[str, Any] = part("drill.wipe").wipe(drill.journal.run, self.scratch, drill.instance, self.work)
        return found


@contextmanager
def drilling(made: Source) -> Iterator[Drilling]:
    """Drills of it, whose journals and copies end with the block; the user postgres can go where the copies lie."""
    home = Path(tempfile.mkdtemp(prefix="maintkit-drill-"))
    home.chmod(0o711)
    (home / "work").mkdir()
    place = part("changes.place")
    state, place.STATE = place.STATE, home / "state"
    drills = Drilling(source=made, scratch=home / "scratch", work=Direct(home / "work"), alone=Alone(home / "work"))
    try:
        yield drills
    finally:
        place.STATE = state
        drills.work.end()
        drills.alone.end()
        shutil.rmtree(home)
