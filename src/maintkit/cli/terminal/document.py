"""Documents from a command: the options that all have, the header of the site, writing and issuing them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import click

from maintkit.cli.terminal.keeping import keep
from maintkit.cli.terminal.options import SAID, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock
from maintkit.contract.load import Site
from maintkit.documents.header import Header
from maintkit.documents.model import Document, to_tree
from maintkit.documents.own.dress import dress
from maintkit.documents.own.load import PLAIN, Own, load_own
from maintkit.documents.parts.revisions import with_revisions
from maintkit.documents.render import FORMATS, Format, render
from maintkit.errors import DocumentRefused
from maintkit.evidence.issued import Issue, Made, issue, issues
from maintkit.evidence.ledger import Ledger

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


_ISSUED_BY = f"{__name__}.issued_by"


def output_options(function: CommandT) -> CommandT:
    """The options of every command that writes a document."""
    for option in (
        json_option,
        click.option(
            "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to.  [default: the site's reports]"
        ),
        click.option(
            "--format",
            "formats",
            multiple=True,
            type=click.Choice(get_args(Format)),
            help="May be repeated.  [default: all]",
        ),
        site_option,
    ):
        function = option(function)
    return function


def document_options(function: CommandT) -> CommandT:
    """The options of every document that can be issued. `write` finds what `--issued-by` says by itself."""
    issued_by = click.option(
        "--issued-by",
        metavar="NAME",
        type=SAID,
        expose_value=False,
        callback=_keep_issuer,
        help="Issue it: NAME hands it to the hospital. Its hashes go into the ledger; a draft is refused.",
    )
    return output_options(issued_by(function))


def _keep_issuer(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    del param
    ctx.meta[_ISSUED_BY] = value


def header(place: Site) -> Header:
    """What stands at the head of every document of this site."""
    contract = place.contract
    return Header(
        hospital=contract.hospital.name,
        provider=contract.provider.name,
        contract_number=contract.number,
        contract_title=contract.title,
        zone=ZoneInfo(contract.time_zone),
        systems={name: system.name_zh for name, system in place.services.systems.items()},
        practice=place.settings.practice,
    )


def write(place: Site, document: Document, formats: tuple[Format, ...], out: Path | None, *, as_json: bool) -> int:
    """Write the formats asked for, all or none; of all formats, those that can be written. Returns the exit code.

    With `--issued-by` it is issued: DocumentRefused for a draft. What was issued before with the same content is not
    issued again.
    """
    issuer, own = click.get_current_context().meta.get(_ISSUED_BY), load_own(place.root)
    if issuer is None:
        with open_ledger(place.settings, read_only=True) as ledger:
            drawn = revised(ledger, dress(document, own, header(place)), place.contract.zone)
        written, refused = written_and_refused(drawn, formats, out or place.settings.reports, own)
        version = None
    else:
        version, written, refused = _issue(place, own, document, formats, out or place.settings.reports, issuer)
    if as_json:
        said = {"written": [str(path) for path in written], "refused": refused, "draft": document.draft}
        click.echo(json.dumps(said | ({"version": version} if version else {}), ensure_ascii=False))
    else:
        for path in written:
            click.echo(path)
        for name, why in refused.items():
            click.echo(f"maintkit: no {name}: {why}", err=True)
        if version:
            click.echo(f"issued: {document.title} {document.number}, version {version}", err=True)
    return DocumentRefused.exit_code if refused else 0


def revised(ledger: Ledger, document: Document, zone: tzinfo) -> Document:
    """The document with its revisions; one that was never issued says so."""
    return with_revisions(document, issues(ledger, document.kind, document.number), zone)


def _issue(
    place: Site, own: Own, document: Document, formats: tuple[Format, ...], directory: Path, issuer: str
) -> tuple[int, list[Path], dict[str, str]]:
    """The version, what was written and what was refused; the entry is made once the files are there."""
    if document.draft:
        raise DocumentRefused(
            f"{document.title} {document.number} is a draft: it was not issued",
            hint="enter what it marks as 待填写 (see docs/documents.md), then issue it",
        )
    with open_ledger(place.settings) as ledger, ledger.writing(f"issue {document.kind} {document.number}"):
        had = issues(ledger, document.kind, document.number)
        said = dress(document, own, header(place))
        content = content_of(said, own)
        same = bool(had) and had[-1].content == content
        now = SystemClock().now().replace(microsecond=0)
        new = Issue(version=len(had) + 1, by=issuer, at=now, content=content)
        drawn = with_revisions(said, had if same else (*had, new), place.contract.zone)
        written, refused = written_and_refused(drawn, formats, directory, own)
        if written and not same:
            keep(written, new.version, place.settings.reports)
            files = {path.name: sha256(path.read_bytes()).hexdigest() for path in written}
            made = Made(document=document.kind, number=document.number, title=document.title, files=files)
            issue(ledger, new, made, own.files)
    return len(had) if same or not written else new.version, written, refused


def content_of(said: Document, own: Own) -> str:
    """What an issue is of: what the document says, and the site's own files where it has some."""
    tree: Any = to_tree(said)
    told = {"document": tree, "own": own.hashes} if own.files else tree
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def written_and_refused(
    document: Document, formats: tuple[Format, ...], directory: Path, own: Own = PLAIN
) -> tuple[list[Path], dict[str, str]]:
    """The paths that were written and, where all formats were asked for, why the others could not be."""
    stem = f"{document.title}-{document.number}"
    if formats:
        return list(render(document, formats, directory, stem, own)), {}
    written: list[Path] = []
    refused: dict[str, str] = {}
    for one in FORMATS:
        try:
            written += render(document, (one,), directory, stem, own)
        except DocumentRefused as error:
            refused[one] = f"{error} ({error.hint})"
    return written, refused
