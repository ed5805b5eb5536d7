"""All incidents: a table for a person, and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.table import Table

from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain

COLUMNS = (
    "incident", "level", "rule", "state", "reported", "channel", "department", "reporter", "title", "breached",
)  # fmt: skip


def print_incidents(rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows of `maintkit incident list`, or that there are none."""
    if not rows:
        click.echo("no incidents")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("incident", "level", "state", "reported", "breached", "title"):
        table.add_column(title, no_wrap=title != "title", overflow="fold")
    for one in rows:
        breached = ", ".join(one["breached"]) or "-"
        table.add_row(
            one["incident"], one["level"] or "?", one["state"], one["reported"], breached, plain(one["title"])
        )
    wide_console().print(table)


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The same rows with a head; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in rows:
        cells = ["; ".join(cell) if isinstance(cell, list) else cell or "" for cell in map(one.get, COLUMNS)]
        # A spreadsheet takes a text that begins so for a formula.
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell for cell in cells])
    return out.getvalue()
