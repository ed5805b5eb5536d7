"""documents/style.docx: the house's own Word file, of which styles, page, header and footer are taken, and no text.

Checked before anything is drawn: it is opened by whoever gets a document, so it may bring no program, nothing from
elsewhere and no field whose value changes; and its footer must carry what a document is proven by.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from maintkit.errors import SiteError

TOKENS = ("organisation", "title", "number", "footer")
FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES", "STYLEREF")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_MOST_FILES, _MOST_BYTES = 300, 40 * 1024 * 1024
_PROGRAMS = re.compile(r"vbaProject|activeX|embeddings/|\.bin$", re.IGNORECASE)
_NARROWEST = 6800  # twentieths of a point: 12 cm of text
_AS_WORD = "save it anew from Word as .docx"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What rendering takes of it: the ids of its styles for headings, and the width of its text in 1/20 pt."""

    headings: tuple[str, str]
    width: int


def check(path: Path, content: bytes) -> None:
    """SiteError with the first thing for which it must not be used."""
    why = next(_faults(content), None)
    if why is not None:
        raise SiteError(f"{path}: {why[0]}", hint=why[1])


def read(content: bytes) -> Reference:
    """Of a file that passed `check`."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        styles = ET.fromstring(archive.read("word/styles.xml"))  # noqa: S314 - without a DTD, as checked
        body = ET.fromstring(archive.read("word/document.xml"))  # noqa: S314 - the same
    ids = _headings(styles)
    return Reference(headings=(ids["heading 1"], ids["heading 2"]), width=_width(body) or 0)


def _faults(content: bytes) -> Iterator[tuple[str, str]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        yield "no Word file (.docx)", _AS_WORD
        return
    with archive:
        infos = archive.infolist()
        if len(infos) > _MOST_FILES or sum(info.file_size for info in infos) > _MOST_BYTES:
            yield "it unpacks to more than a letterhead needs", "take pictures and text out of it"
            return
        parts = {info.filename: archive.read(info) for info in infos}
    for name in parts:
        if _PROGRAMS.search(name):
            yield f"it brings {name}, which Word may run", "take macros and embedded objects out of it"
    texts = {name: text for name, text in parts.items() if name.endswith((".xml", ".rels"))}
    for name, text in texts.items():
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            yield f"{name} declares a document type", _AS_WORD
            return
    if not {"word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels"} <= parts.keys():
        yield "it lacks a document, styles or their relations", _AS_WORD
        return
    try:
        trees = {name: ET.fromstring(text) for name, text in texts.items()}  # noqa: S314 - no DTD, as seen above
    except ET.ParseError as error:
        yield f"it holds XML that cannot be read: {error}", _AS_WORD
        return
    yield from _foreign(trees)
    yield from _unfit(trees, texts)


def _foreign(trees: dict[str, ET.Element]) -> Iterator[tuple[str, str]]:
    """What would be fetched from elsewhere when somebody opens a document, and what would change."""
    for name, tree in trees.items():
        for relation in tree.iter(f"{_REL}Relationship"):
            if relation.get("TargetMode") == "External":
                yield f"{name} names {relation.get('Target')}, which is elsewhere", "take links and templates out of it"
        codes = [one.get(f"{_W}instr", "") for one in tree.iter(f"{_W}fldSimple")]
        codes += ["".join(one.itertext()) for one in tree.iter(f"{_W}instrText")]
        for code in codes:
            if code.split() and code.split()[0].upper() not in FIELDS:
                allowed = f"a document holds no field but {', '.join(FIELDS)}"
                yield f"{name} has the field {code.split()[0]}", allowed


def _unfit(trees: dict[str, ET.Element], texts: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    lacking = {"heading 1", "heading 2", "normal"} - _headings(trees["word/styles.xml"]).keys()
    if lacking:
        yield f"it has no style {', '.join(sorted(lacking))}", "keep Word's own styles Normal, Heading 1 and Heading 2"
    body = trees["word/document.xml"]
    width = _width(body)
    if width is None or width < _NARROWEST:
        yield "its page leaves less than 12 cm for text", "widen the page or narrow the margins"
    targets = {one.get("Id"): f"word/{(one.get('Target') or '').removeprefix('/word/')}"
               for one in trees["word/_rels/document.xml.rels"].iter(f"{_REL}Relationship")}  # fmt: skip
    section = _section(body)
    footers = [] if section is None else [one.get(f"{_R}id") for one in section.iter(f"{_W}footerReference")]
    if not footers:
        yield "it has no footer", "give it one with {footer} and a page number"
    for footer in footers:
        name = targets.get(footer, "")
        if name not in texts or not re.search(rb"<w:t(?: [^>]*)?>[^<]*\{footer\}", texts[name]):
            yield f"{name} does not hold {{footer}}", "type {footer} in one go: number, ledger entry and hash go there"
        elif not re.search(rb'(instr="|<w:instrText[^>]*>)\s*PAGE\b', texts[name]):
            yield f"{name} has no page number", "insert the field PAGE"


def _headings(styles: ET.Element) -> dict[str, str]:
    """Style ids by their name: Word of another language numbers the ids, the names stay."""
    found = {}
    for style in styles.iter(f"{_W}style"):
        named = style.find(f"{_W}name")
        if style.get(f"{_W}type") == "paragraph" and named is not None:
            found[(named.get(f"{_W}val") or "").lower()] = style.get(f"{_W}styleId") or ""
    return found


def _section(body: ET.Element) -> ET.Element | None:
    """The last section: the one that a document's text is in."""
    return next(reversed(list(body.iter(f"{_W}sectPr"))), None)


def _width(body: ET.Element) -> int | None:
    section = _section(body)
    size = None if section is None else section.find(f"{_W}pgSz")
    margins = None if section is None else section.find(f"{_W}pgMar")
    if size is None or margins is None:
        return None
    return int(size.get(f"{_W}w", 0)) - int(margins.get(f"{_W}left", 0)) - int(margins.get(f"{_W}right", 0))
