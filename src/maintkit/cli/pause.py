"""`maintkit pause`: ask a change that goes on to stop after the host at work."""

from __future__ import annotations

from pathlib import Path

import click

from maintkit.cli.terminal.options import by_option, site_option
from maintkit.cli.terminal.wishing import wish


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--why", required=True, help="The reason, as the report bears it.")
@by_option
@site_option
def command(*, run: str, why: str, by: str, site: Path) -> None:
    """Ask RUN to pause: the host at work is finished or rolled back, no other is begun."""
    wish("pause", run, why=why, by=by, site=site)
