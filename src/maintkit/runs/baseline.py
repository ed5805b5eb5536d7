"""What is remembered of a host before it is asked again: its last facts, its open events, its waivers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from maintkit.checks.facts.document import Facts
from maintkit.checks.follow import Matter, Opened
from maintkit.checks.model import Category, Check, Finding, Status, Waiver
from maintkit.errors import LedgerCorrupt
from maintkit.evidence import events, history
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import SEEN, RecordedFinding


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One host's past. `facts` None: it never answered.

    `open` are the matters that its last judgement left open and nobody has declared resolved since, each as it was last
    seen abnormal. A matter that is seen again after somebody resolved it is a new one.
    """

    facts: Facts | None
    open: Mapping[Matter, RecordedFinding]

    @property
    def collected_at(self) -> float | None:
        """The host's clock at its last collection."""
        return self.facts.collected_at if self.facts else None

    @property
    def opened(self) -> dict[Matter, Opened]:
        """Event and first day of every open matter."""
        return {
            matter: (finding.event, finding.first_seen)
            for matter, finding in self.open.items()
            if finding.event is not None and finding.first_seen is not None
        }


def baseline(ledger: Ledger, host: str, *, resolved: Collection[str]) -> Baseline:
    """What the ledger remembers of a host; raises LedgerCorrupt when its stored facts are none.

    `resolved` are the events that people have declared resolved.
    """
    stored = history.last_facts(ledger, host)
    last = history.last_findings(ledger, host)
    return Baseline(
        facts=_facts(*stored) if stored else None,
        open={
            (finding.check, finding.subject): events.last_abnormal(ledger, finding)
            for finding in last
            if finding.event is not None and finding.event not in resolved
        },
    )


def resolved_events(ledger: Ledger) -> frozenset[str]:
    """Events whose last handling says that they are resolved."""
    entered = events.handlings(ledger)
    return frozenset(event for event, handled in entered.items() if handled[-1].state == "resolved")


def waivers(ledger: Ledger, now: datetime) -> dict[Matter, Waiver]:
    """Waivers in force, by what they let stand."""
    return {
        (waiver.check, waiver.subject): Waiver(who=waiver.who, why=waiver.why, until=waiver.until)
        for waiver in events.active_waivers(ledger, now)
    }


def left_open(
    past: Baseline, checks: Iterable[Check], findings: Iterable[Finding], now: datetime
) -> tuple[Finding, ...]:
    """Findings for open matters that the inspection's own findings do not settle, so that none closes by itself.

    A change, or something that happened (an OOM kill, a burst of failed logins), is seen once: it stands until a person
    has handled it. That the host as a whole shows nothing new does not settle it; that its very instance is well again
    (a mount that is back) does. A matter whose check this inspection does not ask for (deep ones) stands as `skipped`.
    """
    asked = {check.id: check for check in checks}
    told = {(finding.check, finding.subject) for finding in findings if finding.status != "ok" or finding.instance}
    left: list[Finding] = []
    for matter, last in past.open.items():
        check = asked.get(matter[0])
        if check is None:
            reason = f"not part of this inspection; last seen {last.status} in an earlier one"
            left.append(_standing(last, "skipped", reason, now))
        elif check.change and matter not in told and last.status in SEEN:
            reason = "a change seen in an earlier inspection, not declared resolved yet"
            left.append(_standing(last, cast("Status", last.waived_status or last.status), reason, now))
    return tuple(left)


def _standing(last: RecordedFinding, status: Status, reason: str, now: datetime) -> Finding:
    seen = status != "skipped"
    return Finding(
        check=last.check,
        title_zh=last.title_zh,
        host=last.host,
        instance=last.instance,
        category=cast("Category", last.category),  # written from one
        status=status,
        value=last.value if seen else None,
        unit=last.unit,
        limit=None,
        previous=None if seen else last.value,
        delta=None,
        evidence=None,
        collected_at=now,
        took_ms=0,
        reason=reason,
        conclusion_zh=last.conclusion_zh if seen else "",
        remedy_zh=last.remedy_zh if seen else "",
        first_seen=last.first_seen,
        event=last.event,
    )


def _facts(sha256: str, content: bytes) -> Facts:
    try:
        return Facts.model_validate_json(content)
    except ValueError as error:
        raise LedgerCorrupt(
            f"attachment {sha256} is stored as facts and is none: {error}",
            hint="`maintkit ledger verify` finds the entry",
        ) from error
