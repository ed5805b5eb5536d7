"""Where changes keep their state on a host: private directories, strict names, whole files."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

STATE = Path("/var/lib/maintkit")
CACHE = Path("/var/cache/maintkit")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class Refused(Exception):
    """What was asked is not done; the message says what, where and what to do next."""


def named(kind: str, name: str) -> str:
    """A run's or a step's name, which becomes a directory and a unit; Refused when it could lead elsewhere."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name for a {kind}: letters, digits, '_', '.' and '-', 63 at most")
    return name


def run_place(run: str) -> Path:
    """The directory of a run; nothing is made."""
    return STATE / "runs" / named("run", run)


def cache_place(run: str) -> Path:
    """The directory of a run's package files; nothing is made."""
    return CACHE / named("run", run)


def free_bytes(path: Path) -> int:
    """What an ordinary user may still write where the path is; the file system keeps its own reserve back."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def no_room(wanted: Iterable[tuple[Path, int]], spare_bytes: int) -> str:
    """Why there is not room enough for all of this, each part where it goes, and beside it; empty when there is.

    What lies on one file system is added up.
    """
    needs: dict[int, tuple[Path, int]] = {}
    for path, need in wanted:
        try:
            device = path.stat().st_dev
        except OSError as error:
            return f"the free space of {path} cannot be seen from here: {error.strerror}"
        first, so_far = needs.get(device, (path, spare_bytes))
        needs[device] = (first, so_far + need)
    for path, need in needs.values():
        free = free_bytes(path)
        if free < need:
            return f"{path} has {free} bytes free, and {need} are needed"
    return ""


def nearest(path: Path) -> Path:
    """The path, or the nearest directory above it that is there."""
    return next(one for one in (path, *path.parents) if one.exists())


def pointed(link: Path) -> Path:
    """What a link holds; OSError where it is none. `Path.readlink` is of Python 3.9, and hosts may have 3.8."""
    return Path(os.readlink(link))  # noqa: PTH115  # see above


def private(path: Path) -> Path:
    """Make a directory that only we can enter, with every directory of ours on its way.

    Refused when something else stands there: a link, a file, a directory of somebody else's or one that others write.
    """
    root = next(root for root in (STATE, CACHE) if root == path or root in path.parents)
    steps = [path, *path.parents]
    for step in reversed(steps[: steps.index(root) + 1]):
        step.mkdir(mode=0o700, exist_ok=True) if not step.is_symlink() else None
        found = step.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise Refused(f"{step} is not a private directory of ours: look who made it, then move it away")
    return path


def write(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    half = path.with_name(f".{path.name}.half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    settle(path.parent)


def settle(directory: Path) -> None:
    """Bring a directory's entries to the disk."""
    held = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def read_json(path: Path) -> dict | None:
    """What `write` left as JSON; None when it is not there."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def boot_id() -> str:
    """Changes with every boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def machine_id() -> str:
    """Tells this installation from every other."""
    return Path("/etc/machine-id").read_text().strip()
