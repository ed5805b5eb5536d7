"""`maintkit inspect`: ask the hosts, judge, record, and say on one screen what came of it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import click

from maintkit.checks.limits import load_limits
from maintkit.cli.terminal.interrupt import interruptible
from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.progress import InspectionProgress
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.summary import exit_code, show, summary_json
from maintkit.clock import SystemClock
from maintkit.contract.load import load_site
from maintkit.runs.ansible import AnsibleDriver
from maintkit.runs.carried import read_carried
from maintkit.runs.inspection import Order, inspect


@click.command()
@site_option
@click.option("--limit", "scope", metavar="PATTERN", help="Only the hosts that this Ansible pattern matches.")
@click.option("--deep", is_flag=True, help="The quarterly deep inspection: more checks, longer samples.")
@click.option(
    "--import",
    "files",
    multiple=True,
    metavar="[HOST=]FILE",
    help="Take in a collector's output carried by hand; that host is not contacted. May be repeated.",
)
@click.option("--engineer", help="Who inspects, as the record bears it.  [default: maintkit.yml, else your login]")
@json_option
def command(
    *, site: Path, scope: str | None, deep: bool, files: tuple[str, ...], engineer: str | None, as_json: bool
) -> int:
    """Inspect the hosts of the inventory and record what was found.

    Every host and every check that the inventory and the site's files expect is accounted for: what was not looked at
    is said, with the reason. Exit codes: 0 all well, 10 warnings, 11 critical, 12 hosts missed, 13 critical and
    hosts missed, 130 interrupted (docs/exit-codes.md).
    """
    place = load_site(site)
    limits = load_limits(place.root / "limits.yml")
    carried = tuple(read_carried(file) for file in files)
    order = Order(
        scope=scope,
        deep=deep,
        engineer=engineer or place.settings.engineer or getpass.getuser(),
        carried=carried,
    )
    console = wide_console(stderr=as_json)
    with (
        open_ledger(place.settings) as ledger,
        interruptible() as cancelled,
        InspectionProgress(console) as progress,
    ):
        done = inspect(
            place, limits, ledger, AnsibleDriver(), order,
            clock=SystemClock(), watcher=progress, cancelled=cancelled,
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(summary_json(done), ensure_ascii=False, indent=2))
    else:
        show(done, console, site)
    return exit_code(done)
