"""Which timelines a recovery follows, by their histories in the repository; the WAL of all others is abandoned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import position

from .archive import Archive, Archived, number_of
from .target import Target


@dataclass(frozen=True)
class Lineage:
    """`begun`: the timelines on the way, the oldest first, each with the position at which it begins."""

    begun: tuple[tuple[int, int], ...]
    per_log: int

    def living(self, archived: Iterable[Archived]) -> list[Archived]:
        """The segments that lie on the way: where a timeline begins, its own segment holds the WAL before it, too."""
        return [one for one in archived if one.timeline == self._timeline(one.number)]

    def leads_from(self, chosen: Mapping[str, Any]) -> bool:
        """Whether a set lies on the way: it ended before its timeline was left."""
        known = [one for one, _begin in self.begun]
        own = timeline_of(chosen)
        if own not in known:
            return False
        left = [begin for _one, begin in self.begun[known.index(own) + 1 :]][:1]
        return not left or ended_by(chosen, left[0], per_log=self.per_log)

    @property
    def _size(self) -> int:
        return (1 << 32) // self.per_log

    def _timeline(self, number: int) -> int:
        """As PostgreSQL looks for a segment (XLogFileReadAnyTLI): the newest timeline that has begun in it."""
        begun = [one for one, begin in self.begun if begin // self._size <= number]
        return begun[-1] if begun else self.begun[0][0]


def timeline_of(chosen: Mapping[str, Any]) -> int:
    """The timeline on which a set was made."""
    return int(chosen["wal_stop"][:8], 16)


def ended_by(chosen: Mapping[str, Any], lsn: int, *, per_log: int) -> bool:
    """Whether a set had ended at a position; older versions of pgBackRest tell the segment of its end alone."""
    if chosen["lsn_stop"]:
        return position(chosen["lsn_stop"]) <= lsn
    return number_of(chosen["wal_stop"], per_log=per_log) <= lsn // ((1 << 32) // per_log)


def lineage(archive: Archive, chosen: Mapping[str, Any], target: Target) -> Lineage:
    """The way to the target from a set; Refused when the repository does not know the timeline that is wanted."""
    wanted = _wanted(archive, timeline_of(chosen), target)
    begun, began = [], 0
    for line in archive.histories.get(wanted, "").splitlines():
        fields = line.split()
        # PostgreSQL takes whatever follows for the reason, and a line that begins with # for none.
        if len(fields) >= 2 and fields[0].isdigit():
            begun.append((int(fields[0]), began))
            began = position(fields[1])
    return Lineage((*begun, (wanted, began)), archive.per_log)


def _wanted(archive: Archive, own: int, target: Target) -> int:
    if target.kind == "set" or target.timeline == "current":
        return own
    if target.timeline == "latest":
        newest = own
        while newest + 1 in archive.histories:  # as PostgreSQL does: the first number that is free ends it
            newest += 1
        return newest
    number = int(target.timeline, 0)
    if number != own and number not in archive.histories:
        known = ", ".join(str(one) for one in sorted(archive.histories)) or "none"
        raise Refused(f"the repository has no history of timeline {number}; it has those of {known}")
    return number
