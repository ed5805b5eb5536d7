"""Every format says what the tree says, holds nothing that acts, and is the same file every time."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import draw
import openpyxl
import pytest
import sample_inspections as sample
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from maintkit.documents import fonts
from maintkit.documents.model import Document, texts
from maintkit.documents.render import FORMATS, Format, render
from maintkit.documents.text import written_out
from maintkit.documents.views import inspection_record

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
NAMES = sorted(draw.documents())


class _Text(HTMLParser):
    """What a reader of the page sees, and the tags it is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: set[str] = set()
        self.hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.hidden = tag in ("style", "script", "title")
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's signature
        self.hidden = False

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.seen.append(data)


def docx_text(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if re.match(r"word/(document|header\d|footer\d)\.xml", name)]
        trees = [parse_xml(archive.read(name)) for name in parts]
    return "".join(run.text or "" for tree in trees for run in tree.iter(qn("w:t")))


def xlsx_text(path: Path) -> str:
    book = openpyxl.load_workbook(path)
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    return "".join(cells) + "".join(str(sheet.oddFooter.left.text) for sheet in book)


def html_text(path: Path) -> str:
    parser = _Text()
    parser.feed(path.read_text())
    return "".join(parser.seen)


def pdf_text(path: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, text=True).stdout


READ: dict[Format, Callable[[Path], str]] = {"docx": docx_text, "xlsx": xlsx_text, "html": html_text, "pdf": pdf_text}


def closed_up(text: str) -> str:
    """Without white space and the places for line breaks: formats wrap as they like."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


@needs_poppler
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_every_text_of_the_tree(name: str, form: Format, tmp_path: Path) -> None:
    """No format knows anything that another lacks; only a glyph that no font has is written out in the PDF."""
    document = draw.documents()[name]
    (path,) = render(document, [form], tmp_path, "record")
    found = closed_up(READ[form](path))
    expected = [closed_up(text) for text in texts(document)]
    if form == "pdf":
        missing = fonts.find().missing("".join(texts(document)))
        table = str.maketrans({one: written_out(one) for one in missing})
        expected = [text.translate(table) for text in expected]
    lost = [text for text in expected if text not in found]
    assert not lost


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_tree_gives_the_same_bytes(form: Format, tmp_path: Path) -> None:
    """Dates come from the ledger, never from the clock: a document drawn again can be compared by hash."""
    document = draw.documents()["record-fleet"]
    (first,) = render(document, [form], tmp_path, "first")
    time.sleep(2.1)  # zip archives count in steps of two seconds
    (second,) = render(document, [form], tmp_path, "second")
    assert first.read_bytes() == second.read_bytes()


def test_no_cell_of_the_workbook_is_a_formula(tmp_path: Path) -> None:
    """Text that begins like a formula is stored as text and marked as quoted."""
    (path,) = render(draw.documents()["record-hostile"], ["xlsx"], tmp_path, "record")
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert all(cell.value is None for cell in cells if cell.data_type == "n")
    suspect = [cell for cell in cells if str(cell.value or "").startswith(("=", "+", "-", "@"))]
    assert len(suspect) > len(sample.HOSTILE)
    assert all(cell.quotePrefix for cell in suspect)
    with zipfile.ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_names_longer_than_an_office_file_allows_for_its_head_are_cut_there(tmp_path: Path) -> None:
    """Excel opens no workbook with more than 255 characters in a header, and Word's properties hold no more."""
    document = replace(draw.documents()["record-one-host"], organisation="&医院" * 400)
    paths = render(document, ["docx", "xlsx"], tmp_path, "record")
    head = openpyxl.load_workbook(paths[1])["记录"].oddHeader
    assert len(f"&L{head.left.text}&R{head.right.text}") <= 255
    assert closed_up(document.organisation) in closed_up(docx_text(paths[0]))


def test_the_page_has_no_script_and_fetches_nothing(tmp_path: Path) -> None:
    """One file, readable on a machine without a network."""
    (path,) = render(draw.documents()["record-hostile"], ["html"], tmp_path, "record")
    parser = _Text()
    parser.feed(path.read_text())
    assert not parser.tags & {"script", "img", "link", "iframe", "object", "a", "form", "b"}
    assert '<html lang="zh-CN">' in path.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in path.read_text()


def test_hostile_text_stays_text_in_word(tmp_path: Path) -> None:
    """The only fields are those of the page numbers."""
    (path,) = render(draw.documents()["record-hostile"], ["docx"], tmp_path, "record")
    with zipfile.ZipFile(path) as archive:
        body = archive.read("word/document.xml").decode()
        footer = "".join(archive.read(name).decode() for name in archive.namelist() if "footer" in name)
    assert "fldSimple" not in body
    assert "instrText" not in body
    assert re.findall(r'w:instr="(\w+)"', footer) == ["PAGE", "NUMPAGES"]


