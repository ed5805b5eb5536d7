"""`maintkit collector`: the script that runs on hosts, to read or to carry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from maintkit.cli.terminal.options import site_option
from maintkit.runs import collection


@click.command()
@click.option("--host", help="Build in what the site declares for this inventory host and its groups (services.yml).")
@click.option("--deep", is_flag=True, help="For a deep inspection: longer samples.")
@click.option("--parameters", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), hidden=True)
@site_option
def command(*, host: str | None, deep: bool, file: Path | None, site: Path) -> None:
    """Print the collector: what maintkit runs on a host, and all of it.

    Read it, or carry it to a host that no network reaches, run it there with `python3 collector.py > HOST.json`, and
    bring the result to `maintkit inspect --import HOST.json`. It reads and writes nothing on the host.
    """
    parameters: dict[str, Any] = json.loads(file.read_text()) if file else {}
    if host is not None:
        # Only here is a site needed: the script itself prints anywhere.
        from maintkit.contract.expectations import expectations  # noqa: PLC0415
        from maintkit.contract.load import load_site  # noqa: PLC0415
        from maintkit.runs.inventory import inventory  # noqa: PLC0415

        known = load_site(site)
        groups = inventory(known.settings).groups_of(host)
        parameters |= expectations(known.services, host, groups).parameters()
    if deep:
        parameters["deep"] = True
    click.echo(collection.collector(parameters), nl=False)
