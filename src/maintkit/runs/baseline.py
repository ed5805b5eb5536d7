"""What is remembered of a host before it is asked again: its last facts, its open events, its waivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from maintkit.checks.facts import Facts
from maintkit.checks.follow import Matter, Opened
from maintkit.checks.model import Category, Finding, Waiver
from maintkit.errors import LedgerCorrupt
from maintkit.evidence import history
from maintkit.evidence.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One host's past. `facts` None: it never answered."""

    facts: Facts | None
    opened: Mapping[Matter, Opened]
    findings: Mapping[Matter, history.RecordedFinding]

    @property
    def collected_at(self) -> float | None:
        """The host's clock at its last collection."""
        return self.facts.collected_at if self.facts else None


def baseline(ledger: Ledger, host: str) -> Baseline:
    """What the ledger remembers of a host; raises LedgerCorrupt when its stored facts are none."""
    stored = history.last_facts(ledger, host)
    last = history.last_findings(ledger, host)
    return Baseline(
        facts=_facts(*stored) if stored else None,
        opened={
            (finding.check, finding.subject): (finding.event, finding.first_seen)
            for finding in last
            if finding.event is not None and finding.first_seen is not None
        },
        findings={(finding.check, finding.subject): finding for finding in last if finding.event is not None},
    )


def waivers(ledger: Ledger, now: datetime) -> dict[Matter, Waiver]:
    """Waivers in force, by what they let stand."""
    return {
        (waiver.check, waiver.subject): Waiver(who=waiver.who, why=waiver.why, until=waiver.until)
        for waiver in history.active_waivers(ledger, now)
    }


def not_due(past: Baseline, asked: frozenset[str], host: str, now: datetime) -> tuple[Finding, ...]:
    """Open matters whose check this inspection does not ask for: they stay open, and say why they were not seen."""
    return tuple(
        Finding(
            check=finding.check,
            title_zh=finding.title_zh,
            host=host,
            instance=finding.instance,
            category=cast("Category", finding.category),  # written from one
            status="skipped",
            value=None,
            unit="",
            limit=None,
            previous=finding.value,
            delta=None,
            evidence=None,
            collected_at=now,
            took_ms=0,
            reason=f"not part of this inspection; last seen {finding.status} in an earlier one",
            conclusion_zh="",
            remedy_zh="",
            first_seen=finding.first_seen,
            event=finding.event,
        )
        for (check, _), finding in past.findings.items()
        if check not in asked
    )


def _facts(sha256: str, content: bytes) -> Facts:
    try:
        return Facts.model_validate_json(content)
    except ValueError as error:
        raise LedgerCorrupt(
            f"attachment {sha256} is stored as facts and is none: {error}",
            hint="`maintkit ledger verify` finds the entry",
        ) from error
