"""Options that several commands have, spelled the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Said(click.ParamType):  # type: ignore[type-arg]  # click 8.1, which will do, takes no type argument
    """A name or a reason that a person gives: without the space around it, and never nothing but space."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text; click's own refusal (exit code 2) of an empty one."""
        text = str(value).strip()
        if not text:
            self.fail("an empty text says nothing", param, ctx)
        return text


SAID = Said()

site_option = click.option(
    "--site",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    envvar="MAINTKIT_SITE",
    show_default="this directory",
    help="The site's directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
by_option = click.option("--by", type=SAID, required=True, help="Who enters this: a person's name, as records bear it.")
TIME = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
at_option = click.option("--at", type=TIME, help="When it happened, on site: 2026-10-08T09:30.  [default: now]")
text_option = click.option("--text", type=SAID, required=True, help="What was done or found, in a person's words.")
