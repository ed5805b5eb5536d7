#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_vacuum: vacuum and analyse tables that are behind, one by one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_vacuum
short_description: Vacuum and analyse tables that are behind, one by one, until the time is up
version_added: 0.3.0
description:
  - Chooses as M(maintkit.ops.postgresql_vacuum_info) does. Never C(VACUUM FULL), and never a lock that a reader or a
    writer would notice.
  - A table is not vacuumed while somebody keeps its dead rows from being freed; it is analysed all the same.
  - The server itself ends what would go beyond the time.
  - Idempotent. A table that is not behind any more is not chosen again.
options:
  run:
    description: The run's name, under which the host remembers what was done.
    type: str
    required: true
  budget:
    description: Seconds in which all must be done. What would not end in time is not begun, or ended.
    type: float
    default: 3600
  lock_timeout:
    description: Seconds to wait for one lock.
    type: float
    default: 5
  cost_delay:
    description: Milliseconds to sleep after so much work, as autovacuum does; 0 is full speed.
    type: float
    default: 2
  token:
    description:
      - The run's token (M(maintkit.ops.host_lock)). Refused when the host has seen a higher one; V(0) compares nothing.
      - With or without it, a host that another run holds is refused.
    type: int
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
  - maintkit.ops.postgresql.vacuum
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
- name: Vacuum what is behind, for half an hour at most
  maintkit.ops.postgresql_vacuum:
    run: R-2026-0007
    databases: [his]
    budget: 1800
"""

RETURN = r"""
ended:
  description: C(done), C(out of time), or C(stopped) when something else than the time hindered it.
  returned: always, except in check mode
  type: str
done:
  description: Tables that this call has vacuumed or analysed, with their figures before and after.
  returned: always, except in check mode
  type: list
remaining:
  description: Tables that are still behind, each with C(why).
  returned: always, except in check mode
  type: list
run_items:
  description: All that the run has done in this and earlier calls.
  returned: always, except in check mode
  type: list
tables:
  description: What would be done, as M(maintkit.ops.postgresql_vacuum_info) tells it.
  returned: in check mode
  type: list
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.asking import SPEC as INDEXES
from ansible_collections.maintkit.ops.plugins.module_utils.vacuum import asking
from ansible_collections.maintkit.ops.plugins.module_utils.vacuum.sweep import Sweep

SPEC = {
    **asking.SPEC,
    "run": {"type": "str", "required": True},
    "only": INDEXES["only"],
    "budget": {"type": "float", "default": 3600},
    "lock_timeout": {"type": "float", "default": 5},
    "cost_delay": {"type": "float", "default": 2},
    "token": {"type": "int", "no_log": False},
}


def plan(params: dict) -> dict:
    only = asking.rules(params).only
    found = asking.look(params)["tables"]
    wanted = [one for one in found if only is None or (one["database"], one["schema"], one["name"]) in only]
    return {"changed": bool(wanted), "tables": wanted}


def vacuum(sweep: Sweep, params: dict) -> dict:
    require_hold(params["run"], token=params["token"])
    told = sweep.go(params["databases"])
    return {"changed": bool(told["done"]), **told}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = module.params
    sweep = Sweep(asking.reach(asked), asked["run"], asking.rules(asked))
    try:
        result = plan(asked) if module.check_mode else vacuum(sweep, asked)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused), facts={"done": sweep.done})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
