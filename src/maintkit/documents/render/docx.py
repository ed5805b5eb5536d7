"""Word: the tree as WordprocessingML.

Blocks are written as XML text and put into the package that python-docx makes: its own table interface, and lxml moving
nodes between trees, cost seconds for a table of a thousand rows. Every run names its East Asian font: Word otherwise
falls back to the reader's default, which on a machine set up in another language is not a Chinese one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from xml.sax.saxutils import escape, quoteattr

import docx
from docx.document import Document as WordFile
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm

from maintkit.documents.model import (
    Align,
    Annex,
    Block,
    Chart,
    Document,
    EvidenceList,
    Heading,
    KeyValues,
    Note,
    PageBreak,
    Paragraph,
    SignOff,
    Table,
    Tone,
)
from maintkit.documents.own import reference
from maintkit.documents.own.layout import Fonts
from maintkit.documents.own.load import PLAIN, Own
from maintkit.documents.own.logo import size as logo_size
from maintkit.documents.render import letterhead, look, pictures
from maintkit.documents.render.archive import repacked

_TEXT_WIDTH = 9525  # twentieths of a point: A4 less 2.1 cm on either side
_SIZE = {"title": 36, "heading1": 26, "heading2": 22, "body": 21, "table": 18, "fine": 15}  # half points
_FORM = (0.13, 0.37, 0.13, 0.37)
_EAST_ASIAN = re.compile(f'(<w:rFonts [^>]*w:eastAsia=")({look.SERIF[0]}|{look.SANS[0]})(")')


def render(document: Document, own: Own = PLAIN) -> bytes:
    """The document as a .docx file; on the site's own Word file where it has one."""
    document = pictures.drawable(document)
    word = docx.Document() if own.style is None else letterhead.opened(own.style)
    if own.style is None:
        _set_page(word, document)
    _set_properties(word, document)
    drawn = {block.title: _picture(word, block) for block in document.blocks if isinstance(block, Chart)}
    logo = "" if own.logo is None else _logo(word, own.logo, own.layout.logo_cm)
    target = io.BytesIO()
    word.save(target)
    body = f"{logo}{''.join(_body(document, drawn))}"
    changes: dict[str, Callable[[bytes], bytes]] = {}
    if own.style is None:
        named = partial(_with_fonts, own.layout.fonts)
        changes = dict.fromkeys(("word/styles.xml", "word/header1.xml", "word/footer1.xml"), named)
        changes |= {"word/document.xml": partial(_with_body, named(body.encode()))}
        changes |= {"word/fontTable.xml": _with_stand_ins}
    else:
        settled = letterhead.settled(body, reference.read(own.style)).encode()
        changes |= {**letterhead.headers(word, document), "word/document.xml": partial(_with_body, settled)}
    return repacked(target.getvalue(), at=document.dated, changes=changes)


def _with_body(body: bytes, xml: bytes) -> bytes:
    """The empty document with its blocks, put in as text: lxml takes 17 s to move as large a tree into another one."""
    before, mark, after = xml.partition(b"<w:sectPr")
    return before + body + mark + after


def _with_fonts(fonts: Fonts, xml: bytes) -> bytes:
    """With the site's fonts for ours, in tags alone: no text holds a `<`."""
    told = {look.SERIF[0]: fonts.text, look.SANS[0]: fonts.headings}

    def named(found: re.Match[str]) -> str:
        return f"{found[1]}{told[found[2]] or found[2]}{found[3]}"

    return _EAST_ASIAN.sub(named, xml.decode()).encode() if any(told.values()) else xml


def _with_stand_ins(xml: bytes) -> bytes:
    """Fonts to take where 宋体 or 黑体 is missing, as on Linux and macOS."""
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{";".join(others)}"/><w:charset w:val="86"/></w:font>'
        for name, *others in (look.SERIF, look.SANS)
    )
    return xml.replace(b"</w:fonts>", entries.encode() + b"</w:fonts>")


