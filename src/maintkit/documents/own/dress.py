"""A document in a house's own words and order. What it proves, warns of and asks for stays in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from maintkit.documents.header import STANDARD, Header
from maintkit.documents.model import (
    Annex,
    Block,
    Document,
    Heading,
    Note,
    PageBreak,
    Paragraph,
    Party,
    SignOff,
)
from maintkit.documents.own.chapters import chinese, numbered
from maintkit.documents.own.layout import Chapters
from maintkit.documents.own.load import Own
from maintkit.documents.own.words import ALL, Signatures
from maintkit.documents.parts import simulated

_SECTION = re.compile(r"第([一二三四五六七八九十]+)节")


@dataclass(frozen=True, kw_only=True)
class _Chapter:
    numeral: str
    name: str
    blocks: tuple[Block, ...]


def dress(document: Document, own: Own, header: Header) -> Document:
    """The document as this site wants it. Alerts, evidence, annexes and every recorded value are those of `document`.

    The first alert of a practice site says so. A chapter that is left out is named under the alerts. Sections are
    numbered anew, and so are words that name one.
    """
    words = own.words
    cover = tuple(replace(one, label=words.labels.get(one.label, one.label)) for one in document.cover.items)
    blocks = _arranged(document.blocks, own.layout.chapters.get(document.kind, Chapters()))
    return replace(
        document,
        organisation=words.organisation or document.organisation,
        cover=replace(document.cover, items=cover),
        blocks=(
            *simulated.notes(simulated.of_practice(practice=header.practice)),
            *(_said(block, document.kind, own, header) for block in blocks),
        ),
    )


def _arranged(blocks: Sequence[Block], wanted: Chapters) -> tuple[Block, ...]:
    if not (wanted.order or wanted.leave_out):
        return tuple(blocks)
    head, chapters, tail = _parts(blocks)
    if not chapters:
        return tuple(blocks)
    *inner, last = chapters  # 证据 stays the last
    kept = [one for one in inner if one.name not in wanted.leave_out]
    place = {name: number for number, name in enumerate(wanted.order)}
    kept.sort(key=lambda one: place.get(one.name, len(place)))
    numerals, made = _renumbered([*kept, last])
    gone = [one.name for one in inner if one.name in wanted.leave_out]
    told = (Note(text=f"按采购人版式，本文件未列章节：{'、'.join(gone)}。"),) if gone else ()
    return tuple(_referring(block, numerals) for block in (*head, *told, *made, *tail))


def _parts(blocks: Sequence[Block]) -> tuple[list[Block], list[_Chapter], list[Block]]:
    """What stands before the chapters, the chapters, and what follows the last one: signatures and annexes."""
    starts = [at for at, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 1]
    if not starts:
        return list(blocks), [], []
    after = (at for at in range(starts[-1], len(blocks)) if isinstance(blocks[at], SignOff | PageBreak | Annex))
    end = next(after, len(blocks))
    chapters = []
    for start, stop in zip(starts, (*starts[1:], end), strict=True):
        heading = blocks[start]
        assert isinstance(heading, Heading)  # noqa: S101 - by the way that starts were found
        numeral, name = numbered(heading)
        chapters.append(_Chapter(numeral=numeral, name=name, blocks=tuple(blocks[start:stop])))
    return list(blocks[: starts[0]]), chapters, list(blocks[end:])


def _renumbered(chapters: Sequence[_Chapter]) -> tuple[dict[str, str], list[Block]]:
    """The new numeral of each old one, and the blocks under their new headings."""
    numerals: dict[str, str] = {}
    made: list[Block] = []
    for one in chapters:
        if one.numeral:
            numerals[one.numeral] = chinese(len(numerals) + 1)
            made += [Heading(text=f"{numerals[one.numeral]}、{one.name}"), *one.blocks[1:]]
        else:
            made += one.blocks
    return numerals, made


def _referring(block: Block, numerals: Mapping[str, str]) -> Block:
    """Running text with the new numbers of the sections that it names."""
    if not isinstance(block, Paragraph | Note):
        return block
    return replace(block, text=_SECTION.sub(lambda found: f"第{numerals.get(found[1], found[1])}节", block.text))


def _said(block: Block, kind: str, own: Own, header: Header) -> Block:
    if isinstance(block, Heading) and block.level == 1:
        numeral, name = numbered(block)
        word = own.words.labels.get(name, name)
        return replace(block, text=f"{numeral}、{word}" if numeral else word)
    if isinstance(block, SignOff):
        roles = tuple(party.role for party in block.parties)
        usual = own.words.sign_off.get(ALL) if roles == STANDARD else None
        wanted = own.words.sign_off.get(kind) or usual
        return block if wanted is None else _signed(block, wanted, header)
    return block


def _signed(block: SignOff, wanted: Signatures, header: Header) -> SignOff:
    sides = {"hospital": header.hospital, "provider": header.provider}
    parties = tuple(Party(role=one.role, organisation=sides[one.of], lines=one.lines) for one in wanted.parties)
    return SignOff(statement=wanted.statement or block.statement, parties=parties)
