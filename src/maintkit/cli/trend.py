"""`maintkit trend`: when the filesystems will be full, as far as the inspections can tell."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from maintkit.analysis.capacity import Arrival, Forecast, Scenario
from maintkit.analysis.trend import Withheld
from maintkit.checks.limits import load_limits
from maintkit.cli.terminal.forecasts import LIMITS, LOOK_BACK_DAYS, forecasts
from maintkit.cli.terminal.options import SAID, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.clock import SystemClock
from maintkit.contract.load import load_site
from maintkit.errors import NotFound
from maintkit.evidence import space

GIB = 2.0**30
CENTURY = 36500  # days; further back no date is left to begin at
WORDS = {"reached": "reached", "beyond": "> 2 × history", "never": "never"}


@click.group()
def command() -> None:
    """When filesystems meet their limits, and what cut their growth."""


@command.command()
@click.option("--host", help="Only this host.")
@click.option(
    "--days", type=click.IntRange(1, CENTURY), default=LOOK_BACK_DAYS, show_default=True, help="How far back."
)
@json_option
@site_option
def show(*, host: str | None, days: int, as_json: bool, site: Path) -> None:
    """Days until warn, crit and full of every local filesystem, as a range; or why there is no number."""
    known = load_site(site)
    limits = load_limits(known.root / LIMITS)
    with open_ledger(known.settings, read_only=True) as ledger:
        found = forecasts(ledger, limits, since=SystemClock().now() - timedelta(days=days))
        rows = [_row(one, known.contract.zone) for one in found if host in (None, one.host)]
    if host is not None and not rows:
        raise NotFound(f"no inspection has seen a filesystem of {host}", hint="inspect it: `maintkit inspect --limit`")
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2)) if as_json else _print(rows)


@command.command()
@click.argument("host")
@click.option("--mount", help="Which filesystem.  [default: all of the host's]")
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), required=True, help="When, on site.")
@click.option("--why", type=SAID, required=True, help="What was done: a purge, an archive, a restore.")
@by_option
@site_option
def cut(*, host: str, mount: str | None, at: datetime, why: str, by: str, site: Path) -> None:
    """Enter that a filesystem was purged or filled on purpose: growth is measured before and after, not across."""
    known = load_site(site)
    when = at.replace(tzinfo=known.contract.zone)
    if when > SystemClock().now():
        raise click.BadParameter(f"{at:%F %R} is still to come", param_hint="--at")
    with open_ledger(known.settings) as ledger:
        mounts = space.mounts(ledger, host)
        if not mounts:
            raise NotFound(f"no inspection has seen a filesystem of {host}", hint="names are those of the inventory")
        if mount is not None and mount not in mounts:
            raise NotFound(f"no inspection has seen a filesystem {mount} of {host}", hint=f"it has {', '.join(mounts)}")
        space.enter(ledger, host, mount, at=when, why=why, by=by)
    click.echo(f"{host}{f' {mount}' if mount else ''}: cut at {at:%F %R}")


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


def _scenario(one: Scenario) -> dict[str, Any]:
    return {
        "bytes_a_day": {"p10": one.slope.low, "p50": one.slope.middle, "p90": one.slope.high},
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
            arrivals = [_days(one["arrivals"].get(limit)) for limit in ("warn", "crit", "full")]
            table.add_row("" if number else name, "newest third" if number else used, f"{growth:.2f}", *arrivals)
    wide_console().print(table)


def _days(arrival: dict[str, Any] | None) -> str:
    if arrival is None:
        return "no limit"
    if arrival["state"] != "days":
        return WORDS[arrival["state"]]
    days = arrival["days"]
    latest = "…" if days["p90"] is None else f"{days['p90']:.0f}"
    return f"{days['p50']:.0f} d ({days['p10']:.0f}–{latest})"
