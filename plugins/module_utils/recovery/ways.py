"""The ways to a target: which set of which repository leads there, and whether all WAL on its way is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill import backup

from . import archive
from .lineage import ended_by, lineage
from .point import Search, Unseen, of_the_cluster
from .target import Target, pick

if TYPE_CHECKING:
    from typing import TypeAlias  # hosts with Python 3.8 have none

    # A repository's number and its archive's name; what that holds, or why it does not tell.
    Kept = tuple[int, str]
    Archives: TypeAlias = "Mapping[Kept, archive.Archive | Refused]"


@dataclass(frozen=True)
class Ways:
    """What is asked for, of the cluster in `data`; `unarchived` are whole segments that only that still has."""

    repository: backup.Repository
    target: Target
    wanted_set: str
    identifier: str
    data: Path
    bindir: str
    per_log: int
    running: bool
    unarchived: Sequence[str]

    def best(self, ours: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
        """The sound `set` with all WAL on its way that leads farthest, and its `archive`.

        Refused with what is wrong with the newest one where there is none.
        """
        pick(ours, self.target, wanted=self.wanted_set, now=now)  # before anything is read of their archives
        archives = self._archives(ours)
        leading = self._on_the_way(ours, archives)
        if self.target.kind != "name":
            return self.farthest(leading, archives, now)
        try:
            lsn = self._point(leading, archives)
        except Unseen as unseen:
            return self._trusted(leading, archives, now, str(unseen))
        to_it = replace(self, target=replace(self.target, lsn=lsn))
        return to_it.farthest(self._before(leading, lsn), archives, now)

    def farthest(self, leading: Sequence[Mapping[str, Any]], archives: Archives, now: float) -> dict[str, Any]:
        """The same of sets that lead to the target's timeline, by their archives."""
        found: list[dict[str, Any]] = []
        wrong: list[Refused] = []
        for one in self._newest(leading, now):
            try:
                found.append(self._way(one, archives, now))
            except Refused as refused:
                wrong.append(refused)
        if not found:
            raise wrong[0]
        return max(found, key=lambda one: self._reach(one["archive"]))

    def _archives(self, ours: Sequence[Mapping[str, Any]]) -> Archives:
        found: dict[Kept, Any] = {}
        for one in ours:
            if _kept(one) not in found:
                try:
                    found[_kept(one)] = archive.read(self.repository, one, per_log=self.per_log)
                except Refused as refused:
                    found[_kept(one)] = refused
        return found

    def _on_the_way(self, ours: Sequence[Mapping[str, Any]], archives: Archives) -> list[Mapping[str, Any]]:
        """The sets from which the timeline that is wanted is reached; Refused when it is reached from none.

        The latest is that of all repositories: one that lacks its history would lead along what was abandoned.
        """
        asked = [one for one in ours if self.wanted_set in ("", one["label"])]
        ends: list[tuple[Mapping[str, Any], int | None]] = []
        wrong: list[Refused] = []
        for one in ours:
            try:
                ends += [(one, end) for end in self._ends(one, archives[_kept(one)])]
            except Refused as refused:
                wrong.append(refused)
        newest = max((end for one, end in ends if end is not None), default=None)
        anyone = self.target.timeline != "latest" or self.target.kind == "set"
        found = [one for one, end in ends if end is None or anyone or end == newest]
        if wrong and not found:
            raise wrong[0]
        if asked and not any(one in found for one in asked):
            raise Refused(
                f"{self.wanted_set or 'no backup'} does not lead to timeline {self.target.timeline}: an earlier restore"
                " has left behind what was written then. Name another backup (restore_set), or the timeline"
                " (restore_timeline)"
            )
        return found

    def _ends(self, one: Mapping[str, Any], there: archive.Archive | Refused) -> list[int | None]:
        """The timeline to which a set leads, if any; None where this host may not look: recovery itself tells."""
        if isinstance(there, Refused):
            return [None]
        if not one["wal_stop"]:  # copied while the server was down
            return []
        way = lineage(there, one, self.target)
        return [way.begun[-1][0]] if way.leads_from(one) else []

    def _point(self, leading: Sequence[Mapping[str, Any]], archives: Archives) -> int:
        """Where the restore point lies, on the way from the sets that lead there; Refused when no WAL holds it."""
        asked = [one for one in leading if self.wanted_set in ("", one["label"])]
        known: dict[str, archive.Archived] = {}
        unlisted: list[Refused] = []
        own = None if self.running else self.unarchived  # what was never whole of a server that crashed is lost
        for one in sorted(asked, key=lambda one: one["stopped_at"]):
            there = archives[_kept(one)]
            if isinstance(there, Refused):  # another repository has the same WAL
                unlisted.append(there)
                continue
            first = archive.number_of(one["wal_stop"], per_log=self.per_log)
            every = (*of_the_cluster(self.data, own, per_log=self.per_log), *there.segments)
            living = lineage(there, one, self.target).living(every)
            known.update({some.name: some for some in living if some.number >= first})
        search = Search(self.repository, self.data, self.bindir, self.per_log)
        lsn = search.find(self.target.value, sorted(known.values(), key=lambda some: (some.number, some.name)))
        if lsn is None and unlisted:
            raise Unseen(str(unlisted[0]))
        if lsn is None:
            oldest = min(asked, key=lambda one: one["stopped_at"])["label"]
            raise Refused(f"no WAL since backup {oldest} holds a restore point {self.target.value!r}")
        return lsn

    def _before(self, leading: Sequence[Mapping[str, Any]], lsn: int) -> list[Mapping[str, Any]]:
        """The sets that had ended when the restore point was made."""
        found = [one for one in leading if ended_by(one, lsn, per_log=self.per_log)]
        if not any(self.wanted_set in ("", one["label"]) for one in found):
            raise Refused(
                f"the restore point {self.target.value} was made before {self.wanted_set or 'any backup'} ended: it"
                " does not lead there"
            )
        return found

    def _trusted(
        self, leading: Sequence[Mapping[str, Any]], archives: Archives, now: float, why: str
    ) -> dict[str, Any]:
        """Of a restore point that could not be looked for, the set that a person names."""
        if not self.wanted_set:
            raise Refused(
                f"where the restore point {self.target.value} lies is not known ({why}): name the last backup that"
                " ended before it was made (restore_set)"
            )
        found = self.farthest(leading, archives, now)
        return {**found, "unseen": [*found.get("unseen", []), why]}

    def _newest(self, ours: Sequence[Mapping[str, Any]], now: float) -> list[Mapping[str, Any]]:
        """Of each repository the set that leads to the target, the newest first; Refused when none of them has one."""
        pick(ours, self.target, wanted=self.wanted_set, now=now)
        found = []
        for number in sorted({one["repo"] for one in ours}):
            there = [one for one in ours if one["repo"] == number]
            with suppress(Refused):  # another repository has one
                label = pick(there, self.target, wanted=self.wanted_set, now=now)
                found.append(next(one for one in there if one["label"] == label))
        return sorted(found, key=lambda one: one["stopped_at"], reverse=True)

    def _way(self, one: Mapping[str, Any], archives: Archives, now: float) -> dict[str, Any]:
        stanza = self.repository.stanza
        chosen = backup.sound(one, stanza=stanza, identifier=self.identifier, now=now, oldest_h=0)
        if self.repository.tablespaces(chosen):
            raise Refused(
                f"backup {one['label']} holds tablespaces, which this procedure does not restore: do so by hand"
            )
        there = archives[_kept(one)]
        if isinstance(there, Refused):
            return {"set": chosen, "unseen": [str(there)], "archive": {}}
        return {"set": chosen, "archive": self._wal(chosen, there)}

    def _wal(self, chosen: Mapping[str, Any], there: archive.Archive) -> dict[str, Any]:
        archived = lineage(there, chosen, self.target).living(there.segments)
        last = archive.refuse_gaps(archived, chosen, self.target, per_log=there.per_log)
        newest = max((one.at for one in archived), default=0.0)
        at = self.target.at
        if at is not None and at > newest and not self.running and not self.unarchived:
            raise Refused(
                f"{self.target.value} is after the last WAL that was archived, and the server is down and has none that"
                " could still be: restore to the end of the archive (restore_type end)"
            )
        return {"id": chosen["archive"], "segments": len(archived), "last": last, "newest_at": newest,
                "per_log": there.per_log}  # fmt: skip

    def _reach(self, archived: Mapping[str, Any]) -> float:
        """How far towards the target an archive leads; what lies behind the target does not count."""
        if self.target.kind == "end":
            return float(archived.get("last", 0))
        return min(archived.get("newest_at", 0.0), self.target.at) if self.target.at is not None else 0.0


def _kept(chosen: Mapping[str, Any]) -> Kept:
    return chosen["repo"], chosen["archive"]
