#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.restore_drill: restore a backup as an isolated copy, examine it, wipe it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_drill
short_description: Restore a backup as an isolated copy, examine it, wipe it
version_added: 0.3.0
description:
  - The copy is a server below O(scratch), for its own user alone. It listens on no network and archives nowhere. While
    it recovers its unit reaches the repository; before it is asked and examined it is started again without a network.
  - What was done is kept in C(/var/lib/maintkit/runs/RUN/drill.json). A repeated call goes on from there; long commands
    run detached from this connection (M(maintkit.ops.detached)).
  - V(begin) keeps the mark, V(restore) lays the backup out and recovers to the mark, V(examine) compares, opens, asks
    and checks it and proves that the checks can fail, V(wipe) deletes it and proves that, V(judge) fails unless all
    was well.
options:
  stage:
    description: What to do.
    type: str
    choices: [begin, restore, examine, wipe, judge]
    required: true
  run:
    description: The run's name.
    type: str
    required: true
  stanza:
    description: The stanza, by pgBackRest's own name for it.
    type: str
    required: true
  config:
    description: The configuration of pgBackRest on this host. Empty is the usual one.
    type: str
    default: ""
  user:
    description: The OS user that pgBackRest and the copy run as.
    type: str
    default: postgres
  scratch:
    description: The directory below which copies lie, for root alone.
    type: path
    default: /var/lib/maintkit-drill
  source:
    description: The source's identity, for V(begin).
    type: dict
  found:
    description: What M(maintkit.ops.restore_drill_info) has found, for V(begin).
    type: dict
  mark:
    description: What M(maintkit.ops.restore_mark) has returned, for V(begin).
    type: dict
  settings:
    description: Settings of the copy, such as C(shared_preload_libraries). They stand over those that isolate it.
    type: dict
    default: {}
  restore_timeout:
    description: Seconds that laying the backup out may take.
    type: float
    default: 14400
  recover_timeout:
    description: Seconds that recovery may take.
    type: float
    default: 7200
  check_timeout:
    description: Seconds that one check may take.
    type: float
    default: 14400
  processes:
    description: How many processes restore and check.
    type: int
    default: 2
  rto:
    description: Seconds that are promised until the application can work again. V(0) promises nothing.
    type: float
    default: 0
  rpo:
    description: Seconds of work that may be lost, as promised. V(0) promises nothing.
    type: float
    default: 0
  token:
    description: The run's token (M(maintkit.ops.host_lock)). V(0) compares nothing.
    type: int
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.restore_drill
  - maintkit.ops.restore.smoke
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Restore to the mark
  maintkit.ops.restore_drill:
    stage: restore
    run: R-2026-0007
    stanza: his
"""

RETURN = r"""
facts:
  description: The drill's journal under C(drill), with C(measured) and C(shortcomings). Also when the module fails.
  returned: always
  type: dict
