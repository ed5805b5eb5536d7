"""`maintkit window`: when the site may be changed, and why not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.clock import SystemClock
from maintkit.contract.changes import Changes
from maintkit.contract.load import load_site
from maintkit.plans.window import Stretch, timetable

DAY = click.DateTime(["%Y-%m-%d"])
DEFAULT_DAYS = 14


@click.group()
def command() -> None:
    """When the contract lets the site be changed."""


@command.command("list")
@click.option(
    "--from", "first", type=DAY, help="The first day, YYYY-MM-DD, in the contract's time zone.  [default: now]"
)
@click.option("--to", "last", type=DAY, help=f"The last day.  [default: {DEFAULT_DAYS} days later]")
@click.option(
    "--system", "systems", multiple=True, help="A system that is to be changed; may be repeated: all together."
)
@json_option
@site_option
def list_(
    *, first: datetime | None, last: datetime | None, systems: tuple[str, ...], as_json: bool, site: Path
) -> None:
    """The windows, and the blackouts that take something from them."""
    place = load_site(site)
    unknown = [name for name in systems if name not in place.services.systems]
    if unknown:
        known = ", ".join(place.services.systems)
        raise click.BadParameter(f"services.yml has no system {unknown[0]!r}: {known}", param_hint="--system")
    zone = place.contract.zone
    start = first.replace(tzinfo=zone) if first else SystemClock().now().astimezone(zone)
    end = last.replace(tzinfo=zone) + timedelta(days=1) if last else start + timedelta(days=DEFAULT_DAYS)
    if end <= start:
        raise click.UsageError("--to is before --from")
    changes = place.contract.changes
    found = timetable(changes, zone, start, end, systems)
    told = [one for one in found if one.windows]
    if as_json:
        click.echo(json.dumps([_json(one, zone, changes) for one in told], ensure_ascii=False, indent=2))
        return
    if not told:
        why = "contract.yml names no window" if not changes.windows else "no window of the contract in this time"
        click.echo(f"the site may not be changed: {why}")
        return
    _show(told, changes, zone)


def _json(one: Stretch, zone: ZoneInfo, changes: Changes) -> dict[str, object]:
    start, end = _local(one, zone)
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "open": one.open,
        "windows": list(one.windows),
        "blackouts": list(one.blackouts),
        "why": _why(one, changes),
    }


def _show(told: list[Stretch], changes: Changes, zone: ZoneInfo) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("from", "to", "length", "window", "may change"):
        table.add_column(title, no_wrap=title in ("from", "to"))
    for one in told:
        start, end = _local(one, zone)
        may = "[green]yes[/]" if one.open else f"[red]no[/]: {plain(_why(one, changes))}"
        length = f"{(end - start).total_seconds() / 60:.0f} min"
        ends = (f"{start:%a %Y-%m-%d %H:%M}", f"{end:%a %Y-%m-%d %H:%M %z}")
        table.add_row(*ends, length, ", ".join(one.windows), may)
    wide_console().print(table)


def _local(one: Stretch, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return one.start.astimezone(zone), one.end.astimezone(zone)


def _why(one: Stretch, changes: Changes) -> str:
    """Why not; nothing when the site may be changed."""
    names = {blackout.id: blackout.title_zh for blackout in changes.blackouts}
    if one.blackouts:
        return ", ".join(f"{id_} {names[id_]}" for id_ in one.blackouts)
    return "" if one.covered else "no window for all these systems"
