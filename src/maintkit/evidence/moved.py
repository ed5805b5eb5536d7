"""What changes of our own have freed or moved on a host at once: no growth, and no shrinking, of its series."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from maintkit.evidence.changes import INTENT, OBSERVED, STARTED
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.phase_document import PhaseDocument, phase_document

# The procedures that free or move much, and the engine whose databases they do it to.
ENGINES: Mapping[str, str] = {
    "housekeeping": "", "reindex": "postgresql", "vacuum": "postgresql", "rebuild_tables": "mysql",
    "restore": "postgresql", "change_indexes": "postgresql",
}  # fmt: skip
PHASES = ("change", "rollback")
ENDED = ("done", "rotated")  # a file that was dealt with; what a rotated one has freed, it tells as others do
DONE = ("ok", "nothing")  # a phase that says so and that it has changed nothing has moved nothing
MUCH = 0.01  # of the filesystem or database: less is lost in its daily growth


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What one run did to one host, from `at` on; `why` names it as documents do.

    `files`: bytes freed by path, `deleted`: those that are gone. `databases`: bytes freed by name, or taken at once by
    new indexes. `unknown`: nobody knows how much, because nothing was heard of it or all was replaced: it counts as
    much. `data`: the directory that was replaced; empty where it is not known.
    """

    at: datetime
    run: str
    procedure: str
    why: str
    files: Mapping[str, int] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    databases: Mapping[str, int] = field(default_factory=dict)
    unknown: bool = False
    data: str = ""

    def shook(self, mount: str, mounts: Sequence[str], *, used: int, room: int) -> bool:
        """Whether a filesystem of these is another story since; `used` and `room` are its bytes before.

        Nobody tells on which filesystem a database lies: it is any that held as much as was freed.
        """
        if self.unknown:
            return not self.data or mount_of(self.data, mounts) == mount
        freed = sum(size for path, size in self.files.items() if mount_of(path, mounts) == mount)
        rows = sum(self.databases.values())
        return freed >= MUCH * room or (MUCH * room <= rows <= used)

    def shook_database(self, which: str, size: float) -> bool:
        """Whether a database is; `which` is its name as series have it, like `postgresql main/his`."""
        engine, _, rest = which.partition(" ")
        if ENGINES[self.procedure] != engine:
            return False
        return self.unknown or self.databases.get(rest.partition("/")[2], 0) >= max(1.0, MUCH * size)

    def shook_inodes(self, mount: str, mounts: Sequence[str], total: float) -> bool:
        """Whether so many files have gone from a filesystem, or all of a directory was replaced."""
        if self.unknown:
            return self.shook(mount, mounts, used=0, room=0)
        return sum(mount_of(path, mounts) == mount for path in self.deleted) >= max(1.0, MUCH * total)


@dataclass(frozen=True, kw_only=True)
class Own:
    """What our own changes did to one host, oldest first, and all its local filesystems."""

    moves: tuple[Moved, ...] = ()
    mounts: tuple[str, ...] = ()


NONE = Own()


def moved(ledger: Ledger, *, since: datetime, simulated: bool = False) -> Mapping[str, tuple[Moved, ...]]:
    """By host, oldest first: what real changes since then have freed or moved, or the simulated ones alone."""
    found: dict[str, list[Moved]] = {}
    for started in ledger.entries(kind=STARTED, newest_first=True):
        if started.at < since:
            break
        said = started.body
        if said["procedure"] in ENGINES and bool(said.get("simulated")) == simulated:
            title = _title(ledger, started)
            told = [one for one in ledger.entries(run=started.run) if one.kind in (INTENT, OBSERVED)]
            for host in said["hosts"]:
                own = [one for one in told if one.subject == host]
                found.setdefault(host, []).extend(_of(ledger, started, own, title))
    return {host: tuple(sorted(one, key=lambda each: each.at)) for host, one in found.items()}


def mount_of(path: str, mounts: Sequence[str]) -> str:
    """The deepest of these filesystems that a path lies below; empty when none is."""
    above = {str(one) for one in (PurePosixPath(path), *PurePosixPath(path).parents)}
    return max((mount for mount in mounts if mount in above), key=len, default="")


def _title(ledger: Ledger, started: Entry) -> str:
    plan = next(ledger.entries(kind="plan.frozen", subject=started.subject, newest_first=True, limit=1), None)
    title = plan.body["title_zh"] if plan else started.body["procedure"]
    return f"{title}（{started.run}）"


def _of(ledger: Ledger, started: Entry, entries: Sequence[Entry], title: str) -> Iterator[Moved]:
    """One for each time that a phase was begun: what was done is counted from all of them, as the last one told it."""
    for phase in PHASES:
        own = [one for one in entries if one.body.get("phase") == phase]
        seen = [one for one in own if one.kind == OBSERVED]
        named = next((one.body["document"] for one in reversed(seen) if one.body["document"]), None)
        begun = [one for one in own if one.kind == INTENT]
        if len(seen) == len(begun) and not any(map(_may_have_changed, seen)):
            continue
        told = _told(started.body["procedure"], _document(ledger, named))
        for one in begun:
            yield Moved(at=one.at, run=started.run or "", procedure=started.body["procedure"], why=title, **told)


def _document(ledger: Ledger, named: str | None) -> PhaseDocument | None:
    try:
        return None if named is None else phase_document(named, json.loads(ledger.attachment(named)))
    except ValueError:  # not JSON: the host wrote what it liked
        return None


def _may_have_changed(observed: Entry) -> bool:
    return bool(observed.body["changed"]) or observed.body["outcome"] not in DONE


def _told(procedure: str, document: PhaseDocument | None) -> dict[str, Any]:
    """What the document of a phase says was freed, as the fields of Moved."""
    facts: Mapping[str, Any] = document.facts if document else {}
    key = "files" if procedure == "housekeeping" else "restore" if procedure == "restore" else "run_items"
    if key == "restore" or not isinstance(facts.get(key), list):
        restored = facts.get("restore")
        identity = restored.get("identity") if isinstance(restored, dict) else None
        return {"unknown": True, "data": str((identity or {}).get("data_directory") or "")}
    rows = [one for one in facts[key] if isinstance(one, dict)]
    if procedure == "housekeeping":
        done = [one for one in rows if one.get("ended") in ENDED and isinstance(one.get("path"), str)]
        return {
            "files": {one["path"]: _whole(one.get("freed")) for one in done},
            "deleted": frozenset(one["path"] for one in done if one.get("action") == "delete"),
        }
    freed: dict[str, int] = {}
    for one in rows:
        name = str(one.get("database"))
        freed[name] = freed.get(name, 0) + _freed(one)
    return {"databases": {name: abs(size) for name, size in freed.items()}}


def _freed(item: Mapping[str, Any]) -> int:
    """Bytes by which a table or index is smaller, negative for a new one; one not rebuilt tells no size after."""
    after = item.get("after_bytes")
    vacuumed = item.get("after")
    if isinstance(vacuumed, Mapping):
        after = vacuumed.get("bytes")
    before = item.get("before_bytes", item.get("bytes"))
    return _whole(before) - _whole(after) if isinstance(after, int) else 0


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
