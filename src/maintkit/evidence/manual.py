"""The rows of a deep inspection that only a person can look at, and what people entered of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from maintkit.clock import from_text, to_text
from maintkit.errors import NotFound
from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection, ManualLook, RecordedFinding, finding_of

LOOKED = "finding.looked"
RESULTS = ("ok", "warn", "crit")
Row = tuple[str, str]  # check, subject


def looks(entries: Iterable[Entry]) -> dict[str, dict[Row, ManualLook]]:
    """The newest word on every row, by run, of entries in their order; those of other kinds are passed over."""
    found: dict[str, dict[Row, ManualLook]] = {}
    for entry in entries:
        if entry.kind == LOOKED:
            own = found.setdefault(entry.run or "", {})
            row = (entry.body["check"], entry.subject or "")
            before = own.get(row)
            own[row] = _look(entry, corrects=before.seq if before else None)
    return found


def opened(ledger: Ledger, event: str, *, host: str) -> bool:
    """Whether the event of this host is of what a person saw."""
    return any(entry.body["event"] == event for entry in ledger.entries(kind=LOOKED, subject=host))


def seen(finding: RecordedFinding, own: Mapping[Row, ManualLook]) -> RecordedFinding:
    """The finding with what a person saw in its place, where it is a row for a person and somebody has looked."""
    look = own.get((finding.check, finding.subject)) if finding.status == "manual" else None
    if look is None:
        return finding
    bad = look.event is not None
    return replace(
        finding,
        status=look.result,
        collected_at=look.at,
        conclusion_zh=look.note,
        event=look.event,
        first_seen=(finding.first_seen or look.at) if bad else None,
        look=look,
    )


def rows(findings: Iterable[RecordedFinding]) -> tuple[RecordedFinding, ...]:
    """Those that are for a person to look at, looked at or not."""
    return tuple(one for one in findings if one.status == "manual" or one.look is not None)


def blank(findings: Iterable[RecordedFinding]) -> tuple[RecordedFinding, ...]:
    """Those of which nobody has said yet what was seen."""
    return tuple(one for one in findings if one.status == "manual")


def standing(ledger: Ledger, judged: Entry) -> tuple[RecordedFinding, ...]:
    """The findings of the newest judgement of a host, with what people saw: of it, and of earlier ones if said since.

    A word that comes late opens its event, or closes it, as if it had been there when the host was judged.
    """
    host = judged.subject or ""
    told = looks(ledger.entries(kind=LOOKED, subject=host))
    findings = [seen(finding_of(raw), told.get(judged.run or "", {})) for raw in judged.body["findings"]]
    asked = {one.check for one in findings if one.status != "skipped"}
    late = (one for run, own in told.items() if run != judged.run for one in own.values() if one.seq > judged.seq)
    for look in sorted(late, key=lambda one: one.at):
        if look.check not in asked:
            findings = [one for one in findings if one.check != look.check]
            findings += [_row(ledger, look)] if look.event else []
    return tuple(findings)


def _row(ledger: Ledger, look: ManualLook) -> RecordedFinding:
    """The row of an earlier inspection, as it was seen."""
    own = {(look.check, look.subject): look}
    judgements = ledger.entries(kind="host.judged", run=look.run, subject=look.subject)
    found = (finding_of(raw) for entry in judgements for raw in entry.body["findings"] if raw["check"] == look.check)
    return next(seen(one, own) for one in found)


def enter(
    ledger: Ledger,
    inspection: Inspection,
    check: str,
    hosts: Collection[str],
    *,
    result: str,
    note: str,
    by: str,
    at: datetime,
) -> tuple[Entry, ...]:
    """Enter what a person saw of a row on each host; all of them, or none. A later word on a row stands instead.

    NotFound for a host or a row that the inspection does not have. A bad result opens an event on each host, or goes on
    with the one that the row has.
    """
    wanted = [_wanted(inspection, check, host) for host in dict.fromkeys(hosts)]
    words = {"check": check, "at": to_text(at), "result": result, "note": note, "by": by}
    with ledger.writing("record what was seen"):
        names = _events(ledger, inspection, wanted) if result != "ok" else [None] * len(wanted)
        drafts = [
            Draft(kind=LOOKED, run=inspection.run, subject=row.host, body={**words, "event": name})
            for row, name in zip(wanted, names, strict=True)
        ]
        return ledger.append_all(drafts)


def _wanted(inspection: Inspection, check: str, host: str) -> RecordedFinding:
    of_host = next((one.findings for one in inspection.hosts if one.name == host), None)
    if of_host is None:
        known = ", ".join(one.name for one in inspection.hosts)
        raise NotFound(f"inspection {inspection.run} has no host {host}", hint=f"its hosts are {known}")
    own = rows(of_host)
    found = next((one for one in own if one.check == check), None)
    if found is None:
        named = ", ".join(one.check for one in own)
        hint = f"its rows are {named}" if named else "only `maintkit inspect --deep` has such rows"
        raise NotFound(f"inspection {inspection.run} asks nobody to look at {check} on {host}", hint=hint)
    return found


def _events(ledger: Ledger, inspection: Inspection, wanted: Sequence[RecordedFinding]) -> list[str | None]:
    """An event for each row: the one it had before, else the next number of the inspection."""
    told = [entry for entry in ledger.entries(kind=LOOKED, run=inspection.run) if entry.body["event"]]
    had = {(entry.body["check"], entry.subject): entry.body["event"] for entry in told}
    prefix = f"{inspection.run}-"
    taken = {*(one.event or "" for one in inspection.findings), *had.values()}
    last = max((int(name.removeprefix(prefix)) for name in taken if name.startswith(prefix)), default=0)
    found: list[str | None] = []
    for row in wanted:
        name = row.event or had.get((row.check, row.subject))
        if name is None:
            last += 1
            name = f"{prefix}{last:03d}"
        found.append(name)
    return found


def _look(entry: Entry, *, corrects: int | None) -> ManualLook:
    body = entry.body
    return ManualLook(
        run=entry.run or "",
        check=body["check"],
        subject=entry.subject or "",
        at=from_text(body["at"]),
        entered=entry.at,
        result=body["result"],
        note=body["note"],
        by=body["by"],
        event=body["event"],
        seq=entry.seq,
        corrects=corrects,
    )
