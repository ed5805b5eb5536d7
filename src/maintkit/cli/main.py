"""The entry point: finds a command by its file name, and alone turns an error into a message and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import click

import maintkit.cli
from maintkit import __version__
from maintkit.errors import MaintkitError

INTERRUPTED = 130


class CommandsByFile(click.Group):
    """A group whose commands are the modules beside this one, each imported only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        found = iter_modules(maintkit.cli.__path__)
        return sorted(module.name for module in found if not module.ispkg and module.name != "main")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"maintkit.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"maintkit.cli.{cmd_name}.command is not a click command")
        return command


@click.command(cls=CommandsByFile, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="maintkit")
def cli() -> None:
    """A hospital systems maintenance contract, as code: inspections, evidence, documents."""


def main() -> None:
    """Run the command line; never shows a traceback for an error that maintkit knows."""
    try:
        code = cli.main(prog_name="maintkit", standalone_mode=False)
    except MaintkitError as error:
        click.echo(f"maintkit: {error}", err=True)
        if error.hint:
            click.echo(f"  hint: {error.hint}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("maintkit: interrupted", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
