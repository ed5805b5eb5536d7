#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mysql_rebuild: rebuild fragmented InnoDB tables one by one, while they are used."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mysql_rebuild
short_description: Rebuild fragmented InnoDB tables one by one, while they are used, until the time is up
version_added: 0.3.0
description:
  - Chooses as M(maintkit.ops.mysql_table_info) does, and rebuilds by C(ALTER TABLE … FORCE, ALGORITHM=INPLACE,
    LOCK=NONE), one at a time. What the server could do only under a lock it refuses, and so does this module.
  - A second connection watches each rebuild and ends it when it would not end in time.
  - Whether a rebuild has succeeded is told by the catalogue. Nothing is ever dropped.
  - What a run that died has begun is settled by the next call, whichever run that belongs to.
  - Idempotent. A table that was rebuilt is not chosen again.
options:
  run:
    description: The run's name, under which the host remembers what was done.
    type: str
    required: true
  only:
    description: Rebuild none but these. Each names C(database) and C(name). Empty is whatever is chosen.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Its database.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
  budget:
    description: Seconds in which all must be done. What would not end in time is not begun, or ended.
    type: float
    default: 3600
  lock_timeout:
    description: Seconds to wait for a lock, in whole ones. So long others may have to wait at either end of a rebuild.
    type: float
    default: 2
  old_transaction:
    description: Nothing is begun while a transaction is older, in seconds.
    type: float
    default: 60
  spare_mb:
    description: What must stay free beside the room that a rebuild needs.
    type: float
    default: 1024
  token:
    description:
      - The run's token (M(maintkit.ops.host_lock)). Refused when the host has seen a higher one; V(0) compares nothing.
      - With or without it, a host that another run holds is refused.
    type: int
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.mysql
  - maintkit.ops.mysql.tables
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
- name: Rebuild what is fragmented, for half an hour at most
  maintkit.ops.mysql_rebuild:
    run: R-2026-0007
    databases: [pharmacy]
    budget: 1800
"""

RETURN = r"""
ended:
  description: C(done), C(out of time), or C(stopped) when something else than the time hindered it.
  returned: always, except in check mode
  type: str
rebuilt:
  description: Tables that this call rebuilt, with sizes before and after, seconds and states.
  returned: always, except in check mode
  type: list
remaining:
  description: Tables that were to be rebuilt and were not, each with C(why).
  returned: always, except in check mode
  type: list
run_items:
  description: All that the run has done in this and earlier calls, each with C(verdict).
  returned: always, except in check mode
  type: list
rebuild:
  description: What would be rebuilt, as M(maintkit.ops.mysql_table_info) tells it.
  returned: in check mode
  type: list
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.tables import asking
from ansible_collections.maintkit.ops.plugins.module_utils.tables.sweep import Sweep

NAMED = {one: {"type": "str", "required": True} for one in ("database", "name")}
SPEC = {
    **asking.SPEC,
    "run": {"type": "str", "required": True},
    "only": {"type": "list", "elements": "dict", "default": [], "options": NAMED},
    "budget": {"type": "float", "default": 3600},
    "lock_timeout": {"type": "float", "default": 2},
    "old_transaction": {"type": "float", "default": 60},
    "spare_mb": {"type": "float", "default": 1024},
    "token": {"type": "int", "no_log": False},
}


def plan(params: dict) -> dict:
    found = asking.look(params)
    only = asking.rules(params).only
    wanted = [one for one in found["rebuild"] if only is None or (one["database"], one["name"]) in only]
    return {"changed": bool(wanted), "rebuild": wanted}


def rebuild(sweep: Sweep, params: dict) -> dict:
    require_hold(params["run"], token=params["token"])
    told = sweep.go(params["databases"])
    return {"changed": bool(told["rebuilt"]), **told}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = module.params
    sweep = Sweep(asking.reach(asked), asked["run"], asking.rules(asked))
    try:
        result = plan(asked) if module.check_mode else rebuild(sweep, asked)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused), facts={"rebuilt": sweep.done})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
