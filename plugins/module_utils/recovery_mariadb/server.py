"""The MariaDB that is restored: its directories, its unit, its own binary logs, and how production reaches it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import run, wait
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb import guard
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.instance import Instance
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach, Session, program
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.keeping import Keeping

from . import way

WORDS = ("socket", "log", "tmp", "logs")  # directories of the restored server
ACCOUNT = "maintkit_restore"  # of the restored server until it is proven, gone before it is opened
OPTION = re.compile(r"--([\w-]+)=(\S+)")
STOP_S = 300.0


@dataclass(frozen=True)
class Restored(Instance):
    """What was restored, as a server that nobody but us reaches until it is proven; its data lie where they belong."""

    where: Path = Path("/")

    @property
    def data(self) -> Path:
        """See `Instance`."""
        return self.where


@dataclass(frozen=True)
class Server(Keeping):
    """One server of this host. `logs` is the path of its binary logs without their numbers; empty is not known."""

    reach: Reach
    user: str
    logs: str = ""

    @property
    def owner(self) -> str:
        """See `Keeping`."""
        return self.user

    def instance(self, bindir: str, alike: Mapping[str, str], settings: Mapping[str, str]) -> Restored:
        """The restored server, apart."""
        return Restored(self.work, self.user, bindir, alike, settings, account=ACCOUNT, where=self.data)

    def runs(self) -> bool:
        """Whether any server works in the data directory."""
        return any(one.data == self.data for one in guard.servers())

    def end(self) -> None:
        """Ask a server that works in the data directory to end, whoever has started it, and wait for that."""
        for one in [one for one in guard.servers() if one.data == self.data]:
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGTERM)
        wait(lambda: not self.runs(), STOP_S)

    def holds(self, tablespace: str) -> bool:
        """Whether the data directory holds the very system tablespace that was seen before, as `guard` tells it.

        By its inode: a device has another number after a boot.
        """
        return guard.tablespace(self.data).partition(":")[2] == tablespace.partition(":")[2]

    def session(self) -> Session:
        """A conversation with the server as production reaches it."""
        return Session(self.reach)

    def outside(self) -> list[Path]:
        """See `Keeping`: linked databases and tables that lie elsewhere too."""
        found = (*self.data.glob("*"), *self.data.glob("*/*.isl"), *self.data.glob("*/*.[iM][bY][dDI]"))
        return [one for one in found if one.is_symlink() or one.suffix == ".isl"]

    def with_logs(self, logs: str) -> Server:
        """The same server, by what is known of its binary logs meanwhile."""
        return replace(self, logs=logs or self.logs)

    @property
    def base(self) -> str:
        """What the names of its binary logs begin with."""
        return Path(self.logs).name

    def own_logs(self) -> list[Path]:
        """Its binary logs where they lie now: in what was kept aside, if they were in the data directory."""
        if not self.logs:
            return []
        folder = Path(self.logs).parent
        if self.kept.exists() and self.data in (folder, *folder.parents):
            folder = self.kept / folder.relative_to(self.data)
        return way.logs_of(folder, self.base)


def options_of(bindir: str, file: str = "") -> dict[str, str]:
    """What the usual files of options, or this one, tell a server on this host; the last word of each name counts."""
    own = [f"--defaults-file={file}"] if file else []
    said = run([program("mariadbd", bindir), *own, "--print-defaults"]).stdout
    return {name.replace("-", "_"): value for name, value in OPTION.findall(said)}


def logs_told(options: Mapping[str, Any], data: Path) -> str:
    """The path of binary logs without their numbers as options tell it; empty where they tell none."""
    told = str(options.get("log_bin", ""))
    if not told or told.upper() in ("ON", "OFF", "0", "1"):
        return ""
    path = data / told  # an absolute one stands for itself
    return str(path.with_suffix("") if path.suffix else path)
