"""One document tree for every format.

A view builds the tree from recorded facts; a renderer draws it. No renderer adds, drops or rewords anything, so the
Word file, the workbook, the page and the PDF say the same. All text is made inert when a node is made: a tree that
exists is safe to draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

from maintkit.documents.text import inert

Tone = Literal["plain", "muted", "strong", "warn", "crit"]
Align = Literal["left", "center", "right"]


@dataclass(frozen=True, kw_only=True)
class Node:
    """A piece of a document. Every text field is made inert here and nowhere else."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if type(value) is str:
                object.__setattr__(self, name, inert(value))


@dataclass(frozen=True, kw_only=True)
class Heading(Node):
    """A numbered heading; `level` 1 or 2."""

    text: str
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class Paragraph(Node):
    """Running text."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, kw_only=True)
class Note(Node):
    """A framed remark: `alert` says what the reader must not miss, `info` explains."""

    text: str
    kind: Literal["alert", "info"] = "info"


@dataclass(frozen=True, kw_only=True)
class KeyValue(Node):
    """A label and its text; a `wide` one takes a line of its own."""

    label: str
    text: str
    tone: Tone = "plain"
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class KeyValues(Node):
    """A form of labels and texts, two pairs a line. `caption` stands over it, `tone` shades the caption."""

    items: tuple[KeyValue, ...]
    caption: str = ""
    tone: Tone = "plain"

    def lines(self) -> Iterator[tuple[KeyValue, ...]]:
        """The pairs as they share lines: two narrow ones, or one that is wide or left alone."""
        waiting: KeyValue | None = None
        for item in self.items:
            if item.wide:
                if waiting is not None:
                    yield (waiting,)
                waiting = None
                yield (item,)
            elif waiting is None:
                waiting = item
            else:
                yield (waiting, item)
                waiting = None
        if waiting is not None:
            yield (waiting,)


@dataclass(frozen=True, kw_only=True)
class Column(Node):
    """A column: its title and its share of the width (shares are relative)."""

    title: str
    width: float
    align: Align = "left"


@dataclass(frozen=True, kw_only=True)
class Cell(Node):
    """A cell's text; `tone` sets off a status by shade and weight, never by colour alone."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, kw_only=True)
class Table(Node):
    """Rows under columns. A table without rows is drawn with `empty` in one cell."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = "无"
    caption: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        widths = {len(row) for row in self.rows} - {len(self.columns)}
        if widths:
            raise ValueError(f"a table of {len(self.columns)} columns has rows of {sorted(widths)} cells")


@dataclass(frozen=True, kw_only=True)
class Line(Node):
    """A line over days. `band` is (day, low, high) around it; a limit runs over the whole width at its one value.

    `recent` is another expectation, drawn unlike the first.
    """

    name: str
    style: Literal["measured", "expected", "recent", "limit"]
    points: tuple[tuple[date, float], ...]
    band: tuple[tuple[date, float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bars(Node):
    """One part of each bar: a value a label, stacked on the parts before it."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Chart(Node):
    """A picture of lines over days, or of stacked bars over `labels`; told apart by shape and hatch, never by colour.

    `unit` stands at the axis, `note` says in words what is drawn. `table` holds the values: the workbook shows it
    instead of the picture, and so does a format on a machine that has no Chinese font to draw with.
    """

    title: str
    unit: str
    note: str
    table: Table
    lines: tuple[Line, ...] = ()
    labels: tuple[str, ...] = ()
    bars: tuple[Bars, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        # A picture without what it is drawn from, or with bars of two lengths, is a mistake of the view.
        if not (self.lines or self.bars) or any(len(one.values) != len(self.labels) for one in self.bars):
            raise ValueError(f"chart {self.title!r} has no data, or not a value a label")


@dataclass(frozen=True, kw_only=True)
class EvidenceItem(Node):
    """What is proven and the value that proves it: a hash, a number, a path."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class EvidenceList(Node):
    """Hashes and numbers that let a reader find the same facts in the ledger."""

    items: tuple[EvidenceItem, ...]


@dataclass(frozen=True, kw_only=True)
class Party(Node):
    """Who signs: the role, the organisation, a printed name where the contract names one, and lines to fill in."""

    role: str
    organisation: str
    lines: tuple[str, ...] = ("签名：", "日期：", "（盖章）")


@dataclass(frozen=True, kw_only=True)
class SignOff(Node):
    """The place for signatures: the parties side by side, under one sentence of what is signed."""

    statement: str
    parties: tuple[Party, ...]


@dataclass(frozen=True, kw_only=True)
class PageBreak(Node):
    """What follows starts on a new page."""


@dataclass(frozen=True, kw_only=True)
class Annex(Node):
    """A long table at the end, on a sheet of its own in the workbook.

    `workbook_only`: too long for paper; the other formats print title and note, and the note says where the rows are.
    """

    title: str
    note: str
    table: Table
    workbook_only: bool = False


Block = Heading | Paragraph | Note | KeyValues | Table | Chart | EvidenceList | SignOff | PageBreak | Annex


@dataclass(frozen=True, kw_only=True)
class Document(Node):
    """One record. `dated` is an instant of the ledger and stands in the file's metadata; nothing here is "now"."""

    kind: str
    number: str
    title: str
    organisation: str
    cover: KeyValues
    blocks: tuple[Block, ...]
    footer: str
    dated: datetime
    draft: bool = False

    @property
    def alerts(self) -> tuple[Note, ...]:
        """What the reader must not miss, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Note) and block.kind == "alert")


def to_tree(node: Any) -> Any:
    """The node as plain JSON values; every object names its class under `node`."""
    if isinstance(node, Node):
        tree: dict[str, Any] = {"node": type(node).__name__}
        return tree | {field.name: to_tree(getattr(node, field.name)) for field in fields(node)}
    if isinstance(node, tuple):
        return [to_tree(item) for item in node]
    return node.isoformat() if isinstance(node, date) else node


def texts(node: Any) -> Iterator[str]:
    """Every text that a reader must find, in order; of an annex that is not on paper only title and note."""
    if isinstance(node, Annex) and node.workbook_only:
        yield from (node.title, node.note)
    elif isinstance(node, Table):
        yield from (column.title for column in node.columns)
        yield from (cell.text for row in node.rows for cell in row)
        yield from () if node.rows else (node.empty,)
        yield node.caption
    elif isinstance(node, Chart):
        yield from (node.title, node.note)  # the rest is in the picture, or in the table that stands for it
    elif isinstance(node, Document):
        yield from (node.organisation, node.title, node.number, node.footer)
        yield from texts((node.cover, *node.blocks))
    elif isinstance(node, tuple):
        for item in node:
            yield from (item,) if isinstance(item, str) else texts(item)
    elif isinstance(node, Node):
        for field in fields(node):
            if field.name not in ("tone", "kind", "align"):
                value = getattr(node, field.name)
                yield from (value,) if isinstance(value, str) else texts(value)
