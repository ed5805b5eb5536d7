"""`maintkit advise`: what could be done for the database servers' queries, indexes and settings, and by which plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from maintkit.cli.terminal.advising import rows
from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import bare, plain
from maintkit.contract.load import load_site
from maintkit.errors import NotFound
from maintkit.evidence import history
from maintkit.evidence.servers import servers


@click.command()
@click.argument("host", required=False)
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the parameters of each plan into this folder, for `maintkit plan … --vars`.",
)
@json_option
@site_option
def command(*, host: str | None, folder: Path | None, as_json: bool, site: Path) -> None:
    """Advice on queries, indexes and settings of PostgreSQL and MySQL, from the newest facts of HOST, or of all hosts.

    Counters are compared with an inspection that is a week or more older. Nothing is changed and no host is asked: what
    is advised is a plan like any other, or a person's to do.
    """
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        newest = history.latest(ledger)
        groups = {one.name: one.groups for one in newest.hosts} if newest else {}
        wanted = [host] if host else sorted(groups)
        known = {name: servers(ledger, name) for name in wanted}
    if host is not None and known[host] is None:
        raise NotFound(f"no inspection has seen {host}", hint="inspect it: `maintkit inspect --limit`")
    found = [row for name, one in known.items() if one for row in rows(place, one, groups.get(name, ()), folder)]
    click.echo(json.dumps(found, ensure_ascii=False, indent=2)) if as_json else _print(
        found, written=folder is not None
    )


def _print(found: list[dict[str, Any]], *, written: bool) -> None:
    if not found:
        click.echo("no inspection has found a database server, or there is nothing to advise")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("host", "of", "advice", "figures", "change", "takes", "sure"):
        table.add_column(title, overflow="fold", no_wrap=title in ("host", "takes", "sure"))
    for row in found:
        table.add_row(*_cells(row))
    wide_console().print(table)
    commands = [row["plan"]["command"] for row in found if "command" in row.get("plan", {})]
    for command_ in commands:
        click.echo(f"plan: {bare(command_)}")
    if commands and not written:
        click.echo("`maintkit advise --write FOLDER` writes the files that these plans name")


def _why(row: dict[str, Any]) -> str:
    return f"{row['insufficient']} ({row['why']})" if row["why"] else str(row["insufficient"])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    host, of = plain(row["host"]), plain(row["subject"])
    if "insufficient" in row:
        return host, of, plain(row["rule"] or "-"), plain(_why(row)), "", "", "not enough data"
    figures = ", ".join(f"{name} {value}" for name, value in row["figures"].items())
    change = row["change"]
    told = f"{change['name']} {change['before']} → {change['after']}" if change else row["sql"] or ""
    title = f"[bold red]{plain(row['title'])}[/]" if row["danger"] else plain(row["title"])
    return host, of, title, plain(figures), plain(told), row["takes"], row["confidence"]
