"""Where a restore point lies in the WAL: no catalogue knows it, so pg_waldump looks through what is archived."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.backup import Repository
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import position, run
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import as_user

from .archive import Archived

POINT = re.compile(r"lsn: ([0-9A-F]+/[0-9A-F]+), .*desc: RESTORE_POINT (.*)")
CHUNK_LOGS = 64  # parts of 4 GiB that are unpacked at once: 64 MiB


class Unseen(Refused):
    """It could not be looked for to the end."""


@dataclass(frozen=True)
class Search:
    """The repository, the cluster's own WAL, and how long may be looked."""

    repository: Repository
    data: Path
    bindir: str
    per_log: int
    seconds: float = 600

    def find(self, name: str, archived: Sequence[Archived]) -> int | None:
        """The position of a restore point in these segments, of the last one of its name; None: they hold none.

        From the newest segment backwards: a restore point is mostly a young one. Unseen when that takes too long.
        """
        if not os.access(f"{self.bindir}/pg_waldump", os.X_OK):
            raise Unseen(f"{self.bindir} lacks pg_waldump")
        until, size = time.monotonic() + self.seconds, max(1, self.per_log // CHUNK_LOGS)
        for end in range(len(archived), 0, -size):
            if time.monotonic() > until:
                raise Unseen(f"within {self.seconds:.0f} s it was not found in WAL from {archived[end - 1].name} on")
            # One more: a record may begin in one segment and end in the next.
            found = self._held(name, archived[max(0, end - size) : end + 1])
            if found:
                return max(found)
        return None

    def _held(self, name: str, archived: Sequence[Archived]) -> list[int]:
        # For root and the cluster's user alone: WAL holds patients' data.
        with tempfile.TemporaryDirectory(prefix="maintkit-wal-") as place:
            shutil.chown(place, self.repository.user)
            for one in archived:
                self._fetch(one.name, Path(place))
            return [found for first, last in _unbroken(archived) for found in self._points(name, place, first, last)]

    def _fetch(self, wal: str, place: Path) -> None:
        with suppress(FileNotFoundError):  # archived and gone by now, perhaps
            shutil.copyfile(self.data / "pg_wal" / wal, place / wal)
            shutil.chown(place / wal, self.repository.user)
            return
        options = (f"--pg1-path={self.data}", "--no-archive-async", "--log-level-console=error")
        done = run([*self.repository.argv("archive-get", *options), wal, str(place / wal)])
        if done.returncode != 0:
            raise Unseen(f"pgbackrest archive-get {wal} ended with {done.returncode}: {done.stderr.strip()[-300:]}")

    def _points(self, name: str, place: str, first: str, last: str) -> Iterator[int]:
        """It ends with an error where the WAL does, which is no matter."""
        argv = [f"{self.bindir}/pg_waldump", "--rmgr=XLOG", f"--path={place}", first, last]
        for line in run(as_user(self.repository.user, argv)).stdout.splitlines():
            point = POINT.search(line)
            if point and point[2] == name:
                yield position(point[1])


def _unbroken(archived: Iterable[Archived]) -> list[tuple[str, str]]:
    """First and last of the segments that follow each other on one timeline, as pg_waldump reads them."""
    found: list[list[Archived]] = []
    for one in archived:
        if found and (found[-1][-1].timeline, found[-1][-1].number + 1) == (one.timeline, one.number):
            found[-1].append(one)
        else:
            found.append([one])
    return [(some[0].name, some[-1].name) for some in found]


def of_the_cluster(data: Path, names: Iterable[str] | None, *, per_log: int) -> list[Archived]:
    """Segments in the cluster's own pg_wal; of these names where they are given."""
    there = [one for one in (data / "pg_wal").glob("?" * 24) if names is None or one.name in names]
    numbers = [(int(one.name[8:16], 16) * per_log + int(one.name[16:], 16), one) for one in there]
    return [Archived(one.name, number, one.stat().st_mtime) for number, one in numbers]
