"""`maintkit ledger`: verify, show, anchor and export what was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from maintkit.clock import SystemClock, to_text
from maintkit.errors import LedgerCorrupt
from maintkit.evidence.anchor import anchor as sign
from maintkit.evidence.chain import Verification
from maintkit.evidence.chain import verify as walk
from maintkit.evidence.entry import Entry
from maintkit.evidence.export import ExportedLedger
from maintkit.evidence.export import export as write
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the ledger and what verifies it are."""

    url: str
    anchors: Path | None
    signers: Path | None


def _place(site: Path, url: str | None) -> Place:
    """The site's ledger, or the one of a URL, which brings no anchors of its own."""
    if url is not None:
        return Place(url=url, anchors=None, signers=None)
    settings = load_settings(site)
    return Place(url=settings.ledger_url, anchors=settings.anchors, signers=settings.signers)


def _located(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every subcommand shares."""
    site = click.option("--site", type=DIRECTORY, default=".", show_default=True, help="The site's directory.")
    url = click.option("--ledger", "url", metavar="URL", help="Another ledger than the site's.")
    return site(url(function))


def _open(place: Place, *, read_only: bool = True) -> Ledger:
    return Ledger.open(place.url, clock=SystemClock(), redactor=Redactor(), read_only=read_only)


def printable(text: str) -> str:
    """Stored text without what would steer a terminal: escape sequences, control characters, text direction."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


@click.group()
def command() -> None:
    """Verify, show, countersign and export the ledger."""


@command.command()
@_located
@click.option("--anchors", type=DIRECTORY, help="Anchors to hold it against, for example the hospital's own copies.")
@click.option("--signers", type=FILE, help="OpenSSH allowed_signers file that says who may sign anchors.")
@click.option("--revoked", type=FILE, help="Revoked keys (KRL); default: `revoked_keys` beside the signers file.")
@click.option("--export", "exported", type=FILE, help="Verify this exported file instead of a ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(
    *,
    site: Path,
    url: str | None,
    anchors: Path | None,
    signers: Path | None,
    revoked: Path | None,
    exported: Path | None,
    as_json: bool,
) -> None:
    """Check the whole chain, its attachments and its anchors; exit code 21 names the first bad entry."""
    needs_no_site = url is not None or (exported is not None and signers is not None)
    place = Place(url=url or "", anchors=None, signers=None) if needs_no_site else _site_or_nothing(site, exported)
    anchors, signers = anchors or place.anchors, signers or place.signers
    if revoked is None and signers is not None and signers.with_name("revoked_keys").is_file():
        revoked = signers.with_name("revoked_keys")
    if exported is not None:
        result = walk(ExportedLedger(exported), anchors, signers, revoked=revoked)
    else:
        with _open(place) as ledger:
            result = walk(ledger, anchors, signers, revoked=revoked)
    click.echo(_as_json(result) if as_json else _as_text(result))
    if not result.intact:
        raise LedgerCorrupt(str(result.problems[0]), hint="keep this copy as it is, and compare it with the hospital's")


def _site_or_nothing(site: Path, exported: Path | None) -> Place:
    """An exported file is also verified far from any site."""
    if exported is not None and not (site / "maintkit.yml").is_file():
        return Place(url="", anchors=None, signers=None)
    return _place(site, None)


def _as_json(result: Verification) -> str:
    return json.dumps({"intact": result.intact, **asdict(result)})


def _as_text(result: Verification) -> str:
    counted = f"{result.entries} entries verified, head {result.head.hash[:16]}, {result.anchors_checked} anchors"
    lines = [f"ledger {printable(result.ledger)}: {counted}"]
    lines += [f"  BAD: {printable(str(problem))}" for problem in result.problems]
    if not result.anchors_checked:
        lines.append("  note: no anchor was checked, so a tail that was cut off would not be seen")
    return "\n".join([*lines, "not intact" if result.problems else "intact"])


@command.command()
@_located
@click.option("--kind", help="Only entries of this kind, like host.judged.")
@click.option("--run", help="Only entries of this run.")
@click.option("--subject", help="Only entries of this subject, like a host's name.")
@click.option(
    "--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many, counted from the end."
)
@click.option("--json", "as_json", is_flag=True, help="Print entries as JSON lines.")
@click.argument("seq", type=click.IntRange(min=1), required=False)
def show(
    *,
    site: Path,
    url: str | None,
    kind: str | None,
    run: str | None,
    subject: str | None,
    last: int,
    as_json: bool,
    seq: int | None,
) -> None:
    """List the newest entries, or show one in full by its number."""
    with _open(_place(site, url)) as ledger:
        if seq is not None:
            entry = ledger.entry(seq)
            click.echo(_entry_json(entry) if as_json else _in_full(entry))
            return
        newest = ledger.entries(kind=kind, run=run, subject=subject, newest_first=True, limit=last)
        for entry in reversed(list(newest)):
            click.echo(_entry_json(entry) if as_json else _in_short(entry))


def _entry_json(entry: Entry) -> str:
    fields = {key: value for key, value in asdict(entry).items() if key != "masked"}
    return json.dumps(fields | {"at": to_text(entry.at)})


def _in_short(entry: Entry) -> str:
    marks = "  ".join(mark for mark in (entry.run, entry.subject) if mark)
    attached = f"  +{len(entry.attachments)} attached" if entry.attachments else ""
    return printable(f"{entry.seq:>6}  {to_text(entry.at)[:19]}Z  {entry.kind:<22}  {marks}{attached}")


def _in_full(entry: Entry) -> str:
    marks = {
        "entry": entry.seq,
        "at": to_text(entry.at),
        "kind": entry.kind,
        "run": entry.run,
        "subject": entry.subject,
        "prev": entry.prev,
        "hash": entry.hash,
        "attachments": ", ".join(entry.attachments),
    }
    head = "\n".join(f"{name:<12}{value or '-'}" for name, value in marks.items())
    body = json.dumps(entry.body, ensure_ascii=False, indent=2, sort_keys=True)
    return printable(f"{head}\n{body}")


@command.command()
@_located
@click.option(
    "--key", type=FILE, required=True, help="SSH private key, or a public key whose private one is in the agent."
)
@click.option("--anchors", type=DIRECTORY, help="Where to keep the anchor; default: the site's anchors.")
def anchor(*, site: Path, url: str | None, key: Path, anchors: Path | None) -> None:
    """Countersign the head, so that a tail cut off later is seen; give the hospital a copy of both files."""
    place = _place(site, url)
    directory = anchors or place.anchors
    if directory is None:
        raise click.UsageError("with --ledger, say where to keep the anchor: --anchors DIR")
    with _open(place, read_only=False) as ledger:
        made = sign(ledger, key=key, directory=directory, clock=SystemClock())
    click.echo(f"{made.path}: entry {made.head.seq}, head {made.head.hash[:16]}")


@command.command()
@_located
@click.argument("file", type=FILE)
def export(*, site: Path, url: str | None, file: Path) -> None:
    """Write entries and attachments to FILE (.jsonl or .jsonl.gz), to be verified by `verify --export FILE`."""
    with _open(_place(site, url)) as ledger:
        head = write(ledger, file)
    click.echo(f"{file}: {head.seq} entries, head {head.hash[:16]}")
