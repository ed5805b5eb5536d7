"""`maintkit plan PROCEDURE`: a command for each procedure that can be planned, its parameters from procedure.yml."""

from __future__ import annotations

import json
from pathlib import Path

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.contract.load import load_site
from maintkit.plans.model import Plan
from maintkit.plans.procedure import Procedure, load_procedure, procedures
from maintkit.runs import collection
from maintkit.runs.ansible_phases import AnsiblePhases
from maintkit.runs.planning import Wish, make_plan


def commands() -> dict[str, str]:
    """Procedures of the collection that a plan can be made of, by the command that plans them.

    A procedure is called as Ansible lets roles be called, with `_`; a command has `-`, as commands do.
    """
    root = collection.root()
    return {name.replace("_", "-"): name for name in procedures(root) if load_procedure(root, name).plannable}


def planning(name: str) -> click.Command:
    """The command that plans this procedure."""
    procedure = load_procedure(collection.root(), name)

    @click.option("--limit", "scope", metavar="PATTERN", required=True, help="The hosts, an Ansible pattern.")
    @click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A parameter; may be repeated.")
    @click.option(
        "--vars",
        "variables",
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        help="A YAML file of parameters, for those that are lists of mappings.",
    )
    @click.option("--reason", required=True, help="Why, as the application bears it.")
    @click.option("--requester", required=True, help="Who asks for it: a principal of signers/roles.yml.")
    @json_option
    @site_option
    def plan(
        *,
        scope: str,
        settings: tuple[str, ...],
        variables: Path | None,
        reason: str,
        requester: str,
        as_json: bool,
        site: Path,
    ) -> None:
        place = load_site(site)
        wish = Wish(
            procedure=name, scope=scope, settings=settings, variables=variables, reason=reason, requester=requester
        )
        with open_ledger(place.settings) as ledger:
            made = make_plan(place, ledger, AnsiblePhases(), wish)
        told(made, as_json=as_json)

    return click.command(name.replace("_", "-"), help=_help(procedure), short_help=f"{procedure.title}.")(plan)


def _help(procedure: Procedure) -> str:
    lines = [
        f"{procedure.title}: ask the hosts without changing anything, and freeze what would be done.",
        f"Risk {procedure.risk}: {procedure.risk_reason}",
        "\b\nParameters (--set NAME=VALUE):",
    ]
    for name, one in procedure.settable().items():
        unit = f" {one.unit}" if one.unit else ""
        choices = f" ({'|'.join(one.choices)})" if one.choices else ""
        lines[-1] += f"\n  {name}{choices}  [{one.default}{unit}]\n      {one.description}"
    return "\n\n".join(lines)


def told(made: Plan, *, as_json: bool) -> None:
    """Say what was frozen, and what comes next."""
    if as_json:
        click.echo(json.dumps({"plan": made.id, "sha256": made.sha256, "effect": made.effect}))
        return
    if made.effect == "none":
        click.echo(f"{made.id}: nothing to do on {', '.join(host.name for host in made.hosts)}")
        return
    click.echo(f"{made.id}: {made.title_zh}, {len(made.hosts)} hosts, risk {made.risk}, sha256 {made.sha256}")
    for host in made.hosts:
        changes = ", ".join(f"{one.name} {one.before or '(new)'} → {one.after or '(removed)'}" for one in host.packages)
        click.echo(f"  {host.name}: {changes or f'{len(host.steps)} steps'}")
    click.echo(f"next: maintkit plan show {made.id}   maintkit request {made.id} --window …")