def _set_page(word: WordFile, document: Document) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.1)
    section.top_margin, section.bottom_margin = Cm(2.3), Cm(2.0)
    section.header_distance = section.footer_distance = Cm(1.1)
    head = _pair(_run(document.organisation, size="fine"), _run(f"{document.title}　{document.number}", size="fine"))
    number = f"{_run('第 ', size='fine')}{_field('PAGE')}{_run(' 页　共 ', size='fine')}{_field('NUMPAGES')}"
    foot = _pair(_run(document.footer, size="fine"), number + _run(" 页", size="fine"))
    for part, inner in ((section.header, head), (section.footer, foot)):
        for old in list(part._element):  # noqa: SLF001 - python-docx offers no way to fill a header with a run's XML
            part._element.remove(old)  # noqa: SLF001 - the same
        part._element.append(parse_xml(inner.replace("<w:p>", f"<w:p {nsdecls('w')}>", 1)))  # noqa: SLF001 - the same
    for name in ("Normal", "Heading 1", "Heading 2"):
        style = word.styles[name].element
        for old in style.findall(f"{{{style.nsmap['w']}}}rPr"):
            style.remove(old)
        style.append(parse_xml(_properties(size="body", bold=False).replace("<w:rPr>", f"<w:rPr {nsdecls('w')}>", 1)))


def _set_properties(word: WordFile, document: Document) -> None:
    about = word.core_properties
    # The package allows 255 characters for each.
    about.title, about.subject = document.title[:255], document.number[:255]
    about.author = document.organisation[:255]
    about.last_modified_by, about.comments, about.keywords = "", "", document.kind
    about.created = about.modified = document.dated.replace(tzinfo=None)
    about.language, about.revision = "zh-CN", 1


def _picture(word: WordFile, chart: Chart) -> str:
    """Put the picture into the package; the XML of a run that shows it, with the note as what is read aloud."""
    size = (pictures.WIDTH_CM, pictures.HEIGHT_CM)
    return _inline(word, pictures.png(chart), size, f"{chart.title}：{chart.note}")


def _logo(word: WordFile, picture: bytes, high: float) -> str:
    """The paragraph over the title."""
    width, height = logo_size(picture)
    return _paragraph(_inline(word, picture, (high * width / height, high), ""), align="center", after=60)


