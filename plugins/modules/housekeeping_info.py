#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.housekeeping_info: which old files and large logs the rules would take."""

from __future__ import annotations

DOCUMENTATION = r"""
module: housekeeping_info
short_description: Tell which old files the rules would compress or delete, and which logs they would rotate
version_added: 0.3.0
description:
  - Reads only. A link is never followed, and a file that a process has open or that has a second name stays.
  - Refuses rules for directories of the system, of a database or too wide ones, and those that would delete logs
    before the time for which they must be kept.
  - Refuses rules that name a link, or no regular file, as a log to rotate.
  - Tells apart, with the reason, a log that is to be rotated and could not be well. The host has no logrotate; the log
    has a second name, or one that logrotate's configuration cannot hold; there is no room for the copy or for what is
    compressed; the service is not active or cannot be reloaded; a process writes that is not of the service, or does
    not append where the log is to be emptied; the host itself rotates it, too.
options:
  most:
    description: The most files that one change takes; the others wait for the next.
    type: int
    default: 1000
  run:
    description: The run of which C(rotated) is told.
    type: str
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
- name: See what could go
  maintkit.ops.housekeeping_info:
    rules:
      - {path: /opt/his/logs, pattern: "*.log.*", keep_days: 30, action: compress}
      - {path: /opt/his/logs, pattern: "*.gz", keep_days: 365, action: delete}
      - {path: /opt/his/export, pattern: "*.tmp", keep_days: 7, action: delete, log: false}
      - {path: /opt/his/logs, pattern: his.log, action: rotate, larger_than: 100M, writer: reload, service: his.service}
  register: seen
"""

RETURN = r"""
files:
  description: Logs to rotate, then what would go, the oldest first, each with C(path), C(action), C(size), C(bytes)
    on the disk, and what it is known again by.
  returned: always
  type: list
refused:
  description: Logs that are to be rotated and could not be well, each with the reason as C(why).
  returned: always
  type: list
rotated:
  description: Of each log that the run has rotated the file that it was rotated to, as long as that is there.
  returned: always
  type: dict
left:
  description: How many files of the rules stay, by the reason.
  returned: always
  type: dict
bytes:
  description: What the files take on the disk.
  returned: always
  type: int
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import rotating, rules
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

SPEC = {**rules.SPEC, "most": {"type": "int", "default": 1000}, "run": {"type": "str"}}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = module.params
    try:
        seen = rules.look(asked["rules"], floor_days=asked["floor_days"], now=time.time(), most=asked["most"])
        seen["rotated"] = rotating.Notes(asked["run"]).rotated()
    except (Refused, OSError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **seen)


if __name__ == "__main__":
    main()
