"""Working without approval: possible, never quiet. Who, why and how long are recorded and shown in the documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintkit.clock import from_text, to_text
from maintkit.contract.span import Span
from maintkit.errors import ApprovalRefused
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.plans.model import Plan
from maintkit.plans.people import People
from maintkit.plans.window import Window

DECLARED = "emergency.declared"
SHORTEST_REASON = 8  # characters: a reason is a sentence, not "x"


@dataclass(frozen=True, kw_only=True)
class Emergency:
    """A declared emergency: for one plan, by one person, until the window ends."""

    plan: str
    sha256: str
    by: str
    reason: str
    window: Window


def declare(ledger: Ledger, plan: Plan, people: People, *, lasts: Span, by: str, reason: str) -> Emergency:
    """Record that this plan will run without approval; ApprovalRefused without a known person and a reason."""
    person = people.who(by)
    if person is None:
        raise ApprovalRefused(f"{by} is nobody in signers/roles.yml", hint="a listed person has to answer for it")
    if len(reason.strip()) < SHORTEST_REASON:
        raise ApprovalRefused(f"{reason!r} is no reason", hint="say what happened and what would happen by waiting")
    until = ledger.clock.now() + timedelta(minutes=lasts.minutes)
    body = {"plan_sha256": plan.sha256, "by": person.name, "reason": reason.strip(), "until": to_text(until)}
    return emergency_of(ledger.append(DECLARED, body, subject=plan.id))


def declared(ledger: Ledger, plan: Plan, now: datetime) -> Emergency | None:
    """The emergency that covers this very plan now."""
    found = [one for one in emergencies(ledger, plan.id) if one.sha256 == plan.sha256]
    return next((one for one in reversed(found) if one.window.start <= now < one.window.end), None)


def emergencies(ledger: Ledger, plan: str | None = None) -> Iterator[Emergency]:
    """Every emergency ever declared, oldest first: reports show them."""
    for entry in ledger.entries(kind=DECLARED, subject=plan):
        yield emergency_of(entry)


def emergency_of(entry: Entry) -> Emergency:
    """The emergency that an entry holds."""
    body = entry.body
    return Emergency(
        plan=entry.subject or "",
        sha256=body["plan_sha256"],
        by=body["by"],
        reason=body["reason"],
        window=Window(start=entry.at, end=from_text(body["until"])),
    )
