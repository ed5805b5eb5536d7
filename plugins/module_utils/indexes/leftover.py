"""What a concurrent rebuild has left in the catalog, and what its verdict is: pure, from the catalog alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from .catalog import Index

# What PostgreSQL appends, after it has cut the name to fit; a number follows when that name was taken.
_NEW = re.compile(r"(?P<stem>.*)_ccnew\d*")
_OLD = re.compile(r"(?P<stem>.*)_ccold\d*")
STOPPED, STOPPED_READY, REPLACED, BUILDING, OTHER = "ccnew", "ccnew-ready", "ccold", "building", "invalid"
MEANING = {
    STOPPED: "a build that was stopped; the index itself is intact",
    STOPPED_READY: "a build that was stopped and is written on every change: drop it soon",
    REPLACED: "the old index of a rebuild that succeeded",
    BUILDING: "being built at this moment",
    OTHER: "invalid for another reason: look who made it",
}
REBUILT, INTACT, GONE = "rebuilt", "intact", "gone"


def kind(index: Index) -> str:
    """What an invalid index is."""
    if index.building:
        return BUILDING
    if _OLD.fullmatch(index.name):
        return REPLACED
    if _NEW.fullmatch(index.name):
        return STOPPED_READY if index.ready else STOPPED
    return OTHER


def verdict(now: Sequence[Index], *, oid: int, schema: str, name: str) -> str:
    """How a rebuild ended, whatever its client was told: another valid index of that name means rebuilt."""
    named = next((one for one in now if (one.schema, one.name) == (schema, name)), None)
    if named is None or not named.valid:
        return GONE
    return INTACT if named.oid == oid else REBUILT


def ours(
    now: Sequence[Index], *, oid: int, name: str, table_oid: int, before: Collection[int], seen: Collection[int]
) -> list[Index]:
    """Left-overs of one rebuild of ours: what was `seen` in its progress, and its old index.

    Where its progress was not seen building: of its name, and not there `before`. What is being built at this moment is
    nobody's left-over.
    """
    unseen = not set(seen) - {oid}
    return [
        one
        for one in now
        if one.table_oid == table_oid and not one.valid and kind(one) in (STOPPED, STOPPED_READY, REPLACED)
        and (one.oid == oid or one.oid in seen or (unseen and one.oid not in before and _stems_from(one.name, name)))
    ]  # fmt: skip


def _stems_from(left: str, name: str) -> bool:
    """The stem is the name, or what 63 bytes left of it."""
    found = _NEW.fullmatch(left) or _OLD.fullmatch(left)
    stem = found.group("stem") if found else ""
    return stem == name or (len(left.encode()) > 55 and bool(stem) and name.startswith(stem))
