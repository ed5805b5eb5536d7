"""A control group for each host: units inside need one to build on, and freezing, limits and figures come with it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lab.places import PREFIX, LabError

ROOT = Path("/sys/fs/cgroup")
FREEZE_S = 5.0
WANTED = ("systemd", "unified", "memory", "freezer", "pids")  # of a machine that still has the old hierarchies


def folders(lab: str, host: str) -> tuple[Path, ...]:
    """The host's folder in every hierarchy of this machine: one where there is only the new one."""
    if (ROOT / "cgroup.controllers").exists():
        return (ROOT / PREFIX / lab / host,)
    return tuple(ROOT / name / PREFIX / lab / host for name in WANTED if (ROOT / name).is_dir())


def enter(lab: str, host: str, pid: int) -> None:
    """Make the folders and put a process there."""
    for folder in folders(lab, host):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").write_text(str(pid))


def members(lab: str, host: str) -> set[int]:
    """Every process of the host, as this machine numbers them."""
    return {pid for folder in folders(lab, host) for pid in _members(folder)}


def freeze(lab: str, host: str, *, frozen: bool) -> None:
    """Stop every process of the host where it stands, or let them go on; returns when the last one has."""
    folder = next((one for one in folders(lab, host) if (one / "cgroup.freeze").exists()), None)
    if folder is None:
        raise LabError("this machine's control groups cannot freeze")
    wanted = f"frozen {int(frozen)}"
    (folder / "cgroup.freeze").write_text(f"{int(frozen)}")
    until = time.monotonic() + FREEZE_S
    while wanted not in (folder / "cgroup.events").read_text().splitlines():
        if time.monotonic() > until:
            raise LabError(f"{host} is not {wanted} after {FREEZE_S:.0f} s")
        time.sleep(0.002)


def memory_bytes(lab: str, host: str) -> int:
    """What the host's processes have of their own: the sum of their proportional set sizes."""
    return sum(_proportional_kib(pid) for pid in members(lab, host)) * 1024


def remove(lab: str, host: str) -> None:
    """Remove the host's folders, inner ones first; LabError when a process is left in them."""
    for folder in folders(lab, host):
        # A walk, and no glob: sessions end meanwhile, and their folders with them.
        for inner, _, _ in os.walk(folder, topdown=False):
            _remove(Path(inner))
        for outer in (folder.parent, folder.parent.parent):
            with suppress(OSError):
                outer.rmdir()


def _remove(folder: Path) -> None:
    """A folder whose last process has just ended stays busy for a moment."""
    for _ in range(100):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise LabError(f"{folder} still holds processes: {sorted(_members(folder))}")


def _members(folder: Path) -> Iterator[int]:
    for inner, _, _ in os.walk(folder):
        with suppress(OSError):
            yield from map(int, (Path(inner) / "cgroup.procs").read_text().split())


def _proportional_kib(pid: int) -> int:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0