"""

import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.application import (
    SPOKEN,
    Application,
    refuse_application,
)
from ansible_collections.maintkit.ops.plugins.module_utils.drill.asking import QUESTION
from ansible_collections.maintkit.ops.plugins.module_utils.drill.backup import Repository
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import refuse_settings
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal, measured, shortcomings
from ansible_collections.maintkit.ops.plugins.module_utils.drill.network import ALONE
from ansible_collections.maintkit.ops.plugins.module_utils.drill.stages import Drill
from ansible_collections.maintkit.ops.plugins.module_utils.drill.wipe import left, wipe
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Detached

SPEC = {
    "stage": {"type": "str", "required": True, "choices": ["begin", "restore", "examine", "wipe", "judge"]},
    "run": {"type": "str", "required": True},
    "stanza": {"type": "str", "required": True},
    "config": {"type": "str", "default": ""},
    "user": {"type": "str", "default": "postgres"},
    "scratch": {"type": "path", "default": "/var/lib/maintkit-drill"},
    "source": {"type": "dict"},
    "found": {"type": "dict"},
    "mark": {"type": "dict"},
    "settings": {"type": "dict", "default": {}},
    "smoke": {"type": "list", "elements": "dict", "default": [], "options": QUESTION},
    "application": {"type": "dict", "options": SPOKEN},
    "restore_timeout": {"type": "float", "default": 14400},
    "recover_timeout": {"type": "float", "default": 7200},
    "check_timeout": {"type": "float", "default": 14400},
    "processes": {"type": "int", "default": 2},
    "rto": {"type": "float", "default": 0},
    "rpo": {"type": "float", "default": 0},
    "token": {"type": "int", "no_log": False},
}


def drill_of(asked: dict) -> Drill:
    journal = Journal(asked["run"])
    place = Path(asked["scratch"]) / asked["run"]
    return Drill(
        journal=journal,
        work=Detached(asked["run"], asked["token"], place),
        alone=Detached(asked["run"], asked["token"], place, more=ALONE),
        repository=Repository(stanza=asked["stanza"], config=asked["config"], user=asked["user"]),
        scratch=Path(asked["scratch"]),
        bindir=journal.told.get("bindir", ""),
        settings={name: str(value) for name, value in asked["settings"].items()},
        smoke=asked["smoke"],
        restore_timeout_s=asked["restore_timeout"],
        recover_timeout_s=asked["recover_timeout"],
        check_timeout_s=asked["check_timeout"],
        processes=asked["processes"],
        application=asked["application"],
    )


def attend(asked: dict, drill: Drill) -> bool:
    journal, stage = drill.journal, asked["stage"]
    if stage == "judge":
        wrong = shortcomings(journal.told, rto_s=asked["rto"], rpo_s=asked["rpo"])
        if wrong:
            raise Refused(f"the drill has not passed: {'; '.join(wrong)}")
        return False
    if stage == "wipe":
        if left(drill.place):
            journal.forget("wipe")  # whatever was told of an earlier one
        Application(asked["run"], drill.instance, {}).stop()
        return journal.perform("wipe", lambda: wipe(asked["run"], drill.scratch, drill.instance, drill.work))
    require_hold(asked["run"], token=asked["token"])
    refuse_settings(drill.settings)
    if drill.application:
        refuse_application(drill.application, asked["user"])
    if stage == "restore" and journal.passed("wipe"):
        raise Refused(
            f"run {asked['run']} has wiped its copy, and its drill is over: make another one, with its own run"
        )
    if stage == "begin":
        return begin(asked, journal)
    if "mark" not in journal.told:
        raise Refused(f"run {asked['run']} has marked no source: the backup phase has not been here")
    return drill.bring_back() if stage == "restore" else drill.examine()


def begin(asked: dict, journal: Journal) -> bool:
    """A mark that was kept stays: a copy may already be on its way to it."""
    if "mark" in journal.told:
        return False
    found = asked["found"]
    journal.keep(
        source=asked["source"], set=found["set"], disk=found["disk"], bindir=found["bindir"], mark=asked["mark"],
        doubts=found.get("doubts", []), promised={"rto_s": asked["rto"], "rpo_s": asked["rpo"]}, stanza=asked["stanza"],
    )  # fmt: skip
    return True


def facts_of(asked: dict, journal: Journal) -> dict:
    told = journal.told
    wrong = shortcomings(told, rto_s=asked["rto"], rpo_s=asked["rpo"])
    return {"drill": {**told, "measured": measured(told), "shortcomings": wrong}}


def main() -> None:
    module = AnsibleModule(
        argument_spec=SPEC,
        required_if=[("stage", "begin", ["source", "found", "mark"])],
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True, facts={})
    drill = drill_of(module.params)
    try:
        changed = attend(module.params, drill)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused), facts=facts_of(module.params, drill.journal))
    module.exit_json(changed=changed, facts=facts_of(module.params, drill.journal))


if __name__ == "__main__":
    main()
