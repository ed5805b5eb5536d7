#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.housekeeping: rotate logs, compress and delete old files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: housekeeping
short_description: Rotate logs, compress and delete old files by rules
version_added: 0.3.0
description:
  - Takes only files that a rule names, and with O(only) none but those that were seen before, as long as they are the
    same by inode, size and time. A log that is rotated has grown since, and must be the same by inode.
  - A compressed file is whole, with owner, mode and time of the old one, before that goes. A call that is cut off
    leaves the old file, and a repeated one goes on.
  - Of logs to rotate none is touched when one could not be rotated well. All are rotated, then every service is asked
    once, then what no process has open any more is compressed. What one still has open after 15 seconds stays as it is.
  - Fails, with what was done under C(facts), when logrotate failed or a service could not be asked.
options:
  run:
    description: The run's name. What it has rotated is kept in C(/var/lib/maintkit/runs/RUN/rotated.json), so that a
      repeated call rotates nothing twice.
    type: str
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

- name: Give nginx a new log
  maintkit.ops.housekeeping:
    run: R-2026-0007
    rules:
      - {path: /var/log/nginx, pattern: access.log, action: rotate, larger_than: 1G, writer: reload, signal: USR1,
         service: nginx.service, also_by_host: true}
"""

RETURN = r"""
files:
  description: Each file with how it C(ended) (done, gone before, changed since, open) and the bytes that were C(freed).
    A log ends as rotated, as held (rotated, and C(why) it is not compressed) or as left (C(why) it was not rotated);
    C(to) is what was rotated.
  returned: always
  type: list
freed:
  description: Bytes that are free again.
  returned: always
  type: int
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import rules
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

SPEC = {
    **rules.SPEC,
    "most": {"type": "int", "default": 1000},
    "only": {"type": "list", "elements": "dict"},
    "run": {"type": "str"},
}


def tidied(asked: dict, *, check_mode: bool) -> dict:
    if asked["only"] is None:
        seen = rules.look(asked["rules"], floor_days=asked["floor_days"], now=time.time(), most=asked["most"])
        if seen["refused"]:
            raise Refused("; ".join(one["why"] for one in seen["refused"]))
        wanted = seen["files"]
    else:
        wanted = rules.still(asked["only"], asked["rules"], asked["floor_days"])
    if check_mode:
        return {"changed": bool(wanted), "files": wanted, "freed": 0, "problems": []}
    return rules.do(wanted, asked["run"])


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = tidied(module.params, check_mode=module.check_mode)
    except (Refused, OSError) as refused:
        module.fail_json(msg=str(refused))
    problems = result.pop("problems")
    if problems:
        module.fail_json(msg="; ".join(problems), facts={name: result[name] for name in ("files", "freed")})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