def test_every_run_in_word_names_its_chinese_font(tmp_path: Path) -> None:
    """A run without one is set in whatever the reader's Word falls back to."""
    (path,) = render(draw.documents()["record-fleet"], ["docx"], tmp_path, "record")
    with zipfile.ZipFile(path) as archive:
        trees = [parse_xml(archive.read(name)) for name in archive.namelist()
                 if re.match(r"word/(document|header\d|footer\d)\.xml", name)]  # fmt: skip
    runs = [run for tree in trees for run in tree.iter(qn("w:r")) if run.findall(qn("w:t"))]
    named = {run.find(f"{qn('w:rPr')}/{qn('w:rFonts')}").get(qn("w:eastAsia")) for run in runs}
    assert named == {"宋体", "黑体"}


def test_long_tables_in_word_repeat_their_head_and_keep_rows_whole(tmp_path: Path) -> None:
    """On the tenth page of the annex a reader still knows the columns."""
    (path,) = render(draw.documents()["record-fleet"], ["docx"], tmp_path, "record")
    with zipfile.ZipFile(path) as archive:
        body = parse_xml(archive.read("word/document.xml"))
    annex = list(body.iter(qn("w:tbl")))[-1]
    rows = list(annex.iter(qn("w:tr")))
    assert rows[0].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
    assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)


@needs_poppler
def test_the_pdf_carries_its_chinese_fonts(tmp_path: Path) -> None:
    """Embedded, as subsets, with a map back to characters."""
    (path,) = render(draw.documents()["record-fleet"], ["pdf"], tmp_path, "record")
    listed = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True).stdout.splitlines()[2:]
    assert listed
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in listed), listed


@needs_poppler
def test_a_hash_copied_from_the_pdf_is_the_hash(tmp_path: Path) -> None:
    """What lets a long word break is not text: the reader who looks a hash up in the ledger finds it."""
    (path,) = render(draw.documents()["record-one-host"], ["pdf"], tmp_path, "record")
    assert sample.digest("head") in pdf_text(path)
    assert "\u200b" not in pdf_text(path)


@needs_poppler
def test_the_head_of_a_long_table_is_on_each_of_its_pages_in_the_pdf(tmp_path: Path) -> None:
    """As in Word."""
    (path,) = render(draw.documents()["record-fleet"], ["pdf"], tmp_path, "record")
    pages = pdf_text(path).split("\f")
    annex = next(number for number, page in enumerate(pages) if "附表 巡检逐项明细" in page.replace("\u3000", " "))
    last = len(pages) - 2
    assert last > annex
    assert all("判定限值" in page for page in pages[annex : last + 1])
    assert f"第 {last + 1} 页 共 {last + 1} 页" in re.sub(r"\s+", " ", pages[last])


@pytest.mark.skipif(shutil.which("soffice") is None, reason="libreoffice is not installed")
@pytest.mark.slow
@pytest.mark.parametrize("form", ["docx", "xlsx"])
def test_an_office_program_opens_the_files(form: Format, tmp_path: Path) -> None:
    """What the libraries wrote is not only well-formed to themselves."""
    (path,) = render(draw.documents()["record-hostile"], [form], tmp_path, "record")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    argv = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, path]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)
    assert "日常系统巡检记录" in pdf_text(tmp_path / "record.pdf")


def record(hosts: int) -> Document:
    inspection = sample.fleet(hosts, 60)
    return inspection_record(inspection, sample.against_october(inspection), {}, sample.HEADER, emergencies=())


def test_a_record_of_twenty_hosts_is_drawn_in_all_formats_within_five_seconds(tmp_path: Path) -> None:
    """1200 items. Seconds of processor time, so that a busy machine does not fail the test; wall time alone is less."""
    began = time.process_time()
    paths = render(record(20), FORMATS, tmp_path, "record")
    assert time.process_time() - began < 5
    assert [path.suffix for path in paths] == [".docx", ".xlsx", ".html", ".pdf"]


@pytest.mark.slow
@pytest.mark.long
def test_a_record_of_a_thousand_hosts_is_drawn(tmp_path: Path) -> None:
    """60 000 items: the paper formats keep a line a host, the workbook holds every item."""
    paths = render(record(1000), FORMATS, tmp_path, "record")
    book = openpyxl.load_workbook(io.BytesIO(paths[1].read_bytes()), read_only=True)
    assert book.sheetnames[0] == "记录"
    assert book[book.sheetnames[1]].max_row == 60_001
    assert paths[2].stat().st_size < 1_000_000
