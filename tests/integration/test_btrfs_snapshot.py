"""A btrfs subvolume comes back whole from the very snapshot of its run, or is refused before anything is changed."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins/module_utils"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a btrfs"),
    pytest.mark.skipif(shutil.which("mkfs.btrfs") is None, reason="needs btrfs-progs (setup/prepare test)"),
]


def run(*argv: object) -> str:
    return subprocess.run([*map(str, argv)], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small btrfs, mounted."""
    place = tmp_path_factory.mktemp("btrfs")
    with (place / "disk.img").open("wb") as image:
        image.truncate(200 * 1024 * 1024)
    run("mkfs.btrfs", "-q", place / "disk.img")
    (place / "mounted").mkdir()
    run("mount", "-o", "loop", place / "disk.img", place / "mounted")
    yield place / "mounted"
    run("umount", place / "mounted")


@pytest.fixture
def btrfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if str(PLUGINS) not in sys.path:
        sys.path.append(str(PLUGINS))
    monkeypatch.setattr(importlib.import_module("changes.place"), "STATE", tmp_path / "maintkit")
    return importlib.import_module("changes.btrfs")


@pytest.fixture
def refused(btrfs: ModuleType) -> type[Exception]:
    found: type[Exception] = btrfs.Refused
    return found


@pytest.fixture
def data(disk: Path, tmp_path: Path) -> Path:
    """A subvolume of the test's own, with a patient in it."""
    path = disk / tmp_path.name
    run("btrfs", "subvolume", "create", path)
    (path / "patients").write_text("one\n")
    return path


def test_what_was_written_since_is_gone_and_kept_aside(btrfs: ModuleType, data: Path) -> None:
    kept = btrfs.Snapshot("r1", data)
    assert kept.take(token=0) is True
    (data / "patients").write_text("broken\n")
    (data / "new").write_text("x")
    assert btrfs.Snapshot("r1", data).take(token=0) is False
    assert kept.restore(token=0) is True
    assert [(one.name, one.read_text()) for one in data.iterdir()] == [("patients", "one\n")]
    assert (kept.aside / "patients").read_text() == "broken\n"
    (data / "patients").write_text("two\n")
    assert kept.restore(token=0) is False
    assert (data / "patients").read_text() == "two\n"


def test_nothing_is_put_back_where_none_was_taken(btrfs: ModuleType, data: Path) -> None:
    assert btrfs.Snapshot("r2", data).restore(token=0) is False
    assert (data / "patients").read_text() == "one\n"


def test_a_snapshot_of_the_same_name_is_not_the_one(btrfs: ModuleType, data: Path, refused: type[Exception]) -> None:
    """A snapshot that is chosen by its name can put back another one."""
    kept = btrfs.Snapshot("r3", data)
    kept.take(token=0)
    run("btrfs", "subvolume", "delete", kept.place)
    (data / "patients").write_text("broken\n")
    run("btrfs", "subvolume", "snapshot", "-r", data, kept.place)
    with pytest.raises(refused, match="is not snapshot"):
        kept.restore(token=0)
    assert (data / "patients").read_text() == "broken\n"


@pytest.mark.parametrize("cut", ["before", "between"])
def test_a_way_back_that_was_cut_off_is_gone_on_with(btrfs: ModuleType, data: Path, cut: str) -> None:
    kept = btrfs.Snapshot(f"r4-{cut}", data)
    kept.take(token=0)
    (data / "patients").write_text("broken\n")
    run("btrfs", "subvolume", "snapshot", kept.place, kept.half)
    if cut == "between":
        data.rename(kept.aside)
    assert kept.restore(token=0) is True
    assert (data / "patients").read_text() == "one\n"
    assert not kept.half.exists()


def test_what_has_no_room_is_refused_before_it_fills_up(
    btrfs: ModuleType, data: Path, refused: type[Exception]
) -> None:
    """Fault 40: all of the data may be written again while the snapshot holds the old."""
    (data / "large").write_bytes(os.urandom(110 * 1024 * 1024))
    run("btrfs", "filesystem", "sync", data)
    with pytest.raises(refused, match="make room first"):
        btrfs.Snapshot("r5", data).take(token=0)
    assert not (data.parent / ".maintkit-r5").exists()
    (data / "large").unlink()


def test_what_could_not_be_put_back_is_refused(
    btrfs: ModuleType, disk: Path, data: Path, tmp_path: Path, refused: type[Exception]
) -> None:
    """A plain directory, another file system, a mount by subvol=, and a subvolume with one inside."""
    (disk / "plain").mkdir()
    for path in (disk / "plain", tmp_path, tmp_path / "nothing"):
        with pytest.raises(refused, match="is no"):
            btrfs.Snapshot("r6", path).look()
    there = tmp_path / "there"
    there.mkdir()
    device = run("findmnt", "-no", "SOURCE", disk).strip()
    run("mount", "-o", f"subvol={data.name}", device, there)
    try:
        with pytest.raises(refused, match=f"is a mount point .*subvol=/{data.name}"):
            btrfs.Snapshot("r6", there).look()
    finally:
        run("umount", there)
    run("btrfs", "subvolume", "create", data / "inner")
    with pytest.raises(refused, match="no snapshot takes it along"):
        btrfs.Snapshot("r6", data).look()
