"""The list itself: every document with the command that draws it, its issues, what it lacks, and the duty it answers.

python -m maintkit.cli.terminal.offers.listing docs/schemas/report-list.schema.json
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from maintkit.cli.terminal.offers import changing, desk, inspecting, standing
from maintkit.cli.terminal.offers.offer import Counter, Offer
from maintkit.cli.terminal.offers.wanting import wanting
from maintkit.cli.terminal.words import bare
from maintkit.contract.load import Site
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.looks import Looks

MOST_LOOKS = 1000  # judgements of hosts read for a list: some 45 MB, and half a second
State = Literal["ready", "draft", "issued", "not-looked-at"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Issued(_Part):
    """One issue of a document: its version, who handed it to the hospital, when, and the entry that says so."""

    version: int
    by: str
    at: datetime
    entry: int


class Listed(_Part):
    """A document. `command` null: it was issued, and no command draws it any more."""

    document: str = Field(description="its kind, as document.issued has it")
    number: str
    title: str
    day: date = Field(description="what it is about: the day of a run, the last day of a period")
    command: list[str] | None = Field(description="the words after `maintkit` that draw it")
    state: State = Field(description="issued: its newest version is with the hospital; ready: nothing keeps it from it")
    lacks: list[str] | None = Field(description="what makes it a draft; null where that was not looked at")
    came: str = Field(description="what came of the run that it is of")
    duties: list[str] = Field(description="the duties of contract.yml that name this document")
    issues: list[Issued]


class NotYet(_Part):
    """A document that the contract asks for and of which there is none yet."""

    title: str
    needs: str = Field(description="what must be there first, with the command that makes it")
    duties: list[str] = Field(description="the duties of contract.yml that name this document")


class Listing(_Part):
    """What `maintkit report --list --json` prints: the newest first of each kind."""

    documents: list[Listed]
    not_yet: list[NotYet] = Field(description="what the contract asks for and cannot be drawn yet, in its order")
    not_looked_at: list[str] = Field(description="inspections that `--all` looks into as well")


def listing(place: Site, ledger: Ledger, *, everything: bool) -> Listing:
    """Every document that can be drawn now or was issued. Inspections are looked into until MOST_LOOKS, or all of them.

    The ledger is only read.
    """
    counter = Counter.of(place, ledger)
    looks = Looks(ledger, None if everything else MOST_LOOKS)
    sources = (inspecting.offers(counter, looks), changing.offers(counter), desk.offers(counter))
    offers = [offer for source in (*sources, standing.offers(counter)) for offer in source]
    offers += _gone(counter, offers)
    unread = [one.number for one in offers if one.kind == inspecting.RECORD and one.lacks is None]
    there = [one.title for one in offers]
    return Listing(
        documents=[_listed(counter, one) for one in offers],
        not_yet=[
            NotYet(title=one.title, needs=one.needs, duties=list(one.duties)) for one in wanting(place.contract, there)
        ],
        not_looked_at=unread,
    )


def _gone(counter: Counter, offers: Iterable[Offer]) -> Iterator[Offer]:
    """What was issued of things that have moved on since, like the manual of an earlier inspection."""
    there = {(one.kind, one.number) for one in offers}
    for (kind, number), issued in counter.issued.items():
        if (kind, number) not in there:
            newest = issued[-1]
            yield Offer(kind=kind, number=number, title=newest.title, day=counter.day(newest.at), words=())


def _listed(counter: Counter, one: Offer) -> Listed:
    issued = counter.issued.get((one.kind, one.number), ())
    contract = counter.place.contract
    named = [duty.id for duty in contract.duties if one.title in (*duty.documents, *duty.documents_if_found)]
    return Listed(
        document=one.kind,
        number=one.number,
        title=one.title,
        day=one.day,
        command=list(one.words) or None,
        state=_state(one, issued=bool(issued)),
        lacks=None if one.lacks is None else list(one.lacks),
        came=one.came,
        duties=[*named, *(["faults"] if one.title == contract.faults.report.document else [])],
        issues=[Issued(version=each.version, by=each.by, at=each.at, entry=each.entry or 0) for each in issued],
    )


def _state(one: Offer, *, issued: bool) -> State:
    if issued:
        return "issued"
    if one.lacks is None:
        return "not-looked-at"
    return "draft" if one.lacks else "ready"


def lines(listed: Listing, zone: tzinfo) -> Iterator[str]:
    """The list for people: a line a document, and under it what it lacks."""
    for one in listed.documents:
        command = f"maintkit {shlex.join(one.command)}" if one.command else "no longer drawn"
        said = (str(one.day), one.title, one.number, _issue(one, zone) or one.state, one.came, ",".join(one.duties))
        yield bare("  ".join(part for part in (*said, command) if part))
        for lack in one.lacks or ():
            yield bare(f"    lacks {lack}")
    for wanted in listed.not_yet:
        told = (wanted.title, "not yet possible", ",".join(wanted.duties), f"needs {wanted.needs}")
        yield bare("  ".join(part for part in told if part))
    if listed.not_looked_at:
        count = len(listed.not_looked_at)
        yield f"{count} older inspections were not looked into: `maintkit report --list --all` does"


def _issue(one: Listed, zone: tzinfo) -> str:
    if not one.issues:
        return ""
    newest = one.issues[-1]
    return f"issued: version {newest.version}, {newest.at.astimezone(zone):%F} by {newest.by}"


def schema() -> str:
    """JSON Schema of the list, indented, with a final newline; the same for the same models."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Listing.model_json_schema()}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the schema to the file named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m maintkit.cli.terminal.offers.listing FILE\n")
        return 2
    Path(arguments[0]).write_text(schema(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
