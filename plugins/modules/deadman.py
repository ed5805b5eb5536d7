#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.deadman: have the host take a change back by itself unless it is confirmed in time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deadman
short_description: Have the host take a change back by itself unless it is confirmed in time
version_added: 0.2.0
description:
  - For changes that may cut the way to the host. Armed before the change, it takes the change back when nobody confirms
    in time, over a connection that is newer than the change.
  - Arming runs the revert once, while there is nothing to revert, and fails when that fails. What follows is proved.
  - Its timer counts monotonically, and anew from boot when the host goes down meanwhile; its units are real files.
  - Only one can decide, the host's timer, a controller's rollback or the confirmation. The others see how it went.
options:
  run:
    description: The run's name.
    type: str
    required: true
  state:
    description:
      - V(armed) stages the revert and starts the timer.
      - V(confirmed) lets the change stay. Fails when the host has already taken it back.
      - V(reverted) takes the change back now, or waits for the host that is at it. Also after a confirmation.
    type: str
    choices: [armed, confirmed, reverted]
    required: true
  revert:
    description: Commands that take the change back, all of them run in this order whatever the earlier ones say.
    type: list
    elements: list
  seconds:
    description: The time in which the change must be confirmed.
    type: int
    default: 120
  timeout:
    description: Seconds to wait for the end of a revert.
    type: float
    default: 120
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
    support: none
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Have the firewall's rules back in two minutes
  maintkit.ops.deadman:
    run: R-2026-0007
    state: armed
    revert:
      - [cp, -a, /root/nftables.before, /etc/nftables.conf]
      - [nft, -f, /etc/nftables.conf]

- name: Come back over a new connection
  ansible.builtin.meta: reset_connection

- name: Let the change stay
  maintkit.ops.deadman:
    run: R-2026-0007
    state: confirmed
"""

RETURN = r"""
deadman:
  description: C(state), C(by) whom it was decided, C(rehearsed_rc), C(reverted_rc) and the revert's C(log).
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.deadman import DeadMan, connection_ticks
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def bring(deadman: DeadMan, params: dict) -> bool:
    if params["state"] == "armed":
        return deadman.arm(params["revert"], seconds=params["seconds"], token=params["token"])
    if params["state"] == "confirmed":
        return deadman.confirm(connection_ticks=connection_ticks())
    return deadman.revert(seconds=params["timeout"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["armed", "confirmed", "reverted"], "required": True},
            "revert": {"type": "list", "elements": "list"},
            "seconds": {"type": "int", "default": 120},
            "timeout": {"type": "float", "default": 120},
            "token": {"type": "int", "no_log": False},
        },
        required_if=[("state", "armed", ["revert"])],
        supports_check_mode=True,
    )
    deadman = None
    try:
        deadman = DeadMan(module.params["run"])
        if module.check_mode:
            module.exit_json(changed=deadman.state() != module.params["state"], deadman=deadman.facts())
        changed = bring(deadman, module.params)
    except Refused as refused:
        module.fail_json(msg=str(refused), deadman=deadman.facts() if deadman else {})
    module.exit_json(changed=changed, deadman=deadman.facts())


if __name__ == "__main__":
    main()
