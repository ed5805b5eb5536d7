"""A real MariaDB with real sets of mariadb-backup and kept binary logs, and drills of it on this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from drills import Direct, part

OWNER = "mysql"
JOB = "pharmacy"
READY_S = 60
# 240 patients in the full set, 60 in the incremental one, and what follows stands in the binary logs alone.
SMOKE = ({"name": "在册患者", "database": "his", "sql": "SELECT COUNT(*) FROM patient", "contains": "3"},)
SCHEMA = """
CREATE DATABASE his CHARACTER SET utf8mb4;
USE his;
CREATE TABLE patient (n INT PRIMARY KEY, name VARCHAR(50) NOT NULL, born DATE, weight DOUBLE, photo BLOB, KEY (name));
CREATE TABLE visit (n INT AUTO_INCREMENT PRIMARY KEY, patient INT, at DATETIME(3),
    FOREIGN KEY (patient) REFERENCES patient (n));
CREATE TABLE place (n INT PRIMARY KEY, at GEOMETRY NOT NULL);
CREATE TABLE log (n INT PRIMARY KEY, bits BIT(4), told JSON) PARTITION BY HASH (n) PARTITIONS 2;
CREATE TABLE `挂号 ``表``\t'` (`a,b` INT, `maintkit` ENUM('一', '二'));
INSERT INTO `挂号 ``表``\t'` VALUES (1, '一'), (1, '一'), (NULL, NULL);
CREATE TABLE old (n INT) ENGINE=MyISAM;
INSERT INTO place VALUES (1, POINT(1, 2));
CREATE VIEW grown AS SELECT n, name FROM patient WHERE weight > 50;
CREATE TRIGGER logged AFTER INSERT ON visit FOR EACH ROW
    INSERT IGNORE INTO log VALUES (NEW.n, b'1010', '{"一": 1}');
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;
CREATE EVENT swept ON SCHEDULE EVERY 1 SECOND DO DELETE FROM his.log;
CREATE USER app@localhost IDENTIFIED BY 'secret';
GRANT SELECT ON his.* TO app@localhost;
"""


@dataclass(kw_only=True)
class Source:
    """A running server with one full set, one that is put upon it, and its closed binary logs kept."""

    home: Path
    server_id: int
    server: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def socket(self) -> Path:
        return self.home / "s"

    @property
    def sets(self) -> Path:
        return self.home / "sets"

    @property
    def kept(self) -> Path:
        return self.home / "kept"

    @property
    def reach(self) -> Any:
        return part("mariadb.session").Reach(socket=str(self.socket))

    def boot(self) -> None:
        log = self.home / "binlog" / "binlog"
        options = (f"--server-id={self.server_id}", f"--log-bin={log}", "--binlog-format=MIXED")
        self.server = start(self.data, self.socket, *options)

    def sql(self, statement: str) -> str:
        argv = ["mariadb", "--no-defaults", f"--socket={self.socket}", "-N", "--default-character-set=utf8mb4"]
        done = subprocess.run(argv, input=statement, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def backup(self, label: str, base: str = "") -> None:
        """A set, made as a schedule would."""
        more = [f"--incremental-basedir={self.sets / base}"] if base else []
        argv = ["mariadb-backup", "--no-defaults", "--backup", f"--socket={self.socket}", "--user=root"]
        done = subprocess.run(
            [*argv, f"--target-dir={self.sets / label}", *more], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def keep(self) -> None:
        """The job that copies binary logs."""
        for one in (self.home / "binlog").glob("binlog.0*"):
            there = self.kept / one.name
            if not there.exists() or there.stat().st_size != one.stat().st_size:
                shutil.copy2(one, there)

    def identity(self) -> dict[str, Any]:
        found: dict[str, Any] = part("drill_mariadb.source").identity(self.reach)
        return found

    def store(self) -> dict[str, Any]:
        found: dict[str, Any] = part("drill_mariadb.backup").look(self.sets, self.kept)
        return found

    def mark(self, begin: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        begin = begin or self.store()["sets"][-1]["position"]
        told = {"prefix": "maintkit-r1", "source": self.identity(), "begin": begin, "wanted_databases": [],
                "wanted_tables": []}  # fmt: skip
        found: dict[str, Any] = part("drill_mariadb.mark").mark(self.reach, **{**told, **changes})
        return found


@contextmanager
def source() -> Iterator[Source]:
    """The source, for as long as the block runs; skipped where MariaDB, its backup or root is not there."""
    if shutil.which("mariadb-backup") is None or not Path("/usr/sbin/mariadbd").exists() or os.geteuid() != 0:
        pytest.skip("needs MariaDB, mariadb-backup and root")
    # A number of its own: by it a server is known to have the source's history.
    made = Source(home=Path(tempfile.mkdtemp(prefix="maintkit-source-")), server_id=1 + secrets.randbelow(1 << 31))
    try:
        for place in (made.home, made.home / "binlog", made.sets, made.kept):
            place.mkdir(exist_ok=True)
            shutil.chown(place, OWNER)
        made.boot()
        made.sql(SCHEMA + register(1, 240))
        # What was just made stands in the redo log alone; of a database that has lived a while, files are copied.
        stop(made.server)
        made.boot()
        made.backup("full")
        made.sql("USE his;" + register(241, 300))
        made.backup("incr", "full")
        made.sql("USE his;" + register(301, 310) + "FLUSH BINARY LOGS;")
        made.keep()
        yield made
    finally:
        if made.server is not None:
            stop(made.server)
        shutil.rmtree(made.home, ignore_errors=True)


REGISTER = """
INSERT INTO patient SELECT seq, CONCAT('测试患者', seq), '1970-01-01', seq / 3, REPEAT(X'00FF', 99) FROM seq_A_to_B;
INSERT INTO visit (patient, at) SELECT seq, '2026-11-25 08:00:00.125' FROM seq_A_to_B;
"""


def register(first: int, last: int) -> str:
    """Patients, and a visit of each."""
    return REGISTER.replace("_A_", f"_{first}_").replace("_B;", f"_{last};")


def start(data: Path, socket: Path, *options: str) -> subprocess.Popen[bytes]:
    """A server without network in a data directory, which is made where it is not there."""
    common = ["--no-defaults", f"--datadir={data}", f"--user={OWNER}"]
    if not data.exists():
        words = ["--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve"]
        subprocess.run(["mariadb-install-db", *common, *words], check=True, capture_output=True)
    log = data.with_suffix(".log").open("wb")
    argv = ["/usr/sbin/mariadbd", *common, f"--socket={socket}", "--skip-networking", f"--pid-file={socket}.pid"]
    more = ["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0"]
    server = subprocess.Popen([*argv, *more, *options], stdout=log, stderr=log)
    until = time.monotonic() + READY_S
    while not socket.exists():
        assert server.poll() is None, data.with_suffix(".log").read_text()
        assert time.monotonic() < until, data.with_suffix(".log").read_text()
        time.sleep(0.05)
    return server


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@dataclass(kw_only=True)
class Drilling:
    """Drills of one source on this machine, each a run of its own."""

    source: Source
    scratch: Path
    work: Direct
    smoke: Sequence[Mapping[str, Any]] = SMOKE

    def wish(self, run: str = "r1", **changes: Any) -> Any:
        told = {"run": run, "job": JOB, "scratch": self.scratch, "source": self.source.identity(),
                "store": self.source.store(), "fetched": False, "same_host": True, "wanted_set": "", "oldest_h": 48,
                "spare_bytes": 1 << 20, "user": OWNER, "bindir": ""}  # fmt: skip
        return part("drill_mariadb.look").Wish(**{**told, **changes})

    def look(self, **changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = part("drill_mariadb.look").look(self.wish(**changes))
        return found

    def drill(self, run: str = "r1", *, wanted: str = "", **changes: Any) -> Any:
        """A drill that is ready to begin: looked at, marked, kept, journalled, with work of its own."""
        self.work.end()
        (self.work.place / run).mkdir()
        self.work = Direct(self.work.place / run)
        seen = self.look(run=run, wanted_set=wanted)
        assert seen["refusals"] == [], seen["refusals"]
        mark = self.source.mark(seen["set"]["position"], prefix=f"maintkit-{run}")
        self.source.keep()
        part("drill_mariadb.backup").wait(self.source.kept, mark["logs"], 20)
        journal = part("drill.journal").Journal(run)
        mark["unarchived_s"] = 0.0
        journal.keep(engine="mariadb", source=self.source.identity(), set=seen["set"], mark=mark)
        told = {"journal": journal, "work": self.work, "alone": self.work, "scratch": self.scratch,
                "logs": self.source.kept, "store": "",
                "user": OWNER, "bindir": "", "settings": {"innodb_buffer_pool_size": "16M"}, "smoke": self.smoke,
                "restore_timeout_s": 60, "recover_timeout_s": 120, "check_timeout_s": 60}  # fmt: skip
        return part("drill_mariadb.stages").Drill(**{**told, **changes})

    def wipe(self, drill: Any) -> dict[str, Any]:
        found: dict[str, Any] = part("drill.wipe").wipe(drill.journal.run, self.scratch, drill.instance, self.work)
        return found
