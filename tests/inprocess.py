"""The command line in this very process: as `maintkit …` does it, without starting Python anew each time."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from maintkit.cli.main import main


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of it."""

    returncode: int
    stdout: str
    stderr: str


def maintkit(*words: str) -> Done:
    """Run a command; nothing is raised, as a shell sees it."""
    out, err = io.StringIO(), io.StringIO()
    with patch.object(sys, "argv", ["maintkit", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code
    return Done(
        returncode=code if isinstance(code, int) else int(code is not None),
        stdout=out.getvalue(),
        stderr=err.getvalue(),
    )
