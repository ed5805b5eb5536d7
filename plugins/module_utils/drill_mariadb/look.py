"""What a drill of MariaDB would find on this host, before anything is restored; reads only."""

from __future__ import annotations

import os
import pwd
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import (
    Refused,
    free_bytes,
    machine_id,
    nearest,
)
from ansible_collections.maintkit.ops.plugins.module_utils.drill import guard as places
from ansible_collections.maintkit.ops.plugins.module_utils.drill import wipe
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import run
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import PASSED, Journal
from ansible_collections.maintkit.ops.plugins.module_utils.drill.look import refuse_others
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import program

from . import backup, guard

PROGRAMS = ("mariadbd", "mariadb", "mariadb-backup", "mariadb-binlog", "mariadb-check", "innochecksum")
VERSION = re.compile(r"Ver (\d+\.\d+)\.")


@dataclass(frozen=True)
class Wish:
    """What a drill is to be: where its copy lies, of which source, from which of the sets that the store has told."""

    run: str
    job: str
    scratch: Path
    source: Mapping[str, Any]
    store: Mapping[str, Any]
    fetched: bool
    same_host: bool
    wanted_set: str
    oldest_h: float
    spare_bytes: int
    user: str
    bindir: str


def look(wish: Wish) -> dict[str, Any]:
    """`refusals` in words (empty: the drill may be made), and the facts behind them: `set`, `disk`, `left`.

    Of a run that has wiped its copy only what is left of it is told: the drill is over. So it is without a source.
    """
    journal = Journal(wish.run)
    told: dict[str, Any] = {
        "machine_id": machine_id(),
        "left": wipe.left(wish.scratch / wish.run),
        "wiped": (journal.stage("wipe") or {}).get("status") == PASSED,
        "refusals": [],
    }
    if told["wiped"] or not wish.source:
        return {**told, "refusals": told["left"]}
    for asked in (_identity, _others, _provable, _programs, _room):
        try:
            told.update(asked(wish, told))
        except Refused as refused:
            told["refusals"].append(str(refused))
    return told


def _identity(wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    source = wish.source
    places.refuse_same_machine(source=source["machine_id"], here=told["machine_id"], allowed=wish.same_host)
    places.refuse_place(wish.scratch)
    guard.refuse_production(source, here=told["machine_id"], same_host=wish.same_host, scratch=wish.scratch)
    return {}


def _others(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    refuse_others(wish.run, wish.scratch)
    return {}


def _provable(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    """What could only fail, after everything was marked and restored."""
    if not wish.source["checksums"]:
        raise Refused("innodb_checksum_algorithm is none at the source: no damaged page could be found")
    if not wish.source["log_bin"]:
        raise Refused("log_bin is off at the source: nothing after the last backup could be restored")
    return {}


def _programs(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    require_programs(wish.source["version"], user=wish.user, bindir=wish.bindir, fetched=wish.fetched)
    return {"bindir": wish.bindir}


def require_programs(version: str, *, user: str, bindir: str, fetched: bool) -> None:
    """Refused when this host lacks programs, the user that they run as, or has them of another version."""
    needed = (*PROGRAMS, "rsync", "ssh") if fetched else PROGRAMS
    paths = {name: program(name, bindir if name in PROGRAMS else "") for name in needed}
    missing = [name for name, path in paths.items() if not os.access(path, os.X_OK)]
    if missing:
        raise Refused(f"this host lacks {', '.join(missing)}: install MariaDB's server and backup here")
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise Refused(f"there is no OS user {user!r} here: name the one that the copy is to run as") from None
    wanted, here = ".".join(version.split(".")[:2]), version_of(bindir) or "unknown"
    if here != wanted:
        raise Refused(f"the source is MariaDB {wanted}, this host has {here}: a set is prepared by its own version")


def version_of(bindir: str) -> str:
    """Major and minor version of this host's server program; empty where it says none."""
    said = VERSION.search(run([program("mariadbd", bindir), "--no-defaults", "--version"]).stdout)
    return said[1] if said else ""


def _room(wish: Wish, _told: Mapping[str, Any], *, now: Callable[[], float] = time.time) -> dict[str, Any]:
    chosen = backup.choose(
        wish.store, job=wish.job, wanted=wish.wanted_set, source=wish.source, now=now(), oldest_h=wish.oldest_h
    )
    chosen["log_bytes"] = backup.refuse_gaps(chosen, wish.store, wish.source)
    there = nearest(wish.scratch)
    disk = {
        "path": str(wish.scratch),
        "need_bytes": backup.room(chosen, wish.spare_bytes),
        "free_bytes": free_bytes(there),
    }
    if disk["need_bytes"] > disk["free_bytes"]:
        raise Refused(
            f"{disk['need_bytes']} bytes are needed for the copy, {disk['free_bytes']} are free in {there}: make room,"
            " or name another place with restore_drill_scratch"
        )
    return {"set": chosen, "disk": disk}
