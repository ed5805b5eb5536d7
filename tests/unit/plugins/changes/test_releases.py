"""A release is what its archive holds, byte by byte; an archive that would reach out of it is not unpacked."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    one = tarfile.TarInfo(name)
    one.type, one.linkname, one.mode = kind, link, mode
    return one


def packed(path: Path, members: Iterable[tarfile.TarInfo], text: str = "x") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for one in members:
            one.size = len(text) if one.isreg() else 0
            archive.addfile(one, io.BytesIO(text.encode()) if one.isreg() else None)
    return path


GOOD = (
    member("./"),
    member("./bin/", tarfile.DIRTYPE),
    member("./bin/his", mode=0o4777),
    member("latest", tarfile.SYMTYPE, "bin/his"),
)


def test_what_is_unpacked_is_what_was_described(part: Callable, tmp_path: Path) -> None:
    releases = part("releases")
    told = releases.described(packed(tmp_path / "a.tar.gz", GOOD[1:]))
    assert releases.unpack(tmp_path / "a.tar.gz", tmp_path / "releases", "1.1", tree=told["tree"]) is True
    assert releases.tree_of(tmp_path / "releases/1.1") == told["tree"]
    assert (tmp_path / "releases/1.1/bin/his").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "releases/1.1/latest").read_text() == "x"
    assert [one.name for one in (tmp_path / "releases").iterdir()] == ["1.1"]


def test_one_that_is_there_is_compared_and_never_written_again(part: Callable, tmp_path: Path) -> None:
    releases, place = part("releases"), tmp_path / "releases"
    archive = packed(tmp_path / "a.tar.gz", GOOD[1:])
    tree = releases.described(archive)["tree"]
    releases.unpack(archive, place, "1.1", tree=tree)
    assert releases.unpack(archive, place, "1.1", tree=tree) is False
    (place / "1.1/bin/his").write_text("y")
    with pytest.raises(part("place").Refused, match="never written again"):
        releases.unpack(archive, place, "1.1", tree=tree)
    assert (place / "1.1/bin/his").read_text() == "y"


def test_an_archive_that_gives_another_tree_leaves_nothing(part: Callable, tmp_path: Path) -> None:
    with pytest.raises(part("place").Refused, match="does not give the tree"):
        part("releases").unpack(packed(tmp_path / "a.tar.gz", GOOD[1:]), tmp_path / "r", "1.1", tree="0" * 64)
    assert list((tmp_path / "r").iterdir()) == []


@pytest.mark.parametrize(
    "bad",
    [
        (member("../out"),),
        (member("/etc/passwd"),),
        (member("a/../../out"),),
        (member("out", tarfile.SYMTYPE, "/etc"),),
        (member("a/out", tarfile.SYMTYPE, "../../etc"),),
        (member("out", tarfile.SYMTYPE, "inside"), member("out/x")),
        (member("twice"), member("./twice")),
        (member("null", tarfile.CHRTYPE),),
        (member("hard", tarfile.LNKTYPE, "x"),),
    ],
    ids=lambda bad: bad[-1].name,
)
def test_an_archive_that_reaches_out_is_refused_before_anything_is_written(
    part: Callable, tmp_path: Path, bad: tuple[tarfile.TarInfo, ...]
) -> None:
    """Fault 52, and what links and devices would add to it."""
    archive = packed(tmp_path / "a.tar.gz", bad)
    with pytest.raises(part("place").Refused):
        part("releases").described(archive)
    with pytest.raises(part("place").Refused):
        part("releases").unpack(archive, tmp_path / "r" / "s", "1.1", tree="0" * 64)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path != archive]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".half"])
def test_a_release_has_a_plain_name(part: Callable, tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / "a.tar.gz", GOOD[1:])
    with pytest.raises(part("place").Refused, match="is no name"):
        part("releases").unpack(archive, tmp_path / "r", name, tree="0" * 64)


@pytest.mark.parametrize("content", [b"", b"not packed", b"\x1f\x8b\x08"])
def test_what_is_no_archive_is_said_to_be_none(part: Callable, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(part("place").Refused):
        part("releases").described(tmp_path / "a.tar.gz")


def test_one_that_is_cut_short_is_refused(part: Callable, tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.tar.gz", GOOD[1:], text=os.urandom(3000).hex()).read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(part("place").Refused):
        part("releases").described(tmp_path / "a.tar.gz")


def test_the_link_leads_to_one_release_or_the_other_and_is_no_file(part: Callable, tmp_path: Path) -> None:
    releases, link = part("releases"), tmp_path / "current"
    assert releases.target_of(link) == ""
    assert releases.switch(link, "releases/1.0") is True
    assert releases.switch(link, "releases/1.0") is False
    assert releases.switch(link, "releases/1.1") is True
    assert releases.target_of(link) == "releases/1.1"
    assert releases.switch(link, "") is True
    link.mkdir()
    with pytest.raises(part("place").Refused, match="is no link"):
        releases.switch(link, "releases/1.1")
