"""Every module beside the entry point is a command, and the help lists it; what is not one does not lie there."""

from __future__ import annotations

import click
from click.testing import CliRunner

from maintkit.cli.main import cli


def test_every_module_of_the_folder_is_a_command() -> None:
    """One file that is no command breaks `maintkit --help` for everybody: its name is in the message of this test."""
    context = click.Context(cli)
    names = cli.list_commands(context)
    wrong = []
    for name in names:
        try:
            cli.get_command(context, name)
        except (AttributeError, TypeError) as error:
            wrong.append(f"{name}: {error}")
    assert "incident" in names
    assert not wrong


def test_the_help_lists_every_command() -> None:
    """`maintkit --help` ends well and has a line for each of them."""
    said = CliRunner().invoke(cli, ["--help"])
    assert said.exit_code == 0, said.output
    listed = {line.split()[0] for line in said.output.splitlines() if line.startswith("  ") and line.strip()}
    assert set(cli.list_commands(click.Context(cli))) <= listed
