#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.housekeeping: compress and delete old files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: housekeeping
short_description: Compress and delete old files by rules
version_added: 0.3.0
description:
  - Takes only files that a rule names, and with O(only) none but those that were seen before, as long as they are the
    same by inode, size and time.
  - A compressed file is whole, with owner, mode and time of the old one, before that goes. A call that is cut off
    leaves the old file, and a repeated one goes on.
options:
  only:
    description: The files of M(maintkit.ops.housekeeping_info) that shall go. Without it, all that the rules name now.
    type: list
    elements: dict
  most:
    description: The most files that one call takes.
    type: int
    default: 1000
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.housekeeping
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
- name: Compress logs that are older than a month
  maintkit.ops.housekeeping:
    rules:
      - {path: /opt/his/logs, pattern: "*.log.*", keep_days: 30, action: compress}
"""

RETURN = r"""
files:
  description: Each file with how it C(ended) (done, gone before, changed since, open) and the bytes that were C(freed).
  returned: always
  type: list
freed:
  description: Bytes that are free again.
  returned: always
  type: int
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import tidy
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

SPEC = {**tidy.SPEC, "most": {"type": "int", "default": 1000}, "only": {"type": "list", "elements": "dict"}}


def tidied(asked: dict, *, check_mode: bool) -> dict:
    now = tidy.look(asked["rules"], floor_days=asked["floor_days"], now=time.time(), most=asked["most"])["files"]
    wanted = now if asked["only"] is None else tidy.still(asked["only"], asked["rules"])
    if check_mode:
        return {"changed": bool(wanted), "files": wanted, "freed": 0}
    done = [tidy.tidy(one) for one in wanted]
    freed = sum(one["freed"] for one in done)
    return {"changed": any(one["ended"] == "done" for one in done), "files": done, "freed": freed}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = tidied(module.params, check_mode=module.check_mode)
    except (Refused, OSError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
