"""`maintkit finding`: the abnormal events, and what people do about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from maintkit.cli.terminal.options import SAID, TIME, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger, site_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.summary import STYLE, finding_json
from maintkit.cli.terminal.words import plain
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.evidence import events, history, manual
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Event, Inspection

STATES = ("open", "in-progress", "resolved")


@click.group()
def command() -> None:
    """Abnormal events: list, show, handle, waive; and what a person looks at: look."""


@command.command("list")
@click.option("--run", help="Those of one inspection, closed since or not.  [default: all that are open]")
@json_option
@site_option
def list_(*, run: str | None, as_json: bool, site: Path) -> None:
    """The events that are open: seen abnormal, and not seen well since."""
    with site_ledger(site, read_only=True) as ledger:
        found = _of_run(ledger, run) if run else events.open_events(ledger)
    if as_json:
        click.echo(json.dumps([_event_json(event) for event in found], ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("no open events")
        return
    console = wide_console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("event", "status"):
        table.add_column(title, no_wrap=True, min_width=len("20261124-1-001") if title == "event" else None)
    for title in ("check", "subject", "handling"):
        table.add_column(title, overflow="fold")
    for event in found:
        table.add_row(*_row(event))
    console.print(table)


@command.command()
@click.argument("event")
@json_option
@site_option
def show(*, event: str, as_json: bool, site: Path) -> None:
    """One event: what was seen, what it means, what to do, what was done."""
    with site_ledger(site, read_only=True) as ledger:
        found = events.event(ledger, event)
    if as_json:
        click.echo(json.dumps(_event_json(found), ensure_ascii=False, indent=2))
        return
    console = wide_console()
    for label, text in _lines(found):
        console.print(f"[dim]{label:<11}[/] {plain(text)}", highlight=False, soft_wrap=True)


@command.command()
@click.argument("event")
@click.option("--conclusion", required=True, help="What it was, in the words the record shall bear.")
@click.option("--handling", required=True, help="What was done or will be.")
@click.option("--owner", required=True, help="Who is responsible.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="By when, YYYY-MM-DD; not needed when resolved.")
@click.option("--state", type=click.Choice(STATES), default="in-progress", show_default=True)
@by_option
@json_option
@site_option
def handle(
    *,
    event: str,
    conclusion: str,
    handling: str,
    owner: str,
    due: datetime | None,
    state: str,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Enter how an event is handled; it stands in the record of its last inspection from the next rendering on."""
    if due is None and state != "resolved":
        raise click.UsageError("an event that is not resolved needs --due")
    with site_ledger(site) as ledger:
        found = events.event(ledger, event)
        body = {
            "conclusion": _said(conclusion, "--conclusion"),
            "handling": _said(handling, "--handling"),
            "owner": _said(owner, "--owner"),
            "due": f"{due:%Y-%m-%d}" if due else None,
            "state": state,
            "by": _said(by, "--by"),
        }
        entry = ledger.append("finding.handled", body, run=found.run, subject=event)
    _tell(entry, f"{event} is {state}, owner {owner}", as_json=as_json)


@command.command()
@click.argument("run")
@click.argument("check")
@click.argument("hosts", metavar="HOST...", nargs=-1, required=True)
@click.option("--result", type=click.Choice(manual.RESULTS), required=True, help="What was seen.")
@click.option("--note", type=SAID, required=True, help="What was seen, in the words the record shall bear.")
@click.option("--at", type=TIME, help="When it was seen, on site: 2026-11-27T16:30.  [default: now]")
@by_option
@json_option
@site_option
def look(
    *, run: str, check: str, hosts: tuple[str, ...], result: str, note: str, at: datetime | None, by: str,
    as_json: bool, site: Path,
) -> None:  # fmt: skip
    """Enter what a person saw of a row that the deep inspection RUN leaves to people, like manual.room, on each HOST.

    A later word on a row corrects it; both are kept. What is bad is an event from then on. All of them are entered, or
    none.
    """
    place = load_site(site)
    with open_ledger(place.settings) as ledger:
        found = history.inspection(ledger, run)
        seen = _seen_at(at, found, place.contract.zone)
        entries = manual.enter(ledger, found, check, hosts, result=result, note=note, by=by, at=seen)
    if as_json:
        click.echo(json.dumps([_told(entry) for entry in entries], ensure_ascii=False, indent=2))
        return
    for entry in entries:
        event = f", event {entry.body['event']}" if entry.body["event"] else ""
        _tell(entry, f"{check} of {entry.subject} is {result}{event}", as_json=False)


