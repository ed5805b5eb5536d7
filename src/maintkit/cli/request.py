"""`maintkit request`: ask the hospital for a window, with 《升级申请》 and the texts to sign."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from maintkit.cli.terminal.document import header, output_options, written_and_refused
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.signing import nonce
from maintkit.cli.terminal.window import next_windows, window_of
from maintkit.clock import SystemClock
from maintkit.contract.load import load_site
from maintkit.documents.own.dress import dress
from maintkit.documents.own.load import load_own
from maintkit.documents.render import Format
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.errors import ApprovalRefused, DocumentRefused
from maintkit.plans import approve
from maintkit.plans.acts import NAMESPACE, Act
from maintkit.plans.frozen import plan_of
from maintkit.plans.model import Plan
from maintkit.plans.people import Role
from maintkit.plans.record import application
from maintkit.plans.sign import Authority, authority


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--window", help="A window's id in contract.yml (the next one with room), or START/END with offsets.")
@click.option("--for", "signers", multiple=True, metavar="PRINCIPAL[:ROLE]",
              help="Who shall sign; may be repeated.  [default: everybody who may, but the requester]")  # fmt: skip
@output_options
def command(
    *,
    plan: str,
    window: str | None,
    signers: tuple[str, ...],
    site: Path,
    formats: tuple[Format, ...],
    out: Path | None,
    as_json: bool,
) -> int:
    """Ask for a window: write 《升级申请》 and one text for each person to sign.

    The hospital signs a text where no maintkit is, with `ssh-keygen -Y sign -n maintkit-approval@maintkit -f KEY FILE`;
    `maintkit approve PLAN --import FILE.sig` takes the signature in.
    """
    place = load_site(site)
    rules = authority(place)
    directory, own = out or place.settings.reports, load_own(place.root)
    with open_ledger(place.settings) as ledger:
        found = plan_of(ledger, plan)
        now = SystemClock().now()
        if window is None:
            following = next_windows(found, rules.changes, rules.zone, now)
            raise click.UsageError(f"say when: --window ID or --window START/END; open are {following}")
        wanted = window_of(window, found, rules.changes, rules.zone, now)
        acts = tuple(
            approve.approval_act(found, wanted, rules.zone, role=role, signer=who, nonce=nonce(), at=now)
            for who, role in _signers(signers, found, rules)
        )
        approve.request(ledger, found, acts, rules)
        texts = _write(acts, found, directory)
        document = upgrade_request(application(ledger, plan), header(place))
    drawn = dress(document, own, header(place))
    written, refused = written_and_refused(drawn, formats, directory, own)
    if as_json:
        said = {"texts": [str(path) for path in texts], "written": [str(path) for path in written], "refused": refused,
                "window": [wanted.start.isoformat(), wanted.end.isoformat()], "sha256": found.sha256}  # fmt: skip
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        _tell(found, texts, written, refused)
    return DocumentRefused.exit_code if refused else 0


def _signers(named: tuple[str, ...], plan: Plan, rules: Authority) -> list[tuple[str, Role]]:
    """Principal and role of each text."""
    if named:
        return [_named(one, rules) for one in named]
    requester = rules.people.who(plan.requester)
    found: list[tuple[str, Role]] = []
    for role in approve.ROLES:
        found += [
            (one.principals[0], role)
            for one in rules.people.may(role)
            if one != requester and one.principals[0] not in {who for who, _ in found}
        ]
    if not found:
        raise ApprovalRefused(
            "signers/roles.yml names nobody who may approve this plan", hint="docs/plans.md says how to list people"
        )
    return found


def _named(text: str, rules: Authority) -> tuple[str, Role]:
    principal, _, role = text.partition(":")
    person = rules.people.who(principal)
    own = [one for one in approve.ROLES if person is not None and one in person.roles]
    wanted = [one for one in approve.ROLES if one == role] if role else own
    if not wanted:
        raise click.BadParameter(f"{text!r}: the roles are {', '.join(approve.ROLES)}", param_hint="--for")
    return principal, wanted[0]


def _write(acts: tuple[Act, ...], plan: Plan, directory: Path) -> list[Path]:
    """One file a text. A file of an earlier request is replaced; its nonce stays good in the ledger."""
    paths = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for act in acts:
            path = directory / f"{plan.id}-{act.role}-{re.sub('[^A-Za-z0-9@._-]', '_', act.signer)}.txt"
            path.write_text(act.text, encoding="utf-8")
            paths.append(path)
    except OSError as error:
        raise DocumentRefused(
            f"cannot write {error.filename}: {error.strerror}", hint="name another directory"
        ) from error
    return paths


def _tell(plan: Plan, texts: list[Path], written: list[Path], refused: dict[str, str]) -> None:
    for path in (*written, *texts):
        click.echo(path)
    for name, why in refused.items():
        click.echo(f"maintkit: no {name}: {why}", err=True)
    click.echo(f"sign: ssh-keygen -Y sign -n {NAMESPACE} -f KEY {texts[0]}", err=True)
    click.echo(f"then: maintkit approve {plan.id} --import {texts[0]}.sig", err=True)
