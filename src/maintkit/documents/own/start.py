"""A style.docx to begin with: our styles, header and footer, to be changed in Word."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import docx
from docx.document import Document as WordFile
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

from maintkit.documents.render import look
from maintkit.documents.render.archive import repacked

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_TEXT = (
    "在 Word 中修改本文件的样式（正文、标题 1、标题 2）、页边距、页眉和页脚，存回 documents/style.docx。",
    "本文件的正文不进入任何文档。页眉、页脚里的 {organisation}、{title}、{number}、{footer} 由各文档的内容代替；",
    "页脚必须含有 {footer} 和页码域，二者是文档的证据。",
)


def start() -> bytes:
    """The file; the same bytes every time, and one that `reference.check` takes."""
    word = docx.Document()
    _page(word)
    for name, sans, size in (("Normal", False, 10.5), ("Heading 1", True, 13), ("Heading 2", True, 11)):
        style = word.styles[name]
        assert isinstance(style, ParagraphStyle)  # noqa: S101 - of python-docx's own template
        _font(style, sans=sans, size=size)
    for text in _TEXT:
        word.add_paragraph(text)
    about = word.core_properties
    about.author = about.last_modified_by = about.comments = about.title = ""
    about.created = about.modified = _LONG_AGO.replace(tzinfo=None)
    target = io.BytesIO()
    word.save(target)
    return repacked(target.getvalue(), at=_LONG_AGO)


def _page(word: WordFile) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.1)
    section.top_margin, section.bottom_margin = Cm(2.3), Cm(2.0)
    for name in ("Header", "Footer"):
        style = word.styles[name]
        assert isinstance(style, ParagraphStyle)  # noqa: S101 - of python-docx's own template
        style.font.size = Pt(7.5)
        style.paragraph_format.tab_stops.clear_all()
        style.paragraph_format.tab_stops.add_tab_stop(Cm(16.8), WD_TAB_ALIGNMENT.RIGHT)
    section.header.paragraphs[0].text = "{organisation}\t{title}　{number}"
    footer = section.footer.paragraphs[0]
    footer.text = "{footer}\t第 "
    _field(footer, "PAGE")
    footer.add_run(" 页　共 ")
    _field(footer, "NUMPAGES")
    footer.add_run(" 页")


def _field(paragraph: Paragraph, code: str) -> None:
    xml = f'<w:fldSimple {nsdecls("w")} w:instr="{code}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    paragraph._p.append(parse_xml(xml))  # noqa: SLF001 - python-docx has no fields


def _font(style: ParagraphStyle, *, sans: bool, size: float) -> None:
    style.font.name, style.font.size, style.font.color.rgb = (
        look.LATIN_SANS if sans else look.LATIN_SERIF,
        Pt(size),
        None,
    )
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), (look.SANS if sans else look.SERIF)[0])
