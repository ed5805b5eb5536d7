"""`maintkit report`: records and reports, drawn from the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import Site, load_site
from maintkit.documents.header import Header
from maintkit.documents.model import Document
from maintkit.documents.render import FORMATS, Format, render
from maintkit.documents.views.inspection_record import inspection_record
from maintkit.documents.views.inspection_summary import inspection_summary
from maintkit.documents.views.quarter import Quarter
from maintkit.errors import DocumentRefused, NotFound
from maintkit.evidence import events, history
from maintkit.evidence.comparison import compare
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def document_options(function: CommandT) -> CommandT:
    """The options of every document."""
    for option in (
        json_option,
        click.option(
            "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to.  [default: the site's reports]"
        ),
        click.option(
            "--format",
            "formats",
            multiple=True,
            type=click.Choice(get_args(Format)),
            help="May be repeated.  [default: all]",
        ),
        site_option,
    ):
        function = option(function)
    return function


@click.group(invoke_without_command=True)
@click.option("--list", "listing", is_flag=True, help="List the inspections that a record can be made of.")
@json_option
@site_option
@click.pass_context
def command(ctx: click.Context, *, listing: bool, site: Path, as_json: bool) -> None:
    """Write records and reports from the ledger: docx, xlsx, html, pdf."""
    if listing:
        _list(site, as_json=as_json)
    elif ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command()
@click.option("--run", help="The inspection.  [default: the newest]")
@document_options
def inspection(*, run: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """日常系统巡检记录 (季度深度巡检记录 of a deep run): one inspection, ready to sign."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = history.inspection(ledger, run) if run else history.latest(ledger)
        if found is None:
            raise NotFound("the ledger holds no inspection", hint="run `maintkit inspect` first")
        comparison = compare(found, history.previous(ledger, found))
        document = inspection_record(found, comparison, events.handlings(ledger), header(place))
    return _write(place, document, formats, out, as_json=as_json)


@command.command("inspection-summary")
@click.option("--quarter", help="Like 2026Q4.  [default: the present one]")
@document_options
def summary(*, quarter: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """季度巡检记录汇总单: the inspections of a quarter, handed over."""
    place = load_site(site)
    zone = ZoneInfo(place.contract.time_zone)
    try:
        wanted = Quarter.parse(quarter) if quarter else Quarter.of(SystemClock().now(), zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--quarter") from error
    with open_ledger(place.settings, read_only=True) as ledger:
        held = tuple(_up_to(ledger, wanted, zone))
        document = inspection_summary(wanted, held, events.handlings(ledger), header(place))
    return _write(place, document, formats, out, as_json=as_json)


def header(place: Site) -> Header:
    """What stands at the head of every document of this site."""
    contract = place.contract
    return Header(
        hospital=contract.hospital.name,
        provider=contract.provider.name,
        contract_number=contract.number,
        contract_title=contract.title,
        zone=ZoneInfo(contract.time_zone),
        systems={name: system.name_zh for name, system in place.services.systems.items()},
    )


def _up_to(ledger: Ledger, quarter: Quarter, zone: ZoneInfo) -> Iterator[Inspection]:
    """The inspections of the quarter and of the one before, which the first ones are compared with."""
    for found in history.inspections(ledger):
        when = Quarter.of(found.started_at, zone)
        if when > quarter:
            continue
        yield found
        if when < quarter.previous():
            return


def _write(place: Site, document: Document, formats: tuple[Format, ...], out: Path | None, *, as_json: bool) -> int:
    """Write the formats asked for, all or none; of all formats, those that can be written. Returns the exit code."""
    directory = out or place.settings.reports
    stem = f"{document.title}-{document.number}"
    written: list[Path] = []
    refused: dict[str, str] = {}
    if formats:
        written += render(document, formats, directory, stem)
    for one in () if formats else FORMATS:
        try:
            written += render(document, (one,), directory, stem)
        except DocumentRefused as error:
            refused[one] = f"{error} ({error.hint})"
    if as_json:
        said = {"written": [str(path) for path in written], "refused": refused, "draft": document.draft}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        for path in written:
            click.echo(path)
        for name, why in refused.items():
            click.echo(f"maintkit: no {name}: {why}", err=True)
    return DocumentRefused.exit_code if refused else 0


def _list(site: Path, *, as_json: bool) -> None:
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        rows = [_row(one) for one in history.inspections(ledger)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    for row in () if as_json else rows:
        when, hosts = str(row["started_at"])[:16], f"{row['inspected']}/{row['expected']} hosts"
        click.echo(f"{row['run']}  {when}  {row['kind']}  {row['ended'] or 'never finished'}  {hosts}")


def _row(one: Inspection) -> dict[str, object]:
    """One inspection of the list; `ended` is null for one that never finished."""
    return {
        "run": one.run,
        "started_at": to_text(one.started_at),
        "kind": "deep" if one.deep else "daily",
        "ended": one.ended,
        "expected": one.coverage.expected,
        "inspected": one.coverage.inspected,
    }
