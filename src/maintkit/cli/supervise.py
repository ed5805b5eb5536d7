"""`maintkit supervise`: the hospital's person on the spot checks in and out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.signing import nonce, signer_options, who_signs
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.plans.frozen import plan_of
from maintkit.plans.sign import authority, sign
from maintkit.plans.supervise import Way, check, supervision_act


@click.group()
def command() -> None:
    """Check in before a change and out after it, by signature."""


@command.command("in")
@click.argument("plan", metavar="PLAN")
@signer_options
@json_option
@site_option
def in_(*, plan: str, key: Path | None, principal: str | None, as_json: bool, site: Path) -> None:
    """You are there and watch: the change may start."""
    _check("in", plan, key, principal, site, as_json=as_json)


@command.command()
@click.argument("plan", metavar="PLAN")
@signer_options
@json_option
@site_option
def out(*, plan: str, key: Path | None, principal: str | None, as_json: bool, site: Path) -> None:
    """You leave: what is at work is finished, nothing more is started."""
    _check("out", plan, key, principal, site, as_json=as_json)


def _check(way: Way, plan: str, key: Path | None, principal: str | None, site: Path, *, as_json: bool) -> None:
    place = load_site(site)
    rules = authority(place)
    file, who = who_signs(key, principal, rules.trust)
    with open_ledger(place.settings) as ledger:
        found = plan_of(ledger, plan)
        act = supervision_act(found, way, signer=who, nonce=nonce(), at=SystemClock().now())
        given = check(ledger, found, act, sign(act, key=file), rules)
    if as_json:
        said = {"entry": given.seq, "at": to_text(given.at), "person": given.person, "check": way, "key": given.key}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo(f"entry {given.seq}: {given.person} checked {way}, {plan}, at {to_text(given.at)[:19]}Z")
