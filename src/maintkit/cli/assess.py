"""`maintkit assess`: what a person has to say of a change before its document is no draft any more."""

from __future__ import annotations

import json
from pathlib import Path

import click

from maintkit.cli.terminal.options import by_option, json_option, site_option
from maintkit.cli.terminal.place import site_ledger
from maintkit.evidence.change_record import assess


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--effect", default="", help="效果评价: whether it had the wanted effect.")
@click.option("--cause", default="", help="原因分析: why it failed.")
@click.option("--remaining", default="", help="后续措施: what is still to be done, by whom and when.")
@by_option
@json_option
@site_option
def command(*, run: str, effect: str, cause: str, remaining: str, by: str, as_json: bool, site: Path) -> None:
    """Enter a person's judgement of RUN; what is left out stands as it was entered before.

    A document of a change is a draft until it has what it wants: the effect of a restart, and of whatever did not
    succeed the cause and what remains.
    """
    if not (effect.strip() or cause.strip() or remaining.strip()):
        raise click.UsageError("say something: --effect, --cause or --remaining")
    with site_ledger(site) as ledger:
        made = assess(ledger, run, effect=effect.strip(), cause=cause.strip(), remaining=remaining.strip(), by=by)
    if as_json:
        said = {
            "entry": made.seq,
            "effect": made.effect,
            "cause": made.cause,
            "remaining": made.remaining,
            "by": made.by,
        }
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    click.echo(f"entry {made.seq}: {run} assessed by {made.by}")
    click.echo(f"next: maintkit report change {run}", err=True)
