"""`maintkit approve`: sign a plan or a standing rule, or take in what was signed elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.signing import nonce, signer_options, who_signs
from maintkit.cli.terminal.window import next_windows, window_of
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.errors import ApprovalRefused, NotFound
from maintkit.evidence.ledger import Ledger
from maintkit.plans import approve, standing
from maintkit.plans.acts import Given
from maintkit.plans.frozen import plan_of
from maintkit.plans.model import Plan
from maintkit.plans.people import Role
from maintkit.plans.record import latest_window
from maintkit.plans.sign import Authority, authority, sign
from maintkit.plans.window import Window

LARGEST = 64 * 1024  # bytes of a text or signature; both are about one


@click.command()
@click.argument("plan", metavar="PLAN", required=False)
@click.option(
    "--role", type=click.Choice(approve.ROLES), default="approver", show_default=True, help="As what you sign."
)
@click.option(
    "--window", help="A window's id in contract.yml, or START/END with offsets.  [default: the requested one]"
)
@signer_options
@click.option("--import", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="FILE.sig, made by ssh-keygen over the FILE that `maintkit request` wrote.")  # fmt: skip
@click.option("--standing", "rule", metavar="ID", help="Sign a standing approval of contract.yml instead of a plan.")
@json_option
@site_option
def command(
    *,
    plan: str | None,
    role: Role,
    window: str | None,
    key: Path | None,
    principal: str | None,
    file: Path | None,
    rule: str | None,
    as_json: bool,
    site: Path,
) -> None:
    """Approve a plan by an SSH signature over its hash, its hosts and its window.

    Approve only what you have read: `maintkit plan show PLAN` and 《升级申请》 say what will be done. The text that is
    signed is printed before.
    """
    if (plan is None) == (rule is None):
        raise click.UsageError("name either a PLAN or --standing ID")
    if file is not None and (key is not None or rule is not None):
        raise click.UsageError("--import takes in a signature that exists: no --key and no --standing")
    if file is not None and file.suffix != ".sig":
        raise click.BadParameter(
            f"{file} is not named FILE.sig, as ssh-keygen names a signature", param_hint="--import"
        )
    place = load_site(site)
    rules = authority(place)
    with open_ledger(place.settings) as ledger:
        if rule is not None:
            given = _sign_rule(ledger, rules, rule, role, who_signs(key, principal, rules.trust))
        elif file is not None:
            found = plan_of(ledger, plan or "")
            given = approve.approve_carried(ledger, found, _text(file.with_suffix("")), _text(file), rules)
        else:
            found = plan_of(ledger, plan or "")
            wanted = _window(ledger, found, rules, window)
            given = _sign_plan(ledger, rules, found, role, wanted, who_signs(key, principal, rules.trust))
    _tell(given, rule or plan or "", as_json=as_json)


def _sign_plan(
    ledger: Ledger, rules: Authority, plan: Plan, role: Role, window: Window, signer: tuple[Path, str]
) -> Given:
    key, principal = signer
    now = SystemClock().now()
    act = approve.approval_act(plan, window, rules.zone, role=role, signer=principal, nonce=nonce(), at=now)
    approve.require_acceptable(act, plan, rules, now)  # before somebody types a passphrase
    click.echo(act.text, err=True)
    return approve.approve(ledger, plan, act, sign(act, key=key), rules)


def _sign_rule(ledger: Ledger, rules: Authority, id_: str, role: Role, signer: tuple[Path, str]) -> Given:
    key, principal = signer
    found = standing.rule_of(rules.changes, id_)
    now = SystemClock().now()
    act = standing.standing_act(ledger.id, found, role=role, signer=principal, nonce=nonce(), at=now)
    click.echo(act.text, err=True)
    return standing.approve_standing(ledger, found, act, sign(act, key=key), rules)


def _window(ledger: Ledger, plan: Plan, rules: Authority, named: str | None) -> Window:
    now = SystemClock().now()
    if named is not None:
        return window_of(named, plan, rules.changes, rules.zone, now)
    try:
        return latest_window(ledger, plan)
    except NotFound as error:
        following = next_windows(plan, rules.changes, rules.zone, now)
        raise NotFound(str(error), hint=f"name one with --window; open are {following}") from None


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise ApprovalRefused(f"{path} has {len(raw)} bytes: it is no text of an approval", hint="name FILE.sig")
        return raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ApprovalRefused(
            f"{path} cannot be read: {error}",
            hint="keep FILE and FILE.sig beside each other, as ssh-keygen leaves them",
        ) from None


def _tell(given: Given, what: str, *, as_json: bool) -> None:
    if as_json:
        said = {"entry": given.seq, "at": to_text(given.at), "person": given.person, "role": given.act.role,
                "signer": given.act.signer, "key": given.key, "nonce": given.act.nonce}  # fmt: skip
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo(f"entry {given.seq}: {what} approved by {given.person} as {given.act.role}, key {given.key}")
