"""`maintkit handover`: pack documents, ledger and contract files under one signature, and check such a package."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from maintkit.cli.terminal.handing import Packed, Wanted, hand_over
from maintkit.cli.terminal.options import by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.records import Period
from maintkit.cli.terminal.words import bare
from maintkit.clock import to_text
from maintkit.contract.load import load_site
from maintkit.documents.render import Format
from maintkit.errors import DocumentRefused, HandoverAltered, LedgerCorrupt
from maintkit.evidence.handover.check import Checked
from maintkit.evidence.handover.check import check as look
from maintkit.evidence.signing import Trust, trust_at

DAY = click.DateTime(["%Y-%m-%d"])
EXISTING = click.Path(exists=True, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
EXISTING_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
DELIVERED = "handover.delivered"

signers_option = click.option(
    "--signers", type=EXISTING_FILE, required=True, help="Your own OpenSSH allowed_signers file, not the package's."
)
revoked_option = click.option(
    "--revoked", type=EXISTING_FILE, help="Revoked keys (KRL); default: `revoked_keys` beside the signers file."
)


@click.group()
def command() -> None:
    """Hand over documents and proof, and check what was handed over."""


@command.command()
@click.argument("target", metavar="DIR|FILE.zip", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(dir_okay=False, path_type=Path), required=True, help="SSH key to sign with.")
@click.option("--from", "since", type=DAY, help="First day of the documents.  [default: the ledger's start]")
@click.option("--to", "until", type=DAY, help="Last day of the documents.  [default: the ledger's end]")
@click.option("--format", "formats", multiple=True, type=click.Choice(get_args(Format)), help="May be repeated.")
@click.option("--inventory", is_flag=True, help="Take the inventory along; vault files and secrets stay out.")
@json_option
@site_option
def pack(
    *,
    target: Path,
    key: Path,
    since: datetime | None,
    until: datetime | None,
    formats: tuple[Format, ...],
    inventory: bool,
    as_json: bool,
    site: Path,
) -> int:
    """Every document of the period, the whole ledger, anchors, signers and contract files, with a signed manifest."""
    if since and until and until < since:
        raise click.UsageError(f"--to {until:%Y-%m-%d} is before --from {since:%Y-%m-%d}")
    place = load_site(site)
    period = Period(
        zone=place.contract.zone, since=since.date() if since else None, until=until.date() if until else None
    )
    wanted = Wanted(period=period, formats=formats, inventory=inventory)
    with open_ledger(place.settings, read_only=True) as ledger:
        packed = hand_over(place, ledger, wanted, target=target, key=key)
    _tell_packed(target, packed, as_json=as_json)
    return DocumentRefused.exit_code if packed.refused else 0


def _tell_packed(target: Path, packed: Packed, *, as_json: bool) -> None:
    manifest = packed.manifest
    drafts = [f"{one.title} {one.number}" for one in packed.documents if one.draft]
    if as_json:
        said = {"package": str(target), "files": len(manifest.files), "documents": len(packed.documents),
                "drafts": drafts, "left_out": [one.model_dump() for one in manifest.left_out],
                "seq": manifest.seq, "head": manifest.head, "refused": packed.refused}  # fmt: skip
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    click.echo(f"{target}: {len(packed.documents)} documents, {len(manifest.files)} files, entries to {manifest.seq}")
    for draft in drafts:
        click.echo(f"  draft: {bare(draft)}")
    for one in manifest.left_out:
        click.echo(f"  left out: {bare(one.path)}: {one.reason}")
    for name, why in packed.refused.items():
        click.echo(f"maintkit: no {name}: {why}", err=True)


@command.command()
@click.argument("package", metavar="PATH", type=EXISTING)
@signers_option
@revoked_option
@click.option("--anchors", type=EXISTING_DIRECTORY, help="Your own copies of the anchors, instead of the package's.")
@json_option
def verify(*, package: Path, signers: Path, revoked: Path | None, anchors: Path | None, as_json: bool) -> None:
    """Signature, every hash, nothing extra, the ledger's chain and anchors; needs no site and no network."""
    trust = trust_at(signers) if revoked is None else Trust(allowed=signers, revoked=revoked)
    found = look(package, trust, anchors=anchors)
    click.echo(_checked_json(found) if as_json else _checked_text(found))
    if found.troubles:
        raise HandoverAltered(
            bare(str(found.troubles[0])), hint="keep this package as it is, and ask for it anew: it is not as signed"
        )
    if found.ledger is not None and not found.ledger.intact:
        raise LedgerCorrupt(
            f"the ledger in it: {bare(str(found.ledger.problems[0]))}", hint="keep this package as it is, and ask why"
        )


def _checked_json(found: Checked) -> str:
    manifest = found.manifest
    said = {
        "intact": found.intact,
        "signer": asdict(found.signer),
        "files": len(manifest.files),
        "troubles": [asdict(one) for one in found.troubles],
        "ledger": asdict(found.ledger) if found.ledger else None,
        "manifest": manifest.model_dump(mode="json", exclude={"files"}),
    }
    return json.dumps(said, ensure_ascii=False)


def _checked_text(found: Checked) -> str:
    manifest, ledger = found.manifest, found.ledger
    lines = [
        f"contract {bare(manifest.contract)}, {bare(manifest.hospital)}",
        f"signed   by {bare(found.signer.principal)}, {found.signer.key}",
        f"files    {len(manifest.files)}, {len(found.troubles)} not as signed",
        *(f"BAD      {bare(str(one))}" for one in found.troubles[:20]),
    ]
    if ledger is None:
        lines.append("ledger   not looked at, because files are bad")
    else:
        lines.append(
            f"ledger   {ledger.entries} entries up to {to_text(manifest.at)}, {ledger.anchors_checked} anchors"
        )
        lines += [f"BAD      {bare(str(problem))}" for problem in ledger.problems]
        if not ledger.anchors_checked:
            lines.append("note     no anchor was checked: only the manifest vouches for the ledger's end")
    return "\n".join([*lines, f"result   {'intact' if found.intact else 'not intact'}"])


@command.command()
@click.argument("package", metavar="PATH", type=EXISTING)
@click.option("--to", "receiver", required=True, help="Who of the hospital took it.")
@by_option
@json_option
@site_option
def deliver(*, package: Path, receiver: str, by: str, as_json: bool, site: Path) -> None:
    """Enter that a package was handed to the hospital; it must verify by the site's own signers."""
    place = load_site(site)
    found = look(package, trust_at(place.settings.signers))
    if not found.intact:
        raise HandoverAltered(
            f"{package} does not verify", hint="run `maintkit handover verify` on it, and pack it anew"
        )
    manifest = found.manifest
    body = {"manifest": found.sha256, "files": len(manifest.files), "seq": manifest.seq, "head": manifest.head,
            "since": str(manifest.since) if manifest.since else None,
            "until": str(manifest.until) if manifest.until else None,
            "signer": found.signer.principal, "receiver": receiver, "by": by}  # fmt: skip
    with open_ledger(place.settings) as ledger:
        entry = ledger.append(DELIVERED, body)
    sentence = f"entry {entry.seq}: {package} was handed to {receiver}"
    click.echo(json.dumps({"entry": entry.seq, "body": entry.body}, ensure_ascii=False) if as_json else sentence)
