"""修订记录: the issues of a document, before its signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from maintkit.documents import wording
from maintkit.documents.model import Annex, Block, Cell, Column, Document, Heading, SignOff, Table
from maintkit.evidence.issued import Issue

_COLUMNS = (
    Column(title="版次", width=10, align="center"),
    Column(title="签发时间", width=26),
    Column(title="签发人", width=20),
    Column(title="内容校验值（SHA-256）", width=64),
)


NOT_ISSUED = "尚未签发"
OF_PACKAGE = "随移交包签署（manifest.json.sig），不单独签发；编号即版次"
_SIGNED_WITH_THE_PACKAGE = ("handover-list", "document-list")


def with_revisions(document: Document, issued: Sequence[Issue], zone: tzinfo) -> Document:
    """The document with one row an issue, before its signatures or at its end; without one it says so."""
    nothing = OF_PACKAGE if document.kind in _SIGNED_WITH_THE_PACKAGE else NOT_ISSUED
    table = Table(columns=_COLUMNS, rows=tuple(_row(one, zone) for one in issued), empty=nothing)
    made: tuple[Block, ...] = (Heading(text="修订记录"), table)
    signed = [place for place, block in enumerate(document.blocks) if isinstance(block, SignOff)]
    place = signed[0] if signed else _before_annexes(document)
    return replace(document, blocks=(*document.blocks[:place], *made, *document.blocks[place:]))


def _before_annexes(document: Document) -> int:
    annexes = [place for place, block in enumerate(document.blocks) if isinstance(block, Annex)]
    return annexes[0] if annexes else len(document.blocks)


def _row(one: Issue, zone: tzinfo) -> tuple[Cell, ...]:
    told = (f"第 {one.version} 版", wording.second(one.at, zone), one.by, one.content)
    return tuple(Cell(text=text) for text in told)
