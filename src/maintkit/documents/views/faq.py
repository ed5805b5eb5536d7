"""常见问题解答: the articles of kind faq that are in force, in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import Block, Document, EvidenceItem, EvidenceList, Heading, KeyValue, KeyValues, Note
from maintkit.documents.model import Paragraph as Line
from maintkit.documents.parts import markdown
from maintkit.errors import NotFound
from maintkit.evidence.knowledge import Article

KIND = "faq"
UNSORTED = "未归属系统"
_STATEMENT = "双方确认：已阅上列常见问题及其解答。"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question: the article and its Markdown, as the ledger keeps it."""

    article: Article
    text: str


def faq(answers: Sequence[Answer], header: Header) -> Document:
    """Question and answer by system, as of the newest of their entries; NotFound when there are none."""
    if not answers:
        raise NotFound("no article of kind faq is in force", hint="`maintkit knowledge add FILE` with `kind: faq`")
    at = max(one.article.touched for one in answers)
    seq = max(one.article.now.seq for one in answers)
    on = at.astimezone(header.zone).date()
    return Document(
        kind=KIND,
        number=f"K{seq}",
        title="常见问题解答",
        organisation=header.hospital,
        cover=KeyValues(
            items=(
                *parties(header),
                KeyValue(label="编号", text=f"K{seq}"),
                KeyValue(label="截至", text=wording.instant(at, header.zone)),
                KeyValue(label="问题数", text=f"{len(answers)} 个"),
            )
        ),
        blocks=(
            *_alerts(answers, on),
            *_chapters(answers, header),
            Heading(text="证据"),
            EvidenceList(
                items=tuple(
                    EvidenceItem(label=f"{one.article.id} 第 {one.article.now.number} 版", value=one.article.now.stored)
                    for one in answers
                )
            ),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 K{seq}　共 {len(answers)} 个问题",
        dated=at,
    )


def _alerts(answers: Sequence[Answer], on: date) -> tuple[Note, ...]:
    late = [one.article.id for one in answers if one.article.review(on) == "overdue"]
    if not late:
        return ()
    return (Note(kind="alert", text=f"{len(late)} 个问题的解答已过复核期限：{'、'.join(late)}。"),)


def _chapters(answers: Sequence[Answer], header: Header) -> Iterator[Block]:
    """By the first system of each, in the order of the header's systems; those without one at the end."""
    order = [*header.systems, ""]
    number = 0
    for key in order:
        own = [one for one in answers if _system(one.article, header) == key]
        if own:
            yield Heading(text=header.system(key) if key else UNSORTED)
        for one in own:
            number += 1
            yield Heading(text=f"{number}. {one.article.now.front.title}", level=2)
            yield from markdown.blocks(one.text)
            yield Line(text=_origin(one.article), tone="muted")


def _system(one: Article, header: Header) -> str:
    return next((key for key in one.now.front.systems if key in header.systems), "")


def _origin(one: Article) -> str:
    front = one.now.front
    linked = f"　相关故障 {'、'.join(front.incidents)}" if front.incidents else ""
    return f"{one.id} 第 {one.now.number} 版　责任人 {front.owner}　复核期限 {one.review_by}{linked}"
