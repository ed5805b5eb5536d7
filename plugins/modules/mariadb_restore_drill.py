#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_restore_drill: restore a MariaDB as an isolated copy, examine it, wipe it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_restore_drill
short_description: Restore a MariaDB as an isolated copy, examine it, wipe it
version_added: 0.3.0
description:
  - The copy is a server without network below O(scratch), for its own user alone. It receives from nobody, runs no
    jobs, and reads no file of options.
  - What was done is kept in C(/var/lib/maintkit/runs/RUN/drill.json). A repeated call goes on from there; long commands
    run detached from this connection (M(maintkit.ops.detached)).
  - V(begin) keeps the mark, V(restore) lays sets and logs out, prepares and replays them to the mark, V(examine)
    compares, opens, asks and checks the copy and proves that the checks can fail, V(wipe) deletes it and proves that,
    V(judge) fails unless all was well.
options:
  stage:
    description: What to do.
    type: str
    choices: [begin, restore, examine, wipe, judge]
    required: true
  logs:
    description: The folder of the binary logs, on the host of O(store_from).
    type: path
    default: ""
  waited:
    description: Seconds until the log of the mark had arrived where logs are kept, for V(begin).
    type: float
    default: 0
  found:
    description: What M(maintkit.ops.mariadb_restore_drill_info) has found, for V(begin).
    type: dict
  mark:
    description: What M(maintkit.ops.mariadb_restore_mark) has returned, for V(begin).
    type: dict
  settings:
    description: Settings of the copy, such as C(innodb_buffer_pool_size). They stand over those that isolate it.
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
  - maintkit.ops.mariadb.drill
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
  maintkit.ops.mariadb_restore_drill:
    stage: restore
    run: R-2026-0007
    job: pharmacy
    logs: /backup/binlog
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
from ansible_collections.maintkit.ops.plugins.module_utils.drill.asking import QUESTION
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal, measured, shortcomings
from ansible_collections.maintkit.ops.plugins.module_utils.drill.network import ALONE
from ansible_collections.maintkit.ops.plugins.module_utils.drill.wipe import left, wipe
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Detached
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.backup import unkept_s
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.instance import refuse_settings
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.stages import Drill

SPEC = {
    "stage": {"type": "str", "required": True, "choices": ["begin", "restore", "examine", "wipe", "judge"]},
    "run": {"type": "str", "required": True},
    "job": {"type": "str", "required": True},
    "scratch": {"type": "path", "default": "/var/lib/maintkit-drill"},
    "user": {"type": "str", "default": "mysql"},
    "source": {"type": "dict", "default": {}},
    "store": {"type": "dict", "default": {}},
    "store_from": {"type": "str", "default": ""},
    "logs": {"type": "path", "default": ""},
    "waited": {"type": "float", "default": 0},
    "found": {"type": "dict"},
    "mark": {"type": "dict"},
    "settings": {"type": "dict", "default": {}},
    "smoke": {"type": "list", "elements": "dict", "default": [], "options": QUESTION},
    "restore_timeout": {"type": "float", "default": 14400},
    "recover_timeout": {"type": "float", "default": 7200},
    "check_timeout": {"type": "float", "default": 14400},
    "rto": {"type": "float", "default": 0},
    "rpo": {"type": "float", "default": 0},
    "token": {"type": "int", "no_log": False},
}


def drill_of(asked: dict) -> Drill:
    journal = Journal(asked["run"])
    scratch = Path(asked["scratch"])
    return Drill(
        journal=journal,
        work=Detached(asked["run"], asked["token"], scratch / asked["run"]),
        alone=Detached(asked["run"], asked["token"], scratch / asked["run"], more=ALONE),
        scratch=scratch,
        logs=Path(asked["logs"]),
        store=asked["store_from"],
        user=asked["user"],
        bindir=journal.told.get("bindir", ""),
        settings={name: str(value) for name, value in asked["settings"].items()},
        smoke=asked["smoke"],
        restore_timeout_s=asked["restore_timeout"],
        recover_timeout_s=asked["recover_timeout"],
        check_timeout_s=asked["check_timeout"],
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
        return journal.perform("wipe", lambda: wipe(asked["run"], drill.scratch, drill.instance, drill.work))
    require_hold(asked["run"], token=asked["token"])
    refuse_settings(drill.settings)
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
    found, mark = asked["found"], asked["mark"]
    apart = asked["store"]["machine_id"] != asked["source"]["machine_id"]
    unkept = unkept_s(mark, asked["store"]["newest"], set_ended=found["set"]["stopped_at"], apart=apart)
    journal.keep(
        engine="mariadb", source=asked["source"], set=found["set"], disk=found["disk"], bindir=found["bindir"],
        mark={**mark, "unarchived_s": unkept, "archived_s": asked["waited"]},
        promised={"rto_s": asked["rto"], "rpo_s": asked["rpo"]}, stanza=asked["job"], logs=asked["logs"],
    )  # fmt: skip
    return True


def facts_of(asked: dict, journal: Journal) -> dict:
    told = journal.told
    wrong = shortcomings(told, rto_s=asked["rto"], rpo_s=asked["rpo"])
    return {"drill": {**told, "measured": measured(told), "shortcomings": wrong}}


def main() -> None:
    module = AnsibleModule(
        argument_spec=SPEC,
        required_if=[("stage", "begin", ["source", "store", "found", "mark"])],
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
