"""Articles of the knowledge base as they were entered: every version, review and retirement is an entry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from pydantic import Field, model_validator

from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.sitefile import Problem, Problems, SiteModel

ENTERED = "knowledge.entered"
REVIEWED = "knowledge.reviewed"
RETIRED = "knowledge.retired"
SOON_DAYS = 30
MEDIA_TYPE = "text/markdown"
ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

Kind = Literal["article", "faq", "procedure"]
Review = Literal["current", "due-soon", "overdue", "retired"]
_DAY = "a date as YYYY-MM-DD"


class Front(SiteModel):
    """What stands over an article between two lines of `---`."""

    id: str = Field(pattern=ID, description="letters, digits, . _ and -, like kb-0007")
    title: str = Field(min_length=1, description="the article's title")
    kind: Kind = Field(default="article")
    systems: tuple[str, ...] = Field(default=(), description="a list of system ids of services.yml")
    tags: tuple[str, ...] = Field(default=(), description="a list of words")
    owner: str = Field(min_length=1, description="who answers for the article, by name")
    reviewed: date | None = Field(default=None, description=_DAY)
    review_by: date = Field(description=_DAY)
    incidents: tuple[str, ...] = Field(default=(), description="a list of incidents, like I20261128-1")

    @model_validator(mode="after")
    def _in_order(self) -> Front:
        if self.reviewed and self.review_by <= self.reviewed:
            text = f"`review_by` {self.review_by} is not after `reviewed` {self.reviewed}"
            raise Problems([Problem(at=("review_by",), text=text, allowed=f"a date after {self.reviewed}")])
        return self


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an article. `sha256` is of the file as handed in, `stored` of what is kept (`masked` differ)."""

    number: int
    front: Front
    sha256: str
    stored: str
    masked: int
    note: str
    by: str
    at: datetime
    seq: int


