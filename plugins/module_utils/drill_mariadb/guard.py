"""Which MariaDB a host runs, and whether it is, or could become, the source: by files and processes, never by names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, pointed
from ansible_collections.maintkit.ops.plugins.module_utils.drill import guard
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog

# In a data directory: it receives from another server, or is one of a cluster, or will be when it is started again.
RECEIVES = ("master.info", "multi-master.info", "grastate.dat")


@dataclass(frozen=True)
class Server:
    """A server that runs here, also in a container: its process, its data directory as it sees it, and from here."""

    pid: int
    data: Path
    here: Path

    @property
    def tablespace(self) -> str:
        """Device and inode of its system tablespace: two servers with the same one are the same server."""
        return tablespace(self.here)


def servers() -> list[Server]:
    """Every MariaDB and MySQL server of this host."""
    return list(_servers())


def _servers() -> Iterator[Server]:
    for pid in guard.server_processes(guard.MARIADB):
        here = guard.PROC / str(pid) / "cwd"
        with suppress(OSError):
            data = pointed(here)
            if (here / "ibdata1").exists():
                yield Server(pid=pid, data=data, here=here)


def tablespace(data: Path) -> str:
    """Device and inode of the system tablespace; empty where there is none."""
    try:
        found = (data / "ibdata1").stat()
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


def refuse_production(source: Mapping[str, Any], *, here: str, same_host: bool, scratch: Path) -> None:
    """Refused when a server here is the source, or has its history: then it may take over at any time."""
    for one in servers():
        if scratch in one.data.parents:
            continue
        who = f"the MariaDB server in {one.data} (process {one.pid})"
        if source["machine_id"] == here and one.tablespace == source["tablespace"]:
            if not same_host:
                raise Refused(f"{who} is the source itself: drill on another host")
            continue
        why = _why_production(one, int(source["server_id"]))
        if why:
            raise Refused(f"{who} {why}: this host is, or may become, production. Drill on another one")


def _why_production(one: Server, server_id: int) -> str:
    found = next((name for name in RECEIVES if _holds_something(one.here / name)), "")
    if found:
        return f"receives from another server, or is one of a cluster ({found})"
    logs = sorted(path for path in _own_logs(one) if binlog.NUMBERED.fullmatch(path.name))
    with suppress(OSError, Refused):
        if logs and server_id in binlog.servers(logs[-1]):
            return f"has transactions of the source in its own binary log ({logs[-1].name}, server_id {server_id})"
    return ""


def _holds_something(file: Path) -> bool:
    """A server that receives from nobody keeps an empty list of its sources."""
    return file.exists() and file.stat().st_size > 0


def _own_logs(one: Server) -> Iterator[Path]:
    """The binary logs that it has open, wherever they lie, as they are seen through its process."""
    for held in (guard.PROC / str(one.pid) / "fd").iterdir():
        with suppress(OSError):
            path = pointed(held)
            if binlog.NUMBERED.fullmatch(path.name) and held.stat().st_size > 4:
                with held.open("rb") as file:
                    if file.read(4) == binlog.MAGIC:
                        yield guard.PROC / str(one.pid) / "root" / str(path).lstrip(os.sep)
