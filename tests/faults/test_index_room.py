"""Room for a new index, its WAL and its sort: each is looked for on the file system where it goes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from indexing import DATABASE, Server, part, server
from indexwishes import wish, work
from postgres import OWNER

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")


@contextmanager
def small(mib: int) -> Iterator[Path]:
    """A file system of its own, for the server alone."""
    place = Path(tempfile.mkdtemp(prefix="maintkit-small-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "none", str(place)], check=True)
    try:
        shutil.chown(place, OWNER, OWNER)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


@pytest.fixture
def his(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A bloated index on a server whose WAL is on a disk of 192 MiB."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    with small(192) as wal, server(wal=wal / "wal") as made:
        made.bloat("visit")
        yield made


def free(place: Path) -> int:
    return shutil.disk_usage(place).free


def test_a_small_disk_under_the_wal_begins_no_index(his: Server) -> None:
    """Neither a rebuild nor a new index: a WAL that fills its disk stops the server."""
    wal = his.home / "data" / "pg_wal"
    spare = free(wal)
    assert free(his.home) > 4 * spare, "the test wants more room beside the WAL"
    told = his.sweep(spare_bytes=spare)
    assert told["ended"] == "stopped"
    assert told["remaining"][0]["why"].startswith(f"{wal} has ")
    new = wish(columns=["n"])
    (left,) = work(his, new, spare_bytes=spare).go([new])["remaining"]
    assert left["why"].startswith(f"{wal} has ")
    assert [one["name"] for one in his.sweep("r2")["rebuilt"]] == ["visit_n"]


def test_a_small_disk_under_the_sorts_begins_no_index(his: Server) -> None:
    with small(1) as sorts:
        his.sql(f"CREATE TABLESPACE sorts LOCATION '{sorts}'")
        his.sql(f"ALTER DATABASE {DATABASE} SET temp_tablespaces = sorts")
        told = his.sweep(spare_bytes=free(sorts))
        assert told["remaining"][0]["why"].startswith(f"{sorts} has ")
        his.sql(f"ALTER DATABASE {DATABASE} RESET temp_tablespaces")
        his.sql("DROP TABLESPACE sorts")
        assert len(his.sweep("r2")["rebuilt"]) == 1


def test_what_shares_a_file_system_is_added_up_once_with_what_stays_free(tmp_path: Path) -> None:
    no_room, has = part("changes.place").no_room, part("changes.place").free_bytes(tmp_path)
    (tmp_path / "a").mkdir()
    third = has // 3
    assert no_room([(tmp_path, third), (tmp_path / "a", third)], third // 2) == ""
    assert str(tmp_path) in no_room([(tmp_path, third), (tmp_path / "a", third)], 2 * third)
    assert "cannot be seen from here" in no_room([(tmp_path / "b", 1)], 0)
