"""Fault: no font on this machine draws Chinese."""

from __future__ import annotations

from pathlib import Path

import draw
import pytest

from maintkit.documents import fonts
from maintkit.documents.render import render
from maintkit.errors import DocumentRefused


def test_without_a_chinese_font_the_pdf_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never squares: the message names where was looked, the hint what to install; no format is half done."""
    empty = tmp_path / "fonts"
    empty.mkdir()
    monkeypatch.setenv(fonts.VARIABLE, str(empty))
    with pytest.raises(DocumentRefused, match=f"no font that draws Chinese was found in {empty}") as refused:
        render(draw.documents()["record-one-host"], ["docx", "pdf"], tmp_path / "out", "record")
    assert "fonts-noto-cjk" in refused.value.hint
    assert not (tmp_path / "out").exists()


def test_the_other_formats_need_no_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They name fonts of the reader's machine."""
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path))
    paths = render(draw.documents()["record-one-host"], ["docx", "xlsx", "html"], tmp_path, "record")
    assert all(path.stat().st_size for path in paths)


def test_a_font_without_chinese_and_a_damaged_one_do_not_count(tmp_path: Path) -> None:
    """What a font can draw decides, not its name."""
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"ttcf\x00\x01 this is no font")
    (tmp_path / "simsun.ttf").write_bytes(b"")
    (tmp_path / "notoserifsc.otf").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DocumentRefused):
        fonts.find({fonts.VARIABLE: str(tmp_path)})


def test_one_font_serves_for_text_and_headings(tmp_path: Path) -> None:
    """A machine with only one Chinese font still makes a PDF."""
    try:
        both = fonts.find()
    except DocumentRefused:
        pytest.skip("no Chinese font on this machine")
    (tmp_path / "anything.ttc").symlink_to(both.sans.path)
    alone = fonts.find({fonts.VARIABLE: str(tmp_path)})
    assert alone.serif.family == alone.sans.family == both.sans.family
