"""Which entries of the ledger are evidence of which duty: one table, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from maintkit.contract.owed import Evidence, Seen
from maintkit.desk.asked import ABNORMAL, ACCESS, BACKUPS, LOOKED_AT, Answer, Asked, Words, answer
from maintkit.desk.changed import changes, parameters
from maintkit.evidence.accomplished import accomplished_by
from maintkit.evidence.entry import Entry
from maintkit.evidence.issued import ISSUED
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.watch_weeks import watch_weeks

DONE = "duty.done"
WATCH = "function-watch"  # proved week by week, by every function of the catalogue


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Entries of `kind` count for `duty` when their body, over that of the run's `begun` entry, holds `where`.

    `whole` may want more of the body, `asked` of what an inspection saw, `planned` of the parameters of a change, and
    `steps` that a host has told of one at least: a run whose time was up before it could begin ends well, too.
    `note` is what the duty asks for besides, and what no entry shows. Where `sole`
    is false the duty may be done in another way that leaves no entry, so its absence proves nothing.
    """

    duty: str
    kind: str
    what: str
    begun: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    whole: Callable[[Mapping[str, Any]], bool] | None = None
    asked: Asked | None = None
    planned: Callable[[Mapping[str, Any]], bool] | None = None
    steps: bool = False
    note: str = ""
    sole: bool = True


def _inspected(duty: str, *, deep: bool = False, asked: Asked | None = None) -> Proof:
    # One host by --limit is not the site.
    where = {"ended": "complete", "scope": None, **({"deep": True} if deep else {})}
    what = "deep inspection" if deep else "inspection"
    kind, begun = "inspection.finished", "inspection.started"
    return Proof(duty=duty, kind=kind, begun=begun, where=where, what=what, asked=asked)


def _changed(duty: str, procedure: str, *, note: str = "") -> Proof:
    # A run that undoes another one is of the same procedure, and no proof of it.
    where = {"procedure": procedure, "verdict": "done", "undoes": None}
    kind, begun = "change.finished", "change.started"
    return Proof(duty=duty, kind=kind, begun=begun, where=where, what=procedure, note=note)


def _worked(duty: str, procedure: str, *, planned: Callable[[Mapping[str, Any]], bool] | None = None) -> Proof:
    return replace(_changed(duty, procedure), planned=planned, steps=True)


def _issued(duty: str, document: str) -> Proof:
    note = "counts when it is issued: `maintkit report … --issued-by`"
    return Proof(duty=duty, kind=ISSUED, where={"document": document}, what=document, note=note)


PROOFS: tuple[Proof, ...] = (
    _inspected("monthly-inspection", asked=ABNORMAL),
    _inspected("backup-watch", asked=BACKUPS),
    _inspected("access-watch", asked=ACCESS),
    _inspected("deep-inspection", deep=True, asked=LOOKED_AT),
    _changed(
        "security-update",
        "patch",
        note="one host is enough here, and inspections tell the age of antivirus definitions",
    ),
    _worked("tuning", "restart"),
    _worked("tuning", "reindex"),
    _worked("tuning", "rebuild_tables"),
    _worked("tuning", "vacuum"),
    # Figures before and after make it tuning: what `maintkit advise` plans has them.
    _worked("tuning", "config", planned=lambda parameters: bool(parameters.get("measures"))),
    _worked("tuning", "change_indexes"),
    _worked("housekeeping", "reindex"),
    _worked("housekeeping", "rebuild_tables"),
    _worked("housekeeping", "housekeeping"),
    _worked("housekeeping", "vacuum"),
    _changed("restore-drill", "restore_drill"),
    Proof(
        duty="vulnerability-check",
        kind="vulnerability.checked",
        what="vulnerability check",
        whole=lambda body: body["expected"] == body["looked_at"] > 0,
        note="counts when every host's packages were looked at",
    ),
    _issued("inspection-summary", "inspection-summary"),
    _issued("health-report", "health-report"),
    _issued("recovery-manual", "recovery-manual"),
    _issued("incident-summary", "incident-summary"),
    _issued("knowledge-update", "knowledge-update"),
    _issued("service-review", "service-review"),
    _issued("emergency-plan", "emergency-plan"),
    _issued("disaster-plan", "disaster-plan"),
    Proof(
        duty="final-handover",
        kind="handover.delivered",
        what="handover",
        where={"since": None, "until": None},
        note="a package of everything is asked for: made without --from and --to",
        sole=False,
    ),
    Proof(duty="documents-handover", kind="handover.delivered", what="handover", sole=False),
)


