"""The Python interpreters of this machine, for what must run on all of them."""

from __future__ import annotations

import os
from pathlib import Path

VERSIONS = ("2.7", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


def interpreter(version: str) -> str | None:
    """A Python of this version, from pyenv or the system; a pyenv shim without the version behind it is none."""
    found = [str(path) for path in PYENV.glob(f"{version}.*/bin/python")]
    for python in [*found, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"]:
        if os.access(python, os.X_OK):
            return python
    return None
