"""`maintkit completion`: what a shell needs to complete maintkit's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from maintkit.cli.main import cli

WHERE = {
    "bash": 'eval "$(maintkit completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(maintkit completion zsh)"    # in ~/.zshrc',
    "fish": "maintkit completion fish | source   # in ~/.config/fish/config.fish",
}


@click.command(epilog="\b\nTo keep it:\n" + "\n".join(WHERE.values()))
@click.argument("shell", type=click.Choice(tuple(WHERE)))
def command(*, shell: str) -> None:
    """Print the completion script of a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(cli, {}, "maintkit", "_MAINTKIT_COMPLETE").source())
