"""Documents that were issued: which, by whom, when, and the hash of every file of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maintkit.clock import from_text, to_text
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

ISSUED = "document.issued"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One issue of a document. `at` stands in the document itself, in whole seconds; `entry` None: not entered yet.

    `content` is the sha256 of what the document says without its revisions: the same content is never issued twice.
    `files` are those that were written of it: name and sha256.
    """

    version: int
    by: str
    at: datetime
    content: str
    title: str = ""
    entry: int | None = None
    files: tuple[tuple[str, str], ...] = ()


def issues(ledger: Ledger, document: str, number: str) -> tuple[Issue, ...]:
    """The issues of one document, oldest first."""
    return tuple(map(_issue, ledger.entries(kind=ISSUED, subject=f"{document} {number}")))


def all_issues(ledger: Ledger) -> dict[tuple[str, str], list[Issue]]:
    """Every document that was ever issued, by kind and number, with its issues, oldest first."""
    found: dict[tuple[str, str], list[Issue]] = {}
    for entry in ledger.entries(kind=ISSUED):
        found.setdefault((entry.body["document"], entry.body["number"]), []).append(_issue(entry))
    return found


def _issue(entry: Entry) -> Issue:
    return Issue(
        version=entry.body["version"],
        title=entry.body["title"],
        by=entry.body["by"],
        at=from_text(entry.body["at"]),
        content=entry.body["content"],
        entry=entry.seq,
        files=tuple((one["name"], one["sha256"]) for one in entry.body["files"]),
    )


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was issued: a document, and the files that were written of it, by name with their sha256."""

    document: str
    number: str
    title: str
    files: Mapping[str, str]


def issue(ledger: Ledger, made: Issue, of: Made, own: Sequence[tuple[str, bytes]] = ()) -> Issue:
    """Enter an issue. `own` are the site's own files that it was drawn with: kept, so that it can be drawn again."""
    kept = [ledger.seal(content, media_type="application/octet-stream") for _, content in own]
    body = {
        "document": of.document,
        "number": of.number,
        "title": of.title,
        "version": made.version,
        "by": made.by,
        "at": to_text(made.at),
        "content": made.content,
        "files": [{"name": name, "sha256": sha256} for name, sha256 in of.files.items()],
    }
    if own:
        body["own"] = [
            {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "stored": one.sha256, "masked": one.masked}
            for (name, content), one in zip(own, kept, strict=True)
        ]
    entry = ledger.append(ISSUED, body, subject=f"{of.document} {of.number}", attachments=kept)
    return replace(made, entry=entry.seq)
