"""The hosts and groups of the site's inventory, as Ansible reads them, without contacting anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maintkit.errors import NothingMatched, SiteError
from maintkit.runs.environment import environment
from maintkit.settings import Settings
from maintkit.sitefile import near

TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Hosts in the inventory's order, and groups with every host in them, also through another group."""

    hosts: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]

    def groups_of(self, host: str) -> tuple[str, ...]:
        """Every group that holds the host; NothingMatched when the inventory has no such host."""
        if host not in self.hosts:
            raise NothingMatched(
                f"the inventory has no host `{host}`{near(host, self.hosts)}",
                hint="`ansible-inventory --graph` shows the hosts there are",
            )
        return tuple(name for name, members in self.groups.items() if host in members)


def inventory(settings: Settings) -> Inventory:
    """What Ansible reads from the site's inventory; SiteError in its words when it cannot."""
    listed = _listed(settings)
    groups = [name for name in listed if name != "_meta"]
    children = [child for name in groups for child in listed[name].get("children", ())]
    members = {name: _members(name, listed) for name in dict.fromkeys([*groups, *children])}
    hosts = dict.fromkeys(host for name in groups for host in listed[name].get("hosts", ()))
    return Inventory(hosts=tuple(hosts), groups=members)


def _members(name: str, listed: Mapping[str, Any]) -> tuple[str, ...]:
    group = listed.get(name, {})
    below = [host for child in group.get("children", ()) for host in _members(child, listed)]
    return tuple(dict.fromkeys([*group.get("hosts", ()), *below]))


def _listed(settings: Settings) -> dict[str, Any]:
    # The interpreter that runs maintkit has ansible-core; what PATH finds may be another one.
    argv = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(settings.inventory), "--list"]
    try:
        done = subprocess.run(  # noqa: S603  # an argv list of our own
            argv,
            cwd=settings.root,
            env={**os.environ, **environment(settings.root)},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SiteError(
            f"{settings.inventory}: not read within {TIMEOUT_S} s",
            hint="see what a dynamic inventory waits for with `ansible-inventory --list`",
        ) from None
    if done.returncode != 0:
        raise SiteError(
            f"{settings.inventory}: {' '.join(done.stderr.split())}", hint="correct the inventory as Ansible says"
        )
    listed: dict[str, Any] = json.loads(done.stdout)
    return listed
