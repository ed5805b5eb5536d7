"""Puts the collection into the wheel where ansible-core finds it without any path setting.

An editable install gets no copy, which would go stale and shadow the checkout.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COLLECTION = "ansible_collections/maintkit/ops"
PARTS = ("galaxy.yml", "meta", "plugins", "roles", "playbooks")


class CollectionHook(BuildHookInterface):
    """Adds the collection's parts to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update({part: f"{COLLECTION}/{part}" for part in PARTS})
