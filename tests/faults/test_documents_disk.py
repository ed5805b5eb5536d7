"""Fault: the place for documents is read-only, full, or not a directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import draw
import pytest

from maintkit.documents.render import FORMATS, render
from maintkit.errors import DocumentRefused


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 64 KiB: room for the page and not for the Word file beside it."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small filesystem needs root")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=False)
    if mounted.returncode:
        pytest.skip("tmpfs cannot be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_leaves_no_half_file(small: Path) -> None:
    """Neither the format that did not fit nor those before it appear, and no temporary file stays."""
    with pytest.raises(DocumentRefused, match="No space left on device") as refused:
        render(draw.documents()["record-fleet"], ["html", "docx"], small, "record")
    assert "nothing was written" in refused.value.hint
    assert list(small.iterdir()) == []


def test_a_full_disk_leaves_the_earlier_documents_whole(small: Path) -> None:
    """What was rendered before is still there, byte for byte."""
    (page,) = render(draw.documents()["record-one-host"], ["html"], small, "record")
    before = page.read_bytes()
    with pytest.raises(DocumentRefused):
        render(draw.documents()["record-fleet"], ["html", "xlsx"], small, "record")
    assert [one.name for one in small.iterdir()] == ["record.html"]
    assert page.read_bytes() == before


def test_a_read_only_place_is_refused(small: Path) -> None:
    """With the path and the reason."""
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    with pytest.raises(DocumentRefused, match="Read-only file system"):
        render(draw.documents()["record-one-host"], ["html"], small, "record")


def test_a_file_where_the_directory_should_be_is_refused(tmp_path: Path) -> None:
    """An existing file is not replaced by a directory."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DocumentRefused, match="cannot write"):
        render(draw.documents()["record-one-host"], ["html"], tmp_path / "out", "record")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("stem", ["../record", "", "a/b", ".."])
def test_a_name_that_leaves_the_directory_is_refused(stem: str, tmp_path: Path) -> None:
    """The stem is a file name."""
    with pytest.raises(DocumentRefused, match="is not a file name"):
        render(draw.documents()["record-one-host"], FORMATS, tmp_path, stem)


def test_an_unknown_format_is_refused_by_name(tmp_path: Path) -> None:
    """The hint lists those there are."""
    with pytest.raises(DocumentRefused, match="no document format 'odt'") as refused:
        render(draw.documents()["record-one-host"], ["odt"], tmp_path, "record")  # type: ignore[list-item]
    assert "docx, xlsx, html, pdf" in refused.value.hint
