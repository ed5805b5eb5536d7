"""`maintkit incident`: faults from the report to the closing, with every clock of the contract."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from maintkit.cli.terminal.fault_desk import (
    at_desk,
    hosts_of,
    require_known,
    rows,
    take_step,
    tell,
)
from maintkit.cli.terminal.incident import as_json_of
from maintkit.cli.terminal.incidents import as_csv, print_incidents
from maintkit.cli.terminal.options import SAID, TIME, at_option, by_option, json_option, site_option, text_option
from maintkit.cli.terminal.relate import relate
from maintkit.cli.terminal.triage import triage
from maintkit.clock import to_text
from maintkit.desk.incident import Verb, incident, incidents
from maintkit.desk.intake import open_incident
from maintkit.desk.surroundings import Surroundings
from maintkit.errors import DeskRefused
from maintkit.evidence.changes import standing


@click.group()
def command() -> None:
    """Faults (故障): report, level, steps, clocks."""


@command.command("open")
@click.option("--channel", help="A recognised channel of contract.yml, like 电话.")
@click.option("--reporter", type=SAID, required=True, help="Who reported it, by name.")
@click.option("--department", type=SAID, required=True, help="The reporter's department.")
@click.option("--title", type=SAID, help="The fault in one sentence.  [default: what the run says, with --from-run]")
@click.option("--system", "systems", multiple=True, help="A system of the contract; may be repeated.")
@click.option(
    "--host", "hosts", type=SAID, multiple=True, help="A host; may be repeated. Those of the systems are added."
)
@click.option(
    "--from-run", "run", metavar="RUN", help="A change that left this fault: its hosts are those of the incident."
)
@at_option
@by_option
@json_option
@site_option
def open_(  # noqa: PLR0913  # one argument an option
    *,
    channel: str | None,
    reporter: str,
    department: str,
    title: str | None,
    systems: tuple[str, ...],
    hosts: tuple[str, ...],
    run: str | None,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Enter a fault report: the clocks run from --at."""
    with at_desk(site) as desk:
        contract = desk.place.contract
        require_known(desk, systems, hosts)
        channels = contract.faults.channels
        if channel not in channels:
            raise click.UsageError(f"--channel is one of {', '.join(channels)}")
        found = standing(desk.ledger, run) if run else None
        if found:
            bad = [host for host, state in found.hosts.items() if state not in ("done", "unchanged", "untouched")]
            hosts = (*hosts, *(bad or found.hosts))
            title = title or f"{found.procedure} {found.run}: {found.verdict or 'never finished'}"
        if title is None:
            raise click.UsageError("say what the fault is: --title")
        when = desk.instant(at)
        if when.astimezone(contract.zone).date() < contract.signed:
            raise DeskRefused(
                f"{desk.local(when)} is before the contract was signed, {contract.signed}",
                hint="give the time on site with --at; what came before is no fault of this contract",
            )
        body = {
            "text": title,
            "channel": channel,
            "reporter": reporter,
            "department": department,
            "systems": list(systems),
            "hosts": list(dict.fromkeys((*hosts, *hosts_of(desk, systems)))),
            "run": run,
            "by": by,
        }
        entry = open_incident(desk.ledger, body, at=when, zone=contract.zone)
        tell(desk, entry.subject or "", as_json=as_json)


command.add_command(triage)


def _plain_step(name: str, verb: Verb, doc: str) -> None:
    """A step that is only a word at a time: each is a command of its own."""

    @command.command(name, help=doc)
    @click.argument("id_", metavar="INCIDENT")
    @text_option
    @at_option
    @by_option
    @json_option
    @site_option
    def step(*, id_: str, text: str, at: datetime | None, by: str, as_json: bool, site: Path) -> None:
        take_step(site, id_, verb, at=at, by=by, text=text, as_json=as_json)


