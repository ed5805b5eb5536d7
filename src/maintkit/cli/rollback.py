"""`maintkit rollback`: carry out the approved plan that undoes a run."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from maintkit.cli.terminal.changing import desk, say
from maintkit.cli.terminal.options import site_option
from maintkit.errors import NotFound
from maintkit.evidence.ledger import Ledger
from maintkit.plans.frozen import headlines
from maintkit.runs.apply import apply


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--engineer", help="Who carries it out.  [default: maintkit.yml, else your login]")
@site_option
def command(*, run: str, engineer: str | None, site: Path) -> int:
    """Undo RUN by the newest plan of `maintkit plan rollback RUN`, as `maintkit apply` does it.

    A change that fails goes back by itself; this is for one that has ended well and is not wanted any more. Exit codes
    as of `maintkit apply`.
    """
    with desk(site) as place:
        who = engineer or place.site.settings.engineer or getpass.getuser()
        return say(apply(place, _plan(place.ledger, run), engineer=who), place.ledger)


def _plan(ledger: Ledger, run: str) -> str:
    for one in headlines(ledger):
        if one.undoes == run:
            return one.id
    raise NotFound(f"no plan undoes run {run}", hint=f"`maintkit plan rollback {run}` makes one, to be approved")