def _inline(word: WordFile, picture: bytes, size_cm: tuple[float, float], told: str) -> str:
    relation, _ = word.part.get_or_add_image(io.BytesIO(picture))
    number = relation.removeprefix("rId")
    size = f'cx="{Cm(size_cm[0])}" cy="{Cm(size_cm[1])}"'
    name = f'id="{number}" name="chart{number}" descr={quoteattr(told)}'
    uri = "http://schemas.openxmlformats.org/drawingml/2006/picture"
    about = f'<pic:nvPicPr><pic:cNvPr id="0" name="chart{number}.png"/><pic:cNvPicPr/></pic:nvPicPr>'
    blip = f'<a:blip {nsdecls("r")} r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch>'
    place = f'<a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm><a:prstGeom prst="rect"/>'
    return (
        f"<w:r><w:drawing><wp:inline {nsdecls('wp')}><wp:extent {size}/><wp:docPr {name}/>"
        f'<a:graphic {nsdecls("a")}><a:graphicData uri="{uri}"><pic:pic {nsdecls("pic")}>{about}'
        f"<pic:blipFill>{blip}</pic:blipFill><pic:spPr>{place}</pic:spPr>"
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def _body(document: Document, drawn: Mapping[str, str]) -> Iterator[str]:
    yield _paragraph(_run(document.organisation, size="heading1"), align="center", after=60)
    yield _paragraph(_run(document.title, size="title", sans=True, tone="strong"), align="center", after=160)
    yield from _form(document.cover)
    for block, following in zip(document.blocks, (*document.blocks[1:], None), strict=True):
        if isinstance(block, Paragraph):
            leads = isinstance(following, Table | EvidenceList)  # stays on the page of what it introduces
            yield _paragraph(_run(block.text, tone=block.tone), after=80, keep=leads)
        elif isinstance(block, Chart):
            yield _paragraph(_run(block.title, size="table", sans=True, tone="strong"), before=80, keep=True)
            yield _paragraph(drawn[block.title], keep=True)
            yield _paragraph(_run(block.note, tone="muted"), after=80)
        else:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield _heading(block)
        case Note():
            yield from _note(block)
        case KeyValues():
            yield from _form(block)
        case Table():
            yield from _table(block, size="table")
        case EvidenceList():
            yield from _evidence(block)
        case SignOff():
            yield from _sign_off(block)
        case PageBreak():
            # The paragraph's own line lands on the new page: a line of a point's height is not seen there.
            spacing = '<w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'
            yield f'<w:p><w:pPr>{spacing}</w:pPr><w:r><w:br w:type="page"/></w:r></w:p>'
        case Annex():
            yield _heading(Heading(text=block.title))
            yield _paragraph(_run(block.note, tone="muted"), after=80)
            if not block.workbook_only:
                yield from _table(block.table, size="fine")


def _heading(block: Heading) -> str:
    size = f"heading{block.level}"
    style = f'<w:pStyle w:val="Heading{block.level}"/>'
    before = 240 if block.level == 1 else 140
    run = _run(block.text, size=size, sans=True, tone="strong")
    return _paragraph(run, first=style, before=before, after=80, keep=True)


def _note(block: Note) -> Iterator[str]:
    alert = block.kind == "alert"
    text = _paragraph(_run(block.text, tone="strong" if alert else "plain"))
    cell = _cell([text], 1.0, shade=look.ALERT_SHADE if alert else None)
    yield _grid((1.0,), [_row([cell])], rule=18 if alert else 4)


def _form(block: KeyValues) -> Iterator[str]:
    rows = []
    if block.caption:
        caption = _paragraph(_run(block.caption, size="table", sans=True, tone="strong"), keep=True)
        shade = look.SHADES.get(block.tone, look.LABEL_SHADE)
        rows.append(_row([_cell([caption], 1.0, span=4, shade=shade)]))
    for line in block.lines():
        cells: list[str] = []
        for item in line:
            span = 1 if len(line) == 2 else 3
            label = _paragraph(_run(item.label, size="table", sans=True), keep=bool(block.caption))
            value = _paragraph(_run(item.text, size="table", tone=item.tone), keep=bool(block.caption))
            cells.append(_cell([label], _FORM[0], shade=look.LABEL_SHADE))
            cells.append(_cell([value], sum(_FORM[1 : 1 + span]), span=span, shade=look.SHADES.get(item.tone)))
        rows.append(_row(cells))
    yield _grid(_FORM, rows)


def _table(block: Table, *, size: str) -> Iterator[str]:
    total = sum(column.width for column in block.columns)
    shares = tuple(column.width / total for column in block.columns)
    if block.caption:
        yield _paragraph(_run(block.caption, size="table", sans=True), keep=True)
    titles = [
        _cell([_paragraph(_run(column.title, size=size, sans=True, tone="strong"), align="center")], share,
              shade=look.LABEL_SHADE)
        for column, share in zip(block.columns, shares, strict=True)
    ]  # fmt: skip
    rows = [_row(titles, repeat="<w:tblHeader/>")]
    for row in block.rows:
        cells = zip(row, block.columns, shares, strict=True)
        rows.append(
            _row(
                _cell([_paragraph(_run(cell.text, size=size, tone=cell.tone), align=column.align)], share,
                      shade=look.SHADES.get(cell.tone))
                for cell, column, share in cells
            )
        )  # fmt: skip
    if not block.rows:
        empty = _paragraph(_run(block.empty, size=size, tone="muted"), align="center")
        rows.append(_row([_cell([empty], 1.0, span=len(shares))]))
    yield _grid(shares, rows)


def _evidence(block: EvidenceList) -> Iterator[str]:
    rows = [
        _row((
            _cell([_paragraph(_run(item.label, size="fine", sans=True))], 0.22, shade=look.LABEL_SHADE),
            _cell([_paragraph(_run(item.value, size="fine"))], 0.78),
        ))
        for item in block.items
    ]  # fmt: skip
    yield _grid((0.22, 0.78), rows)


def _sign_off(block: SignOff) -> Iterator[str]:
    yield _paragraph(_run(block.statement), before=240, after=80, keep=True)
    share = 1 / len(block.parties)
    cells = []
    for party in block.parties:
        lines = [_paragraph(_run(party.role, sans=True, tone="strong"), keep=True)]
        lines.append(_paragraph(_run(party.organisation, size="table"), after=240, keep=True))
        lines += [_paragraph(_run(line), before=160, after=160, keep=True) for line in party.lines]
        cells.append(_cell(lines, share))
    yield _grid((share,) * len(block.parties), [_row(cells)])


# ---------------------------------------------------------------- WordprocessingML


def _run(text: str, *, size: str = "body", sans: bool = False, tone: Tone = "plain") -> str:
    properties = _properties(size=size, bold=tone in look.BOLD, sans=sans, muted=tone == "muted")
    lines = (f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{properties}{'<w:br/>'.join(lines)}</w:r>"


def _field(code: str) -> str:
    return f'<w:fldSimple w:instr="{code}">{_run("1", size="fine")}</w:fldSimple>'


def _properties(*, size: str, bold: bool, sans: bool = False, muted: bool = False) -> str:
    east, latin = (look.SANS[0], look.LATIN_SANS) if sans else (look.SERIF[0], look.LATIN_SERIF)
    fonts = f'<w:rFonts w:hint="eastAsia" w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{east}" w:cs="{latin}"/>'
    weight = "<w:b/>" if bold else ""
    colour = f'<w:color w:val="{look.MUTED if muted else "000000"}"/>'
    points = f'<w:sz w:val="{_SIZE[size]}"/><w:szCs w:val="{_SIZE[size]}"/>'
    return f'<w:rPr>{fonts}{weight}{colour}{points}<w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr>'


def _paragraph(
    inner: str, *, align: Align = "left", before: int = 0, after: int = 0, keep: bool = False, first: str = ""
) -> str:
    kept = "<w:keepNext/>" if keep else ""
    spacing = f'<w:spacing w:before="{before}" w:after="{after}" w:line="264" w:lineRule="auto"/>'
    return f'<w:p><w:pPr>{first}{kept}<w:wordWrap w:val="0"/>{spacing}<w:jc w:val="{align}"/></w:pPr>{inner}</w:p>'


def _pair(left: str, right: str) -> str:
    """A line with something at either end, for header and footer."""
    ours = f'<w:tab w:val="right" w:pos="{_TEXT_WIDTH}"/>'
    tabs = f'<w:tabs><w:tab w:val="clear" w:pos="4320"/><w:tab w:val="clear" w:pos="8640"/>{ours}</w:tabs>'
    return f"<w:p><w:pPr>{tabs}</w:pPr>{left}<w:r><w:tab/></w:r>{right}</w:p>"


def _cell(paragraphs: list[str], share: float, *, span: int = 1, shade: str | None = None) -> str:
    width = f'<w:tcW w:w="{round(share * _TEXT_WIDTH)}" w:type="dxa"/>'
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    filled = f'<w:shd w:val="clear" w:color="auto" w:fill={quoteattr(shade)}/>' if shade else ""
    return f'<w:tc><w:tcPr>{width}{spanned}{filled}<w:vAlign w:val="center"/></w:tcPr>{"".join(paragraphs)}</w:tc>'


def _row(cells: Iterable[str], *, repeat: str = "") -> str:
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(cells)}</w:tr>"


def _grid(shares: tuple[float, ...], rows: list[str], *, rule: int = 4) -> str:
    """A table of fixed widths, and the empty paragraph that keeps the next table from growing into it."""
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    colour = "000000" if rule > 4 else look.RULE
    borders = "".join(f'<w:{side} w:val="single" w:sz="{rule}" w:space="0" w:color="{colour}"/>' for side in sides)
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in
                      (("top", 30), ("left", 70), ("bottom", 30), ("right", 70)))  # fmt: skip
    columns = "".join(f'<w:gridCol w:w="{round(share * _TEXT_WIDTH)}"/>' for share in shares)
    properties = (
        f'<w:tblPr><w:tblW w:w="{_TEXT_WIDTH}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
    )
    gap = '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="160" w:lineRule="exact"/></w:pPr></w:p>'
    return f"<w:tbl>{properties}<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>{gap}"
