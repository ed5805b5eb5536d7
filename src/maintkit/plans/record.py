"""What was asked, signed and declared for a plan, read from the ledger; nothing is judged here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maintkit.errors import ApprovalRefused, NotFound
from maintkit.evidence.entry import Head
from maintkit.evidence.ledger import Ledger
from maintkit.plans.acts import GIVEN, Act, Given, given, parse
from maintkit.plans.emergency import Emergency, emergencies
from maintkit.plans.frozen import plan_of
from maintkit.plans.model import Plan
from maintkit.plans.window import Window

REQUESTED, USED = "approval.requested", "approval.used"
TAKEN, RELEASED = "lock.taken", "lock.released"


@dataclass(frozen=True, kw_only=True)
class Application:
    """What 《升级申请》 says. `window` None: none was asked for yet; `head` is the ledger's when it was read."""

    plan: Plan
    window: Window | None
    requested_at: datetime | None
    approvals: tuple[Given, ...]
    emergencies: tuple[Emergency, ...]
    head: Head


def window_of(act: Act) -> Window:
    """The window inside a signed approval; ApprovalRefused when it has none with a time zone."""
    start, end = act.value("window-start"), act.value("window-end")
    try:
        return Window(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end))
    except ValueError as error:
        raise ApprovalRefused(f"the window {start} to {end} is none: {error}", hint="sign a new text") from None


def requested(ledger: Ledger, plan: Plan) -> tuple[Act, ...]:
    """The texts given out for a plan, oldest first."""
    return tuple(parse(entry.body["text"]) for entry in ledger.entries(kind=REQUESTED, subject=plan.id))


def approvals(ledger: Ledger, plan: Plan) -> tuple[Given, ...]:
    """Everything signed for a plan, oldest first, whether it still counts or not."""
    return tuple(given(ledger, GIVEN, plan.id))


def latest_window(ledger: Ledger, plan: Plan) -> Window:
    """The window of the newest text given out; NotFound when none was."""
    texts = requested(ledger, plan)
    if not texts:
        raise NotFound(f"no window was requested for plan {plan.id}", hint=f"`maintkit request {plan.id} --window …`")
    return window_of(texts[-1])


def application(ledger: Ledger, id_: str) -> Application:
    """The application for a plan as the ledger holds it now; NotFound if there is no such plan."""
    plan = plan_of(ledger, id_)
    newest = next(ledger.entries(kind=REQUESTED, subject=plan.id, newest_first=True, limit=1), None)
    return Application(
        plan=plan,
        window=window_of(parse(newest.body["text"])) if newest else None,
        requested_at=newest.at if newest else None,
        approvals=approvals(ledger, plan),
        emergencies=tuple(emergencies(ledger, plan.id)),
        head=ledger.head(),
    )
