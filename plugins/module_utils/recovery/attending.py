"""How a module attends to one stage of a restore, whatever the engine: hold, begin, go on, and tell what is noted."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.asking import QUESTION
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal

from .journal import shortcomings

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What every module of a restore is asked by, and those that carry it out: the fragments `restore` and `restore.stages`.
PLACE: dict[str, dict[str, Any]] = {
    "run": {"type": "str", "required": True},
    "data": {"type": "path", "required": True},
    "unit": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["time", "name", "end", "set"], "default": "time"},
    "target": {"type": "str", "default": ""},
    "set": {"type": "str", "default": ""},
}
STAGES: dict[str, dict[str, Any]] = {
    "stage": {"type": "str", "required": True, "choices": ["begin", "bring", "prove", "back"]},
    "smoke": {"type": "list", "elements": "dict", "default": [], "options": QUESTION},
    "restore_timeout": {"type": "float", "default": 14400},
    "recover_timeout": {"type": "float", "default": 7200},
    "check_timeout": {"type": "float", "default": 14400},
    "token": {"type": "int", "no_log": False},
}


class Restoring(Protocol):
    """A restore of some engine: each step says whether anything was done."""

    journal: Journal
    settings: Mapping[str, str]

    def bring(self) -> bool:
        """Keep the present state aside, and bring the backup to its target."""

    def prove(self) -> bool:
        """Ask and check it apart; only then give it back to the application."""

    def put_back(self) -> bool:
        """Bring the kept state back."""


def attend(
    module: AnsibleModule,
    restore_of: Callable[[dict[str, Any]], Restoring],
    noted: Callable[[dict[str, Any]], dict[str, Any]],
    refuse_settings: Callable[[Mapping[str, str], str], None],
) -> None:
    """Do the stage that the module was asked for, and end the module with the journal, be it well or not.

    `noted` is what the stage `begin` keeps of what was found, once: the present state may be aside the next time.
    """
    asked = module.params
    if module.check_mode:
        module.exit_json(changed=True, facts={})
    try:
        restore = restore_of(asked)
    except Refused as refused:
        module.fail_json(msg=str(refused), facts={})
    try:
        require_hold(asked["run"], token=asked["token"])
        refuse_settings(restore.settings, "restore_settings")
        changed = _stage(asked, restore, noted)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused), facts=_facts(restore.journal))
    module.exit_json(changed=changed, facts=_facts(restore.journal))


def _stage(asked: dict[str, Any], restore: Restoring, noted: Callable[[dict[str, Any]], dict[str, Any]]) -> bool:
    begun = "identity" in restore.journal.told
    if asked["stage"] == "begin":
        if not begun:
            restore.journal.keep(**noted(asked))
        return not begun
    if not begun:
        raise Refused(f"run {asked['run']} has noted nothing of this database: the backup phase has not been here")
    steps = {"bring": restore.bring, "prove": restore.prove, "back": restore.put_back}
    return steps[asked["stage"]]()


def _facts(journal: Journal) -> dict[str, Any]:
    return {"restore": {**journal.told, "shortcomings": shortcomings(journal.told)}}
