#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.package_set: install the exact versions that were cached, or put the old ones back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: package_set
short_description: Install the exact versions that were cached, or put the old ones back
version_added: 0.2.0
description:
  - Works from what M(maintkit.ops.package_cache) has brought, and needs no archive.
  - apt and dpkg run detached on the host (M(maintkit.ops.detached)), so that neither a lost connection nor a dead
    controller cuts them. A call that is repeated attaches to the step, and never runs it twice.
  - Succeeds only when every package of the change has exactly its version afterwards.
options:
  run:
    description: The run's name.
    type: str
    required: true
  step:
    description: The step's name. One that has failed is not run again under its name.
    type: str
    required: true
  state:
    description: V(planned) installs what is to be installed, V(restored) puts back what was there before.
    type: str
    choices: [planned, restored]
    default: planned
  lock_wait:
    description: Seconds to wait for another program that holds dpkg's lock. The lock is never removed.
    type: int
    default: 300
  timeout:
    description: Seconds to wait for the step to end. It goes on afterwards.
    type: int
    default: 3600
  token:
    description:
      - The run's token (M(maintkit.ops.host_lock)). Refused when the host has seen a higher one; V(0) compares nothing.
      - With or without it, a host that another run holds is refused.
    type: int
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
    platforms: debian
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Install
  maintkit.ops.package_set:
    run: R-2026-0007
    step: change

- name: Put the old versions back
  maintkit.ops.package_set:
    run: R-2026-0007
    step: rollback-1
    state: restored
"""

RETURN = r"""
packages:
  description: The packages whose version was changed, with C(from) and C(to).
  returned: always
  type: list
files:
  description: The sha256 of every package file that was kept, by its path below C(place).
  returned: in check mode
  type: dict
place:
  description: The directory on the host that they are in.
  returned: in check mode
  type: str
outdated:
  description: Services that still run a program or a library that was replaced.
  returned: when it has run
  type: list
output:
  description: What apt and dpkg said, head and tail of it.
  returned: when it has run
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import packages, snapshot, units
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def set_versions(params: dict, *, check_mode: bool) -> dict:
    before = snapshot.packages()
    work = packages.Work(run=params["run"], step=params["step"], token=params["token"], lock_wait_s=params["lock_wait"])
    wanted = work.wanted(params["state"])
    pending = packages.differing(before, wanted)
    if check_mode:
        return {**_told(bool(pending), pending), **work.kept()}
    did = work.do(params["state"], timeout_s=params["timeout"])
    after = snapshot.packages()
    wrong = packages.differing(after, wanted)
    if wrong:
        names = ", ".join(
            f"{one['package']} is {one['from'] or 'absent'}, not {one['to'] or 'absent'}" for one in wrong
        )
        raise Refused(f"the step has ended, and {names}")
    return {
        **_told(did.changed, work.moved(params["state"])),
        "outdated": units.services_outdated(),
        "output": did.output,
    }


def _told(changed: bool, moved: list[dict]) -> dict:  # noqa: FBT001  # the result's own word
    lines = {side: "".join(f"{one['package']} {one[side]}\n" for one in moved) for side in ("from", "to")}
    return {"changed": changed, "packages": moved, "diff": {"before": lines["from"], "after": lines["to"]}}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "step": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["planned", "restored"], "default": "planned"},
            "lock_wait": {"type": "int", "default": 300},
            "timeout": {"type": "int", "default": 3600},
            "token": {"type": "int", "no_log": False},
        },
        supports_check_mode=True,
    )
    try:
        result = set_versions(module.params, check_mode=module.check_mode)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
