"""What must hold before a step of a ticket goes into the ledger: one thing after another."""

from __future__ import annotations

from datetime import datetime

from maintkit.clock import from_text, to_text
from maintkit.desk.ticket import CLOSED, EFFORT, REACHED, Effort, Ticket
from maintkit.errors import DeskRefused


def in_order(one: Ticket, kind: str, at: datetime) -> None:
    """DeskRefused for a step before the opening, for one reached or closed before the acceptance, and for a closing
    before what was reached."""
    if at < one.opened:
        raise DeskRefused(f"{one.id} was opened at {to_text(one.opened)}, after {to_text(at)}", hint="see --at")
    if kind in (REACHED, CLOSED) and one.accepted and at < one.accepted:
        raise DeskRefused(
            f"{one.id} was accepted at {to_text(one.accepted)}, after {to_text(at)}",
            hint="give the time on site with --at; a written acceptance that came earlier is entered with its own --at",
        )
    reached = max((from_text(entry.body["at"]) for entry in one.of(REACHED)), default=None)
    if kind == CLOSED and reached and at < reached:
        raise DeskRefused(
            f"a step of {one.id} was reached at {to_text(reached)}, after {to_text(at)}",
            hint="give the time at which the hospital agreed that it is over with --at",
        )


def confirmable(one: Ticket, entry: int | None, at: datetime) -> tuple[Effort, ...]:
    """The efforts that nobody confirmed yet, or the one of this entry; DeskRefused when there is none.

    Nothing is confirmed before it was spent.
    """
    known = {effort.entry: effort for effort in one.efforts}
    if entry is not None and entry not in known:
        numbers = ", ".join(map(str, known)) or "none"
        raise DeskRefused(f"{one.id} has no effort in entry {entry}", hint=f"its efforts are entries {numbers}")
    asked = [effort for number, effort in known.items() if entry in (None, number) and not effort.confirmed_by]
    if not asked:
        said = f"entry {entry} of {one.id} is confirmed" if entry else f"{one.id} has no effort that nobody confirmed"
        raise DeskRefused(said, hint=f"`maintkit ticket show {one.id}`; new ones are entered with `ticket effort`")
    spent = {had.seq: from_text(had.body["at"]) for had in one.of(EFFORT)}
    last = max(spent[effort.entry] for effort in asked)
    if at < last:
        raise DeskRefused(
            f"an effort of {one.id} was spent at {to_text(last)}, after {to_text(at)}",
            hint="give the time of the confirmation with --at, or name an earlier effort with --entry",
        )
    return tuple(asked)
