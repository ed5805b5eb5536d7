#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.host_lock: mark a host as held by a run, and tell a late controller from the present one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_lock
short_description: Mark a host as held by a run, and tell a late controller from the present one
version_added: 0.2.0
description:
  - Writes C(/var/lib/maintkit/lock.json) on the host. While a run holds the host, no other can take it.
  - The token only grows. Modules that are given a token refuse to change a host which has seen a higher one, so that a
    controller which was thought dead and comes back can do no harm.
  - A lock does not expire. One that was left behind is released with a higher token, by somebody who may decide that.
options:
  run:
    description: The run's name.
    type: str
    required: true
  state:
    description: Whether the run shall hold the host. Taking it again with a higher token renews it.
    type: str
    choices: [held, released]
    default: held
  token:
    description: A number that the controller raises with every take-over.
    type: int
    required: true
  over:
    description: Runs that are known to have ended. A mark that one of them has left is taken over.
    type: list
    elements: str
    default: []
  holder:
    description: Who holds it, in words for people.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Hold the host
  maintkit.ops.host_lock:
    run: R-2026-0007
    token: 7
    holder: engineer on controller1
"""

RETURN = r"""
lock:
  description: C(run), empty when nobody holds the host, C(holder) and C(token), the highest one that was seen.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import lock
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
            "token": {"type": "int", "required": True, "no_log": False},
            "over": {"type": "list", "elements": "str", "default": []},
            "holder": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    run, token, keep = module.params["run"], module.params["token"], not module.check_mode
    before = lock.holder()
    try:
        if module.params["state"] == "held":
            told = {"who": module.params["holder"], "over": module.params["over"]}
            changed = lock.take(run, token=token, keep=keep, **told)
        else:
            changed = lock.release(run, token=token, keep=keep)
    except Refused as refused:
        module.fail_json(msg=str(refused), lock=before)
    after = lock.holder()
    module.exit_json(changed=changed, lock=after, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
