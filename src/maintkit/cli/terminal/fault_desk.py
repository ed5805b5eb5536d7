"""What commands about incidents do alike: open the site, enter a step, show what came of it, know systems and hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from maintkit.cli.terminal.calendar import calendar_of
from maintkit.cli.terminal.incident import Desk, as_json_of, print_incident, row
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock
from maintkit.contract.load import load_site
from maintkit.desk.incident import Verb, incident, incidents
from maintkit.desk.intake import enter
from maintkit.desk.surroundings import Surroundings
from maintkit.evidence import history
from maintkit.sitefile import near


@contextmanager
def at_desk(site: Path, *, read_only: bool = False) -> Iterator[Desk]:
    """The site, its ledger opened, and the present; errors of both pass through."""
    place, now = load_site(site), SystemClock().now()
    with open_ledger(place.settings, read_only=read_only) as ledger:
        yield Desk(place=place, ledger=ledger, calendar=calendar_of(place, now), now=now)


def take_step(
    site: Path,
    id_: str,
    verb: Verb,
    *,
    at: datetime | None,
    by: str,
    text: str,
    as_json: bool,
    more: dict[str, Any] | None = None,
) -> None:
    """Enter a step of an incident and show it; DeskRefused when it cannot be."""
    with at_desk(site) as desk:
        enter(desk.ledger, id_, verb, at=desk.instant(at), by=by, text=text, more=more)
        tell(desk, id_, as_json=as_json)


def tell(desk: Desk, id_: str, *, as_json: bool) -> None:
    """Show one incident; raises NotFound."""
    said = as_json_of(desk, incident(desk.ledger, id_), incidents(desk.ledger), Surroundings(desk.ledger))
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        print_incident(said, desk.place.contract.zone)


def rows(desk: Desk, *, only_open: bool) -> Iterator[dict[str, Any]]:
    """A line for each incident in the order of their reports, or for each that is not closed."""
    for one in incidents(desk.ledger):
        if not only_open or one.state not in ("closed", "duplicate"):
            yield row(desk, one)


def require_known(desk: Desk, systems: tuple[str, ...], hosts: tuple[str, ...]) -> None:
    """Refuse a system that the contract has not, and a host that no inspection names.

    Of hosts nobody can tell before the whole inventory was inspected once.
    """
    for name in systems:
        if name not in desk.place.contract.systems:
            raise click.UsageError(f"no system {name!r}{near(name, desk.place.contract.systems)}")
    known = history.known_hosts(desk.ledger) if hosts else None
    for name in hosts:
        if known is not None and name not in known:
            raise click.UsageError(f"no inspection has seen a host {name!r}{near(name, sorted(known))}")


def hosts_of(desk: Desk, systems: tuple[str, ...]) -> list[str]:
    """The hosts of these systems as the newest inspection knew them: asking the inventory would start Ansible."""
    newest = history.latest(desk.ledger) if systems else None
    return [host.name for host in newest.hosts if set(host.systems) & set(systems)] if newest else []
