#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_sets_info: which sets of mariadb-backup and which binary logs are kept on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_sets_info
short_description: Tell which sets of mariadb-backup and which binary logs are kept on a host
version_added: 0.3.0
description:
  - A set is told by the files that mariadb-backup has left in it, never by a file's date.
  - With O(wait_for) it first waits until those logs have arrived whole.
options:
  path:
    description: The folder of the sets.
    type: path
    required: true
  logs:
    description: The folder to which the source's binary logs are copied.
    type: path
    required: true
  wait_for:
    description: Binary logs that must arrive, each with its size in bytes.
    type: dict
    default: {}
  timeout:
    description: Seconds in which they must.
    type: float
    default: 300
  target:
    description:
      - A point in time with its offset, or a mark's name, whose place in the logs is told.
      - Only logs with the name of those that the newest set leads on in are looked through.
    type: str
    default: ""
  target_type:
    description:
      - What a restore is to. Empty is none, and nothing is looked for in the logs.
    type: str
    choices: ["", time, name, end, set]
    default: ""
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
- name: See what is kept
  maintkit.ops.mariadb_sets_info:
    path: /backup/mariadb
    logs: /backup/binlog
  register: store
"""

RETURN = r"""
store:
  description:
    - The sets that ended, newest last, the logs by name and size, how far they reach, the machine.
    - With O(target_type) also C(state), the last transactions in the logs, and C(stop), where the way to the target
      ends, by C(file), C(at) and C(made_at). Null, it is in no log.
  returned: always
  type: dict
waited_s:
  description: Seconds until the logs of O(wait_for) were there.
  returned: always
  type: float
"""

import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.collector.catalogue import Unclear
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb import backup
from ansible_collections.maintkit.ops.plugins.module_utils.recovery_mariadb import way


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "logs": {"type": "path", "required": True},
            "wait_for": {"type": "dict", "default": {}},
            "timeout": {"type": "float", "default": 300},
            "target": {"type": "str", "default": ""},
            "target_type": {"type": "str", "choices": ["", "time", "name", "end", "set"], "default": ""},
        },
        supports_check_mode=True,
    )
    path, logs = Path(module.params["path"]), Path(module.params["logs"])
    wanted = {name: int(size) for name, size in module.params["wait_for"].items()}
    try:
        waited = backup.wait(logs, wanted, module.params["timeout"]) if wanted else 0.0
        store = backup.look(path, logs)
        if module.params["target_type"]:
            store.update(way.told_of(store, logs, module.params["target_type"], module.params["target"]))
    except (Refused, Unclear, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, store=store, waited_s=waited)


if __name__ == "__main__":
    main()
