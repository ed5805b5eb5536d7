"""Excel: the record on one printable sheet, every annex on a sheet of its own.

All cells are text. What starts like a formula is marked as quoted, so that it stays text when somebody edits the cell.
The record's sheet is a grid of narrow columns; a cell of a form or table spans as many as its width asks for.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from openpyxl import Workbook
from openpyxl.drawing.image import Image as Picture
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

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
from maintkit.documents.own.layout import Fonts
from maintkit.documents.own.load import PLAIN, Own
from maintkit.documents.render import look
from maintkit.documents.render.archive import repacked

_GRID = 24  # columns of the record's sheet
_GRID_WIDTH = 4.0  # of each, in characters
_ANNEX_WIDTH = 130  # of an annex, in characters: A4 across
_LINE = 13.5  # points a line of 10 point text
_TALLEST = 409.0  # Excel draws no higher row
_LIKE_A_FORMULA = re.compile(r"[=+\-@\t\r]")
_LONGEST_TEXT_FORMAT = 255  # older Excel shows ### for longer cells of the text format
_FORM = (3, 9, 3, 9)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """How a cell is drawn."""

    size: float = 10
    sans: bool = False
    tone: Tone = "plain"
    align: Align = "left"
    shade: str | None = None
    ruled: bool = True


@dataclass(kw_only=True)
class _Palette:
    """Cell styles made once each: to set a style by its parts costs more than to write the cell."""

    scratch: Worksheet
    fonts: Fonts
    made: dict[tuple[_Look, bool, bool], Any] = field(default_factory=dict)

    def write(self, sheet: Worksheet, row: int, column: int, text: str, drawn: _Look) -> None:
        """Put inert text into a cell."""
        quoted, short = bool(_LIKE_A_FORMULA.match(text)), len(text) <= _LONGEST_TEXT_FORMAT
        cell = sheet.cell(row=row, column=column)
        if text:
            cell.value = text
            cell.data_type = "s"  # openpyxl takes what starts with = for a formula
        key = (drawn, quoted, short)
        if key not in self.made:
            self.made[key] = self._make(*key)
        cell._style = self.made[key]  # noqa: SLF001 - the documented way takes 40 s for the cells of 1000 hosts

    def _make(self, drawn: _Look, quoted: bool, short: bool) -> Any:  # noqa: FBT001 - a key's parts, called here only
        cell = self.scratch.cell(row=1, column=len(self.made) + 1)
        side = Side(style="thin", color=look.RULE)
        own = self.fonts.headings if drawn.sans else self.fonts.text
        name = own or (look.SANS if drawn.sans else look.SERIF)[0]
        shade = drawn.shade or look.SHADES.get(drawn.tone)
        colour = look.MUTED if drawn.tone == "muted" else "000000"
        cell.font = Font(name=name, size=drawn.size, bold=drawn.tone in look.BOLD, color=colour, charset=134)
        cell.alignment = Alignment(horizontal=drawn.align, vertical="center", wrap_text=True)
        cell.border = Border(left=side, right=side, top=side, bottom=side) if drawn.ruled else Border()
        if shade:
            cell.fill = PatternFill("solid", fgColor=shade)
        cell.number_format = "@" if short else "General"
        cell.quotePrefix = quoted
        return cell._style  # noqa: SLF001 - see write


@dataclass(kw_only=True)
class _Sheet:
    """The record's sheet, written downwards."""

    sheet: Worksheet
    palette: _Palette
    row: int = 0

    def line(self, parts: Sequence[tuple[str, int, _Look]], *, least: float = 16) -> None:
        """One row: texts, each over its number of grid columns."""
        self.row += 1
        column, tallest = 1, least
        for text, span, drawn in parts:
            self.palette.write(self.sheet, self.row, column, text, drawn)
            for covered in range(column + 1, column + span):
                self.palette.write(self.sheet, self.row, covered, "", drawn)
            if span > 1:
                merged = CellRange(min_row=self.row, max_row=self.row, min_col=column, max_col=column + span - 1)
                # Spans of one row cannot overlap; merge_cells would compare each with all the others.
                self.sheet.merged_cells.ranges.add(merged)
            tallest = max(tallest, _height(text, span * _GRID_WIDTH * 10 / drawn.size, drawn.size))
            column += span
        self.sheet.row_dimensions[self.row].height = min(tallest, _TALLEST)

    def gap(self, points: float = 6) -> None:
        """An empty row."""
        self.row += 1
        self.sheet.row_dimensions[self.row].height = points


