"""`maintkit incident relate`: what a fault is to another one, and that it is no duplicate after all."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import click

from maintkit.cli.terminal.duplicate import require_carried
from maintkit.cli.terminal.fault_desk import at_desk, take_step, tell
from maintkit.cli.terminal.options import SAID, at_option, by_option, json_option, site_option
from maintkit.desk.intake import enter


@click.command()
@click.argument("id_", metavar="INCIDENT")
@click.option("--duplicate-of", metavar="INCIDENT", help="The same fault, reported twice: that one's clocks count.")
@click.option("--recurs", metavar="INCIDENT", help="A fault that was solved and is back.")
@click.option("--no-duplicate", is_flag=True, help="It was called a duplicate by mistake: its own clocks count again.")
@click.option("--agreed-by", type=SAID, help="Who of the hospital agreed that it is no duplicate.")
@click.option("--why", type=SAID, help="Why it is no duplicate.")
@at_option
@by_option
@json_option
@site_option
def relate(  # noqa: PLR0913  # one argument an option
    *,
    id_: str,
    duplicate_of: str | None,
    recurs: str | None,
    no_duplicate: bool,
    agreed_by: str | None,
    why: str | None,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Say that a fault is another one's duplicate or recurs, or withdraw that it is a duplicate."""
    if (duplicate_of is not None) + (recurs is not None) + no_duplicate != 1:
        raise click.UsageError("say one of --duplicate-of, --recurs and --no-duplicate")
    if {bool(agreed_by), bool(why)} != {no_duplicate}:
        raise click.UsageError("--no-duplicate is agreed on: it needs --agreed-by and --why, and nothing else has them")
    if no_duplicate:
        more = {"agreed_by": agreed_by}
        take_step(site, id_, "separated", at=at, by=by, text=why or "", as_json=as_json, more=more)
        return
    with at_desk(site) as desk:
        named, carried = {"duplicate_of": duplicate_of, "recurs": recurs}, partial(require_carried, desk)
        enter(desk.ledger, id_, "related", at=desk.instant(at), by=by, text="", more=named, may_repeat=carried)
        tell(desk, id_, as_json=as_json)
