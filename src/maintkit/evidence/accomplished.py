"""How much a change in a limited time has done, and what it did not come to: as its hosts told it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from maintkit.evidence.changes import OBSERVED
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.phase_document import Left, PhaseDocument, phase_document


@dataclass(frozen=True, kw_only=True)
class Accomplished:
    """`done`: how many steps were made; `left`: what was not come to, a thing that was left twice with both reasons."""

    done: int = 0
    left: tuple[Left, ...] = ()


NOTHING = Accomplished()


def accomplished(documents: Iterable[PhaseDocument | None]) -> Accomplished:
    """What the documents of the change say, the newest one of each host."""
    told = [one for one in documents if one is not None]
    return Accomplished(
        done=sum(len(one.steps) for one in told), left=tuple(left for one in told for left in _each_once(one))
    )


def accomplished_by(ledger: Ledger, run: str) -> Accomplished:
    """The same of a run, by its name."""
    seen = [entry for entry in ledger.entries(kind=OBSERVED, run=run) if entry.body["phase"] == "change"]
    newest = {entry.subject: entry.body["document"] for entry in seen if entry.body["document"]}
    return accomplished(_document(ledger, sha256) for sha256 in newest.values())


def _each_once(document: PhaseDocument) -> Iterable[Left]:
    found: dict[str, Left] = {}
    for one in document.remaining:
        before = found.get(one.target)
        found[one.target] = one.model_copy(update={"why": f"{before.why}; {one.why}"}) if before else one
    return found.values()


def _document(ledger: Ledger, sha256: str) -> PhaseDocument | None:
    try:
        return phase_document(sha256, json.loads(ledger.attachment(sha256)))
    except ValueError:  # not JSON: the host wrote what it liked
        return None
