"""`maintkit ledger`: verify, show, anchor and export what was recorded."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.words import bare
from maintkit.clock import SystemClock, to_text
from maintkit.errors import LedgerCorrupt
from maintkit.evidence.anchor import anchor as sign
from maintkit.evidence.chain import Verification
from maintkit.evidence.chain import verify as walk
from maintkit.evidence.entry import Entry, Head
from maintkit.evidence.export import ExportedLedger
from maintkit.evidence.export import export as write
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.evidence.signing import trust_at
from maintkit.settings import FILE as SITE_FILE
from maintkit.settings import load_settings

DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
EXISTING_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

url_option = click.option("--ledger", "url", metavar="URL", help="Another ledger than the site's.")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the ledger is and what verifies it; a ledger named by its URL brings no anchors and signers of its own."""

    url: str = ""
    anchors: Path | None = None
    signers: Path | None = None


def _place(site: Path, url: str | None) -> Place:
    if url is not None:
        return Place(url=url)
    settings = load_settings(site)
    return Place(url=settings.ledger_url, anchors=settings.anchors, signers=settings.signers)


def _open(place: Place, *, read_only: bool = True) -> Ledger:
    return Ledger.open(place.url, clock=SystemClock(), redactor=Redactor(), read_only=read_only)


@click.group()
def command() -> None:
    """Verify, show, countersign and export the ledger."""


@command.command()
@site_option
@url_option
@click.option(
    "--anchors", type=EXISTING_DIRECTORY, help="Anchors to hold it against, for example the hospital's own copies."
)
@click.option("--signers", type=EXISTING_FILE, help="OpenSSH allowed_signers file that says who may sign anchors.")
@click.option(
    "--revoked", type=EXISTING_FILE, help="Revoked keys (KRL); default: `revoked_keys` beside the signers file."
)
@click.option("--export", "exported", type=EXISTING_FILE, help="Verify this exported file instead of a ledger.")
@json_option
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
    # An exported file is also verified far from any site.
    away = exported is not None and not (site / SITE_FILE).is_file()
    place = Place() if away else _place(site, url)
    signers = signers or place.signers
    if revoked is None and signers is not None:
        revoked = trust_at(signers).revoked
    with ExitStack() as stack:
        source = ExportedLedger(exported) if exported is not None else stack.enter_context(_open(place))
        result = walk(source, anchors or place.anchors, signers, revoked=revoked)
    click.echo(_as_json(result) if as_json else _as_text(result))
    if not result.intact:
        raise LedgerCorrupt(
            bare(str(result.problems[0])), hint="keep this copy as it is, and compare it with the hospital's"
        )


def _as_json(result: Verification) -> str:
    return json.dumps({"intact": result.intact, **asdict(result)})


def _as_text(result: Verification) -> str:
    lines = [
        f"ledger   {bare(result.ledger)}",
        f"entries  {result.entries}, the last {result.head.hash[:16]}…",
        f"anchors  {result.anchors_checked}",
    ]
    lines += [f"BAD      {bare(str(problem))}" for problem in result.problems]
    if not result.anchors_checked:
        lines.append("note     no anchor was checked: a tail that was cut off would not be seen")
    return "\n".join([*lines, f"result   {'intact' if result.intact else 'not intact'}"])


@command.command()
@site_option
@url_option
@click.option("--kind", help="Only entries of this kind, like host.judged.")
@click.option("--run", help="Only entries of this run.")
@click.option("--subject", help="Only entries of this subject, like a host's name.")
@click.option(
    "--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many, counted from the end."
)
@json_option
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
    return bare(f"{entry.seq:>6}  {to_text(entry.at)[:19]}Z  {entry.kind:<22}  {marks}{attached}")


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
    return "\n".join(bare(row) for row in f"{head}\n{body}".split("\n"))


@command.command()
@site_option
@url_option
@click.option(
    "--key", type=FILE, required=True, help="SSH private key, or a public key whose private one is in the agent."
)
@click.option("--anchors", type=DIRECTORY, help="Where to keep the anchor; default: the site's anchors.")
@json_option
def anchor(*, site: Path, url: str | None, key: Path, anchors: Path | None, as_json: bool) -> None:
    """Countersign the head, so that a tail cut off later is seen; give the hospital a copy of both files."""
    place = _place(site, url)
    directory = anchors or place.anchors
    if directory is None:
        raise click.UsageError("with --ledger, say where to keep the anchor: --anchors DIR")
    with _open(place, read_only=False) as ledger:
        made = sign(ledger, key=key, directory=directory, clock=SystemClock())
    text = f"{made.path}: signed entry {made.head.seq}, {made.head.hash[:16]}…"
    click.echo(_head_json("anchor", made.path, made.head) if as_json else text)


@command.command()
@site_option
@url_option
@json_option
@click.argument("file", type=FILE)
def export(*, site: Path, url: str | None, file: Path, as_json: bool) -> None:
    """Write entries and attachments to FILE (.jsonl or .jsonl.gz), to be verified by `verify --export FILE`."""
    with _open(_place(site, url)) as ledger:
        head = write(ledger, file)
    click.echo(_head_json("file", file, head) if as_json else f"{file}: entries up to {head.seq}, {head.hash[:16]}…")


def _head_json(what: str, path: Path | None, head: Head) -> str:
    return json.dumps({what: str(path), "seq": head.seq, "hash": head.hash})
