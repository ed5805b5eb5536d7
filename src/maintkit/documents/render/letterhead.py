"""A site's own Word file under a document: its styles, page, header and footer, and none of its text.

Runs then leave fonts to the styles of that file, and headings leave everything to them; the sizes of tables stay.
Only tags of our own making are looked for: in WordprocessingML no text holds a `<`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from xml.sax.saxutils import escape

import docx
from docx.document import Document as WordFile

from maintkit.documents.model import Document
from maintkit.documents.own.reference import TOKENS, Reference

OUR_WIDTH = 9525  # twentieths of a point: A4 less 2.1 cm on either side
_BODY_SIZE = 21
_HEADING = re.compile(r'(<w:p><w:pPr><w:pStyle w:val=")Heading([12])("/>)(.*?)(</w:p>)', re.DOTALL)
_PROPERTIES = re.compile(r"<w:rPr>.*?</w:rPr>")
_SPACING = re.compile(r"<w:spacing [^>]*/>")
_FONTS = re.compile(r"<w:rFonts [^>]*/>")
_SIZE = re.compile(rf'<w:sz w:val="{_BODY_SIZE}"/><w:szCs w:val="{_BODY_SIZE}"/>')
_WIDTHS = re.compile(r'(<w:(?:tblW|tcW|gridCol) w:w=")(\d+)(")')
_EXTENTS = re.compile(r'(<(?:wp:extent|a:ext) cx=")(\d+)(" cy=")(\d+)(")')
_TOKEN = re.compile("|".join(f"\\{{{name}\\}}" for name in TOKENS))


def opened(content: bytes) -> WordFile:
    """The file without its text; what it says of the page and of headers and footers stays."""
    word = docx.Document(io.BytesIO(content))
    body = word.element.body
    for part in list(body)[:-1]:
        body.remove(part)
    for part in list(body):
        if not part.tag.endswith("}sectPr"):
            body.remove(part)
    return word


def settled(xml: str, reference: Reference) -> str:
    """The body of a document, with what the styles of the file decide left to them, and as wide as its page."""

    def heading(found: re.Match[str]) -> str:
        start, level, end, rest, close = found.groups()
        plain = _SPACING.sub("", _PROPERTIES.sub("", rest))
        return f"{start}{reference.headings[int(level) - 1]}{end}{plain}{close}"

    told = _SIZE.sub("", _FONTS.sub("", _HEADING.sub(heading, xml)))
    if reference.width == OUR_WIDTH:
        return told
    share = reference.width / OUR_WIDTH
    told = _WIDTHS.sub(lambda found: f"{found[1]}{round(int(found[2]) * share)}{found[3]}", told)

    def extent(found: re.Match[str]) -> str:
        wide, high = (round(int(found[place]) * share) for place in (2, 4))
        return f"{found[1]}{wide}{found[3]}{high}{found[5]}"

    return _EXTENTS.sub(extent, told)


def headers(word: WordFile, document: Document) -> Mapping[str, Callable[[bytes], bytes]]:
    """What to do with each part that may be a header or a footer: `{title}` and the others become this document's."""
    said = {f"{{{name}}}": getattr(document, name) for name in TOKENS}
    names = (str(part.partname).removeprefix("/") for part in word.part.package.iter_parts())
    kept = [name for name in names if re.match(r"word/(header|footer)\d*\.xml$", name)]
    return dict.fromkeys(kept, partial(_filled, said))


def _filled(said: Mapping[str, str], xml: bytes) -> bytes:
    return _TOKEN.sub(lambda found: escape(said[found[0]]), xml.decode()).encode()
