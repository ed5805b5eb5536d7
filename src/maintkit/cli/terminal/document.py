"""Documents from a command: the options that all have, the header of the site, and writing them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import click

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.contract.load import Site
from maintkit.documents.header import Header
from maintkit.documents.model import Document
from maintkit.documents.render import FORMATS, Format, render
from maintkit.errors import DocumentRefused

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def document_options(function: CommandT) -> CommandT:
    """The options of every document."""
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
    )


def write(place: Site, document: Document, formats: tuple[Format, ...], out: Path | None, *, as_json: bool) -> int:
    """Write the formats asked for, all or none; of all formats, those that can be written. Returns the exit code."""
    written, refused = written_and_refused(document, formats, out or place.settings.reports)
    if as_json:
        said = {"written": [str(path) for path in written], "refused": refused, "draft": document.draft}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        for path in written:
            click.echo(path)
        for name, why in refused.items():
            click.echo(f"maintkit: no {name}: {why}", err=True)
    return DocumentRefused.exit_code if refused else 0


def written_and_refused(
    document: Document, formats: tuple[Format, ...], directory: Path
) -> tuple[list[Path], dict[str, str]]:
    """The paths that were written and, where all formats were asked for, why the others could not be."""
    stem = f"{document.title}-{document.number}"
    if formats:
        return list(render(document, formats, directory, stem)), {}
    written: list[Path] = []
    refused: dict[str, str] = {}
    for one in FORMATS:
        try:
            written += render(document, (one,), directory, stem)
        except DocumentRefused as error:
            refused[one] = f"{error} ({error.hint})"
    return written, refused
