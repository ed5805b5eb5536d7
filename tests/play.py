"""Runs real plays against a fleet, with the Ansible beside the running interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet import Fleet

ANSIBLE_PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")
LIMIT_S = 120


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a play left: exit status, everything it printed, and the result of its collection."""

    code: int
    said: str
    collected: dict[str, Any]

    def host(self, name: str) -> dict[str, Any]:
        result: dict[str, Any] = self.collected["hosts"][name]
        return result

    def status(self, name: str) -> str:
        print(self.host(name)["reason"])  # pytest shows it with a failure
        return str(self.host(name)["status"])


def collect_play(fleet: Fleet, *, task: Mapping[str, Any], play: Mapping[str, Any], after: list[Any]) -> Path:
    """A playbook that collects with these arguments, saves what was registered, and goes on with `after`."""
    collect = {
        "name": "Collect",
        "maintkit.ops.collect": dict(task),
        "run_once": True,
        "delegate_to": "localhost",
        "register": "collected",
    }
    save = {
        "name": "Save",
        "ansible.builtin.copy": {
            "content": "{{ collected | to_json }}",
            "dest": str(fleet.directory / "collected.json"),
            "mode": "0600",
        },
        "run_once": True,
        "delegate_to": "localhost",
    }
    whole = {"name": "Play", "hosts": "all", "gather_facts": False, "tasks": [collect, save, *after], **play}
    path = fleet.directory / "play.yml"
    path.write_text(json.dumps([whole]))
    return path


def collect(  # everything by which plays differ
    fleet: Fleet,
    *arguments: str,
    task: Mapping[str, Any] | None = None,
    play: Mapping[str, Any] | None = None,
    after: list[Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Played:
    """Collect from the whole fleet and bring the registered result."""
    path = collect_play(fleet, task={"timeout": 30, **(task or {})}, play=play or {}, after=after or [])
    saved = fleet.directory / "collected.json"
    saved.unlink(missing_ok=True)
    ran = subprocess.run(
        [ANSIBLE_PLAYBOOK, "-i", str(fleet.inventory), *arguments, str(path)],
        env=fleet.environment(**(environment or {})),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        cwd=fleet.directory,
    )
    collected = json.loads(saved.read_text()) if saved.exists() else {}
    return Played(code=ran.returncode, said=ran.stdout + ran.stderr, collected=collected)
