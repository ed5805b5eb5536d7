"""`maintkit lock`: which hosts a change holds, and breaking a lock whose holder is gone."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.table import Table

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger, site_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.signing import nonce, signer_options, who_signs
from maintkit.cli.terminal.words import plain
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.plans.lock import break_act, break_lock, held, held_on
from maintkit.plans.sign import authority, sign


@click.group()
def command() -> None:
    """Host locks: list, break."""


@command.command("list")
@json_option
@site_option
def list_(*, as_json: bool, site: Path) -> None:
    """The hosts that a change holds now."""
    with site_ledger(site, read_only=True) as ledger:
        found = list(held(ledger).values())
    if as_json:
        click.echo(
            json.dumps([{**vars(one), "since": to_text(one.since)} for one in found], ensure_ascii=False, indent=2)
        )
        return
    if not found:
        click.echo("no host is locked")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("host", "plan", "run", "lock", "since (UTC)", "holder"):
        table.add_column(title, no_wrap=title != "holder")
    for one in found:
        table.add_row(plain(one.host), one.plan, one.run, str(one.token), to_text(one.since)[:16], plain(one.holder))
    wide_console().print(table)


@command.command("break")
@click.argument("host", metavar="HOST")
@click.option("--reason", required=True, help="Why the holder is known to be gone.")
@signer_options
@json_option
@site_option
def break_(*, host: str, reason: str, key: Path | None, principal: str | None, as_json: bool, site: Path) -> None:
    """Break the lock of HOST by signature. First make sure that nothing works there any more: `maintkit resume`."""
    place = load_site(site)
    rules = authority(place)
    file, who = who_signs(key, principal, rules.trust)
    with open_ledger(place.settings) as ledger:
        found = held_on(ledger, host)
        act = break_act(ledger.id, found, reason.strip(), signer=who, nonce=nonce(), at=SystemClock().now())
        given = break_lock(ledger, found, act, sign(act, key=file), rules)
    if as_json:
        said = {"entry": given.seq, "host": host, "lock": found.token, "person": given.person, "key": given.key}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo(
            f"entry {given.seq}: lock {found.token} of {host}, held by run {found.run}, broken by {given.person}"
        )
