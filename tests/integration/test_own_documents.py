"""A house's own letterhead on real files: opened as their programs open them, issued, listed and handed over."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import docx
import draw
import letterhead
import openpyxl
import pytest
from docx.oxml.ns import qn
from inprocess import Done, maintkit
from inspected import FINDING, STARTED
from sites import make_site

from maintkit.clock import FixedClock
from maintkit.documents.header import Header
from maintkit.documents.model import Document, texts
from maintkit.documents.own.dress import dress
from maintkit.documents.own.load import Own, load_own
from maintkit.documents.render import render
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

ZONE = ZoneInfo("Asia/Shanghai")
HEADER = Header(hospital="某院", provider="某公司", contract_number="1", contract_title="合同", zone=ZONE)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    root = tmp_path_factory.mktemp("own")
    letterhead.furnish(root)
    return load_own(root)


@pytest.fixture(scope="module")
def record(own: Own) -> Document:
    return dress(draw.documents()["record-fleet"], own, HEADER)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_word_has_the_house_s_page_header_and_styles_and_every_text(record: Document, own: Own, tmp_path: Path) -> None:
    """Fonts come from the styles; title, hash and page number stand outside of the text; none of the file's."""
    (path,) = render(record, ("docx",), tmp_path, "record", own)
    word = docx.Document(str(path))
    section = word.sections[0]
    assert round(section.left_margin.cm) == 3
    assert section.header.paragraphs[0].text == f"受控文件　{record.title}"
    assert record.footer in section.footer.paragraphs[0].text
    assert 'w:instr="PAGE"' in section.footer._element.xml
    headings = [one for one in word.paragraphs if one.style.name == "Heading 1"]
    assert headings[0].text == "一、总体结论"
    assert str(headings[0].style.font.color.rgb) == "1F4E79"
    assert not [run for one in headings for run in one.runs if run._element.find(qn("w:rPr")) is not None]
    assert not list(word.element.body.iter(qn("w:rFonts")))
    said = squeezed("".join(node.text or "" for node in word.element.body.iter(qn("w:t"))))
    assert "正文不得进入文档" not in said
    outside = {record.number, record.footer}
    assert not [text for text in texts(record) if text not in outside and squeezed(text) not in said]


def test_tables_and_charts_are_as_wide_as_the_page(own: Own, tmp_path: Path) -> None:
    """With three centimetres on either side there are fifteen for text."""
    (path,) = render(dress(draw.documents()["health"], own, HEADER), ("docx",), tmp_path, "health", own)
    word = docx.Document(str(path))
    widths = {int(one.get(qn("w:w"))) for one in word.element.body.iter(qn("w:tblW"))}
    assert [one / 567 for one in widths] == [pytest.approx(15, abs=0.01)]  # twentieths of a point in a centimetre
    charts = [one for one in word.inline_shapes if one.width.cm > 8]
    assert charts
    assert all(one.width.cm == pytest.approx(15, abs=0.1) for one in charts)


def test_the_logo_is_in_every_format(record: Document, own: Own, tmp_path: Path) -> None:
    paths = {path.suffix: path for path in render(record, ("docx", "xlsx", "html", "pdf"), tmp_path, "record", own)}
    with zipfile.ZipFile(paths[".docx"]) as package:
        assert letterhead.logo() in {package.read(name) for name in package.namelist() if "media" in name}
    (image,) = openpyxl.load_workbook(paths[".xlsx"])["记录"]._images
    extent = image.anchor.ext
    assert (extent.width / 360_000, extent.height / 360_000) == pytest.approx((4.5, 1.5), abs=0.05)  # EMU in a cm
    page = paths[".html"].read_text("utf-8")
    assert "img-src data:" in page
    assert "<script" not in page
    images = subprocess.run(["pdfimages", "-list", paths[".pdf"]], check=True, capture_output=True, text=True).stdout
    assert re.search(r"image +120 +40", images)


def test_fonts_are_the_house_s(record: Document, own: Own, tmp_path: Path) -> None:
    """In Word without a file of its own, in Excel and on the page."""
    plain = Own(words=own.words, layout=own.layout)
    paths = {path.suffix: path for path in render(record, ("docx", "xlsx", "html"), tmp_path, "record", plain)}
    word = docx.Document(str(paths[".docx"]))
    fonts = {one.get(qn("w:eastAsia")) for one in word.element.body.iter(qn("w:rFonts"))}
    assert fonts == {"仿宋", "楷体"}
    sheet = openpyxl.load_workbook(paths[".xlsx"])["记录"]
    assert {cell.font.name for row in sheet.iter_rows() for cell in row if cell.value} == {"仿宋", "楷体"}
    assert "--serif: '仿宋', '宋体'" in paths[".html"].read_text("utf-8")