@command.command()
@click.argument("event")
@click.option("--who", required=True, help="Who lets it stand: the person who answers for it.")
@click.option("--why", required=True, help="The reason, as the record bears it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day it stands, in the contract's time zone.")
@click.option("--withdraw", is_flag=True, help="End the waiver now, with --why as the reason.")
@by_option
@json_option
@site_option
def waive(
    *,
    event: str,
    who: str,
    why: str,
    until: datetime | None,
    withdraw: bool,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Let an abnormal matter stand until a day; it is still looked at, and shown as waived.

    Not for what a person saw (`maintkit finding look`): no inspection looks at it again.
    """
    place = load_site(site)
    with open_ledger(place.settings) as ledger:
        found = events.event(ledger, event).finding
        if manual.opened(ledger, event, host=found.host):
            way = "enter how it is handled (finding handle), or what is seen now (finding look)"
            raise click.UsageError(f"{event} is what a person saw: {way}")
        matter = {"check": found.check, "subject": found.subject, "why": _said(why, "--why"), "by": _said(by, "--by")}
        key = f"{found.check} {found.subject}"
        if withdraw:
            entry = ledger.append("finding.waiver-withdrawn", matter, subject=key)
            _tell(entry, f"{key} is no longer waived", as_json=as_json)
            return
        end = _end_of_day(until, ZoneInfo(place.contract.time_zone))
        entry = ledger.append(
            "finding.waived", {**matter, "who": _said(who, "--who"), "until": to_text(end)}, subject=key
        )
    _tell(entry, f"{key} is waived until {until:%Y-%m-%d}, from the next inspection on", as_json=as_json)


def _tell(entry: Entry, sentence: str, *, as_json: bool) -> None:
    """What was entered: as `maintkit ledger show` shows it, or in a sentence."""
    if as_json:
        click.echo(json.dumps(_told(entry), ensure_ascii=False, indent=2))
    else:
        click.echo(f"entry {entry.seq}: {sentence}")


def _told(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.seq, "kind": entry.kind, "subject": entry.subject, "run": entry.run, "body": entry.body}


def _seen_at(at: datetime | None, found: Inspection, zone: ZoneInfo) -> datetime:
    """When a person saw it: not still to come, and after the inspection before this one, of which it would be."""
    now = SystemClock().now()
    when = at.replace(tzinfo=zone).astimezone(UTC) if at else now
    if when > now:
        raise click.UsageError(f"--at {at:%Y-%m-%dT%H:%M} is still to come")
    if found.period_from is not None and when < found.period_from:
        before = found.period_from.astimezone(zone)
        raise click.UsageError(
            f"--at {at:%Y-%m-%dT%H:%M} is no look of {found.run}: the inspection before it began at "
            f"{before:%Y-%m-%dT%H:%M}"
        )
    return when


def _end_of_day(day: datetime | None, zone: ZoneInfo) -> datetime:
    if day is None:
        raise click.UsageError("a waiver needs an end: --until YYYY-MM-DD")
    end = day.replace(hour=23, minute=59, second=59, tzinfo=zone).astimezone(UTC)
    if end <= SystemClock().now():
        raise click.UsageError(f"--until {day:%Y-%m-%d} is past")
    return end


def _said(text: str, option: str) -> str:
    if not text.strip():
        raise click.UsageError(f"{option} is empty")
    return text.strip()


def _of_run(ledger: Ledger, run: str) -> tuple[Event, ...]:
    names = dict.fromkeys(one.event for one in history.inspection(ledger, run).findings if one.event)
    return tuple(events.event(ledger, name) for name in names)


def _row(event: Event) -> tuple[str, ...]:
    finding = event.finding
    return (
        event.name,
        f"[{STYLE.get(finding.status, 'dim')}]{finding.status}[/]",
        finding.check,
        plain(finding.subject),
        _handled(event),
    )


def _handled(event: Event) -> str:
    if not event.handlings:
        return "[bold]not handled[/]"
    last = event.handlings[-1]
    return plain(f"{last.state}: {last.owner}" + (f", due {last.due}" if last.due else ""))


def _lines(event: Event) -> Iterator[tuple[str, str]]:
    finding = event.finding
    yield "event", f"{event.name} ({'open' if event.open else 'closed'}), last seen in inspection {event.run}"
    yield "check", f"{finding.check} {finding.title_zh}"
    yield "subject", finding.subject
    yield "status", finding.status + (f" ({finding.reason})" if finding.reason else "")
    if finding.value is not None:
        yield "value", f"{finding.value} {finding.unit}"
    if finding.limit is not None:
        limit = finding.limit
        told = [word for word in ("warn", "crit") if limit[word] is not None]
        bounds = ", ".join(f"{word} {limit['op']} {limit[word]}" for word in told)
        yield "limit", f"{bounds}; {limit['key']} of profile {limit['profile']}, source {limit['source']}"
    yield "first seen", f"{finding.first_seen:%Y-%m-%d %H:%M %Z}" if finding.first_seen else "-"
    yield "conclusion", finding.conclusion_zh
    yield "advice", finding.remedy_zh
    if finding.evidence is not None:
        yield "evidence", f"{'; '.join(finding.evidence['how'])}; facts {finding.evidence['sha256']}"
        yield "excerpt", finding.evidence["excerpt"]
    if finding.waiver is not None:
        yield "waiver", f"{finding.waiver['who']} until {finding.waiver['until']}: {finding.waiver['why']}"
    for one in event.handlings:
        who = f"{one.at:%Y-%m-%d %H:%M} {one.state} by {one.by}, owner {one.owner}, due {one.due or '-'}"
        yield "handled", f"{who}: {one.conclusion} / {one.handling}"


def _event_json(event: Event) -> dict[str, Any]:
    return {
        **finding_json(event.finding),
        "run": event.run,
        "open": event.open,
        "waiver": event.finding.waiver,
        "evidence": event.finding.evidence,
        "handlings": [
            {
                "at": to_text(one.at),
                "conclusion": one.conclusion,
                "handling": one.handling,
                "owner": one.owner,
                "due": one.due.isoformat() if one.due else None,
                "state": one.state,
                "by": one.by,
            }
            for one in event.handlings
        ],
    }