@dataclass(frozen=True, kw_only=True)
class Looked:
    """Somebody looked an article through and let it stand, until the day when it is to be looked at again."""

    on: date
    review_by: date
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Somebody took an article out of the knowledge base. `back`: when it came back; None: it has not."""

    why: str
    by: str
    at: datetime
    back: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Article:
    """An article: its versions, reviews and retirements, each from the first on."""

    id: str
    versions: tuple[Version, ...]
    looked: tuple[Looked, ...] = ()
    ended: tuple[Ended, ...] = ()

    @property
    def retired(self) -> Ended | None:
        """The retirement that it has not come back from; None: it is in force."""
        return self.ended[-1] if self.ended and self.ended[-1].back is None else None

    @property
    def now(self) -> Version:
        """The version in force, or the last one that was."""
        return self.versions[-1]

    @property
    def review_by(self) -> date:
        """When it is to be looked at again: by the newest version, or by a later word of a reviewer."""
        return max([self.now.front.review_by, *(one.review_by for one in self.looked if one.at >= self.now.at)])

    @property
    def reviewed(self) -> date | None:
        """When somebody last looked it through; None: nobody has."""
        days = [one.on for one in self.looked] + ([self.now.front.reviewed] if self.now.front.reviewed else [])
        return max(days, default=None)

    @property
    def touched(self) -> datetime:
        """When something was last entered of it."""
        return max([self.now.at, *(one.at for one in self.looked), *(one.at for one in self.ended)])

    def review(self, on: date) -> Review:
        """How it stands on a day; due-soon in the last 30 days, overdue from the day after the last one."""
        if self.retired:
            return "retired"
        left = (self.review_by - on).days
        return "overdue" if left < 0 else "due-soon" if left <= SOON_DAYS else "current"


def is_id(text: str) -> bool:
    """Whether an article may have this id."""
    return re.fullmatch(ID, text) is not None


def enter(ledger: Ledger, front: Front, content: bytes, *, by: str, note: str = "") -> Article | None:
    """Enter a version of an article, or None when the one in force is the same file to the byte.

    An article that was retired comes back that way. The text is masked before it is stored, like everything.
    """
    digest = sha256(content).hexdigest()
    with ledger.writing("enter an article"):
        had = find(ledger, front.id)
        if had and had.retired is None and had.now.sha256 == digest:
            return None
        kept = ledger.seal(content, media_type=MEDIA_TYPE)
        body = {
            "version": len(had.versions) + 1 if had else 1,
            "front": front.model_dump(mode="json"),
            "sha256": digest,
            "stored": kept.sha256,
            "masked": kept.masked,
            "note": note,
            "by": by,
        }
        ledger.append(ENTERED, body, subject=front.id, attachments=[kept])
        return article(ledger, front.id)


def look(ledger: Ledger, id_: str, *, on: date, review_by: date, note: str, by: str) -> Article:
    """Enter that an article was looked through and stands; NotFound when it is none or was retired."""
    with ledger.writing("review an article"):
        in_force(ledger, id_)
        body = {"on": on.isoformat(), "review_by": review_by.isoformat(), "note": note, "by": by}
        ledger.append(REVIEWED, body, subject=id_)
        return article(ledger, id_)


def retire(ledger: Ledger, id_: str, *, why: str, by: str) -> Article:
    """Take an article out of the knowledge base; its versions stay in the ledger. NotFound as for `look`."""
    with ledger.writing("retire an article"):
        in_force(ledger, id_)
        ledger.append(RETIRED, {"why": why, "by": by}, subject=id_)
        return article(ledger, id_)


def articles(ledger: Ledger) -> tuple[Article, ...]:
    """Every article in the order of its first version, retired or not."""
    entries: dict[str, list[Entry]] = {}
    found = [entry for kind in (ENTERED, REVIEWED, RETIRED) for entry in ledger.entries(kind=kind)]
    for entry in sorted(found, key=lambda one: one.seq):
        entries.setdefault(entry.subject or "", []).append(entry)
    return tuple(_folded(own) for own in entries.values())


def find(ledger: Ledger, id_: str) -> Article | None:
    """The article of this id, or None."""
    own = [entry for entry in ledger.entries(subject=id_) if entry.kind in (ENTERED, REVIEWED, RETIRED)]
    return _folded(own) if own else None


def article(ledger: Ledger, id_: str) -> Article:
    """The article of this id; raises NotFound."""
    found = find(ledger, id_)
    if found is None:
        raise NotFound(f"no article {id_!r} in the ledger", hint="`maintkit knowledge list` shows those there are")
    return found


def in_force(ledger: Ledger, id_: str) -> Article:
    """The article of this id; NotFound when there is none or it was retired."""
    found = article(ledger, id_)
    if found.retired:
        raise NotFound(
            f"article {id_} was retired by {found.retired.by}", hint="`maintkit knowledge add FILE` brings it back"
        )
    return found


def text(ledger: Ledger, version: Version) -> str:
    """The whole text of a version as it is kept: front matter and article, masked."""
    return ledger.attachment(version.stored).decode("utf-8", "replace")


def as_of(found: Iterable[Article], at: datetime) -> Iterator[Article]:
    """The articles as they stood at an instant; those that came later are left out."""
    for one in found:
        versions = tuple(version for version in one.versions if version.at <= at)
        if versions:
            looked = tuple(look for look in one.looked if look.at <= at)
            ended = tuple(
                replace(end, back=end.back if end.back and end.back <= at else None)
                for end in one.ended
                if end.at <= at
            )
            yield replace(one, versions=versions, looked=looked, ended=ended)


def _folded(entries: list[Entry]) -> Article:
    made = Article(id=entries[0].subject or "", versions=())
    for entry in entries:
        body = entry.body
        if entry.kind == ENTERED:
            version = Version(
                number=body["version"],
                # A mask may stand where the file had a name: what was accepted then is read as it is now.
                front=Front.model_validate(body["front"]),
                sha256=body["sha256"],
                stored=body["stored"],
                masked=body["masked"],
                note=body["note"],
                by=body["by"],
                at=entry.at,
                seq=entry.seq,
            )
            ended = tuple(replace(end, back=end.back or entry.at) for end in made.ended)
            made = replace(made, versions=(*made.versions, version), ended=ended)
        elif entry.kind == REVIEWED:
            on, until = (date.fromisoformat(body[key]) for key in ("on", "review_by"))
            seen = Looked(on=on, review_by=until, note=body["note"], by=body["by"], at=entry.at)
            made = replace(made, looked=(*made.looked, seen))
        else:
            made = replace(made, ended=(*made.ended, Ended(why=body["why"], by=body["by"], at=entry.at)))
    return made
