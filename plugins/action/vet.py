"""maintkit.ops.vet: what Ansible is told of its hosts, looked at before any of them is contacted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.openssh import (
    UnsafeValue,
    checked_address,
    quoted,
)
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.variables import PlayVariables, Variables

OURS = "maintkit_"  # what maintkit tells its own playbooks: a lock's token is a number that everybody may see
ADDRESSES, USERS = ("ansible_host", "ansible_ssh_host"), ("ansible_user", "ansible_ssh_user")


class ActionModule(ActionBase):
    """Runs once for the whole play, on the controller only."""

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _spec, told = self.validate_argument_spec({"exchange": {"type": "path"}})
        if not self._task.run_once:
            raise AnsibleActionFail("maintkit.ops.vet looks at all hosts of the play: it needs `run_once: true`")
        play = PlayVariables(task=self._task, task_vars=task_vars or {}, templar=self._templar)
        secrets: set[str] = set()
        wrong: list[str] = []
        for host in play.hosts:
            raw = play.of(host).raw
            theirs = Variables({name: raw[name] for name in raw if not name.startswith(OURS)}, self._templar)
            wrong += [f"{host}: {why}" for why in unsafe(host, theirs)]
            try:
                secrets |= theirs.secrets()
            except AnsibleError as error:
                wrong.append(f"{host}: a variable cannot be decrypted: {error}")
        if wrong:
            raise AnsibleActionFail("; ".join(wrong))
        if told["exchange"]:
            leave(Path(told["exchange"]), sorted(secrets))
        return {"changed": False, "secrets": len(secrets)}


def unsafe(host: str, theirs: Variables) -> Iterator[str]:
    """Why ssh, or a shell that it starts, would take what it is told of this host for something else."""
    try:
        checked_address(host)
        for name in ADDRESSES:
            checked_address(str(theirs.get(name, host)))
        for name in USERS:
            quoted("User", str(theirs.get(name, "")))
    except (UnsafeValue, AnsibleError, ValueError) as error:
        yield str(error)


def leave(exchange: Path, secrets: list[str]) -> None:
    """For our eyes only; the directory is gone when the playbook has ended."""
    place = exchange / "secrets.json"
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(secrets, file)
