"""A ticket for a person and for a script: the same things in both."""

from __future__ import annotations

import json
from typing import Any

import click

from maintkit.cli.terminal.calendar import calendar_of
from maintkit.cli.terminal.incident import on_site
from maintkit.cli.terminal.words import bare
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import Site
from maintkit.desk import ticket as desk
from maintkit.desk.ticket import Ticket
from maintkit.evidence.ledger import Ledger


def print_ticket(place: Site, ledger: Ledger, id_: str, *, as_json: bool) -> None:
    """The ticket as it stands now, with every time as the site's clock shows it, or as JSON."""
    said = as_json_of(place, desk.ticket(ledger, id_))
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    said = on_site(said, place.contract.zone)
    click.echo(bare(f"{said['ticket']} {said['kind'] or 'not accepted'}: {said['title']}"))
    for due in said["due"]:
        until = f" until {due['deadline'][:16]}" if due["deadline"] else f" ({due['reason']})"
        agreed = f", agreed by {due['agreed_by']}" if due["agreed_by"] else ""
        late = f", breached at {due['breached_at'][:16]}" if due["breached_at"] else ""
        late += f" ({due['reason']})" if due["deadline"] and due["reason"] else ""
        click.echo(bare(f"  {due['step']} {due['title_zh']}: {due['state']}{until}{agreed}{late}"))
    days = said["person_days"]
    click.echo(
        f"  person-days: {days['confirmed']:g} of {days['entered']:g} confirmed, {days['above']:g} above the included"
    )
    for entry in said["entries"]:
        late = "" if entry["at"][:16] == entry["entered"][:16] else f" (entered {entry['entered'][:16]})"
        kind = entry["kind"].removeprefix("ticket.")
        click.echo(bare(f"  {entry['at'][:16]}{late} {kind} {entry['by']}: {entry['text']}"))


def as_json_of(place: Site, one: Ticket) -> dict[str, Any]:
    """Everything of a ticket. Instants are RFC 3339 in UTC."""
    contract, now = place.contract, SystemClock().now()
    dues = desk.dues(one, contract.requests, calendar_of(place, now), contract.zone, now)
    return {
        "ticket": one.id,
        "title": one.title,
        "kind": one.kind,
        "accepted_at": to_text(one.accepted) if one.accepted else None,
        "closed": one.closed,
        "due": [
            {
                "step": due.step,
                "title_zh": due.title_zh,
                "state": due.state,
                "deadline": to_text(due.deadline) if due.deadline else None,
                "reached": to_text(due.reached) if due.reached else None,
                "breached_at": to_text(due.breached_at) if due.breached_at else None,
                "agreed_by": due.agreed_by,
                "reason": due.reason,
            }
            for due in dues
        ],
        "person_days": {
            "entered": sum(each.days for each in one.efforts),
            "confirmed": one.confirmed_days,
            "included": contract.requests.included_person_days,
            "above": one.above(contract.requests),
        },
        "plans": list(one.plans),
        "entries": [
            {"entry": entry.seq, "kind": entry.kind, "entered": to_text(entry.at), **entry.body}
            for entry in one.entries
        ],
    }