_plain_step("acknowledge", "acknowledged", "The report was answered: the clock of the response ends.")
_plain_step("arrive", "arrived", "Somebody is on site: that clock ends.")
_plain_step("progress", "progressed", "Interim progress, as it was told to the hospital.")
_plain_step("mitigate", "mitigated", "A workable substitute is in use: the clock of the restoration ends.")
_plain_step("resolve", "resolved", "It is solved: the clock of the restoration ends, that of the analysis begins.")
_plain_step("feedback", "feedback", "What the reporter was told, or said.")
_plain_step("continue", "continued", "The clocks go on.")
_plain_step("close", "closed", "The reporter agrees that it is over.")


@command.command()
@click.argument("id_", metavar="INCIDENT")
@click.option("--agreed-by", type=SAID, required=True, help="Who of the hospital agreed.")
@click.option("--until", type=TIME, help="Until when, on site.  [default: until `continue`]")
@text_option
@at_option
@by_option
@json_option
@site_option
def pause(
    *,
    id_: str,
    agreed_by: str,
    until: datetime | None,
    text: str,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Let the clocks rest, as agreed with the hospital; --text says why."""
    with at_desk(site) as desk:
        start, end = desk.instant(at), desk.instant(until) if until else None
        if end and end <= start:
            raise click.UsageError("--until is not after the begin of the pause")
    more = {"agreed_by": agreed_by, "until": to_text(end) if end else None}
    take_step(site, id_, "paused", at=at, by=by, text=text, as_json=as_json, more=more)


@command.command()
@click.argument("id_", metavar="INCIDENT")
@click.option("--cause", type=SAID, required=True, help="根本原因.")
@click.option("--prevention", type=SAID, required=True, help="预防措施.")
@text_option
@at_option
@by_option
@json_option
@site_option
def analyse(
    *, id_: str, cause: str, prevention: str, text: str, at: datetime | None, by: str, as_json: bool, site: Path
) -> None:
    """Enter 故障分析: --text says what happened; its clock ends when it was handed over, --at."""
    more = {"cause": cause, "prevention": prevention}
    take_step(site, id_, "analysed", at=at, by=by, text=text, as_json=as_json, more=more)


command.add_command(relate)


@command.command()
@click.argument("id_", metavar="INCIDENT")
@click.option("--system", "systems", multiple=True, help="A system of the contract; may be repeated.")
@click.option("--host", "hosts", type=SAID, multiple=True, help="A host; may be repeated.")
@text_option
@at_option
@by_option
@json_option
@site_option
def locate(
    *,
    id_: str,
    systems: tuple[str, ...],
    hosts: tuple[str, ...],
    text: str,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Correct which systems and hosts it is about: those named here stand from now on; --text says how that is known.

    --host alone leaves the systems as they are. --system alone takes the hosts of these systems, as `open` does.
    """
    if not (systems or hosts):
        raise click.UsageError("say where it is: --system, --host, or both")
    with at_desk(site) as desk:
        had = incident(desk.ledger, id_)
        require_known(desk, systems, hosts)
        on = hosts or tuple(hosts_of(desk, systems))
    more = {"systems": list(dict.fromkeys(systems or had.systems)), "hosts": list(dict.fromkeys(on))}
    take_step(site, id_, "located", at=at, by=by, text=text, as_json=as_json, more=more)


@command.command()
@click.argument("id_", metavar="INCIDENT")
@json_option
@site_option
def show(*, id_: str, as_json: bool, site: Path) -> None:
    """One incident: level and rule, clocks, every step with both times, what happened around it."""
    with at_desk(site, read_only=True) as desk:
        tell(desk, id_, as_json=as_json)


@command.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not closed.")
@json_option
@site_option
def list_(*, only_open: bool, as_json: bool, site: Path) -> None:
    """Every incident with its level and its breached clocks."""
    with at_desk(site, read_only=True) as desk:
        found = list(rows(desk, only_open=only_open))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    print_incidents(found)


@command.command()
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@site_option
def export(*, kind: str, site: Path) -> None:
    """Print all incidents: csv for a spreadsheet, json with every clock and step."""
    with at_desk(site, read_only=True) as desk:
        if kind == "json":
            everyone, around = incidents(desk.ledger), Surroundings(desk.ledger)
            told = [as_json_of(desk, one, everyone, around) for one in everyone]
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        click.echo(as_csv(rows(desk, only_open=False)), nl=False)
