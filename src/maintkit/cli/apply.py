"""`maintkit apply`: carry out an approved plan, host by host, and undo what fails."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from maintkit.cli.terminal.changing import desk, say
from maintkit.cli.terminal.options import site_option
from maintkit.runs.apply import apply


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option(
    "--engineer", help="Who carries it out, as the report bears it.  [default: maintkit.yml, else your login]"
)
@site_option
def command(*, plan: str, engineer: str | None, site: Path) -> int:
    """Carry out PLAN, if everything that was approved still holds.

    All hosts are checked before the first is changed; a change that fails is rolled back and no further host is begun.
    Ctrl-C stops it after the host at work. Exit codes: 0 done, 40 rolled back, 41 rollback failed, 42 partial,
    43 refused, 44 unknown, and those of the refusals (docs/exit-codes.md).
    """
    with desk(site) as place:
        who = engineer or place.site.settings.engineer or getpass.getuser()
        return say(apply(place, plan, engineer=who), place.ledger)
