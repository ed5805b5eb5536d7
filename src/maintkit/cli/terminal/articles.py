"""An article for a person and for a script, and what the files of the knowledge base want."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

import click

from maintkit.cli.terminal.words import bare
from maintkit.clock import to_text
from maintkit.desk.article import Written
from maintkit.evidence.knowledge import Article


def row(one: Article, today: date) -> dict[str, Any]:
    """One line of the list."""
    front = one.now.front
    return {
        "article": one.id,
        "title": front.title,
        "kind": front.kind,
        "version": one.now.number,
        "review": one.review(today),
        "reviewed": str(one.reviewed) if one.reviewed else None,
        "review_by": str(one.review_by),
        "owner": front.owner,
        "systems": list(front.systems),
        "tags": list(front.tags),
        "incidents": list(front.incidents),
    }


def as_json_of(one: Article, today: date) -> dict[str, Any]:
    """The whole of an article but its text."""
    return row(one, today) | {
        "versions": [
            {
                "number": version.number,
                "at": to_text(version.at),
                "by": version.by,
                "note": version.note,
                "sha256": version.sha256,
                "stored": version.stored,
                "masked": version.masked,
                "entry": version.seq,
            }
            for version in one.versions
        ],
        "reviews": [
            {"on": str(look.on), "review_by": str(look.review_by), "by": look.by, "note": look.note}
            for look in one.looked
        ],
        "retired": {"at": to_text(one.retired.at), "by": one.retired.by, "why": one.retired.why}
        if one.retired
        else None,
        "retirements": [
            {"at": to_text(end.at), "by": end.by, "why": end.why, "back": to_text(end.back) if end.back else None}
            for end in one.ended
        ],
    }


def print_article(one: Article, text: str, today: date) -> None:
    """The text, then where it comes from."""
    for line in text.splitlines():
        click.echo(bare(line))
    click.echo(f"\n{one.id}: {one.review(today)}, review by {one.review_by}")
    for version in one.versions:
        note = f": {version.note}" if version.note else ""
        click.echo(bare(f"  version {version.number}  {to_text(version.at)[:10]}  {version.by}{note}"))
        click.echo(f"    sha256 {version.sha256}, entry {version.seq}")
    for look in one.looked:
        click.echo(bare(f"  reviewed {look.on} by {look.by}, again by {look.review_by}  {look.note}"))
    for end in one.ended:
        back = f"; back on {to_text(end.back)[:10]}" if end.back else ""
        click.echo(bare(f"  retired {to_text(end.at)[:10]} by {end.by}: {end.why}{back}"))


def wants(articles: Iterable[Article], files: Mapping[str, Written], today: date) -> Iterator[tuple[str, str]]:
    """What a person has to do about each article, file by file and then by the ledger."""
    entered = {one.id: one for one in articles}
    for id_, file in files.items():
        one = entered.get(id_)
        if one is None:
            yield id_, f"{file.path.name} was not entered"
        elif one.retired:
            yield id_, f"{file.path.name} is the file of an article that was retired by {one.retired.by}"
        elif sha256(file.content).hexdigest() != one.now.sha256:
            yield id_, f"{file.path.name} was changed since version {one.now.number} was entered"
    for one in entered.values():
        if one.retired is None and one.id not in files:
            yield one.id, "its file is gone: `maintkit knowledge show` has the text, `knowledge retire` ends it"
        if one.review(today) == "overdue":
            yield one.id, f"its review is overdue since {one.review_by}; {one.now.front.owner} answers for it"
