"""An article's Markdown as blocks of a document: headings, paragraphs, lists, code and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from maintkit.documents.model import Block, Cell, Column, Paragraph, Table

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_INDENT = "　　"
_BULLET = "• "


def blocks(text: str) -> tuple[Block, ...]:
    """What the Markdown says, in order. Its headings become strong lines: the document's own numbering stays whole.

    Raw HTML is text, and pictures stand as their words and address: a document says what it does not show.
    """
    return tuple(_Walk(_PARSER.parse(text)).blocks())


class _Walk:
    """One pass over the tokens. `_lists` are the open lists: None, or the next number of an ordered one."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = iter(tokens)
        self._lists: list[int | None] = []
        self._mark = ""
        self._strong = False

    def blocks(self) -> Iterator[Block]:
        """The blocks, in order."""
        for token in self._tokens:
            if token.type == "inline":
                yield self._paragraph(_said(token.children or ()))
            elif token.type in ("fence", "code_block", "html_block"):
                yield self._paragraph(token.content.rstrip("\n"))
            elif token.type == "table_open":
                yield self._table()
            else:
                self._enter(token)

    def _enter(self, token: Token) -> None:
        match token.type:
            case "heading_open" | "heading_close":
                self._strong = token.type == "heading_open"
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._mark = self._next_mark()
            case _:
                pass

    def _next_mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return _BULLET
        self._lists[-1] = number + 1
        return f"{number}. "

    def _paragraph(self, text: str) -> Paragraph:
        """A later paragraph of a list's item stands under the first, without a mark."""
        mark, self._mark = self._mark, ""
        indent = _INDENT * (len(self._lists) - bool(mark))
        text = text.replace("\n", f"\n{indent}")
        return Paragraph(text=f"{indent}{mark}{text}", tone="strong" if self._strong else "plain")

    def _table(self) -> Table:
        rows: list[list[str]] = []
        for token in self._tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(_said(token.children or ()))
        head, *rest = rows
        return Table(
            columns=tuple(Column(title=title, width=100 / len(head)) for title in head),
            rows=tuple(tuple(Cell(text=text) for text in row) for row in rest),
        )


def _said(tokens: Sequence[Token]) -> str:
    """The words of a line; an address stands behind the words that link to it."""
    said: list[str] = []
    addresses: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            addresses.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            address = addresses.pop()
            said.append(f"（{address}）" if address and not "".join(said).endswith(address) else "")
        elif token.type == "image":
            said.append(f"［图：{token.content or token.attrGet('src')}（{token.attrGet('src')}）］")
        elif token.type in ("softbreak", "hardbreak"):
            said.append("\n")
        else:
            said.append(token.content)
    return "".join(said)
