"""`maintkit register`: people and undertakings, project managers, trainings, meetings, assessments, certificates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from maintkit.cli.terminal.options import SAID, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.words import bare
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.errors import SiteError
from maintkit.evidence import registers
from maintkit.evidence.registers import KINDS, Field, Item
from maintkit.sitefile import near

EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
kind_argument = click.argument("kind", metavar="KIND", type=click.Choice(list(KINDS)))


@click.group()
def command() -> None:
    """Registers with dates and owners: add, list, show, close. `register fields KIND` names what an item has."""


@command.command()
@kind_argument
def fields(kind: str) -> None:
    """The fields of a register: `--set NAME=VALUE`."""
    for one in KINDS[kind].fields:
        marks = [mark for mark, on in (("required", one.required), ("YYYY-MM-DD", one.day)) if on]
        click.echo(f"{one.name:<14}{one.label_zh}  {' '.join(marks)}".rstrip())


@command.command()
@kind_argument
@click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="A field of `register fields KIND`.")
@click.option("--attach", "files", multiple=True, type=EXISTING_FILE, help="Like the signed undertaking.")
@by_option
@json_option
@site_option
def add(*, kind: str, given: tuple[str, ...], files: tuple[Path, ...], by: str, as_json: bool, site: Path) -> None:
    """Register an item."""
    place = load_site(site)
    values = _values(kind, given, _today(place.contract.zone))
    with open_ledger(place.settings) as ledger:
        if kind == "manager":
            _replaces(values["from"], registers.managers(ledger, (one.name for one in place.contract.project_managers)))
        made = registers.add(ledger, kind, values, files, by=by)
    _tell(made, _today(place.contract.zone), as_json=as_json)


@command.command("list")
@click.argument("kind", metavar="[KIND]", type=click.Choice(list(KINDS)), required=False)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day.  [default: today]")
@click.option("--all", "closed_too", is_flag=True, help="Closed items too.")
@json_option
@site_option
def list_(*, kind: str | None, on: datetime | None, closed_too: bool, as_json: bool, site: Path) -> None:
    """Items with their state: valid, due-soon, overdue, lacking (no undertaking or consent in time)."""
    place = load_site(site)
    day = on.date() if on else _today(place.contract.zone)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = [one for one in registers.items(ledger, kind) if closed_too or one.closed_at is None]
    if as_json:
        click.echo(json.dumps([_json(one, day) for one in found], ensure_ascii=False))
    for one in () if as_json else found:
        click.echo(_line(one, day))
    if not found and not as_json:
        click.echo("nothing registered")


@command.command()
@click.argument("item")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Write its files into this directory.")
@json_option
@site_option
def show(*, item: str, save: Path | None, as_json: bool, site: Path) -> None:
    """One item in full, with its files."""
    place = load_site(site)
    day = _today(place.contract.zone)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = registers.item(ledger, item)
        contents = {file: ledger.attachment(file.stored) for file in (*found.files, *found.proof)} if save else {}
    if save:
        _save(save, {f"{found.id}-{one.sha256[:8]}-{Path(one.name).name}": kept for one, kept in contents.items()})
    if as_json:
        click.echo(json.dumps(_json(found, day), ensure_ascii=False))
        return
    click.echo(_line(found, day))
    for one in KINDS[found.kind].fields:
        click.echo(f"  {one.label_zh}: {bare(found.fields.get(one.name, '-'))}")
    for file in (*found.files, *found.proof):
        masked = f", {file.masked} places masked" if file.masked else ""
        click.echo(f"  file {bare(file.name)}: {file.sha256}{masked}")
    if found.closed_at:
        click.echo(f"  closed {to_text(found.closed_at)[:10]} by {bare(found.closed_by)}: {bare(found.why)}")


@command.command()
@click.argument("item")
@click.option("--why", type=SAID, required=True, help="How it was remedied, or why it ends.")
@click.option("--proof", "files", multiple=True, type=EXISTING_FILE, help="What proves it; an assessment needs one.")
@by_option
@json_option
@site_option
def close(*, item: str, why: str, files: tuple[Path, ...], by: str, as_json: bool, site: Path) -> None:
    """End an item."""
    place = load_site(site)
    with open_ledger(place.settings) as ledger:
        if KINDS[registers.item(ledger, item).kind].proven and not files:
            raise click.UsageError(f"{item} is closed with what proves it: --proof FILE")
        made = registers.close(ledger, item, files, why=why, by=by)
    _tell(made, _today(place.contract.zone), as_json=as_json)


def _save(directory: Path, files: Mapping[str, bytes]) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / name).write_bytes(content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SiteError(f"{directory}: {reason}", hint="choose a directory that you may write to") from error


def _replaces(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        said = f"--set from={name} is no project manager{near(name, known)}"
        raise click.UsageError(f"{said}; those of contract.yml and of registered changes are {', '.join(known)}")


def _values(kind: str, given: tuple[str, ...], today: date) -> dict[str, str]:
    """What was given, field by field: known, once, days as days, nothing that is required left out."""
    values: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        field = KINDS[kind].field(name)
        if not equals or field is None:
            known = ", ".join(field.name for field in KINDS[kind].fields)
            raise click.UsageError(f"--set {one!r} is no field of {kind}; those are {known}")
        if name in values or not value.strip():
            raise click.UsageError(f"--set {name} is {'given twice' if name in values else 'empty'}")
        values[name] = _day(field, value.strip(), today) if field.day else value.strip()
    missing = [field.name for field in KINDS[kind].fields if field.required and field.name not in values]
    if missing:
        raise click.UsageError(f"a {kind} needs --set {'=… --set '.join(missing)}=…")
    return values


def _day(field: Field, text: str, today: date) -> str:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        raise click.UsageError(f"--set {field.name}={text} is no day as YYYY-MM-DD") from None
    if field.past and day > today:
        raise click.UsageError(f"--set {field.name}={text} is still to come; register it when it has happened")
    return day.isoformat()


def _today(zone: Any) -> date:
    return SystemClock().now().astimezone(zone).date()


def _tell(made: Item, day: date, *, as_json: bool) -> None:
    click.echo(json.dumps(_json(made, day), ensure_ascii=False) if as_json else _line(made, day))
    for file in (*made.files, *made.proof):
        if file.masked and not as_json:
            click.echo(f"  {bare(file.name)}: {file.masked} places were masked; keep the original yourself", err=True)


def _line(one: Item, day: date) -> str:
    ends = one.ends()
    left = f"  {(ends - day).days} days left" if ends and one.closed_at is None else ""
    said = "  ".join(one.fields.values())
    return bare(f"{one.id:<14}{one.state(day):<10}{said}{left}")


def _json(one: Item, day: date) -> dict[str, Any]:
    ends = one.ends()
    return asdict(one) | {
        "at": to_text(one.at),
        "closed_at": to_text(one.closed_at) if one.closed_at else None,
        "state": one.state(day),
        "ends": ends.isoformat() if ends else None,
        "days_left": (ends - day).days if ends and one.closed_at is None else None,
    }
