"""What a drill must never touch: refused by what a directory and a server are, not by what they are called."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, pointed

PROC = Path("/proc")
CONTROL = Path("global/pg_control")
MARIADB = ("mariadbd", "mysqld")
# What only the data directory of a server holds, whichever server a drill is of.
DATA = {"PG_VERSION": "a PostgreSQL cluster", "ibdata1": "a MariaDB or MySQL server"}
# A MariaDB or MySQL server goes to its data directory; before, it works where it was started, most often in `/`.
SERVED = ("ibdata1", "aria_log_control", "auto.cnf", "mysql")


@dataclass(frozen=True)
class Postmaster:
    """A PostgreSQL server that runs here, also in a container: its process, its data directory as it sees it."""

    pid: int
    data: Path
    system_identifier: str


def postmasters() -> list[Postmaster]:
    """Every PostgreSQL server of this host; a data directory is where its postmaster works."""
    return list(_postmasters())


def _postmasters() -> Iterator[Postmaster]:
    for pid in (int(one.name) for one in PROC.iterdir() if one.name.isdigit()):
        # Through the process itself: the path may lead elsewhere, or nowhere, outside its container.
        here = PROC / str(pid) / "cwd"
        try:
            first = (here / "postmaster.pid").read_text().splitlines()[0]
            data = pointed(here)
            identifier = system_identifier(here)
            inside = (PROC / str(pid) / "status").read_text()
        except (OSError, IndexError, Refused):
            continue
        numbers = next((line for line in inside.splitlines() if line.startswith("NSpid:")), "").split()[1:]
        if first in numbers:
            yield Postmaster(pid=pid, data=data, system_identifier=identifier)


def system_identifier(data: Path) -> str:
    """Which cluster a data directory holds, a copy included: the first eight bytes of its control file."""
    try:
        with (data / CONTROL).open("rb") as file:
            return str(struct.unpack("=Q", file.read(8))[0])
    except (OSError, struct.error) as error:
        raise Refused(f"{data} holds no PostgreSQL cluster that can be read: {error}") from None


def refuse_place(scratch: Path) -> None:
    """Refused when copies may not lie there: below or above a server's data, over a link, or open to others."""
    if not scratch.is_absolute() or scratch == Path("/") or ".." in scratch.parts:
        raise Refused(f"{scratch} is no place for a copy: an absolute directory of its own is wanted")
    for step in (scratch, *scratch.parents):
        if step.is_symlink():
            raise Refused(f"{step} is a link: name the directory that it leads to, so that it is seen what it is")
        if step.exists() and step.stat().st_mode & 0o022 and not step.stat().st_mode & stat.S_ISVTX:
            raise Refused(f"others may write in {step}, and so could put another directory in the place of {scratch}")
        for file, what in DATA.items():
            if (step / file).exists():
                raise Refused(f"{step} is the data directory of {what}: no copy is laid into it")
    if scratch.exists():
        _refuse_what_is_there(scratch)
    _refuse_running(scratch)


def _refuse_running(scratch: Path) -> None:
    running = [(one.pid, one.data, "PostgreSQL") for one in postmasters()]
    running += [(pid, data, "MariaDB or MySQL") for pid, data in _at_work(MARIADB, scratch)]
    for pid, data, what in running:
        if data == scratch or scratch in data.parents or data in scratch.parents:
            ours = data.parent.parent == scratch and (data.parent / "drill.json").exists()
            if not ours:
                raise Refused(f"a {what} server runs in {data} (process {pid}): {scratch} is not free")


def _refuse_what_is_there(scratch: Path) -> None:
    found = scratch.stat()
    if not scratch.is_dir() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Refused(f"{scratch} is not a directory of ours that nobody else writes: look who made it")
    if any((one / file).exists() for one in scratch.iterdir() for file in DATA):
        raise Refused(f"{scratch} holds a cluster that no drill of ours has laid there")


def server_processes(programs: tuple[str, ...]) -> Iterator[int]:
    """Processes whose program bears one of these names, wherever it lies, also one that was replaced since."""
    for pid in (int(one.name) for one in PROC.iterdir() if one.name.isdigit()):
        with suppress(OSError):
            if pointed(PROC / str(pid) / "exe").name.replace(" (deleted)", "") in programs:
                yield pid


def _at_work(programs: tuple[str, ...], scratch: Path) -> Iterator[tuple[int, Path]]:
    """Servers with where they work: one that has no data there keeps nothing but what lies in `scratch`."""
    for pid in server_processes(programs):
        here = PROC / str(pid) / "cwd"
        with suppress(OSError):
            data = pointed(here)
            if scratch in (data, *data.parents) or any((here / one).exists() for one in SERVED):
                yield pid, data


def refuse_production(*, identifier: str, source_data: Path, same_host: bool, scratch: Path) -> None:
    """Refused when a server of the source's cluster runs here: the source itself, or a standby that may take over."""
    for one in postmasters():
        if one.system_identifier != identifier or scratch in one.data.parents:
            continue
        if same_host and one.data == source_data:
            continue
        raise Refused(
            f"a server of the source's own cluster {identifier} runs here in {one.data} (process {one.pid}): this host"
            " is, or may become, production. Drill on another one"
        )


def refuse_same_machine(*, source: str, here: str, allowed: bool) -> None:
    """Refused when the drill host is the source and nobody has said that it may be."""
    if source == here and not allowed:
        raise Refused(
            f"the source is this very machine ({here}): drill on another host, or allow a scratch instance beside it"
            " with restore_drill_same_host"
        )
