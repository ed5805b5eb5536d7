"""What a restore has done so far, on the host: `restore.json` of its run, read again by every phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal

SCHEMA = "maintkit.restore/1"
FORWARD = ("aside", "restore", "recover", "promote", "smoke", "amcheck", "checksums", "open")
MARIADB_FORWARD = ("aside", "restore", "prepare", "recover", "smoke", "check", "checksums", "open")


def journal_of(run: str) -> Journal:
    """The journal of a run's restore."""
    return Journal(run, file="restore.json", schema=SCHEMA)


def shortcomings(told: Mapping[str, Any]) -> list[str]:
    """Why the restore has not ended well, in words; empty when it has."""
    found = []
    for name in MARIADB_FORWARD if told.get("engine") == "mariadb" else FORWARD:
        one = told["stages"].get(name) or {"status": "not-run"}
        if one["status"] != "passed":
            said = one.get("said")
            found.append(f"{name} {one['status']}{': ' if said else ''}{said or ''}")
    return found