def seen(ledger: Ledger, duties: Iterable[str], zone: ZoneInfo, on: date | None = None) -> dict[str, Seen]:
    """The evidence of each duty, with days in the contract's time zone.

    A simulated run counts, and is marked, so that a document drawn from it can say so. `on`: what came of inspections,
    runs and watches is told as it was at the end of that day; None: as it is now.
    """
    found: dict[str, list[Evidence]] = {duty: [] for duty in duties}
    lacking: dict[str, str] = {}
    for kind in dict.fromkeys(proof.kind for proof in PROOFS):
        _collect(ledger, kind, [proof for proof in PROOFS if proof.kind == kind], found, lacking, zone, on)
    if WATCH in found:
        found[WATCH] += _watched(ledger, zone, on)
    for entry in ledger.entries(kind=DONE):
        if entry.subject in found:
            found[entry.subject].append(_said(entry))
    told = changes(ledger, zone)
    return {duty: _seen(duty, evidence, lacking.get(duty, ""), told) for duty, evidence in found.items()}


def _seen(duty: str, evidence: list[Evidence], lacks: str, told: Mapping[str, tuple[Evidence, ...]]) -> Seen:
    proofs = [proof for proof in PROOFS if proof.duty == duty]
    notes = dict.fromkeys(said for said in (*(proof.note for proof in proofs), lacks) if said)
    automatic = duty == WATCH or any(proof.sole for proof in proofs)
    return Seen(evidence=tuple(evidence), automatic=automatic, note="; ".join(notes), changes=told)


def _watched(ledger: Ledger, zone: ZoneInfo, on: date | None) -> Iterator[Evidence]:
    """The weeks in which every function was tried, whatever it answered: an uncovered one leaves none, and a probe that
    could not ask (a library, a password is missing) tells nothing.

    The day is that of the last try: what is entered of a week later does not move it.
    """
    for made in watch_weeks(ledger, zone, on):
        tried = [one.at for function in made.functions for one in function.tried]
        if tried and made.known:
            day = max(tried).astimezone(zone).date()
            yield Evidence(day=day, source=f"week {made.week}", what=f"{len(made.functions)} functions watched")


def _collect(
    ledger: Ledger,
    kind: str,
    proofs: list[Proof],
    found: dict[str, list[Evidence]],
    lacking: dict[str, str],
    zone: ZoneInfo,
    on: date | None,
) -> None:
    """Add what counts to `found`; `lacking` says of a duty why its newest inspection or run by a day does not."""
    begun = {
        entry.run: entry.body
        for first in dict.fromkeys(proof.begun for proof in proofs if proof.begun)
        for entry in ledger.entries(kind=first)
    }
    words = Words(ledger) if any(proof.asked for proof in proofs) else None
    until = (one for one in ledger.entries(kind=kind) if on is None or one.at.astimezone(zone).date() <= on)
    last = {entry.run or str(entry.seq): entry for entry in until}  # a resumed run ends anew
    for entry in last.values():
        body = {**begun.get(entry.run, {}), **entry.body}
        for proof in proofs:
            if proof.duty not in found or not _counts(ledger, proof, body):
                continue
            said = answer(proof.asked, entry, words, zone, on) if proof.asked and words else _did(ledger, proof, entry)
            lacking[proof.duty] = f"{entry.run} does not count: {said.lacks}" if said.lacks else ""
            if not said.lacks:
                found[proof.duty].append(_made(proof, entry, body, said, zone))


def _made(proof: Proof, entry: Entry, body: Mapping[str, Any], said: Answer, zone: ZoneInfo) -> Evidence:
    ended = entry.at.astimezone(zone).date()
    return Evidence(
        day=max(ended, said.day or ended),
        source=entry.run or f"entry {entry.seq}",
        what=proof.what,
        simulated=bool(body.get("simulated")),
        of=body.get("number"),
        since=said.since,
        seq=entry.seq,
    )


def _counts(ledger: Ledger, proof: Proof, body: Mapping[str, Any]) -> bool:
    return (
        all(body.get(key) == value for key, value in proof.where.items())
        and (proof.whole is None or proof.whole(body))
        and (proof.planned is None or proof.planned(parameters(ledger, body)))
    )


def _did(ledger: Ledger, proof: Proof, finished: Entry) -> Answer:
    """Whether a run has done something, where that is asked."""
    idle = proof.steps and not accomplished_by(ledger, finished.run or "").done
    return Answer(lacks="nothing was done in it" if idle else "")


def _said(entry: Entry) -> Evidence:
    return Evidence(
        day=date.fromisoformat(entry.body["on"]),
        source=f"entry {entry.seq}",
        what=entry.body["what"],
        by=entry.body["by"],
        seq=entry.seq,
    )
