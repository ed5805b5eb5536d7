"""`maintkit report`: records and reports, drawn from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from maintkit.cli.terminal.document import document_options, header, write
from maintkit.cli.terminal.options import site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.documents.render import Format
from maintkit.documents.views.inspection_record import inspection_record
from maintkit.documents.views.inspection_summary import inspection_summary
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.errors import NotFound
from maintkit.evidence import events, history
from maintkit.evidence.comparison import compare
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection
from maintkit.plans.record import application


@click.group(invoke_without_command=True)
@click.option("--list", "listing", is_flag=True, help="List the inspections that a record can be made of.")
@site_option
@click.pass_context
def command(ctx: click.Context, *, listing: bool, site: Path) -> None:
    """Write records and reports from the ledger: docx, xlsx, html, pdf."""
    if listing:
        _list(site)
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
    return write(place, document, formats, out, as_json=as_json)


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
    return write(place, document, formats, out, as_json=as_json)


@command.command("upgrade-request")
@click.argument("plan", metavar="PLAN")
@document_options
def upgrade(*, plan: str, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """升级申请: a plan for the hospital to approve, with what was signed so far."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = upgrade_request(application(ledger, plan), header(place))
    return write(place, document, formats, out, as_json=as_json)


def _up_to(ledger: Ledger, quarter: Quarter, zone: ZoneInfo) -> Iterator[Inspection]:
    """The inspections of the quarter and of the one before, which the first ones are compared with."""
    for found in history.inspections(ledger):
        when = Quarter.of(found.started_at, zone)
        if when > quarter:
            continue
        yield found
        if when < quarter.previous():
            return


def _list(site: Path) -> None:
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        for one in history.inspections(ledger):
            seen = one.coverage
            kind = "deep" if one.deep else "daily"
            click.echo(
                f"{one.run}  {to_text(one.started_at)[:16]}  {kind}  {one.ended or 'never finished'}"
                f"  {seen.inspected}/{seen.expected} hosts"
            )
