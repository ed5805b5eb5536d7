"""Charts for the formats: as a picture where this machine has a Chinese font to draw with, else as their values.

matplotlib is loaded for a document that has a chart, and for no other: it costs half a second.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import cast

from maintkit.documents import fonts
from maintkit.documents.model import Block, Chart, Document, Note, Paragraph
from maintkit.errors import DocumentRefused

WITHOUT = "本机没有中文字体，不能绘图，以数据表代替。"
WIDTH_CM, HEIGHT_CM = 16.8, 7.0  # the width of the text on A4


def svg(chart: Chart) -> str:
    """The chart as one `<svg>` element; DocumentRefused without a font."""
    return cast(str, _drawing().svg(chart, fonts.find().sans))


def png(chart: Chart) -> bytes:
    """The chart as PNG; DocumentRefused without a font."""
    return cast(bytes, _drawing().png(chart, fonts.find().sans))


def drawable(document: Document) -> Document:
    """The document itself where its charts can be drawn here; else with their values in their place, and why."""
    if not any(isinstance(block, Chart) for block in document.blocks):
        return document
    try:
        fonts.find()
    except DocumentRefused:
        return replace(document, blocks=tuple(told for block in document.blocks for told in _told(block)))
    return document


def _drawing() -> ModuleType:
    # Without a home to keep its cache in, matplotlib says so at each start: it is slower then, and nothing is wrong.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    return import_module(f"{__package__}.chart")


def _told(block: Block) -> Iterator[Block]:
    if not isinstance(block, Chart):
        yield block
        return
    yield Paragraph(text=block.title, tone="strong")
    yield Note(text=WITHOUT)
    yield block.table
    yield Paragraph(text=block.note, tone="muted")
