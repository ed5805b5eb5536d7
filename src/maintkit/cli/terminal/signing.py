"""What commands that sign share: options for the key, and from a key to a signed act."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from maintkit.errors import SigningFailed
from maintkit.evidence.signing import Trust, principal_of

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

KEY = click.Path(exists=True, dir_okay=False, path_type=Path)


def signer_options(function: CommandT) -> CommandT:
    """`--key` and `--as`."""
    for option in (
        click.option("--as", "principal", metavar="PRINCIPAL", help="Who signs, if the key alone does not say it."),
        click.option("--key", type=KEY, help="SSH private key, or a public key whose private one is in the agent."),
    ):
        function = option(function)
    return function


def who_signs(key: Path | None, principal: str | None, trust: Trust) -> tuple[Path, str]:
    """Key and principal; a command line without a key is wrong."""
    if key is None:
        raise click.UsageError("a signature needs --key KEY")
    if not trust.allowed.is_file():
        raise SigningFailed(
            f"there is no file of allowed signers at {trust.allowed}", hint="docs/plans.md says how to make it"
        )
    return key, principal or principal_of(key, trust)


def nonce() -> str:
    """A number used once: what makes two texts of the same words different."""
    return secrets.token_hex(16)
