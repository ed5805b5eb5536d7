#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.btrfs_snapshot: keep a btrfs subvolume as it is before a change, and put it back whole."""

from __future__ import annotations

DOCUMENTATION = r"""
module: btrfs_snapshot
short_description: Keep a btrfs subvolume as it is before a change, and put it back whole
version_added: 0.2.0
description:
  - The snapshot lies beside the subvolume and is known again by its id and uuid, never by its name.
  - Refuses what is no subvolume, what is a mount point (a mount by C(subvol=) would not show what was put back), what
    holds subvolumes of its own, and what has no room for changing all of its data.
  - Going back loses what was written since. What the change has left is moved aside and kept.
options:
  run:
    description: The run's name.
    type: str
    required: true
  path:
    description: The subvolume.
    type: path
    required: true
  state:
    description:
      - V(possible) changes nothing and fails where it could not be put back.
      - V(taken) takes the snapshot, V(restored) puts the subvolume back; nothing is put back where none was taken.
    type: str
    choices: [possible, taken, restored]
    required: true
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
- name: Keep the data
  maintkit.ops.btrfs_snapshot:
    run: R-2026-0007
    path: /srv/his
    state: taken

- name: Put them back
  maintkit.ops.btrfs_snapshot:
    run: R-2026-0007
    path: /srv/his
    state: restored
"""

RETURN = r"""
snapshot:
  description: C(path), C(id) and C(uuid) of the snapshot; empty when none was taken.
  returned: always
  type: dict
aside:
  description: Where what the change has left was moved to; empty when nothing was.
  returned: always
  type: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.btrfs import Snapshot
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def bring(snapshot: Snapshot, params: dict, *, check_mode: bool) -> bool:
    if params["state"] == "possible":
        snapshot.require_room()
        return False
    if check_mode:
        known = snapshot.kept() is not None
        return not known if params["state"] == "taken" else known and not snapshot.restored()
    act = snapshot.take if params["state"] == "taken" else snapshot.restore
    return act(token=params["token"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["possible", "taken", "restored"], "required": True},
            "token": {"type": "int", "no_log": False},
        },
        supports_check_mode=True,
    )
    try:
        snapshot = Snapshot(module.params["run"], Path(module.params["path"]))
        changed = bring(snapshot, module.params, check_mode=module.check_mode)
    except (Refused, OSError) as error:
        module.fail_json(msg=str(error))
    aside = str(snapshot.aside) if snapshot.aside.exists() else ""
    module.exit_json(changed=changed, snapshot=snapshot.kept() or {}, aside=aside)


if __name__ == "__main__":
    main()
