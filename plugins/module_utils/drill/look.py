"""What a drill would find on this host, before anything is restored; reads only."""

from __future__ import annotations

import os
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

from . import backup, collation, guard, wipe
from .journal import PASSED, Journal

PROGRAMS = ("postgres", "pg_ctl", "pg_controldata", "pg_amcheck", "pg_checksums", "pg_isready", "psql")
LEAST_PG = 14  # pg_amcheck came with it
DEBIAN = "/usr/lib/postgresql/{major}/bin"


@dataclass(frozen=True)
class Wish:
    """What a drill is to be: where its copy lies, of which source, from which set."""

    run: str
    repository: backup.Repository
    scratch: Path
    source: Mapping[str, Any]
    same_host: bool
    wanted_set: str
    oldest_h: float
    spare_bytes: int
    bindir: str


def look(wish: Wish) -> dict[str, Any]:
    """`refusals` in words (empty: the drill may be made), and the facts behind them: `set`, `disk`, `bindir`, `left`.

    `doubts` are no reason not to drill, and may explain afterwards why it failed.
    Of a run that has wiped its copy only what is left of it is told: the drill is over. So it is without a source.
    """
    journal = Journal(wish.run)
    told: dict[str, Any] = {
        "machine_id": machine_id(),
        "left": wipe.left(wish.scratch / wish.run),
        "wiped": (journal.stage("wipe") or {}).get("status") == PASSED,
        "refusals": [],
        "doubts": [],
    }
    if told["wiped"] or not wish.source:
        return {**told, "refusals": told["left"]}
    told["bindir"] = wish.bindir or DEBIAN.format(major=str(wish.source["version"]).partition(".")[0])
    for asked in (_identity, _others, _provable, _collations, _programs, _room):
        try:
            told.update(asked(wish, told))
        except Refused as refused:
            told["refusals"].append(str(refused))
    return told


def _identity(wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    source = wish.source
    guard.refuse_same_machine(source=source["machine_id"], here=told["machine_id"], allowed=wish.same_host)
    guard.refuse_place(wish.scratch)
    guard.refuse_production(
        identifier=source["system_identifier"], source_data=Path(source["data_directory"]),
        same_host=wish.same_host, scratch=wish.scratch,
    )  # fmt: skip
    return {}


def _provable(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    """What could only fail, after everything was locked and restored."""
    if int(str(wish.source["version"]).partition(".")[0]) < LEAST_PG:
        raise Refused(f"the source is PostgreSQL {wish.source['version']}: pg_amcheck is of {LEAST_PG} and later")
    if not wish.source["checksums"]:
        raise Refused("the source has no page checksums, without which no drill passes: pg_checksums --enable, stopped")
    return {}


def _collations(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    collation.require_locales(wish.source)
    return {"doubts": collation.doubts(wish.source)}


def _programs(_wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    missing = [name for name in PROGRAMS if not os.access(f"{told['bindir']}/{name}", os.X_OK)]
    if missing:
        raise Refused(f"{told['bindir']} lacks {', '.join(missing)}: install the source's version of PostgreSQL here")
    return {}


def _room(wish: Wish, _told: Mapping[str, Any], *, now: Callable[[], float] = time.time) -> dict[str, Any]:
    found = wish.repository.sets()
    chosen = backup.choose(
        found,
        stanza=wish.repository.stanza,
        wanted=wish.wanted_set,
        identifier=wish.source["system_identifier"],
        now=now(),
        oldest_h=wish.oldest_h,
    )
    _refuse_new_tablespaces(wish, chosen)
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


def _refuse_new_tablespaces(wish: Wish, chosen: Mapping[str, Any]) -> None:
    """Recovery would make what the set does not hold where the source has it: outside of the copy."""
    known, label = wish.repository.tablespaces(chosen), chosen["label"]
    new = sorted(name for oid, name in wish.source["tablespaces"].items() if int(oid) not in known)
    if new:
        raise Refused(f"tablespace {', '.join(new)} was made after backup {label}: take a backup, then drill that one")


def _others(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    refuse_others(wish.run, wish.scratch)
    return {}


def refuse_others(run: str, scratch: Path) -> None:
    """A copy that nobody wiped holds patients' data: first that, then the next one."""
    places = scratch.iterdir() if scratch.is_dir() else ()
    others = sorted(one.name for one in places if one.name != run and (one / wipe.MARKER).exists())
    if others:
        raise Refused(
            f"the copy of run {others[0]} still lies in {scratch}: resume that run, or wipe it with"
            f" `ansible-playbook maintkit.ops.procedures.restore_drill.rollback -e maintkit_run={others[0]}`"
        )