class _InOrder(MultiCellRange):  # type: ignore[misc] # openpyxl has no types
    """Merged ranges that are written in the order of the sheet, so that the file is the same every time."""

    def __iter__(self) -> Iterator[CellRange]:
        return iter(self.sorted())


def render(document: Document, own: Own = PLAIN) -> bytes:
    """The document as an .xlsx file."""
    book = Workbook()
    book.remove(book.active)
    record = book.create_sheet("记录")
    record.merged_cells = _InOrder()
    scratch = book.create_sheet("scratch")
    page = _Sheet(sheet=record, palette=_Palette(scratch=scratch, fonts=own.layout.fonts))
    for column in range(1, _GRID + 1):
        record.column_dimensions[get_column_letter(column)].width = _GRID_WIDTH
    _print_on_a4(record, document, landscape=False)
    if own.logo is not None:
        _logo(page, own.logo, own.layout.logo_cm)
    _title(page, document)
    _form(page, document.cover)
    for block, following in zip(document.blocks, (*document.blocks[1:], None), strict=True):
        # An annex has a sheet of its own: a break before it would leave its title alone on a page.
        if not (isinstance(block, PageBreak) and isinstance(following, Annex)):
            _block(page, block)
    for annex in (block for block in document.blocks if isinstance(block, Annex)):
        _annex(book.create_sheet(_sheet_name(annex.title)), annex, document, page.palette)
    book.remove(scratch)
    about = book.properties
    about.title, about.subject, about.creator = document.title, document.number, document.organisation
    about.created = document.dated.replace(tzinfo=None)
    target = io.BytesIO()
    book.save(target)
    return repacked(target.getvalue(), at=document.dated)


def _logo(page: _Sheet, picture: bytes, high: float) -> None:
    """A row of its own; the picture lies over its first cells."""
    image = Picture(io.BytesIO(picture))
    points = high * 72 / 2.54
    image.width, image.height = round(image.width * points / image.height * 96 / 72), round(points * 96 / 72)
    page.gap(points + 4)
    page.sheet.add_image(image, f"A{page.row}")


def _title(page: _Sheet, document: Document) -> None:
    page.line([(document.organisation, _GRID, _Look(size=12, align="center", ruled=False))], least=20)
    title = _Look(size=18, sans=True, tone="strong", align="center", ruled=False)
    page.line([(document.title, _GRID, title)], least=32)
    page.line([(document.number, _GRID, _Look(align="right", ruled=False))])
    page.sheet.freeze_panes = f"A{page.row + 1}"


def _block(page: _Sheet, block: Block) -> None:  # noqa: C901 - one case a kind of block
    match block:
        case Heading():
            page.gap(10 if block.level == 1 else 4)
            drawn = _Look(size=13 if block.level == 1 else 11, sans=True, tone="strong", ruled=False)
            page.line([(block.text, _GRID, drawn)], least=22)
        case Paragraph():
            page.line([(block.text, _GRID, _Look(tone=block.tone, ruled=False))])
        case Note():
            alert = block.kind == "alert"
            page.gap()
            drawn = _Look(tone="strong" if alert else "plain", shade=look.ALERT_SHADE if alert else None)
            page.line([(block.text, _GRID, drawn)], least=22)
        case KeyValues():
            page.gap()
            _form(page, block)
        case Table():
            _table(page, block)
        case Chart():
            _table(page, replace(block.table, caption=block.title))
            page.line([(block.note, _GRID, _Look(tone="muted", ruled=False))])
        case EvidenceList():
            for item in block.items:
                page.line([(item.label, 6, _LABEL), (item.value, _GRID - 6, _Look(size=9))])
        case SignOff():
            _sign_off(page, block)
        case PageBreak():
            page.sheet.row_breaks.append(Break(id=page.row))
        case Annex():
            page.gap(10)
            page.line([(block.title, _GRID, _Look(size=13, sans=True, tone="strong", ruled=False))], least=22)
            page.line([(block.note, _GRID, _Look(tone="muted", ruled=False))])


_LABEL = _Look(sans=True, shade=look.LABEL_SHADE)
_HEAD = _Look(sans=True, tone="strong", align="center", shade=look.LABEL_SHADE)


def _form(page: _Sheet, block: KeyValues) -> None:
    if block.caption:
        shade = look.SHADES.get(block.tone, look.LABEL_SHADE)
        page.line([(block.caption, _GRID, _Look(sans=True, tone="strong", shade=shade))], least=20)
    for line in block.lines():
        parts: list[tuple[str, int, _Look]] = []
        for item in line:
            span = _FORM[1] if len(line) == 2 else _GRID - _FORM[0]
            parts += [(item.label, _FORM[0], _LABEL), (item.text, span, _Look(tone=item.tone))]
        page.line(parts)


