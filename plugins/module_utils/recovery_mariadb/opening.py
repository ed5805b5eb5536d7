"""Giving the server back to the application: started by its own unit, with its own options, going on in its logs.

MariaDB knows no timelines. What is written after a restore must never be replayed upon what the restore has undone, and
no later transaction may bear the number of an earlier one. So the numbers of its transactions go on where they were,
and a number of its binary logs is left out: whoever follows the logs past a restore finds one missing (decision 0032).
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import wait
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb import source
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.backup import gtids
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog

from . import way
from .server import Server

OF_SET = ("mariadb_backup_*", "xtrabackup_*", "backup-my.cnf")  # what mariadb-backup itself would not copy back
# In a data directory beside the data, and in no set.
BESIDE = ("*.pem", "debian-*.flag", "*_upgrade_info")


@dataclass(frozen=True)
class Opening:
    """One server that is started again; `seconds` is how long it may take to answer."""

    server: Server
    work: Work
    seconds: float

    def tidy(self) -> None:
        """Take away what a set tells of itself, and put beside the data what lay beside them."""
        data = self.server.data
        for one in (found for pattern in OF_SET for found in data.glob(pattern)):
            one.unlink()
        for one in (found for pattern in BESIDE for found in self.server.kept.glob(pattern)):
            if one.is_file() and not (data / one.name).exists():
                shutil.copy2(one, data / one.name)
                self._own(data / one.name)

    def continue_logs(self, archive: Mapping[str, Any]) -> list[str]:
        """Let the transactions' numbers go on: how far they had come, by the server's own logs where they are whole."""
        logs, own = Path(self.server.logs), self.server.own_logs() if archive["own"] else []
        told = binlog.state_of(own[-1]) if own else [f"{one[0]}-{one[1]}-{one[2]}" for one in gtids(archive["state"])]
        if not way.logs_of(logs.parent, logs.name):
            # A server without logs takes the numbers of its transactions from here (MYSQL_BIN_LOG::do_binlog_recovery).
            self._write(logs.with_name(f"{logs.name}.state"), "".join(f"{one}\n" for one in told))
        return told

    def fence(self, known: Sequence[str]) -> str:
        """Leave a number out past these logs and those that are there: the name that no log will bear.

        An empty file bears it until the server has begun its own: a server takes the number after the highest.
        """
        logs = Path(self.server.logs)
        names = [*known, *(one.name for one in (*way.logs_of(logs.parent, logs.name), *self.server.own_logs()))]
        last = max(filter(None, names), key=binlog.number)
        fence = logs.with_name(f"{logs.name}.{binlog.number(last) + 1:0{len(last.rpartition('.')[2])}d}")
        self._write(fence, "")
        return fence.name

    def start(
        self, step: str, identity: Mapping[str, Any], *, fence: str = "", state: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Start it by its unit; Refused unless it is this server, in this directory, and goes on in its logs.

        `fence` is the name of a log that is left out before its own, `state` what its transactions go on from.
        """
        self.server.unmask()
        self.work.finish(step, ["systemctl", "start", self.server.unit], self.seconds)
        if not wait(self._answers, self.seconds):
            raise Refused(f"{self.server.unit} does not answer: journalctl -u {self.server.unit}")
        found = source.identity(self.server.reach)
        told = {**found, "data_directory": found["data_directory"].rstrip("/")}
        for name in ("system_identifier", "data_directory", "log_bin"):
            if told[name] != identity[name]:
                raise Refused(f"what {self.server.unit} runs is {name} {told[name]}, not {identity[name]}")
        self._require_state(found["gtid_state"], state)
        newest = max(found["logs"], key=binlog.number)
        if fence and binlog.number(newest) <= binlog.number(fence):
            raise Refused(f"the server writes {newest}, and {fence} was to be left out before it")
        self.forget(fence)
        return {"running": True, "log": newest, "left_out": fence}

    def forget(self, fence: str) -> None:
        """Take the empty file away again, if it is there and empty."""
        empty = Path(self.server.logs).with_name(fence) if fence else None
        if empty and empty.exists() and not empty.stat().st_size:
            empty.unlink()

    def _require_state(self, found: str, wanted: Sequence[str]) -> None:
        said = {(domain, server): sequence for domain, server, sequence in gtids(found)}
        for domain, server, sequence in gtids(",".join(wanted)):
            if said.get((domain, server), -1) < sequence:
                raise Refused(
                    f"the server's transactions go on at {found or 'none'}, and it had come to"
                    f" {domain}-{server}-{sequence}: their numbers would be given twice"
                )

    def _answers(self) -> bool:
        try:
            with self.server.session() as session:
                return session.value("SELECT 1") == "1"
        except Refused:
            return False

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o660)
        self._own(path)

    def _own(self, path: Path) -> None:
        account = pwd.getpwnam(self.server.user)
        os.chown(path, account.pw_uid, account.pw_gid)
