"""Documents of the knowledge base, drawn from the ledger of a site: for `report`, and for what is handed over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from maintkit.cli.terminal.document import header
from maintkit.contract.load import Site
from maintkit.desk.article import body_of
from maintkit.documents.model import Document
from maintkit.documents.views.faq import Answer, faq
from maintkit.documents.views.knowledge_summary import knowledge_summary, library
from maintkit.documents.views.quarter import Quarter
from maintkit.errors import NotFound
from maintkit.evidence import knowledge
from maintkit.evidence.ledger import Ledger


def knowledge_update(place: Site, ledger: Ledger, quarter: Quarter) -> Document:
    """知识库更新摘要 of a quarter; NotFound when there was no article by its end."""
    said, last = header(place), next(ledger.entries(newest_first=True, limit=1), None)
    if last is None:
        raise NotFound("the ledger is empty", hint="`maintkit knowledge add` enters articles")
    return knowledge_summary(library(knowledge.articles(ledger), quarter, last.at, said), said)


def questions(place: Site, ledger: Ledger) -> Document:
    """常见问题解答 of the articles of kind faq in force; NotFound when there are none."""
    answers = [
        Answer(article=one, text=body_of(knowledge.text(ledger, one.now)))
        for one in knowledge.articles(ledger)
        if one.retired is None and one.now.front.kind == "faq"
    ]
    return faq(answers, header(place))


def entered(ledger: Ledger) -> Iterator[datetime]:
    """When something was entered of the knowledge base."""
    for kind in (knowledge.ENTERED, knowledge.REVIEWED, knowledge.RETIRED):
        yield from (entry.at for entry in ledger.entries(kind=kind))
