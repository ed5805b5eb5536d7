"""Plans in the ledger, their only home: frozen once, read back with the proof that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from maintkit.clock import from_text, to_text
from maintkit.errors import ChangeRefused, LedgerCorrupt, NotFound, PlanChanged
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.plans.model import Plan, parse

FROZEN = "plan.frozen"


@dataclass(frozen=True, kw_only=True)
class Headline:
    """What `plan list` shows of a plan without reading it whole."""

    id: str
    sha256: str
    procedure: str
    title_zh: str
    hosts: tuple[str, ...]
    risk: str
    effect: str
    requester: str
    created_at: datetime
    undoes: str | None


def next_id(ledger: Ledger, now: datetime, zone: ZoneInfo) -> str:
    """The number that a plan made now gets: `P20261124-1`, by the day of the contract's time zone."""
    day = f"P{now.astimezone(zone):%Y%m%d}-"
    taken = [entry.subject or "" for entry in ledger.entries(kind=FROZEN)]
    numbers = [int(id_.removeprefix(day)) for id_ in taken if id_.startswith(day)]
    return f"{day}{max(numbers, default=0) + 1}"


def freeze(ledger: Ledger, plan: Plan) -> Plan:
    """Record the plan for good and return it as it will be read back.

    ChangeRefused when its number is taken, it belongs to another ledger, a value is not what a plan may hold, or
    something in it would be masked: what is signed must be stored to the letter.
    """
    frozen = parse(plan.text)
    if frozen.ledger != ledger.id:
        raise ChangeRefused(f"plan {plan.id} is made for the ledger {plan.ledger}, this one is {ledger.id}",
                            hint="make the plan in the site whose hosts it changes")  # fmt: skip
    with ledger.writing(f"freeze plan {frozen.id}"):
        if next(ledger.entries(kind=FROZEN, subject=frozen.id, limit=1), None) is not None:
            raise ChangeRefused(f"there is a plan {frozen.id} already", hint="take the next number")
        attached = ledger.seal(frozen.text.encode())
        if attached.masked or attached.sha256 != frozen.sha256:
            raise ChangeRefused(
                f"plan {frozen.id} holds {attached.masked} values that look like secrets or patient data",
                hint="keep secrets in the vault and name them there; see `maintkit.yml`, redact_patterns",
            )
        ledger.append(FROZEN, _headline(frozen), subject=frozen.id, attachments=(attached,))
    return frozen


def plan_of(ledger: Ledger, id_: str) -> Plan:
    """The plan of this number; NotFound if there is none, PlanChanged if it is not what was frozen."""
    entry = next(ledger.entries(kind=FROZEN, subject=id_, limit=1), None)
    if entry is None:
        raise NotFound(f"no plan {id_!r} in the ledger", hint="`maintkit plan list` shows those there are")
    return _read(ledger, entry)


def require_frozen(ledger: Ledger, plan: Plan) -> None:
    """Raise PlanChanged unless the plan in hand is, to the letter, the one that was frozen."""
    if plan_of(ledger, plan.id).sha256 != plan.sha256:
        raise PlanChanged(f"plan {plan.id} was altered since it was frozen", hint="make a new plan for another change")


def headlines(ledger: Ledger) -> Iterator[Headline]:
    """Every plan, newest first."""
    for entry in ledger.entries(kind=FROZEN, newest_first=True):
        body = entry.body
        yield Headline(
            id=entry.subject or "",
            sha256=body["sha256"],
            procedure=body["procedure"],
            title_zh=body["title_zh"],
            hosts=tuple(body["hosts"]),
            risk=body["risk"],
            effect=body["effect"],
            requester=body["requester"],
            created_at=from_text(body["created_at"]),
            undoes=body.get("undoes"),
        )


def _read(ledger: Ledger, entry: Entry) -> Plan:
    text = ledger.attachment(entry.body["sha256"])
    if sha256(text).hexdigest() != entry.body["sha256"]:
        raise PlanChanged(f"plan {entry.subject} is not what was frozen", hint="run `maintkit ledger verify`")
    plan = parse(text)
    if (plan.id, plan.sha256) != (entry.subject, entry.body["sha256"]) or entry.attachments != (plan.sha256,):
        raise LedgerCorrupt(f"entry {entry.seq} does not name the plan it holds", hint="run `maintkit ledger verify`")
    return plan


def _headline(plan: Plan) -> dict[str, object]:
    return {
        "sha256": plan.sha256,
        "procedure": plan.procedure,
        "title_zh": plan.title_zh,
        "hosts": [host.name for host in plan.hosts],
        "risk": plan.risk,
        "effect": plan.effect,
        "requester": plan.requester,
        "created_at": to_text(plan.created_at),
        **({"undoes": plan.undoes} if plan.undoes else {}),
    }
