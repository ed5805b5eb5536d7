"""`maintkit init`: make a site."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from maintkit.clock import SystemClock
from maintkit.errors import SiteError
from maintkit.settings import FILE, load_settings

TEMPLATES = "templates"
# What a package cannot hold by its real name: git would obey it in maintkit's own repository.
RENAMED = {"gitignore": ".gitignore"}
EMPTY = ("anchors", "reports", "ledger")
SHOWN = 5
STAGE = ".maintkit-init"

NEXT = """made the site {target}

next:
  1. put your contract, hosts and services into contract.yml, inventory/hosts.yml and services.yml
  2. maintkit site check --site {target}
  3. maintkit inspect --site {target}      (this machine alone, as long as inventory/hosts.yml is as made)"""


@click.command("init")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
def command(target: Path) -> None:
    """Make a site in DIR: contract, inventory, services, limits, signers and an empty ledger.

    DIR must not exist yet, or be empty. Either the whole site is made or nothing.
    """
    make_site(target)
    click.echo(NEXT.format(target=target))


def make_site(target: Path) -> None:
    """Make the site at `target`; SiteError, and nothing is left behind, when that cannot be done."""
    _require_room(target)
    with _staging(target) as stage:
        # Asked again, because another init may have finished since; from here on the stage keeps it out.
        _require_room(target, besides=stage.name)
        _fill(stage)
        _settle(stage, target)


def _require_room(target: Path, *, besides: str = "") -> None:
    if target.is_dir():
        there = sorted(entry.name for entry in target.iterdir() if entry.name != besides)
        if there:
            more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
            raise SiteError(
                f"{target}: not empty, holds {', '.join(there[:SHOWN])}{more}",
                hint="choose a new directory: nothing is ever overwritten",
            )
    elif target.exists() or target.is_symlink():
        raise SiteError(f"{target}: not a directory", hint="choose a new directory: nothing is ever overwritten")


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A directory for the site in the making. Afterwards it is gone, and so are empty directories made on the way."""
    parents = target.absolute().parents
    absent = [parent for parent in parents if not parent.exists()]
    stage = target / STAGE if target.exists() else parents[0] / f"{STAGE}-{secrets.token_hex(4)}"
    try:
        stage.mkdir(parents=True)
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SiteError(f"{target}: {reason}", hint="choose a new directory that you may write to") from error
    finally:
        for parent in absent:  # nearest first; one that holds the site stays
            with suppress(OSError):
                parent.rmdir()


def _fill(stage: Path) -> None:
    """The template's files, the empty directories, and a ledger at the address that the settings name."""
    _copy(files("maintkit.contract") / TEMPLATES, stage)
    for name in EMPTY:
        (stage / name).mkdir()
    _make_ledger(stage)


def _copy(source: Traversable, target: Path) -> None:
    """Contents only: modes come from the user's umask, not from how the package was installed."""
    for entry in source.iterdir():
        copy = target / RENAMED.get(entry.name, entry.name)
        if entry.is_dir():
            copy.mkdir()
            _copy(entry, copy)
        else:
            copy.write_bytes(entry.read_bytes())


def _make_ledger(stage: Path) -> None:
    # Imported here: `maintkit init --help` need not load SQLAlchemy.
    from maintkit.evidence.ledger import Ledger  # noqa: PLC0415  # see above
    from maintkit.evidence.redact import Redactor  # noqa: PLC0415  # see above

    settings = load_settings(stage)
    redactor = Redactor((), settings.redact_patterns)
    Ledger.create(settings.ledger_url, clock=SystemClock(), redactor=redactor).close()


def _settle(stage: Path, target: Path) -> None:
    """Put the finished site in its place: by one rename where there was nothing.

    An empty directory that is there already is filled instead, because it may be somebody's working directory or a
    mount. maintkit.yml comes last: before it, the directory is no site yet.
    """
    if stage.parent != target:
        stage.rename(target)  # refused by the system if another init has put its site there since
        return
    entries = sorted(stage.iterdir(), key=lambda entry: entry.name == FILE)
    try:
        for entry in entries:
            entry.rename(target / entry.name)
    except OSError:
        for made in (target / entry.name for entry in entries if not entry.exists()):
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        raise
