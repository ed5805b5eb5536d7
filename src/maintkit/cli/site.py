"""`maintkit site`: is everything in the site's files right, also against the inventory? And what may stand in them?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import TypeVar

import click
from pydantic import BaseModel

from maintkit.checks.limits import LimitsFile, SiteLimits, load_limits
from maintkit.cli.terminal.options import json_option, site_option
from maintkit.contract.contract import Contract
from maintkit.contract.load import SERVICES, check_names, load_site
from maintkit.contract.reminders import FILE as REMINDERS
from maintkit.contract.reminders import Reminders
from maintkit.contract.services import Services
from maintkit.contract.watch import Watch
from maintkit.contract.workdays import FILE as CALENDAR
from maintkit.contract.workdays import Overlay
from maintkit.documents.own.layout import Layout
from maintkit.documents.own.load import DIRECTORY, STYLE, load_own
from maintkit.documents.own.words import Words
from maintkit.errors import NothingMatched, SiteError
from maintkit.plans.people import People, load_people
from maintkit.runs.inventory import Inventory, inventory
from maintkit.settings import SettingsFile, load_settings
from maintkit.sitefile import Path, Problem, load, near, places, read

T = TypeVar("T")

LIMITS = "limits.yml"


@click.group("site")
def command() -> None:
    """Look after the site's files."""


@command.command("check")
@site_option
@json_option
def check(*, site: FilePath, as_json: bool) -> None:
    """Read every file of the site and follow every reference; list all mistakes by file and line."""
    try:
        summary = check_site(site)
    except SiteError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": [asdict(place) for place in places(error)]}))
        raise
    if as_json:
        click.echo(json.dumps({"ok": True, **summary}))
    else:
        click.echo(f"{site}: the site is whole: " + ", ".join(f"{what} {count}" for what, count in summary.items()))


@command.command("schemas")
@click.argument("target", metavar="DIR", type=click.Path(file_okay=False, path_type=FilePath))
def schemas(target: FilePath) -> None:
    """Write the JSON schemas of the site's files into DIR, for an editor that checks while you type."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in schema_texts().items():
            (target / name).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SiteError(f"{target}: {reason}", hint="choose a directory that you may write to") from error


@command.command()
@site_option
def style(*, site: FilePath) -> None:
    """Write documents/style.docx, a letterhead to change in Word: styles, page, header and footer of every document."""
    from maintkit.documents.own.start import start  # noqa: PLC0415 - python-docx costs what the other commands save

    target = load_settings(site).root / DIRECTORY / STYLE
    try:
        target.parent.mkdir(exist_ok=True)
        with target.open("xb") as file:
            file.write(start())
    except FileExistsError as error:
        raise SiteError(f"{target}: is there already", hint="change that one, or take it away first") from error
    except OSError as error:
        raise SiteError(f"{target}: {(error.strerror or str(error)).lower()}", hint="make it writable") from error
    click.echo(target)


def schema_texts() -> dict[str, str]:
    """File name to JSON schema (draft 2020-12), made from the models that read the site."""
    models: dict[str, type[BaseModel]] = {
        "maintkit": SettingsFile,
        "contract": Contract,
        "services": Services,
        "limits": SiteLimits,
        "roles": People,
        "calendar": Overlay,
        "watch": Watch,
        "reminders": Reminders,
        "words": Words,
        "layout": Layout,
    }
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        f"{name}.schema.json": json.dumps({**draft, **model.model_json_schema()}, ensure_ascii=False, indent=2) + "\n"
        for name, model in models.items()
    }


def check_site(root: FilePath) -> dict[str, int]:
    """Counts of what the site holds; SiteError with the mistakes of all its files."""
    settings = load_settings(root)
    errors: list[SiteError] = []
    site = _attempt(errors, lambda: load_site(root))
    limits = _attempt(errors, lambda: load_limits(root / LIMITS))
    names = _attempt(errors, lambda: inventory(settings))
    _attempt(errors, lambda: load_people(settings.signers))
    if (root / CALENDAR).is_file():
        _attempt(errors, lambda: read(root / CALENDAR, Overlay))
    if (root / REMINDERS).is_file():
        _attempt(errors, lambda: read(root / REMINDERS, Reminders))
    _attempt(errors, lambda: load_own(root))
    # The names in a sound services.yml are followed although another file is wrong; its own errors are told above.
    services = site.services_file if site else _attempt([], lambda: load(root / SERVICES, Services))
    if names and services:
        _attempt(errors, lambda: check_names(services, hosts=names.hosts, groups=names.groups))
    if names and limits:
        _attempt(errors, lambda: _check_limits(limits, names))
    if errors or site is None or names is None:
        raise SiteError("\n".join(map(str, errors)), hint=errors[0].hint)
    if not names.hosts:
        raise NothingMatched(
            f"{settings.inventory}: the inventory holds no host", hint="list your hosts in inventory/hosts.yml"
        )
    return {
        "duties": len(site.contract.duties),
        "systems": len(site.services.systems),
        "functions": len(site.functions),
        "hosts": len(names.hosts),
        "groups": len(names.groups),
    }


def _check_limits(limits: LimitsFile, names: Inventory) -> None:
    if limits.site:
        limits.site.refuse(_unknown(limits, names))


def _unknown(limits: LimitsFile, names: Inventory) -> Iterator[Problem]:
    """Hosts and groups of limits.yml that the inventory does not have."""
    if limits.site is None:
        return
    model = limits.site.model
    named: list[tuple[Path, str, str, tuple[str, ...]]] = [
        (("hosts", host), "host", host, names.hosts) for host in model.hosts
    ]
    for place, line in enumerate(model.assign):
        named += [
            (("assign", place, "groups", at), "group", name, tuple(names.groups)) for at, name in enumerate(line.groups)
        ]
        named += [(("assign", place, "hosts", at), "host", name, names.hosts) for at, name in enumerate(line.hosts)]
    for at, kind, name, known in named:
        if name not in known:
            yield Problem(
                at=at, text=f"the inventory has no {kind} `{name}`{near(name, known)}", allowed="a name of it"
            )


def _attempt(errors: list[SiteError], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except SiteError as error:
        errors.append(error)
        return None
