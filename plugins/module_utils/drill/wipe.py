"""Away with the copy: it holds patients' data. What was deleted is counted; that nothing is left is looked up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id, pointed, read_json

from . import guard
from .instance import wait
from .stages import MARKER
from .work import Work


class Server(Protocol):
    """A copy as a server, of whichever kind."""

    def runs(self) -> bool:
        """Whether it runs."""

    def stop(self, mode: str) -> None:
        """Stop it; Refused when it does not go."""


def wipe(run: str, scratch: Path, instance: Server, work: Work) -> dict[str, Any]:
    """Stop the copy, delete it, prove it: `files`, `bytes`, `left` (empty).

    Refused when the directory is not one that this run has made on this machine: then nothing is deleted.
    """
    place = scratch / run
    _require_ours(run, place)
    if instance.runs():
        with suppress(Refused):  # it is ended as a step below
            instance.stop("immediate")
    work.end()
    counted = _count(place)
    wait(lambda: _deleted(place) and not left(place), 15)
    if place.exists():
        shutil.rmtree(place)  # it says why it does not go
    remains = left(place)
    if remains:
        raise Refused(f"the copy is deleted, but something of it is left: {'; '.join(remains[:5])}")
    return {**counted, "left": [], "place": str(place)}


def left(place: Path) -> list[str]:
    """What is still there of a copy: its directory, or a process that holds one of its files open."""
    found = [f"{place} is there"] if place.exists() or place.is_symlink() else []
    return found + sorted(set(_holders(place)))


def _deleted(place: Path) -> bool:
    """Whether it is gone now: what is just ending, such as pgBackRest that fetches WAL ahead, may still write to it."""
    with suppress(OSError):
        shutil.rmtree(place)
    return not place.exists()


def _require_ours(run: str, place: Path) -> None:
    if not place.exists() and not place.is_symlink():
        return
    if place.is_symlink() or not place.is_dir() or place.resolve() != place:
        raise Refused(f"{place} is a link or lies behind one: nothing is deleted. Look where it leads")
    told = read_json(place / MARKER)
    empty = not any(place.iterdir())
    if not empty and (told is None or told["run"] != run or told["machine_id"] != machine_id()):
        raise Refused(f"{place} was not made by run {run} on this machine: nothing is deleted. Look what it is")


def _count(place: Path) -> dict[str, int]:
    sizes = [one.lstat().st_size for one in place.rglob("*") if not one.is_dir()] if place.exists() else []
    return {"files": len(sizes), "bytes": sum(sizes)}


def _holders(place: Path) -> Iterator[str]:
    for process in (one for one in guard.PROC.iterdir() if one.name.isdigit()):
        if any(one == str(place) or one.startswith(f"{place}/") for one in _held(process)):
            yield f"process {process.name} holds a file of it"


def _held(process: Path) -> Iterator[str]:
    """Where a process stands and what it has open; one that closes meanwhile hides none of the others."""
    with suppress(OSError):  # it has ended
        for one in (process / "cwd", *(process / "fd").iterdir()):
            with suppress(OSError):
                yield str(pointed(one))
