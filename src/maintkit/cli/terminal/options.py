"""Options that several commands have, spelled the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

site_option = click.option(
    "--site",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    envvar="MAINTKIT_SITE",
    show_default="this directory",
    help="The site's directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
by_option = click.option("--by", required=True, help="Who enters this: a person's name, as records bear it.")
