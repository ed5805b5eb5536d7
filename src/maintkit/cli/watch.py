"""`maintkit watch`: whether every function of the catalogue works, asked weekly by probes and by people."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from maintkit.cli.terminal.options import SAID, TIME, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.summary import CRIT, CRIT_AND_MISSED, MISSED, WARN, WELL
from maintkit.cli.terminal.words import plain
from maintkit.clock import SystemClock
from maintkit.contract.load import Site, load_site
from maintkit.evidence.entry import Entry
from maintkit.evidence.watch import PROBED, Watched, required_week
from maintkit.evidence.week import Week
from maintkit.runs import watching

STATES = ("open", "in-progress", "resolved")


week_option = click.option("--week", help="Like 2026W48.  [default: the present one]")


@click.group()
def command() -> None:
    """Watch over the functions of the catalogue: run, record, handle, show."""


@command.command()
@click.option("--function", "only", type=int, multiple=True, help="Only what speaks for this one. May be repeated.")
@click.option("--engineer", help="Who watches, as the report bears it.  [default: maintkit.yml, else your login]")
@json_option
@site_option
def run(*, only: tuple[int, ...], engineer: str | None, as_json: bool, site: Path) -> int:
    """Ask all probes of watch.yml at once and record the answers.

    Exit codes: 0 all well, 10 slow, 11 a wrong or missing answer, 12 a probe that could not be asked
    or none at all, 13 both (11 and 12).
    """
    place = load_site(site)
    who = engineer or place.settings.engineer or getpass.getuser()
    with open_ledger(place.settings) as ledger:
        entries = watching.watch(
            place, ledger, only=only, engineer=who, clock=SystemClock(), zone=place.contract.zone
        )  # fmt: skip
        strange = watching.strange_hosts(place, ledger)
    for name, hosts in strange.items():
        sentence = f"watch.yml: probe {name} names {', '.join(hosts)}, which no inspection has seen"
        click.echo(plain(sentence), err=True)
    rows = [{"probe": entry.subject, **entry.body} for entry in entries if entry.kind == PROBED]
    if as_json:
        told = {"run": entries[0].run, "counts": entries[-1].body["counts"], "probes": rows}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(rows, ("probe", "status", "took_ms", "reason", "detail", "covers"))
        click.echo(f"{entries[0].run}: {len(rows)} probes asked; `maintkit watch show` says how the functions stand")
    return _exit_code({str(row["status"]) for row in rows})


@command.command()
@click.argument("function", type=int)
@click.option("--result", type=click.Choice(["ok", "bad"]), required=True, help="What was seen.")
@click.option("--note", type=SAID, required=True, help="What was done and seen; no patient's name.")
@click.option("--at", type=TIME, help="When it was seen, on site: 2026-11-27T16:30.  [default: now]")
@by_option
@json_option
@site_option
def record(
    *, function: int, result: str, note: str, at: datetime | None, by: str, as_json: bool, site: Path
) -> None:  # fmt: skip
    """Enter what a person saw of a FUNCTION (its number) that watch.yml has under `manual`.

    It counts for the week in which it was seen.
    """
    place = load_site(site)
    zone = place.contract.zone
    with open_ledger(place.settings) as ledger:
        seen = at.replace(tzinfo=zone) if at else None
        entry = watching.record(place, ledger, function, result=result, by=by, note=note, at=seen, zone=zone)
    _tell(entry, f"function {function} is {result}", as_json=as_json)


@command.command()
@click.argument("functions", metavar="FUNCTION...", type=int, nargs=-1, required=True)
@click.option("--handling", type=SAID, required=True, help="What was done or will be.")
@click.option("--owner", type=SAID, required=True, help="Who is responsible.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="By when; not needed when resolved.")
@click.option("--state", type=click.Choice(STATES), default="in-progress", show_default=True)
@week_option
@by_option
@json_option
@site_option
def handle(
    *, functions: tuple[int, ...], handling: str, owner: str, due: datetime | None, state: str, week: str | None,
    by: str, as_json: bool, site: Path,
) -> None:  # fmt: skip
    """Enter how each FUNCTION that failed is handled, or why it was not tried; the week's report says so from then on.

    All of them are entered, or none.
    """
    if due is None and state != "resolved":
        raise click.UsageError("a failure that is not resolved needs --due")
    place = load_site(site)
    with open_ledger(place.settings) as ledger:
        entries = watching.handle(
            place, ledger, functions, week=_week(week, place), handling=handling, owner=owner,
            due=f"{due:%Y-%m-%d}" if due else None, state=state, by=by,
        )  # fmt: skip
    if as_json and len(entries) > 1:
        click.echo(json.dumps([_told(entry) for entry in entries], ensure_ascii=False, indent=2))
        return
    for entry in entries:
        _tell(entry, f"function {entry.subject} is {state}, owner {owner}", as_json=as_json)


@command.command()
@week_option
@json_option
@site_option
def show(*, week: str | None, as_json: bool, site: Path) -> None:
    """How every function stands in a week; one with neither probe nor person is uncovered."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = required_week(ledger, _week(week, place), place.contract.zone)
    rows = [_row(one) for one in found.functions]
    if as_json:
        told = {"week": str(found.week), "counts": dict(found.counts()), "functions": rows}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    _print(rows, ("seq", "system", "function", "state", "by"))
    counts = ", ".join(f"{state} {count}" for state, count in found.counts().items() if count)
    click.echo(f"{found.week}: {counts}")


def _week(text: str | None, place: Site) -> Week:
    try:
        return Week.parse(text) if text else Week.of(SystemClock().now(), place.contract.zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--week") from error


def _row(one: Watched) -> dict[str, Any]:
    by = [*one.probes, *(() if one.manual is None else ("a person",))]
    return {"seq": one.seq, "system": one.system, "function": one.function_zh, "state": one.state, "by": by}


def _print(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in columns:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(plain(_text(row[column])) for column in columns))
    wide_console().print(table)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _exit_code(statuses: set[str]) -> int:
    if "error" in statuses or not statuses:
        return CRIT_AND_MISSED if "crit" in statuses else MISSED
    return CRIT if "crit" in statuses else WARN if "warn" in statuses else WELL


def _tell(entry: Entry, sentence: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_told(entry), ensure_ascii=False, indent=2))
    else:
        click.echo(f"entry {entry.seq}: {sentence}")


def _told(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.seq, "kind": entry.kind, "subject": entry.subject, "body": entry.body}
