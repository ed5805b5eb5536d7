#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.host_state: keep what a host is like before a change."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_state
short_description: Keep what a host is like before a change
version_added: 0.2.0
description:
  - Writes identity, boot, memory, load, the whole list of packages and all services into the run's directory.
  - What was kept once under a name is never overwritten, so that a repeated call cannot take the changed host for the
    one before the change.
options:
  run:
    description: The run's name.
    type: str
    required: true
  name:
    description: The moment's name.
    type: str
    default: before
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: debian
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Keep what the host is like
  maintkit.ops.host_state:
    run: R-2026-0007
"""

RETURN = r"""
kept:
  description: What is kept.
  returned: always
  type: dict
file:
  description: Where it lies on the host.
  returned: always
  type: str
sha256:
  description: Of that file; empty in check mode, when there is none.
  returned: always
  type: str
"""

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import cache, snapshot
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import (
    Refused,
    named,
    private,
    read_json,
    run_place,
    write,
)


def keep(run: str, name: str, *, check_mode: bool) -> dict:
    path = run_place(run) / f"{named('moment', name)}.json"
    kept = read_json(path)
    if kept is not None:
        return {"changed": False, "kept": kept, **_told(path)}
    state = snapshot.take()
    if not check_mode:
        private(path.parent)
        write(path, json.dumps(state))
    return {"changed": True, "kept": state, **_told(path)}


def _told(path: Path) -> dict:
    return {"file": str(path), "sha256": cache.sha256(path) if path.exists() else ""}


def main() -> None:
    module = AnsibleModule(
        argument_spec={"run": {"type": "str", "required": True}, "name": {"type": "str", "default": "before"}},
        supports_check_mode=True,
    )
    try:
        result = keep(module.params["run"], module.params["name"], check_mode=module.check_mode)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
