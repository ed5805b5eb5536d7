#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_reindex: rebuild bloated indexes one by one, concurrently."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_reindex
short_description: Rebuild bloated indexes one by one, concurrently, until the time is up
version_added: 0.3.0
description:
  - Chooses as M(maintkit.ops.postgresql_index_info) does, and rebuilds by C(REINDEX INDEX CONCURRENTLY), one at a time.
  - A second connection watches each rebuild and cancels it when it would not end in time or waits too long.
  - Whether a rebuild has succeeded is told by the catalog. Left-overs of own rebuilds are dropped, no others.
  - What a run that died has begun is settled by the next call, whichever run that belongs to.
  - Idempotent. An index that was rebuilt is not chosen again.
options:
  run:
    description: The run's name, under which the host remembers what was done.
    type: str
    required: true
  budget:
    description: Seconds in which all must be done. What would not end in time is not begun, or cancelled.
    type: float
    default: 3600
  lock_timeout:
    description: Seconds that a lock is queued for, and that others may have to wait behind it.
    type: float
    default: 5
  stall:
    description: Seconds that a rebuild may wait for other transactions, which holds nobody up, before it is cancelled.
    type: float
    default: 120
  old_transaction:
    description: Nothing is begun while a transaction of the database is older, in seconds.
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
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
  - maintkit.ops.postgresql.indexes
  - maintkit.ops.postgresql.only
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
- name: Rebuild what is bloated, for half an hour at most
  maintkit.ops.postgresql_reindex:
    run: R-2026-0007
    databases: [his]
    budget: 1800
"""

RETURN = r"""
ended:
  description: C(done), C(out of time), or C(stopped) when something else than the time hindered it.
  returned: always, except in check mode
  type: str
rebuilt:
  description: Indexes that this call rebuilt, with sizes before and after, seconds, phases, and what amcheck said.
  returned: always, except in check mode
  type: list
remaining:
  description: Indexes that were to be rebuilt and were not, each with C(why).
  returned: always, except in check mode
  type: list
run_items:
  description: All that the run has done in this and earlier calls, each with C(verdict).
  returned: always, except in check mode
  type: list
cleaned:
  description: Left-overs that were dropped.
  returned: always, except in check mode
  type: list
rebuild:
  description: What would be rebuilt, as M(maintkit.ops.postgresql_index_info) tells it.
  returned: in check mode
  type: list
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes import asking
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.sweep import Sweep

SPEC = {
    **asking.SPEC,
    "run": {"type": "str", "required": True},
    "budget": {"type": "float", "default": 3600},
    "lock_timeout": {"type": "float", "default": 5},
    "stall": {"type": "float", "default": 120},
    "old_transaction": {"type": "float", "default": 60},
    "spare_mb": {"type": "float", "default": 1024},
    "token": {"type": "int", "no_log": False},
}


def plan(params: dict) -> dict:
    found = asking.look({**params, "measure": True})
    return {"changed": bool(found["rebuild"]), "rebuild": found["rebuild"]}


def reindex(sweep: Sweep, params: dict) -> dict:
    require_hold(params["run"], token=params["token"])
    told = sweep.go(params["databases"])
    return {"changed": bool(told["rebuilt"] or told["cleaned"]), **told}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = module.params
    sweep = Sweep(asking.reach(asked), asked["run"], asking.rules(asked))
    try:
        result = plan(asked) if module.check_mode else reindex(sweep, asked)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused), facts={"rebuilt": sweep.done, "cleaned": sweep.cleaned})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
