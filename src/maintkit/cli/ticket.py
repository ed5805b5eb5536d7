"""`maintkit ticket`: bugs and changes (需求/缺陷) from the written acceptance to the closing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any, get_args

import click

from maintkit.cli.terminal.options import SAID, TIME, at_option, by_option, json_option, site_option, text_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.ticket import as_json_of, print_ticket
from maintkit.cli.terminal.words import bare
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import Site, load_site
from maintkit.contract.sla import Step
from maintkit.desk import ticket as desk
from maintkit.desk.order import confirmable, in_order
from maintkit.desk.ticket import Ticket
from maintkit.errors import DeskRefused
from maintkit.plans.record import application
from maintkit.sitefile import near

STEPS = get_args(Step.model_fields["id"].annotation)
AHEAD = timedelta(minutes=2)


class Days(click.FloatRange):
    """So many days, more than none: a number that can be added up."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; `nan` compares with no bound and `inf` lies within every one."""
        days = float(super().convert(value, param, ctx))
        if not isfinite(days):
            self.fail(f"{value!r} is no number of days", param, ctx)
        return days


@click.group()
def command() -> None:
    """Bugs and changes (需求/缺陷): acceptance, agreed dates, effort."""


@command.command("open")
@click.option("--requester", type=SAID, required=True, help="Who of the hospital wants it, by name.")
@click.option("--department", type=SAID, required=True, help="The requester's department.")
@click.option("--title", "text", type=SAID, required=True, help="What is wanted, in one sentence.")
@at_option
@by_option
@json_option
@site_option
def open_(
    *, requester: str, department: str, text: str, at: datetime | None, by: str, as_json: bool, site: Path
) -> None:
    """Enter a wish or a bug; no clock runs before it is accepted in writing."""
    place = load_site(site)
    with open_ledger(place.settings) as ledger, ledger.writing("open a ticket"):
        when = _instant(place, at)
        day = f"T{when.astimezone(place.contract.zone):%Y%m%d}-"
        count = sum((entry.subject or "").startswith(day) for entry in ledger.entries(kind=desk.OPENED))
        said = {"requester": requester, "department": department}
        id_ = f"{day}{count + 1}"
        ledger.append(desk.OPENED, _body(when, text, by, said), subject=id_)
        print_ticket(place, ledger, id_, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@click.option("--kind", required=True, help="A kind of contract.yml, like simple-change.")
@click.option("--accepted-by", type=SAID, required=True, help="Who of the hospital accepted it in writing.")
@text_option
@at_option
@by_option
@json_option
@site_option
def accept(
    *, id_: str, kind: str, accepted_by: str, text: str, at: datetime | None, by: str, as_json: bool, site: Path
) -> None:
    """The written acceptance: the clocks of its kind run from --at."""
    place = load_site(site)
    kinds = [one.id for one in place.contract.requests.kinds]
    if kind not in kinds:
        raise click.UsageError(f"no kind {kind!r}{near(kind, kinds)}: {', '.join(kinds)}")
    more = {"kind": kind, "accepted_by": accepted_by}
    _enter(place, id_, desk.ACCEPTED, at=at, by=by, text=text, more=more, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@click.option("--step", type=click.Choice(STEPS), default="done", show_default=True)
@click.option("--until", type=TIME, required=True, help="The agreed date, on site.")
@click.option("--agreed-by", type=SAID, required=True, help="Who of the hospital agreed.")
@text_option
@at_option
@by_option
@json_option
@site_option
def agree(
    *,
    id_: str,
    step: str,
    until: datetime,
    agreed_by: str,
    text: str,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """An agreed date in place of the contract's clock. What was late before stays late."""
    place = load_site(site)
    more = {"step": step, "until": to_text(_instant(place, until, ahead=True)), "agreed_by": agreed_by}
    _enter(place, id_, desk.AGREED, at=at, by=by, text=text, more=more, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@click.argument("step", type=click.Choice(STEPS))
@text_option
@at_option
@by_option
@json_option
@site_option
def reach(*, id_: str, step: str, text: str, at: datetime | None, by: str, as_json: bool, site: Path) -> None:
    """A step was reached: assessed, started, planned or done."""
    _enter(load_site(site), id_, desk.REACHED, at=at, by=by, text=text, more={"step": step}, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@click.option("--days", type=Days(min=0, min_open=True), required=True, help="Person-days, like 2.5.")
@click.option("--confirmed-by", type=SAID, help="Who of the hospital confirmed them; without it they do not count yet.")
@text_option
@at_option
@by_option
@json_option
@site_option
def effort(
    *,
    id_: str,
    days: float,
    confirmed_by: str | None,
    text: str,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Person-days spent; what the hospital confirmed above the included ones is shown as above."""
    more = {"days": days, "confirmed_by": confirmed_by or ""}
    _enter(load_site(site), id_, desk.EFFORT, at=at, by=by, text=text, more=more, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@click.option("--confirmed-by", type=SAID, required=True, help="Who of the hospital confirmed them.")
@click.option("--entry", type=int, help="One effort, by its entry in `ticket show --json`.  [default: all unconfirmed]")
@text_option
@at_option
@by_option
@json_option
@site_option
def confirm(
    *,
    id_: str,
    confirmed_by: str,
    entry: int | None,
    text: str,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Person-days that were entered before are confirmed by the hospital, also after the closing."""
    place = load_site(site)
    with open_ledger(place.settings) as ledger, ledger.writing(f"confirm effort of {id_}"):
        one, when = desk.ticket(ledger, id_), _instant(place, at)
        for effort_ in confirmable(one, entry, when):
            more = {"effort": effort_.entry, "confirmed_by": confirmed_by}
            ledger.append(desk.CONFIRMED, _body(when, text, by, more), subject=id_)
        print_ticket(place, ledger, id_, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@click.argument("plan", metavar="PLAN")
@at_option
@by_option
@json_option
@site_option
def deliver(*, id_: str, plan: str, at: datetime | None, by: str, as_json: bool, site: Path) -> None:
    """Name the plan that delivers it."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        application(ledger, plan)  # NotFound when there is none of this name
    _enter(place, id_, desk.PLANNED, at=at, by=by, text=plan, more={"plan": plan}, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@text_option
@at_option
@by_option
@json_option
@site_option
def close(*, id_: str, text: str, at: datetime | None, by: str, as_json: bool, site: Path) -> None:
    """The hospital agrees that it is over."""
    _enter(load_site(site), id_, desk.CLOSED, at=at, by=by, text=text, more={}, as_json=as_json)


@command.command()
@click.argument("id_", metavar="TICKET")
@json_option
@site_option
def show(*, id_: str, as_json: bool, site: Path) -> None:
    """One ticket: what is due by when, effort, plans, every entry."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        print_ticket(place, ledger, id_, as_json=as_json)


@command.command("list")
@json_option
@site_option
def list_(*, as_json: bool, site: Path) -> None:
    """Every ticket."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        rows = [as_json_of(place, one) for one in desk.tickets(ledger)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        states = ", ".join(f"{due['step']} {due['state']}" for due in row["due"]) or "not accepted"
        click.echo(bare(f"{row['ticket']}  {row['kind'] or '-'}  {states}  {row['title']}"))
    if not rows:
        click.echo("no tickets")


def _enter(
    place: Site,
    id_: str,
    kind: str,
    *,
    at: datetime | None,
    by: str,
    text: str,
    more: Mapping[str, Any],
    as_json: bool,
) -> None:
    with open_ledger(place.settings) as ledger, ledger.writing(f"enter a step of {id_}"):
        one, when = desk.ticket(ledger, id_), _instant(place, at)
        if one.closed:
            raise DeskRefused(f"{id_} is closed", hint="open a new one")
        in_order(one, kind, when)
        if kind in (desk.AGREED, desk.REACHED):
            _of_its_kind(place, one, str(more["step"]), agreed=kind == desk.AGREED)
        ledger.append(kind, _body(when, text, by, more), subject=id_)
        print_ticket(place, ledger, id_, as_json=as_json)


def _of_its_kind(place: Site, one: Ticket, step: str, *, agreed: bool) -> None:
    kind = place.contract.requests.kind(one.kind)
    if kind is None:
        raise DeskRefused(f"{one.id} is not accepted yet", hint=f"`maintkit ticket accept {one.id}`")
    steps = [each.id for each in kind.steps]
    if step not in steps:
        raise DeskRefused(f"{kind.id} has no step {step}", hint=f"its steps are {', '.join(steps)}")
    if agreed and not kind.agreed_dates:
        raise DeskRefused(f"the contract lets no agreed date replace the clock of {kind.id}", hint="see contract.yml")


def _body(at: datetime, text: str, by: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": to_text(at), "text": text, "by": by, **more}


def _instant(place: Site, at: datetime | None, *, ahead: bool = False) -> datetime:
    now = SystemClock().now()
    found = now if at is None else at.replace(tzinfo=place.contract.zone)
    if found > now + AHEAD and not ahead:
        raise DeskRefused(f"{to_text(found)} is still to come", hint="enter what has happened, with its time on site")
    return found
