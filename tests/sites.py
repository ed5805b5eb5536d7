"""Sites for tests and benchmarks: what `maintkit init` makes, with other hosts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

MAINTKIT = Path(sys.executable).parent / "maintkit"


def make_site(place: Path, inventory: Mapping[str, Any]) -> Path:
    """A fresh site whose inventory is this one, with the groups that its services.yml names, empty."""
    subprocess.run([MAINTKIT, "init", place], check=True, capture_output=True)
    services = yaml.safe_load((place / "services.yml").read_text())
    named = [group for system in services["systems"].values() for group in system.get("groups", [])]
    groups: dict[str, Any] = {group: {} for group in [*named, *services.get("groups", {})]}
    (place / "inventory" / "hosts.yml").write_text(json.dumps({**groups, **inventory}))
    return place
