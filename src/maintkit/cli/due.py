"""`maintkit due`: what the contract asks for next, and what a person says was done."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from maintkit.cli.terminal.calendar import calendar_of
from maintkit.cli.terminal.icalendar import calendar_file
from maintkit.cli.terminal.options import by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.reminding import print_outcomes, print_plan
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import bare, plain
from maintkit.clock import SystemClock
from maintkit.contract.due import Standing, due
from maintkit.contract.load import Site, load_site
from maintkit.contract.reminders import ABOUT, About, Reminders, load_reminders
from maintkit.desk.incident import incidents
from maintkit.desk.matter import Matter, of_articles, of_duties, of_incidents, of_items, of_tickets
from maintkit.desk.proofs import DONE, seen
from maintkit.desk.ticket import tickets
from maintkit.errors import NotFound, SiteError
from maintkit.evidence.knowledge import articles
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.registers import items
from maintkit.runs.reminding import planned
from maintkit.runs.reminding import remind as remind_all
from maintkit.sitefile import near

OVERDUE = 14
STYLE = {"met": "green", "not-due": "dim", "due-soon": "yellow", "overdue": "bold red", "undetermined": "magenta"}
DAY = click.DateTime(["%Y-%m-%d"])


@click.group(invoke_without_command=True)
@click.option("--on", type=DAY, help="As of the end of this day, YYYY-MM-DD.  [default: today]")
@click.option("--ics", type=click.Path(dir_okay=False, path_type=Path), help="Also write the deadlines as iCalendar.")
@json_option
@site_option
@click.pass_context
def command(ctx: click.Context, *, on: datetime | None, ics: Path | None, as_json: bool, site: Path) -> int:
    """Every duty of the contract: last evidence, next deadline, days left. Exit code 14 when one is overdue."""
    if ctx.invoked_subcommand is not None:
        return 0
    place, now = load_site(site), SystemClock().now()
    day = on.date() if on else now.astimezone(place.contract.zone).date()
    with open_ledger(place.settings, read_only=True) as ledger:
        standings = _standings(place, ledger, now, day)
    if ics:
        _write(ics, calendar_file(standings, contract=place.contract.number, now=now))
    if as_json:
        said = {"on": str(day), "duties": [_json(one) for one in standings]}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        _print(standings, day)
    return OVERDUE if any(one.state == "overdue" for one in standings) else 0


@command.command()
@click.argument("duty", metavar="DUTY")
@click.option("--on", type=DAY, required=True, help="The day it was done, YYYY-MM-DD.")
@click.option("--what", required=True, help="What was done, in a person's words.")
@click.option(
    "--file",
    "paper",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What shows it: a scan, a document; kept in the ledger.",
)
@by_option
@json_option
@site_option
def record(*, duty: str, on: datetime, what: str, paper: Path | None, by: str, as_json: bool, site: Path) -> None:
    """Enter that DUTY was done on a day: by a person's word, and shown as such."""
    place = load_site(site)
    contract = place.contract
    known = contract.duty(duty)
    if known is None:
        ids = [one.id for one in contract.duties]
        raise NotFound(f"the contract has no duty {duty!r}{near(duty, ids)}", hint="`maintkit due` shows its duties")
    if not (what.strip() and by.strip()):
        raise click.UsageError("--what and --by say something")
    if on.date() > SystemClock().now().astimezone(contract.zone).date():
        raise click.UsageError(f"--on {on:%Y-%m-%d} is not over yet: enter what was done, not what is meant")
    if not contract.signed <= on.date() <= contract.term.end:
        raise click.UsageError(f"--on {on:%Y-%m-%d} is outside {contract.signed} to {contract.term.end}")
    with open_ledger(place.settings) as ledger:
        body: dict[str, Any] = {"on": f"{on:%Y-%m-%d}", "what": what.strip(), "by": by.strip(), "file": None}
        kept = []
        if paper:
            kind = mimetypes.guess_type(paper.name)[0] or "application/octet-stream"
            kept = [ledger.seal(_read(paper), media_type=kind)]
            body["file"] = {"name": paper.name, "sha256": kept[0].sha256}
        entry = ledger.append(DONE, body, subject=duty, attachments=kept)
    if as_json:
        click.echo(json.dumps({"entry": entry.seq, "duty": duty, **entry.body}, ensure_ascii=False))
    else:
        click.echo(f"entry {entry.seq}: {duty} done on {on:%Y-%m-%d}, as {bare(by.strip())} says")


