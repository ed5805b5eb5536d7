"""maintkit.ops.phase_result: what a phase has done on a host, left for the controller (docs/procedures.md)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

SCHEMA = "maintkit.phase/1"
PHASES = ("probe", "precheck", "backup", "change", "verify", "rollback", "undoable", "hold", "release")
CLASSES = ("reversible", "snapshot", "restore-only", "point-of-no-return")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "procedure": {"type": "str", "required": True},
    "phase": {"type": "str", "required": True, "choices": list(PHASES)},
    "status": {"type": "str", "default": "ok", "choices": ["ok", "failed", "nothing-to-do"]},
    "changed": {"type": "bool", "default": False},
    "facts": {"type": "dict", "default": {}},
    "frozen": {"type": "dict", "default": {}},
    "steps": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "action": {"type": "str", "required": True},
            "target": {"type": "str", "required": True},
            "from": {"type": "str", "default": ""},
            "to": {"type": "str", "default": ""},
            "rollback_class": {"type": "str", "required": True, "choices": list(CLASSES)},
            "seconds": {"type": "float"},
        },
    },
    "reason": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):
    """Runs on the controller only; the host is not contacted."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _spec, told = self.validate_argument_spec(argument_spec=ARGUMENTS)
        host = str(variables["inventory_hostname"])
        known: dict[str, Any] = {"address": str(self._templar.template(variables.get("ansible_host", host)))}
        known["groups"] = sorted(variables.get("group_names", []))
        drained = variables.get("drain_with", "none") != "none"
        known["drained_from"] = [str(self._templar.template(variables["drain_front"]))] if drained else []
        told["steps"] = [{name: value for name, value in one.items() if value is not None} for one in told["steps"]]
        document = {"schema": SCHEMA, "host": host, **known, **{name: told[name] for name in ARGUMENTS}}
        exchange = self._templar.template(variables.get("maintkit_exchange") or "")
        if exchange:
            leave(Path(str(exchange)), document)
        # A fact, so that the whole way knows how the phase before ended.
        return {"changed": False, "result": document, "ansible_facts": {"procedure_status": told["status"]}}


def leave(exchange: Path, document: dict[str, Any]) -> None:
    """Write it whole, for our eyes only; what was there of an earlier try is replaced."""
    name = f"{document['host']}.{document['phase']}.json"
    if os.sep in name or name.startswith("."):
        raise AnsibleActionFail(f"the host name {document['host']!r} cannot be part of a file's name")
    place = exchange / "phases"
    place.mkdir(mode=0o700, exist_ok=True)
    half = place / f".{name}.half"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, default=str)
        file.flush()
        os.fsync(file.fileno())
    half.rename(place / name)
