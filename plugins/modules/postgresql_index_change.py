#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_index_change: create and drop named indexes concurrently."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_index_change
short_description: Create and drop named indexes concurrently, and undo that
version_added: 0.3.0
description:
  - Never locks readers or writers out. Whether it has succeeded is told by the catalog; what a stopped creation has
    left is dropped, where this run has made it, and nothing else is.
  - Idempotent. What a run that died has begun is settled by its next call.
options:
  stage:
    description:
      - V(keep) keeps the definitions, without which nothing is begun; V(back) undoes what the run has begun.
      - In check mode, V(back) refuses where the indexes are not as the run has left them.
    type: str
    choices: [keep, change, back]
    default: change
  budget:
    description: Seconds in which all must be done. What would not end in time is not begun, or cancelled.
    type: float
    default: 3600
  lock_timeout:
    description: Seconds that a lock is queued for, and that others may have to wait behind it.
    type: float
    default: 5
  tries:
    description: How often a lock that did not come is waited for again.
    type: int
    default: 3
  stall:
    description: Seconds that a change may wait for other transactions, which holds nobody up, before it is cancelled.
    type: float
    default: 120
  token:
    description:
      - The run's token (M(maintkit.ops.host_lock)). Refused when the host has seen a higher one; V(0) compares nothing.
      - With or without it, a host that another run holds is refused.
    type: int
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
  - maintkit.ops.postgresql.changes
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
- name: Create an index, for half an hour at most
  maintkit.ops.postgresql_index_change:
    run: R-2026-0007
    wanted:
      - {act: create, database: his, schema: public, table: visit, name: visit_patient, columns: [patient],
         reason: deletes of a patient read the whole table}
    budget: 1800
"""

RETURN = r"""
ended:
  description: C(done), C(out of time), or C(stopped) when something else than the time hindered it.
  returned: of V(change), except in check mode
  type: str
done:
  description: What this call has done, with sizes before and after and the definition.
  returned: of V(change), except in check mode
  type: list
remaining:
  description: What was not done, each with C(why).
  returned: of V(change), except in check mode
  type: list
run_items:
  description: All that the run has done in this and earlier calls.
  returned: of V(change), except in check mode
  type: list
undone:
  description: What was undone, in words.
  returned: of V(back), except in check mode
  type: list
todo:
  description: What would be done, as M(maintkit.ops.postgresql_index_change_info) tells it; of V(back), what undoes it.
  returned: in check mode
  type: list
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.index_changes import asking
from ansible_collections.maintkit.ops.plugins.module_utils.index_changes.journal import Journal
from ansible_collections.maintkit.ops.plugins.module_utils.index_changes.work import Work

SPEC = {
    **asking.SPEC,
    "stage": {"type": "str", "choices": ["keep", "change", "back"], "default": "change"},
    "budget": {"type": "float", "default": 3600},
    "lock_timeout": {"type": "float", "default": 5},
    "tries": {"type": "int", "default": 3},
    "stall": {"type": "float", "default": 120},
    "token": {"type": "int", "no_log": False},
}


def keep(journal: Journal, params: dict) -> dict:
    found = asking.look(params)
    if found["refusals"]:
        raise Refused("; ".join(found["refusals"]))
    return {"changed": journal.keep(found["server"]["cluster"], found["definitions"]), "run": journal.told}


def act(work: Work, params: dict) -> dict:
    require_hold(params["run"], token=params["token"])
    if params["stage"] == "keep":
        return keep(work.journal, params)
    if params["stage"] == "back":
        undone = work.back()
        return {"changed": bool(undone), "undone": undone}
    told = work.go(params["wanted"])
    return {"changed": bool(told["done"]), **told}


def plan(work: Work, params: dict) -> dict:
    todo = work.backwards() if params["stage"] == "back" else asking.look(params)["todo"]
    return {"changed": bool(todo), "todo": todo}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = module.params
    try:
        work = Work(asking.reach(asked), Journal(asked["run"]), asking.rules(asked))
        result = plan(work, asked) if module.check_mode else act(work, asked)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
