"""Restores of a real PostgreSQL from its real repositories: what one would find, and its stages in another place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drills import STANZA, Direct, Source, part
from postgres import OWNER, binaries


@contextmanager
def without(repository: Path, wal: str) -> Iterator[None]:
    """For as long as the block runs the repository lacks a WAL segment."""
    path = next(repository.glob(f"archive/{STANZA}/*/*/{wal}-*"))
    aside = path.rename(repository.with_name(f"{repository.name}-{path.name}"))
    try:
        yield
    finally:
        aside.rename(path)


def switched(his: Source) -> str:
    """A segment with something in it, archived by all repositories: whole, and no longer as `.pgbackrest.tmp`."""
    his.sql("UPDATE patient SET name = name WHERE n = 1")
    wal = his.sql("SELECT pg_walfile_name(pg_switch_wal())")
    last = his.second if his.second.exists() else his.repository
    assert part("drill.instance").wait(lambda: list(last.glob(f"archive/{STANZA}/*/*/{wal}-*[!p]")) != [], 30)
    return wal


def repository(his: Source) -> Any:
    return part("drill.backup").Repository(stanza=STANZA, config=str(his.config))


def look(his: Source, kind: str, target: str = "", **changes: str) -> dict[str, Any]:
    """What a restore of the source on its own host would find in its repositories."""
    recovery = part("recovery.look")
    asked = {"wanted_set": "", "timeline": "latest", **changes}
    wish = recovery.Wish(
        cluster=part("recovery.cluster").Cluster(data=his.data, unit="his.service", run="r1", reach=his.reach),
        repository=repository(his),
        target=part("recovery.target").target_of(kind, target, **asked),
        wanted_set=asked["wanted_set"], identifier="", spare_bytes=0, bindir=str(binaries()), rate_mb_s=0,
    )  # fmt: skip
    told = {"identity": {"system_identifier": his.identity()["system_identifier"], "running": True, "major": "15"},
            "bindir": str(binaries())}  # fmt: skip
    found: dict[str, Any] = recovery._repository(wish, told)
    return found


@contextmanager
def restoring(his: Source, found: dict[str, Any], kind: str, target: str = "") -> Iterator[Any]:
    """A restore of what was found, ready for its stages from `restore` on, into a directory beside the source's."""
    home = Path(tempfile.mkdtemp(prefix="maintkit-restore-"))
    home.chmod(0o711)
    place = part("changes.place")
    state, place.STATE = place.STATE, home / "state"
    cluster = part("recovery.cluster").Cluster(data=home / "data", unit="his.service", run="r1", reach=his.reach)
    cluster.data.mkdir(mode=0o700)
    shutil.chown(cluster.data, OWNER)
    journal = part("recovery.journal").journal_of("r1")
    journal.keep(identity=his.identity(), bindir=str(binaries()), before={}, **found)
    work = Direct(home)
    wanted = part("recovery.target").target_of(kind, target, timeline="latest", wanted_set=found["set"]["label"])
    try:
        yield part("recovery.stages").Restore(
            journal=journal, work=work, repository=repository(his), cluster=cluster, target=wanted,
            settings={"fsync": "off"}, smoke=(), restore_timeout_s=60, recover_timeout_s=60, check_timeout_s=60,
            archive_timeout_s=60,
        )  # fmt: skip
    finally:
        place.STATE = state
        work.end()
        shutil.rmtree(home)


def bring(restore: Any) -> dict[str, Any]:
    """Restore, recover to the target and open; what the opening told."""
    restore._restore()
    restore.journal.perform("recover", restore._recover)
    told: dict[str, Any] = restore._promote()
    return told


def gone_back(his: Source, point: str) -> None:
    """The source itself, restored from its first backup to a restore point, and at work again on a new timeline."""
    first = repository(his).sets()["backups"][0]["label"]
    his.stop()
    goal = ("--type=name", f"--target={point}", "--target-action=promote")
    his.pgbackrest("restore", "--delta", f"--set={first}", *goal)
    his.start()
    assert part("drill.instance").wait(lambda: his.sql("SELECT pg_is_in_recovery()") == "f", 30)