def _table(page: _Sheet, block: Table) -> None:
    if block.caption:
        page.line([(block.caption, _GRID, _Look(sans=True, ruled=False))])
    spans = _spans([column.width for column in block.columns])
    titles = [(column.title, span, _HEAD) for column, span in zip(block.columns, spans, strict=True)]
    page.line(titles, least=20)
    for row in block.rows:
        cells = zip(row, block.columns, spans, strict=True)
        page.line([(cell.text, span, _Look(tone=cell.tone, align=column.align)) for cell, column, span in cells])
    if not block.rows:
        page.line([(block.empty, _GRID, _Look(tone="muted", align="center"))])


def _sign_off(page: _Sheet, block: SignOff) -> None:
    page.gap(12)
    page.line([(block.statement, _GRID, _Look(ruled=False))])
    share = _GRID // len(block.parties)
    role = _Look(sans=True, tone="strong")
    page.line([(party.role, share, role) for party in block.parties], least=22)
    page.line([(party.organisation, share, _Look()) for party in block.parties], least=20)
    for lines in zip(*(party.lines for party in block.parties), strict=True):
        page.line([(line, share, _Look()) for line in lines], least=30)


def _annex(sheet: Worksheet, annex: Annex, document: Document, palette: _Palette) -> None:
    table = annex.table
    total = sum(column.width for column in table.columns)
    widths = [max(8.0, column.width / total * _ANNEX_WIDTH) for column in table.columns]
    tones: tuple[Tone, ...] = ("plain", "muted", "strong", "warn", "crit")
    drawn = [{tone: _Look(size=9, tone=tone, align=column.align) for tone in tones} for column in table.columns]
    for position, (column, width) in enumerate(zip(table.columns, widths, strict=True), start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width
        palette.write(sheet, 1, position, column.title, _HEAD)
    for number, row in enumerate(table.rows, start=2):
        for position, cell in enumerate(row):
            palette.write(sheet, number, position + 1, cell.text, drawn[position][cell.tone])
        height = max(_height(cell.text, width * 1.1, 9) for cell, width in zip(row, widths, strict=True))
        sheet.row_dimensions[number].height = min(max(height, 14), _TALLEST)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    if table.rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(widths))}{len(table.rows) + 1}"
    _print_on_a4(sheet, document, landscape=True)


def _print_on_a4(sheet: Worksheet, document: Document, *, landscape: bool) -> None:
    setup = sheet.page_setup
    setup.paperSize = sheet.PAPERSIZE_A4
    setup.orientation = "landscape" if landscape else "portrait"
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    sheet.sheet_view.showGridLines = False
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.75
    sheet.oddHeader.left.text = _header_text(document.organisation)
    sheet.oddHeader.right.text = _header_text(f"{document.title}　{document.number}")
    sheet.oddFooter.left.text = _header_text(document.footer)
    sheet.oddFooter.right.text = "第 &P 页　共 &N 页"


def _header_text(text: str) -> str:
    """Header and footer have codes of their own that begin with &; one of over 255 characters breaks the file."""
    return (text if len(text) <= 80 else f"{text[:79]}…").replace("&", "&&")


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", title).strip("'")[:31]


def _spans(widths: Iterable[float]) -> list[int]:
    """Grid columns for each share: at least one, together all of them, the remainders to the largest fractions."""
    shares = list(widths)
    exact = [share * _GRID / sum(shares) for share in shares]
    spans = [max(1, math.floor(width)) for width in exact]
    order = sorted(range(len(exact)), key=lambda at: spans[at] - exact[at])
    for at in (order * _GRID)[: max(0, _GRID - sum(spans))]:
        spans[at] += 1
    while sum(spans) > _GRID:
        spans[spans.index(max(spans))] -= 1
    return spans


def _height(text: str, characters: float, size: float) -> float:
    """Points a text needs at a width of so many narrow characters; merged cells do not grow by themselves."""
    if len(text) * 2 <= characters and "\n" not in text:
        return _LINE * size / 10 + 3
    lines = sum(max(1, math.ceil(_width(line) * 1.05 / max(characters - 1, 1))) for line in text.split("\n"))
    return lines * _LINE * size / 10 + 3


def _width(line: str) -> int:
    return len(line) if line.isascii() else sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in line)
