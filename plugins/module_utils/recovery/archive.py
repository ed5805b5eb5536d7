"""The archived WAL as the repository lists it: which segments are there, and whether any is missing on the way."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.backup import Repository, of_repository

from .target import Target

# Whole: what is still being stored, or was cut off then, goes on with `.pgbackrest.tmp`.
SEGMENT = re.compile(r"(?:^|/)([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})-[0-9a-f]{40}(?:\.[a-z0-9]+)?$")
HISTORY = re.compile(r"(?:^|/)([0-9A-F]{8})\.history$")
SHOWN = 3


@dataclass(frozen=True)
class Archived:
    """One segment: its number in the WAL, whatever its timeline, and when it came into the repository."""

    name: str
    number: int
    at: float

    @property
    def timeline(self) -> int:
        """The timeline that it is of."""
        return int(self.name[:8], 16)


@dataclass(frozen=True)
class Archive:
    """What a repository has of one cluster: the segments of all timelines in their order, and the histories.

    `per_log` segments make one of the 4 GiB that the middle of a name counts: 256 of 16 MiB.
    """

    segments: Sequence[Archived]
    histories: Mapping[int, str]
    per_log: int = 256


def read(repository: Repository, chosen: Mapping[str, Any], *, per_log: int) -> Archive:
    """The archive of a set (`15-1`); Refused with pgBackRest's words: it does not tell."""
    path = f"archive/{repository.stanza}/{chosen['archive']}"
    told = json.loads(_asked(repository, chosen, "repo-ls", path, "--recurse", "--output=json"))
    histories = {
        int(name[1], 16): _asked(repository, chosen, "repo-get", f"{path}/{file}")
        for file, name in ((one, HISTORY.search(one)) for one in told) if name
    }  # fmt: skip
    return Archive(parse(told, per_log=per_log), histories, per_log)


def _asked(repository: Repository, chosen: Mapping[str, Any], command: str, path: str, *options: str) -> str:
    options = (*of_repository(chosen), *options, "--log-level-console=error")
    done = subprocess.run(
        [*repository.argv(command, *options), path],
        env={**os.environ, "LC_ALL": "C.UTF-8"}, cwd="/", capture_output=True, text=True, errors="replace",
        timeout=600, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Refused(f"pgbackrest {command} {path} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def parse(told: Mapping[str, Mapping[str, Any]], *, per_log: int) -> list[Archived]:
    """`repo-ls --recurse --output=json`: the segments, those of several timelines side by side."""
    found = []
    for path, about in told.items():
        name = SEGMENT.search(path)
        if name and about.get("type") == "file":
            number = int(name[2], 16) * per_log + int(name[3], 16)
            found.append(Archived("".join(name.groups()), number, float(about.get("time", 0))))
    return sorted(found, key=lambda one: (one.number, one.name))


def number_of(name: str, *, per_log: int) -> int:
    """A segment's number by its name."""
    return int(name[8:16], 16) * per_log + int(name[16:24], 16)


def missing(archived: Iterable[Archived], *, first: int, last: int) -> list[int]:
    """Segments that are not there, between two that are needed."""
    there = {one.number for one in archived}
    return [number for number in range(first, last + 1) if number not in there]


def refuse_gaps(archived: Sequence[Archived], chosen: Mapping[str, Any], target: Target, *, per_log: int) -> int:
    """Refused when WAL is missing on the way, of which these are the segments; else the number of the last of them.

    To a point in time all segments up to the first one that came into the repository after it; to the end, all. For a
    backup its own. To a restore point up to its own, so far as that is archived; of one that could not be looked for
    only the backup's own WAL is demanded, and recovery itself fails when it does not get there.
    """
    first, own = (number_of(chosen[one], per_log=per_log) for one in ("wal_start", "wal_stop"))
    last = archived[-1].number if archived else own
    need = own
    if target.kind == "end":
        need = max(own, last)
    elif target.at is not None:
        after = [one.number for one in archived if one.number >= own and one.at >= target.at]
        need = max(own, min(after) if after else last)
    elif target.lsn is not None:
        need = max(own, min(last, target.lsn // ((1 << 32) // per_log)))
    gone = missing(archived, first=first, last=need)
    if gone:
        names = ", ".join(f"{one // per_log:08X}{one % per_log:08X}" for one in gone[:SHOWN])
        more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        raise Refused(
            f"the archive lacks WAL that backup {chosen['label']} needs to get there: {names}{more} (without the"
            " timeline). Restore to a point before it, or from a backup that was taken after it"
        )
    return last
