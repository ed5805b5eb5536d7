"""PDF by typst (docs/decisions/0004): texts travel as data in `sys.inputs`, never inside the compiled source."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import resources
from typing import Any

import typst

from maintkit.documents import fonts
from maintkit.documents.model import Annex, Block, Chart, Document, KeyValues, texts, to_tree
from maintkit.documents.own.load import PLAIN, Own
from maintkit.documents.render import pictures
from maintkit.documents.text import written_out
from maintkit.errors import DocumentRefused

_LONG_CELL = 900  # characters from which a row may break over two pages: unbroken it could be taller than one
_LONG_FORM = 1200
# Typst breaks lines where a word may end. Hashes, paths and addresses get places to break that have no width.
_UNBROKEN = re.compile(r"[!-~]{13,}")
_BREAKABLE = re.compile(r"(?<=[/._:=,;&?@-])(?=[!-~])|(?<=[A-Za-z0-9+%~]{12})(?=[!-~])")
_NO_WIDTH = "\u200b"


def render(document: Document, own: Own = PLAIN) -> bytes:
    """The document as a PDF with its fonts inside; raises DocumentRefused without a Chinese font."""
    faces = fonts.find()
    tree = _tree(document)
    missing = faces.missing("".join(texts(document)))
    template = resources.files("maintkit.documents").joinpath("templates/document.typ").read_bytes()
    told = _settable(tree, {character: written_out(character) for character in missing})
    for node, block in zip(told["blocks"], document.blocks, strict=True):
        if isinstance(block, Chart):
            node["svg"] = pictures.svg(block)
    try:
        return typst.compile(
            template,
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=list(faces.directories)
            ),
            format="pdf",
            sys_inputs={
                "tree": json.dumps(told),
                "title": f"{document.title} {document.number}",
                "author": document.organisation,
                "serif": faces.serif.family,
                "sans": faces.sans.family,
                **_logo(own),
            },
            pdf_tags=False,  # tags double the size and time of long tables
            timestamp=int(document.dated.timestamp()),
        )
    except typst.TypstError as error:
        raise DocumentRefused(
            f"typst could not set {document.kind} {document.number}: {error.message}",
            hint="render docx, xlsx or html, and report this with the document's number",
        ) from error


def _logo(own: Own) -> dict[str, str]:
    """The picture's bytes as numbers: inputs are texts."""
    if own.logo is None:
        return {}
    return {"logo": json.dumps(list(own.logo), separators=(",", ":")), "logo_cm": str(own.layout.logo_cm)}


def _tree(document: Document) -> dict[str, Any]:
    """The tree as JSON values, forms laid out in lines, without the rows that are not on paper."""
    tree: dict[str, Any] = to_tree(replace(document, blocks=tuple(map(_on_paper, document.blocks))))
    for node, block in zip((tree["cover"], *tree["blocks"]), (document.cover, *document.blocks), strict=True):
        if isinstance(block, KeyValues):
            node["lines"] = to_tree(tuple(block.lines()))
    for node, following in zip(tree["blocks"], (*tree["blocks"][1:], {}), strict=True):
        node["leads"] = following.get("node") in ("Table", "EvidenceList")  # stays on the page of what it introduces
    return tree


def _on_paper(block: Block) -> Block:
    if isinstance(block, Annex) and block.workbook_only:
        return replace(block, table=replace(block.table, rows=()))
    return block


def _settable(tree: Any, missing: dict[str, str]) -> Any:
    """The tree with what the fonts cannot draw written out, places to break long words, and marks for long texts."""
    table = str.maketrans(missing)

    def text(value: str) -> str:
        return _UNBROKEN.sub(lambda found: _BREAKABLE.sub(_NO_WIDTH, found[0]), value.translate(table))

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        # Class names and tones pass unharmed: they are shorter than anything that is broken.
        walked = {key: walk(item) for key, item in value.items()}
        if value.get("node") == "Cell":
            walked["long"] = len(value["text"]) > _LONG_CELL
        if value.get("node") == "KeyValues":
            walked["long"] = sum(len(item["text"]) for item in value["items"]) > _LONG_FORM
        return walked

    return walk(tree)
