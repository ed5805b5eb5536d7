"""`maintkit report` of faults, tickets, the service and security: the commands; the drawing is in modules beside."""

from __future__ import annotations

from pathlib import Path

import click

from maintkit.cli.terminal import desk_documents as drawing
from maintkit.cli.terminal import security_documents as security
from maintkit.cli.terminal.document import document_options, write
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock
from maintkit.contract.load import Site, load_site
from maintkit.documents.render import Format
from maintkit.documents.views.month import Covered, Month
from maintkit.documents.views.quarter import Quarter
from maintkit.errors import NotFound
from maintkit.evidence import history

month_option = click.option("--month", help="Like 2026-10.  [default: the present one]")
quarter_option = click.option("--quarter", help="Like 2026Q4.  [default: the present one, without --month]")


@click.command("incident-summary")
@month_option
@document_options
def incident_summary(
    *, month: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool
) -> int:
    """月度故障汇总: the faults of a month by level, system, class and cause, with their clocks."""
    place = load_site(site)
    wanted = _month(month) if month else Month.of(SystemClock().now(), place.contract.zone)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = drawing.fault_month(place, ledger, wanted)
    return write(place, document, formats, out, as_json=as_json)


@click.command("incident")
@click.argument("id_", metavar="INCIDENT")
@document_options
def incident(*, id_: str, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """故障分析报告: a fault, its clocks, its cause and what shall prevent it (`maintkit incident analyse`)."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = drawing.fault_report(place, ledger, id_)
    return write(place, document, formats, out, as_json=as_json)


@click.command("ticket-summary")
@month_option
@quarter_option
@document_options
def ticket_summary(
    *, month: str | None, quarter: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool
) -> int:
    """需求处理汇总: bugs and changes with what was due, what was agreed on, and person-days."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = drawing.wish_period(place, ledger, _covered(place, month, quarter))
    return write(place, document, formats, out, as_json=as_json)


@click.command("service-review")
@month_option
@quarter_option
@document_options
def service_review(
    *, month: str | None, quarter: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool
) -> int:
    """服务回顾报告: what was promised and done; 服务评价 and 下期工作计划 by `maintkit report fill service-review`."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = drawing.review(place, ledger, _covered(place, month, quarter))
    return write(place, document, formats, out, as_json=as_json)


@click.command("security-event")
@click.argument("events", metavar="[EVENT]...", nargs=-1)
@click.option("--run", help="Everything that this inspection found of access.  [default: the newest]")
@document_options
def security_event(
    *,
    events: tuple[str, ...],
    run: str | None,
    site: Path,
    formats: tuple[Format, ...],
    out: Path | None,
    as_json: bool,
) -> int:
    """安全事件报告: what was found of access to the hosts, and what people found out about it."""
    if events and run:
        raise click.UsageError("name events or an inspection (--run), not both")
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        if events:
            document = security.security_of_events(place, ledger, events)
        else:
            newest = None if run else history.latest(ledger)
            if run is None and newest is None:
                raise NotFound("the ledger holds no inspection", hint="run `maintkit inspect` first")
            document = security.security_of_run(place, ledger, run or (newest.run if newest else ""))
    return write(place, document, formats, out, as_json=as_json)


COMMANDS = (incident_summary, incident, ticket_summary, service_review, security_event)


def covered_by(text: str, where: str) -> Covered:
    """A month or a quarter as it is written; click's refusal (exit code 2) of anything else."""
    try:
        return Quarter.parse(text) if "Q" in text.upper() else Month.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=where) from error


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--month") from error


def _covered(place: Site, month: str | None, quarter: str | None) -> Covered:
    if month and quarter:
        raise click.UsageError("say one of --month and --quarter")
    if month:
        return _month(month)
    if quarter is None:
        return Quarter.of(SystemClock().now(), place.contract.zone)
    try:
        return Quarter.parse(quarter)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--quarter") from error