@command.command()
@click.option("--dry-run", is_flag=True, help="Show what would be told by whom; tell nobody.")
@click.option(
    "--about",
    "about",
    type=click.Choice(ABOUT),
    multiple=True,
    help="Look only at these; may be repeated: a timer by the minute wants `incident` alone.  [default: all]",
)
@json_option
@site_option
def remind(*, dry_run: bool, about: tuple[About, ...], as_json: bool, site: Path) -> None:
    """Tell people of duties, clocks of faults and tickets, registers and articles that fall due, by reminders.yml."""
    place, now = load_site(site), SystemClock().now()
    reminders = load_reminders(place.root)
    day = now.astimezone(place.contract.zone).date()
    with open_ledger(place.settings, read_only=dry_run) as ledger:
        matters = tuple(_matters(place, ledger, reminders, now, day, about or ABOUT))
        if dry_run:
            print_plan(planned(ledger, place.contract, reminders, matters, day), as_json=as_json)
            return
        outcomes = remind_all(place, ledger, reminders, matters, day)
    print_outcomes(outcomes, as_json=as_json)


def _matters(
    place: Site, ledger: Ledger, reminders: Reminders, now: datetime, day: date, about: tuple[About, ...]
) -> Iterator[Matter]:
    """Only what some hook is told of is looked at."""
    wanted = {kind for hook in reminders.hooks for kind in hook.about if kind in about}
    if "incident" in wanted:
        known, left = incidents(ledger), reminders.clock_left
        yield from of_incidents(known, place.contract, calendar_of(place, now), now, left_percent=left)
    if "ticket" in wanted:
        asked, left = tickets(ledger), reminders.clock_left
        yield from of_tickets(asked, place.contract, calendar_of(place, now), now, left_percent=left)
    if "duty" in wanted:
        yield from of_duties(_standings(place, ledger, now, day), day)
    if "register" in wanted:
        yield from of_items(items(ledger), day)
    if "knowledge" in wanted:
        yield from of_articles(articles(ledger), day)


def _standings(place: Site, ledger: Ledger, now: datetime, day: date) -> tuple[Standing, ...]:
    evidence = seen(ledger, [duty.id for duty in place.contract.duties], place.contract.zone, day)
    return due(place.contract, calendar_of(place, now), evidence, day)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SiteError(f"{path}: {(error.strerror or str(error)).lower()}", hint="name a file you may read") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SiteError(f"{path}: {reason}", hint="choose a place that you may write to") from error


def _json(one: Standing) -> dict[str, Any]:
    last = one.last
    return {
        "duty": one.duty.id,
        "title_zh": one.duty.title_zh,
        "rhythm": one.duty.rhythm,
        "state": one.state,
        "last": None
        if last is None
        else {
            "on": str(last.day),
            "source": last.source,
            "what": last.what,
            "by": last.by,
            "simulated": last.simulated,
        },
        "next_due": str(one.next_due) if one.next_due else None,
        "days_left": one.days_left,
        "missed": list(one.missed),
        "reason": one.reason,
    }


def _print(standings: tuple[Standing, ...], day: date) -> None:
    click.echo(f"as of {day}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("state", "duty", "rhythm", "last", "next due", "days"):
        table.add_column(title, no_wrap=True, justify="right" if title == "days" else "left")
    table.add_column("missed, and why", overflow="fold")
    for one in standings:
        last = one.last
        table.add_row(
            f"[{STYLE[one.state]}]{one.state}[/]",
            one.duty.id,
            one.duty.rhythm,
            plain(f"{last.day} {last.source}{' (simulated)' if last.simulated else ''}") if last else "-",
            str(one.next_due or "-"),
            "-" if one.days_left is None else str(one.days_left),
            plain("; ".join(said for said in (_missed(one), one.reason) if said)),
        )
    wide_console().print(table)


def _missed(one: Standing) -> str:
    """The last three; `--json` has them all."""
    earlier = len(one.missed) - 3
    return ", ".join(one.missed[-3:]) + (f" and {earlier} earlier" if earlier > 0 else "")