def test_the_same_files_give_the_same_bytes(record: Document, own: Own, tmp_path: Path) -> None:
    formats = ("docx", "xlsx", "html", "pdf")
    first, second = (render(record, formats, tmp_path / name, "record", own) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


# ------------------------------------------------------------------ a site


def run(site: Path, *words: str) -> Done:
    return maintkit(*words, "--site", str(site))


def issued(site: Path) -> Done:
    words = ("report", "inspection", "--format", "docx", "--issued-by", "张工", "--json")
    return run(site, *words)


def entries(site: Path) -> Iterator[tuple[dict[str, object], Ledger]]:
    url = load_settings(site).ledger_url
    with Ledger.open(url, clock=FixedClock(at=datetime.now(UTC)), redactor=Redactor(), read_only=True) as ledger:
        for entry in ledger.entries(kind="document.issued"):
            yield entry.body, ledger


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with an inspection that found nothing wrong."""
    made = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    clock = FixedClock(at=NOW - timedelta(days=1))
    with Ledger.open(load_settings(made).ledger_url, clock=clock, redactor=Redactor()) as ledger:
        ledger.append("inspection.started", STARTED, run="D1")
        told = {"status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "facts": None, "carried": False,
                "redacted": 0}  # fmt: skip
        ledger.append("facts.collected", told, run="D1", subject="his1")
        ledger.append("host.judged", {"collection": "ok", "findings": [FINDING]}, run="D1", subject="his1")
        counted = {"expected": 1, "inspected": 1, "missed": {}}
        ledger.append("inspection.finished", {"ended": "complete", "coverage": counted, "counts": {}}, run="D1")
    return made


def test_an_issue_keeps_the_files_it_was_drawn_with(site: Path) -> None:
    """Their hashes are evidence, their bytes are in the ledger; other files make the next version, the same none."""
    place = letterhead.furnish(site)
    (path,) = json.loads(issued(site).stdout)["written"]
    first = Path(path).read_bytes()
    body, _ = next(entries(site))
    kept = body["own"]
    assert isinstance(kept, list)
    for one in kept:
        content = (place / one["name"]).read_bytes()
        assert (one["sha256"], one["masked"]) == (sha256(content).hexdigest(), 0)
    assert sorted(one["name"] for one in kept) == ["layout.yml", "logo.png", "style.docx", "words.yml"]
    assert json.loads(issued(site).stdout)["version"] == 1
    assert Path(path).read_bytes() == first
    (place / "style.docx").write_bytes(letterhead.style("新版页眉　{title}"))
    assert json.loads(issued(site).stdout)["version"] == 2
    last = [body for body, _ in entries(site)][-1]
    assert last["content"] != body["content"]


def test_what_was_issued_is_drawn_again_from_what_the_ledger_keeps(site: Path) -> None:
    """The files of then are lost at the site: those of the ledger give the document of then, to the byte."""
    place = letterhead.furnish(site)
    (path,) = json.loads(issued(site).stdout)["written"]
    first = Path(path).read_bytes()
    for file in place.iterdir():
        file.unlink()
    for body, ledger in entries(site):
        kept = body["own"]
        assert isinstance(kept, list)
        for one in kept:
            (place / one["name"]).write_bytes(ledger.attachment(one["stored"]))
    assert run(site, "report", "inspection", "--format", "docx").returncode == 0
    assert Path(path).read_bytes() == first


def test_a_bad_file_refuses_and_nothing_is_written_or_entered(site: Path) -> None:
    """One clear error with its line, by the report and by the check of the site."""
    letterhead.furnish(site)
    (site / "documents" / "words.yml").write_text("---\nlabels: {采购入: 甲方}\n", encoding="utf-8")
    for done in (issued(site), run(site, "site", "check")):
        assert done.returncode == 3
        assert "documents/words.yml:2: no `采购入` (did you mean `采购人`?)" in done.stderr
    assert not list(entries(site))
    assert not list((site / "reports").glob("*.docx"))


def test_the_command_gives_a_file_to_begin_with_and_overwrites_none(site: Path) -> None:
    assert run(site, "site", "style").returncode == 0
    word = docx.Document(str(site / "documents" / "style.docx"))
    assert "{footer}" in word.sections[0].footer.paragraphs[0].text
    assert run(site, "site", "check").returncode == 0
    again = run(site, "site", "style")
    assert (again.returncode, "is there already" in again.stderr) == (3, True)


def test_a_handover_takes_the_files_along_and_draws_with_them(site: Path, tmp_path: Path) -> None:
    letterhead.furnish(site)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True)
    package = tmp_path / "package.zip"
    done = run(site, "handover", "pack", str(package), "--key", str(tmp_path / "id"), "--format", "docx")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(package) as packed:
        names = set(packed.namelist())
        assert {f"site/documents/{name}" for name in ("words.yml", "layout.yml", "style.docx", "logo.png")} <= names
        word = docx.Document(io.BytesIO(packed.read("documents/日常系统巡检记录-D1.docx")))
    assert word.sections[0].header.paragraphs[0].text == "受控文件　日常系统巡检记录"
    assert "甲方" in {cell.text for row in word.tables[0].rows for cell in row.cells}
