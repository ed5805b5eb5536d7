"""What inspections give: records, summaries, health reports, reports of security events, and the two manuals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from maintkit.cli.terminal.blanks import blanks_of
from maintkit.cli.terminal.offers.offer import NO_END, Counter, Offer
from maintkit.documents.views.health_report import KIND as HEALTH
from maintkit.documents.views.inspection_record import TITLES
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.recovery_manual import BLANKS as OF_RECOVERY
from maintkit.documents.views.recovery_manual import KIND as RECOVERY
from maintkit.documents.views.security_event import ACCESS
from maintkit.documents.views.security_event import KIND as SECURITY
from maintkit.documents.views.security_event import TITLE as SECURITY_TITLE
from maintkit.evidence.looks import Looks
from maintkit.evidence.recorded import ABNORMAL, RecordedFinding

RECORD, SUMMARY, MANUAL = "inspection-record", "inspection-summary", "configuration-manual"


@dataclass(frozen=True, kw_only=True)
class Begun:
    """An inspection without what it found. `ended` None: it never did."""

    run: str
    at: datetime
    deep: bool
    hosts: tuple[str, ...]
    ended: str | None
    missed: Sequence[str]


def offers(counter: Counter, looks: Looks) -> Iterator[Offer]:
    """The newest inspections first, so that these are looked at."""
    begun = _begun(counter)
    ends: dict[str, datetime] = {}  # when the inspection after this one began, by host
    for one in begun:
        yield from _of_run(counter, one, looks.of(one.run, one.hosts), ends)
        ends |= dict.fromkeys(one.hosts, one.at)
    zone = counter.place.contract.zone
    for quarter in dict.fromkeys(Quarter.of(one.at, zone) for one in begun):
        yield _summary(counter, quarter, begun, looks)
    if begun:
        yield from _manuals(counter, begun[0])


def _begun(counter: Counter) -> list[Begun]:
    ended = {entry.run: entry.body for entry in counter.ledger.entries(kind="inspection.finished")}
    return [
        Begun(
            run=(run := entry.run or ""),
            at=entry.at,
            deep=entry.body["deep"],
            hosts=(hosts := tuple(entry.body["hosts"])),
            ended=ended[run]["ended"] if run in ended else None,
            missed=list(ended[run]["coverage"].get("missed", ())) if run in ended else _silent(counter, run, hosts),
        )
        for entry in counter.ledger.entries(kind="inspection.started", newest_first=True)
    ]


def _silent(counter: Counter, run: str, hosts: Sequence[str]) -> list[str]:
    """The hosts of an inspection without an end that had not answered by then."""
    collected = counter.ledger.entries(kind="facts.collected", run=run)
    answered = {entry.subject for entry in collected if entry.body["status"] == "ok"}
    return [host for host in hosts if host not in answered]


def _of_run(
    counter: Counter, one: Begun, found: Mapping[str, Sequence[RecordedFinding]] | None, ends: Mapping[str, datetime]
) -> Iterator[Offer]:
    came = f"{one.ended or 'never finished'}, {len(one.hosts) - len(one.missed)}/{len(one.hosts)} hosts"
    day, end = counter.day(one.at), () if one.ended else (NO_END,)
    told = None if found is None else [each for own in found.values() for each in own]
    abnormal = None if told is None else [each for each in told if each.status in ABNORMAL]
    rows = counter.unlooked(told or ()) if one.deep else ()
    words = ("report", "inspection", "--run", one.run)
    lacks = None if abnormal is None else (*counter.unhandled(abnormal, ends), *rows, *end)
    yield Offer(kind=RECORD, number=one.run, title=TITLES[one.deep], day=day, words=words, lacks=lacks, came=came)
    if one.deep:
        words = ("report", "health", "--run", one.run)
        title = "系统健康检查与性能分析报告"
        open_ = None if abnormal is None else (*counter.unhandled(abnormal), *rows)
        lacks = None if open_ is None else (*_health_blanks(counter, one.run), *open_, *end)
        yield Offer(kind=HEALTH, number=one.run, title=title, day=day, words=words, lacks=lacks)
    access = [each for each in abnormal or () if each.check in ACCESS and each.event is not None]
    if access:
        words = ("report", "security-event", "--run", one.run)
        lacks = counter.unhandled(list({each.event: each for each in access}.values()))
        yield Offer(kind=SECURITY, number=one.run, title=SECURITY_TITLE, day=day, words=words, lacks=lacks)


def _health_blanks(counter: Counter, run: str) -> tuple[str, ...]:
    known = blanks_of(counter.place, counter.ledger, HEALTH, run)
    return counter.blanks(HEALTH, run, known)


def _summary(counter: Counter, quarter: Quarter, begun: Sequence[Begun], looks: Looks) -> Offer:
    zone = counter.place.contract.zone
    found = _carried(quarter, begun, looks, counter)
    return Offer(
        kind=SUMMARY,
        number=str(quarter),
        title="季度巡检记录汇总单",
        day=quarter.span(zone)[1].date(),
        words=("report", "inspection-summary", "--quarter", str(quarter)),
        lacks=None if found is None else counter.unhandled(found),
    )


def _carried(quarter: Quarter, begun: Sequence[Begun], looks: Looks, counter: Counter) -> list[RecordedFinding] | None:
    """The events that the newest judgement of each host carries at the quarter's end, as the summary counts them."""
    zone = counter.place.contract.zone
    known = [one for one in begun if quarter.previous() <= Quarter.of(one.at, zone) <= quarter]
    wanted = {host for one in known for host in one.hosts}
    newest: dict[str, Sequence[RecordedFinding]] = {}
    for one in known:
        if wanted <= newest.keys():
            break
        found = looks.of(one.run, one.hosts)
        if found is None:
            return None
        newest = {**found, **newest}
    closed = ("ok", "waived", "not-applicable")
    return [each for own in newest.values() for each in own if each.event is not None and each.status not in closed]


def _manuals(counter: Counter, newest: Begun) -> Iterator[Offer]:
    day = counter.day(newest.at)
    told = counter.ledger.entries(kind="facts.collected", run=newest.run)
    seen = {entry.subject for entry in told if entry.body["facts"] is not None}
    unseen = [host for host in newest.hosts if host not in seen and not _ever_seen(counter, host)]
    lacks = (f"facts of {', '.join(unseen)}, never seen",) if unseen else ()
    words = ("report", "configuration")
    yield Offer(kind=MANUAL, number=newest.run, title="系统配置手册", day=day, words=words, lacks=lacks)
    blanks = counter.blanks(RECOVERY, newest.run, OF_RECOVERY)
    words = ("report", "recovery-manual")
    yield Offer(kind=RECOVERY, number=newest.run, title="数据恢复操作手册", day=day, words=words, lacks=blanks)


def _ever_seen(counter: Counter, host: str) -> bool:
    told = counter.ledger.entries(kind="facts.collected", subject=host, newest_first=True)
    return any(entry.body["facts"] is not None for entry in told)
