"""`maintkit status`: how changes stand, from the ledger alone."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from maintkit.cli.terminal.manual import manual_lines
from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import site_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.clock import to_text
from maintkit.evidence.changes import Standing, runs, standing
from maintkit.evidence.ledger import Ledger

POLL_S = 1.0


@click.command()
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--follow", is_flag=True, help="Go on showing what happens until the run has finished.")
@json_option
@site_option
def command(*, run: str | None, follow: bool, as_json: bool, site: Path) -> None:
    """Every run, or what happened in one."""
    with site_ledger(site, read_only=True) as ledger:
        if run is None:
            _list(list(runs(ledger)), as_json=as_json)
        elif as_json:
            click.echo(json.dumps(asdict(standing(ledger, run)), default=_text, ensure_ascii=False, indent=2))
        else:
            _show(ledger, run, follow=follow)


def _list(found: list[Standing], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], default=_text, ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("no runs")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("run", "plan", "procedure", "verdict", "ground", "began (UTC)", "hosts"):
        table.add_column(title, no_wrap=title != "hosts")
    for one in found:
        verdict = one.verdict or "not finished"
        table.add_row(one.run, one.plan, one.procedure, verdict, one.ground, to_text(one.started_at)[:16],
                      plain(", ".join(one.hosts)))  # fmt: skip
    wide_console().print(table)


def _show(ledger: Ledger, run: str, *, follow: bool) -> None:
    shown = 0
    while True:
        found = standing(ledger, run)
        for one in found.happened[shown:]:
            click.echo(f"{to_text(one.at)[11:19]} {plain(f'{one.host}: ' if one.host else '')}{plain(one.what)}")
        shown = len(found.happened)
        if not follow or found.verdict is not None:
            break
        time.sleep(POLL_S)
    for host, state in found.hosts.items():
        click.echo(f"{plain(host)}: {plain(state)}")
    for line in manual_lines(ledger, run):
        click.echo(line)
    late = f", {found.overrun_s} s after the window" if found.overrun_s else ""
    click.echo(f"run {run}: {found.verdict or 'not finished'}{late}")


def _text(value: object) -> str:
    return to_text(value) if hasattr(value, "astimezone") else str(value)  # type: ignore[arg-type]
