"""What plans and their runs give: applications, and the document of each change by its procedure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from maintkit.cli.terminal.offers.offer import NO_END, Counter, Offer
from maintkit.documents.parts.run.judgement import FIELDS, wanted_of
from maintkit.documents.views.change_report import MAY_BE_TUNING, RESTORED, TITLES, Kind, kind_of_procedure
from maintkit.documents.views.drill_report import TITLE as DRILL_TITLE
from maintkit.documents.views.upgrade_request import TITLE as REQUEST_TITLE
from maintkit.evidence.change_record import ASSESSED
from maintkit.evidence.changes import FINISHED, RESUMED, STARTED
from maintkit.evidence.drill_record import PROCEDURE as DRILL
from maintkit.evidence.entry import Entry
from maintkit.evidence.restore_record import PROCEDURE as RESTORE
from maintkit.plans.frozen import headlines
from maintkit.plans.record import REQUESTED


def offers(counter: Counter) -> Iterator[Offer]:
    """The application of each plan, then the document of each run."""
    ledger = counter.ledger
    asked = {entry.subject for entry in ledger.entries(kind=REQUESTED)}
    for plan in headlines(ledger):
        lacks = () if plan.id in asked else (f"a window: `maintkit request {plan.id} --window …`",)
        words = ("report", "upgrade-request", plan.id)
        yield Offer(
            kind="upgrade-request", number=plan.id, title=REQUEST_TITLE, day=counter.day(plan.created_at), words=words,
            lacks=lacks,
        )  # fmt: skip
    # A run that goes on after its end has no end until it ends anew.
    ends = sorted((*ledger.entries(kind=FINISHED), *ledger.entries(kind=RESUMED)), key=lambda entry: entry.seq)
    ended = {entry.run: entry for entry in ends}
    said = {entry.run: entry.body for entry in ledger.entries(kind=ASSESSED)}
    for started in ledger.entries(kind=STARTED, newest_first=True):
        last = ended.get(started.run)
        verdict = str(last.body["verdict"]) if last is not None and last.kind == FINISHED else None
        yield from _of_run(counter, started, verdict, said.get(started.run, {}))


def _of_run(counter: Counter, started: Entry, verdict: str | None, said: Mapping[str, Any]) -> Iterator[Offer]:
    run, procedure = started.run or "", str(started.body["procedure"])
    day, came = counter.day(started.at), f"{verdict or 'never finished'}, {len(started.body['hosts'])} hosts"
    if procedure == DRILL:
        words, lacks = ("report", "restore-drill", run), _lacks("drill", verdict, said)
        yield Offer(kind="restore-drill", number=run, title=DRILL_TITLE, day=day, words=words, lacks=lacks, came=came)
        return
    kind, own = kind_of_procedure(procedure), ("report", "change", run)
    title = RESTORED if procedure == RESTORE else TITLES[kind]
    lacks = _lacks(kind, verdict, said)
    yield Offer(kind=f"change-{kind}", number=run, title=title, day=day, words=own, lacks=lacks, came=came)
    # The same change told as tuning is another document, which is there when somebody has issued it.
    as_tuning: Kind = "tuning"
    if procedure in MAY_BE_TUNING and (f"change-{as_tuning}", run) in counter.issued:
        lacks = _lacks(as_tuning, verdict, said)
        yield Offer(
            kind=f"change-{as_tuning}", number=run, title=TITLES[as_tuning], day=day, words=(*own, "--tuning"),
            lacks=lacks, came=came,
        )  # fmt: skip


def _lacks(kind: str, verdict: str | None, said: Mapping[str, Any]) -> tuple[str, ...]:
    if verdict is None:
        return (NO_END,)
    missing = [label for label in wanted_of(kind, verdict) if not said.get(FIELDS[label])]
    return tuple(f"{label}: `maintkit assess --{FIELDS[label]}`" for label in missing)
