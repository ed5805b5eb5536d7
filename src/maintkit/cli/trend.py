"""`maintkit trend`: when filesystems and other series meet their limits, and what is unusual; from inspections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from maintkit.analysis.baseline import Compared
from maintkit.analysis.capacity import Arrival, Forecast, Outlook, Scenario
from maintkit.analysis.trend import Withheld
from maintkit.checks.limits import load_limits
from maintkit.cli.terminal.forecasts import LIMITS, LOOK_BACK_DAYS, Past, baselines, forecasts, outlooks, past
from maintkit.cli.terminal.options import SAID, by_option, json_option, site_option
from maintkit.cli.terminal.outlooks import days_of, print_baselines, print_cuts, print_outlooks
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.clock import SystemClock, from_text, to_text
from maintkit.contract.load import load_site
from maintkit.errors import NotFound
from maintkit.evidence import space
from maintkit.evidence.entry import Entry
from maintkit.evidence.figures import SERIES
from maintkit.evidence.readings import called, series_of

GIB = 2.0**30
CENTURY = 36500  # days; further back no date is left to begin at


@click.group()
def command() -> None:
    """When filesystems, databases and other series meet their limits, what cut their growth, and what is unusual."""


host_option = click.option("--host", help="Only this host.")
days_option = click.option(
    "--days", type=click.IntRange(1, CENTURY), default=LOOK_BACK_DAYS, show_default=True, help="How far back."
)


@command.command()
@host_option
@days_option
@json_option
@site_option
def show(*, host: str | None, days: int, as_json: bool, site: Path) -> None:
    """Days until warn, crit and full of every local filesystem, as a range; or why there is no number."""
    with _past(site, days, figures=False) as (known, zone):
        rows = [_row(one, zone) for one in forecasts(known) if host in (None, one.host)]
    if host is not None and not rows:
        raise NotFound(f"no inspection has seen a filesystem of {host}", hint="inspect it: `maintkit inspect --limit`")
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2)) if as_json else _print(rows)


@command.command()
@host_option
@days_option
@json_option
@site_option
def series(*, host: str | None, days: int, as_json: bool, site: Path) -> None:
    """The same of databases, backup targets, inodes, memory, swap, connections, transaction ids and retained WAL."""
    with _past(site, days) as (known, zone):
        rows = [_outlook(one, zone) for one in outlooks(known) if host in (None, one.host)]
        _missed(known.told.unopened)
    if host is not None and not rows:
        raise NotFound(f"no inspection has told a series of {host}", hint="inspect it: `maintkit inspect --limit`")
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2)) if as_json else print_outlooks(rows)


@command.command()
@host_option
@days_option
@json_option
@site_option
def baseline(*, host: str | None, days: int, as_json: bool, site: Path) -> None:
    """The newest load, CPU, memory, connections, failed logins and response times beside what they usually are."""
    with _past(site, days) as (known, zone):
        rows = [_compared(one, zone) for one in baselines(known, zone) if host in (None, one.host)]
        _missed(known.told.unopened)
    if host is not None and not rows:
        raise NotFound(f"no inspection has told a series of {host}", hint="inspect it: `maintkit inspect --limit`")
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2)) if as_json else print_baselines(rows)


@command.command()
@click.argument("host")
@click.option("--mount", help="Which filesystem.  [default: every series of the host]")
@click.option("--series", "series_name", help="Which other series, by its name in `trend series`.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), required=True, help="When, on site.")
@click.option("--why", type=SAID, required=True, help="What was done: a purge, an archive, a restore.")
@by_option
@site_option
def cut(*, host: str, mount: str | None, series_name: str | None, at: datetime, why: str, by: str, site: Path) -> None:
    """Enter that something was purged or filled on purpose: growth is measured before and after, not across."""
    known = load_site(site)
    if mount is not None and series_name is not None:
        raise click.UsageError("--mount is of a filesystem, --series of something else: give one of them")
    when = at.replace(tzinfo=known.contract.zone)
    if when > SystemClock().now():
        raise click.BadParameter(f"{at:%F %R} is still to come", param_hint="--at")
    with open_ledger(known.settings) as ledger:
        mounts, names = space.mounts(ledger, host), series_of(ledger, host)
        if not mounts and not names:
            raise NotFound(f"no inspection has seen a filesystem of {host}", hint="names are those of the inventory")
        if mount is not None and mount not in mounts:
            raise NotFound(f"no inspection has seen a filesystem {mount} of {host}", hint=f"it has {', '.join(mounts)}")
        if series_name is not None and series_name not in names:
            has = ", ".join(names) or "none yet"
            raise NotFound(f"the newest inspection of {host} has told no series {series_name}", hint=f"it has {has}")
        space.enter(ledger, host, mount, at=when, why=why, by=by, series=series_name)
    click.echo(f"{' '.join(filter(None, (host, mount, series_name)))}: cut at {at:%F %R}")


@command.command()
@click.argument("host")
@click.option("--mount", help="The filesystem that was named when it was entered.")
@click.option("--series", "series_name", help="The other series that was.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), required=True, help="Its instant, on site.")
@click.option("--why", type=SAID, required=True, help="Why it was a mistake.")
@by_option
@site_option
def uncut(
    *, host: str, mount: str | None, series_name: str | None, at: datetime, why: str, by: str, site: Path
) -> None:
    """Withdraw a cut that was entered by mistake, named as it was entered; both stay in the ledger."""
    known = load_site(site)
    zone = known.contract.zone
    with open_ledger(known.settings) as ledger:
        standing = space.entered(ledger, host)
        wanted = (mount, series_name, to_text(at.replace(tzinfo=zone)))
        meant = [one for one in standing if (one.body["mount"], one.body.get("series"), one.body["at"]) == wanted]
        if not meant:
            has = "; ".join(_entered(one, zone) for one in standing) or "none"
            said = " ".join(filter(None, (host, mount, series_name)))
            hint = f"what stands of {host}: {has}. Sizes and runs of maintkit cut by themselves"
            raise NotFound(f"nobody has entered a cut of {said} at {at:%F %R}", hint=hint)
        for one in meant:
            space.withdraw(ledger, one, why=why, by=by)
    click.echo(f"{' '.join(filter(None, (host, mount, series_name)))}: no cut any more at {at:%F %R}")


def _entered(cut: Entry, zone: ZoneInfo) -> str:
    """A cut in the words that withdraw it."""
    which = [f"--mount {cut.body['mount']}"] if cut.body["mount"] else []
    which += [f"--series '{cut.body['series']}'"] if cut.body.get("series") else []
    return " ".join([*which, f"--at {from_text(cut.body['at']).astimezone(zone):%FT%R}", f"({cut.body['why']})"])


@contextmanager
def _past(site: Path, days: int, *, figures: bool = True) -> Iterator[tuple[Past, ZoneInfo]]:
    place = load_site(site)
    limits = load_limits(place.root / LIMITS)
    with open_ledger(place.settings, read_only=True) as ledger:
        since = SystemClock().now() - timedelta(days=days)
        yield past(ledger, limits, since=since, figures=figures), place.contract.zone


def _missed(unopened: int) -> None:
    if unopened:
        click.echo(f"{unopened} inspections of before are left out: only some of their documents are opened", err=True)


def _row(one: Forecast, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "host": one.host,
        "mount": one.mount,
        "used_bytes": one.used,
        "room_bytes": one.room,
        "points": one.trend.points,
        "withheld": one.trend.reason_zh if isinstance(one.trend, Withheld) else None,
        "history_days": None if isinstance(one.trend, Withheld) else round(one.trend.history_days, 1),
        "cuts": [f"{cut.at.astimezone(zone):%F} {cut.why}" for cut in one.cuts],
        "scenarios": [_scenario(scenario) for scenario in one.scenarios],
    }


def _outlook(one: Outlook, zone: ZoneInfo) -> dict[str, Any]:
    about = SERIES[one.kind]
    return {
        "host": one.host,
        "series": called(one.kind, one.which),
        "title_zh": about.title_zh,
        "unit": about.unit,
        "value": one.value,
        "whole": one.whole,
        "points": one.trend.points,
        "withheld": one.trend.reason_zh if isinstance(one.trend, Withheld) else None,
        "history_days": None if isinstance(one.trend, Withheld) else round(one.trend.history_days, 1),
        "cuts": [f"{cut.at.astimezone(zone):%F} {cut.why}" for cut in one.cuts],
        "scenarios": [_scenario(scenario, "a_day") for scenario in one.scenarios],
    }


def _compared(one: Compared, zone: ZoneInfo) -> dict[str, Any]:
    about, usual = SERIES[one.kind], one.usual
    told = {"host": one.host or None, "series": called(one.kind, one.which), "title_zh": about.title_zh,
            "unit": about.unit, "points": usual.points}  # fmt: skip
    if isinstance(usual, Withheld):
        return told | {"withheld": usual.reason_zh}
    return told | {
        "withheld": None,
        "at": f"{usual.at.astimezone(zone):%F %R}",
        "value": usual.value,
        "usual": usual.middle,
        "low": usual.low,
        "high": usual.high,
        "outside": usual.outside,
    }


def _scenario(one: Scenario, rate: str = "bytes_a_day") -> dict[str, Any]:
    return {
        rate: {"p10": one.slope.low, "p50": one.slope.middle, "p90": one.slope.high},
        "arrivals": {name: _arrival(arrival) for name, arrival in one.arrivals.items()},
    }


def _arrival(arrival: Arrival) -> dict[str, Any]:
    days = (arrival.soonest, arrival.middle, arrival.latest)
    p10, p50, p90 = (None if day is None else round(day, 1) for day in days)
    return {"state": arrival.state, "days": {"p10": p10, "p50": p50, "p90": p90}}


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("no inspection has seen a filesystem yet")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("filesystem", "used", "GiB a day", "warn", "crit", "full"):
        table.add_column(title, overflow="fold")
    for row in rows:
        name = plain(f"{row['host']} {row['mount']}")
        used = f"{100 * row['used_bytes'] / row['room_bytes']:.0f} % of {row['room_bytes'] / GIB:.1f} GiB"
        if row["withheld"]:
            table.add_row(name, used, row["withheld"])
        for number, one in enumerate(row["scenarios"]):
            growth = one["bytes_a_day"]["p50"] / GIB
            arrivals = [days_of(one["arrivals"].get(limit)) for limit in ("warn", "crit", "full")]
            table.add_row("" if number else name, "newest third" if number else used, f"{growth:.2f}", *arrivals)
    wide_console().print(table)
    print_cuts([(f"{row['host']} {row['mount']}", row["cuts"]) for row in rows])
