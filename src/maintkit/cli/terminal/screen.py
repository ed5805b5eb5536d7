"""Where output goes: as wide as the terminal, and as wide as it needs where there is none."""

from __future__ import annotations

from rich.console import Console

UNBOUNDED = 400  # columns in a pipe or a file, where nothing need be shortened


def wide_console(*, stderr: bool = False) -> Console:
    """A console that shortens nothing when its output is read by a program or kept in a file."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=UNBOUNDED)
