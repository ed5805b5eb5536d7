"""What people ask of a change that goes on elsewhere: an entry in the ledger that the engine reads before each host."""

from __future__ import annotations

from pathlib import Path

import click

from maintkit.cli.terminal.place import site_ledger
from maintkit.errors import ChangeRefused
from maintkit.evidence.changes import standing
from maintkit.runs.journal import Journal


def wish(what: str, run: str, *, why: str, by: str, site: Path) -> None:
    """Record the wish; ChangeRefused when the run has finished already, NotFound when there is none."""
    with site_ledger(site) as ledger:
        found = standing(ledger, run)
        if found.verdict is not None:
            raise ChangeRefused(f"run {run} has finished: {found.verdict}", hint=f"`maintkit status {run}` shows it")
        Journal(ledger=ledger, run=run).ask(what, by=by, why=why)
    click.echo(f"run {run} will {what} after the host at work; `maintkit status {run} --follow` shows it")
