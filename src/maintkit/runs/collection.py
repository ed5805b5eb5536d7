"""Where the Ansible collection `maintkit.ops` lies, installed or in a checkout, and its collector as text."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import maintkit
from maintkit.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

COLLECTION = Path("ansible_collections/maintkit/ops")


def root() -> Path:
    """The collection's directory; raises RunFailed when the installation lost it."""
    installed = Path(str(distribution("maintkit").locate_file("."))) / COLLECTION
    checkout = Path(maintkit.__file__).parents[2]
    for candidate in (installed, checkout):
        if (candidate / "galaxy.yml").is_file():
            return candidate.resolve()
    raise RunFailed(
        f"the collection maintkit.ops is neither at {installed} nor at {checkout}",
        hint="install maintkit again from its wheel",
    )


def search_path() -> Path:
    """What ANSIBLE_COLLECTIONS_PATH must name first, so that no other copy of the collection is found before ours."""
    place = root()
    if place.parts[-3:] == COLLECTION.parts:
        return place.parents[2]
    link = place / ".ansible" / COLLECTION
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to("../../..")
    return place / ".ansible"


def collector(parameters: Mapping[str, object] | None = None) -> str:
    """The collector as one script, with `parameters` built in (docs/exchange.md)."""
    bundle = root() / "plugins" / "module_utils" / "collector" / "bundle.py"
    made = subprocess.run(  # noqa: S603  our own program by its path, no shell
        [sys.executable, "-I", str(bundle), "--parameters", "/dev/stdin"],
        input=json.dumps(dict(parameters or {})),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise RunFailed(f"the collector could not be put together: {made.stderr.strip()}", hint="reinstall maintkit")
    return made.stdout
