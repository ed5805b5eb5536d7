"""What `maintkit trend series` and `baseline` say to a person."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.documents.wording import quantity

WORDS = {"reached": "reached", "beyond": "> 2 × history", "never": "never"}


def print_outlooks(rows: list[dict[str, Any]]) -> None:
    """A row a series, and one more where its newest third grows otherwise."""
    if not rows:
        click.echo("no inspection has told a series yet")
        return
    table = _table("series", "now", "a day", "warn", "crit", "whole")
    for row in rows:
        name, unit = plain(f"{row['host']} {row['series']}"), row["unit"]
        whole = "" if row["whole"] is None else f" of {quantity(float(row['whole']), unit)}"
        now = plain(f"{quantity(float(row['value']), unit)}{whole}")
        if row["withheld"]:
            table.add_row(name, now, row["withheld"])
        for number, one in enumerate(row["scenarios"]):
            growth = plain(quantity(float(one["a_day"]["p50"]), unit))
            arrivals = [days_of(one["arrivals"].get(limit)) for limit in ("warn", "crit", "full")]
            table.add_row("" if number else name, "newest third" if number else now, growth, *arrivals)
    wide_console().print(table)
    print_cuts([(f"{row['host']} {row['series']}", row["cuts"]) for row in rows])


def print_cuts(rows: list[tuple[str, list[str]]]) -> None:
    """What has cut each series, our own runs by their names."""
    told = [(name, cuts) for name, cuts in rows if cuts]
    for number, (name, cuts) in enumerate(told):
        said = plain(f"{name}: {'; '.join(cuts)}")
        wide_console().print(said if number else f"\ncut, and measured before and after, not across:\n{said}")


def print_baselines(rows: list[dict[str, Any]]) -> None:
    """The unusual ones first; then those that are as usual, and those of which nobody can tell."""
    if not rows:
        click.echo("no inspection or watch has told a series yet")
        return
    table = _table("series", "at", "value", "usual", "range", "values")
    for row in sorted(rows, key=lambda row: (row["withheld"] is not None, not row.get("outside"))):
        name, unit = plain(f"{row['host'] or 'watch'} {row['series']}"), row["unit"]
        if row["withheld"]:
            table.add_row(name, "", "", "", row["withheld"], str(row["points"]))
            continue
        value, usual, low, high = (plain(quantity(float(row[key]), unit)) for key in ("value", "usual", "low", "high"))
        said = f"[yellow]{value}[/]" if row["outside"] else value
        table.add_row(name, row["at"], said, usual, f"{low} to {high}", str(row["points"]))
    wide_console().print(table)


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def days_of(arrival: dict[str, Any] | None) -> str:
    """An arrival in few words, as days with their range."""
    if arrival is None:
        return "no limit"
    if arrival["state"] != "days":
        return WORDS[arrival["state"]]
    days = arrival["days"]
    latest = "…" if days["p90"] is None else f"{days['p90']:.0f}"
    return f"{days['p50']:.0f} d ({days['p10']:.0f}–{latest})"
