"""`maintkit emergency`: let a plan run without approval, with a name and a reason that every document shows."""

from __future__ import annotations

import json
from pathlib import Path

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import to_text
from maintkit.contract.load import load_site
from maintkit.plans.emergency import declare
from maintkit.plans.frozen import plan_of
from maintkit.plans.sign import authority


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--by", required=True, help="Who answers for it: a person or principal of signers/roles.yml.")
@click.option("--reason", required=True, help="What happened, and what would happen by waiting for approval.")
@json_option
@site_option
def command(*, plan: str, by: str, reason: str, as_json: bool, site: Path) -> None:
    """Declare an emergency: PLAN may run without approval and outside windows, for the time that contract.yml grants.

    It is recorded for good and printed in every document of the change. Ask for the approval afterwards.
    """
    place = load_site(site)
    rules = authority(place)
    with open_ledger(place.settings) as ledger:
        found = plan_of(ledger, plan)
        made = declare(ledger, found, rules.people, lasts=rules.changes.emergency_lasts, by=by, reason=reason)
    if as_json:
        said = {"plan": made.plan, "by": made.by, "reason": made.reason, "until": to_text(made.window.end)}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    until = made.window.end.astimezone(rules.zone)
    click.secho(f"EMERGENCY: {plan} may run WITHOUT APPROVAL until {until:%F %R %z}", fg="red", bold=True)
    click.echo(f"declared by {made.by}: {made.reason}")
    click.echo("this is recorded for good and stands in every document of the change")
