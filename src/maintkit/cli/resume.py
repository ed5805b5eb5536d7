"""`maintkit resume`: go on with a change that was stopped, died, or lost a host."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from maintkit.cli.terminal.changing import desk, say
from maintkit.cli.terminal.options import site_option
from maintkit.runs.apply import resume


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--engineer", help="Who goes on with it.  [default: maintkit.yml, else your login]")
@site_option
def command(*, run: str, engineer: str | None, site: Path) -> int:
    """Go on with RUN where its journal stands.

    A host at work is brought to an end first, whatever the window says; others are begun only while everything that
    was approved still holds. Nothing is done twice. Exit codes as of `maintkit apply`.
    """
    with desk(site) as place:
        who = engineer or place.site.settings.engineer or getpass.getuser()
        return say(resume(place, run, engineer=who), place.ledger)
