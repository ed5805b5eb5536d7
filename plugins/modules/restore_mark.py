#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.restore_mark: mark what a PostgreSQL holds at one instant."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_mark
short_description: Mark what a PostgreSQL holds at one instant, to hold a restored copy against it
version_added: 0.3.0
description:
  - Locks the tables against writing; whoever writes is held up while they are waited for, O(lock_timeout) at most. In
    that time it makes a restore point and fixes the snapshot of a second session, which afterwards reads rows and
    catalog as digests, without a lock.
  - Then it switches the WAL and waits until the one that holds the mark is archived.
  - Each call makes a mark with a name of its own. No row leaves the server.
options:
  prefix:
    description: What the restore point's name begins with.
    type: str
    required: true
  databases:
    description: The databases to read. Empty is all of them.
    type: list
    elements: str
    default: []
  tables:
    description: The tables to read, as C(schema.table). Empty is all of them.
    type: list
    elements: str
    default: []
  lock_timeout:
    description:
      - Seconds in which all tables together must be free to be locked. It is tried five times.
      - Half of the server's C(deadlock_timeout) at most.
    type: float
    default: 0.5
  archive_timeout:
    description: Seconds in which the WAL must be archived.
    type: float
    default: 300
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
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
- name: Mark the source
  maintkit.ops.restore_mark:
    prefix: maintkit-R-2026-0007
  register: mark
"""

RETURN = r"""
mark:
  description: The restore point (name, lsn, wal, at), how long tables were locked, and the digests by database.
  returned: when not in check mode
  type: dict
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.mark import mark
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "str", "required": True},
            "databases": {"type": "list", "elements": "str", "default": []},
            "tables": {"type": "list", "elements": "str", "default": []},
            "lock_timeout": {"type": "float", "default": 0.5},
            "archive_timeout": {"type": "float", "default": 300},
            "user": {"type": "str", "default": "postgres"},
            "socket": {"type": "str", "default": ""},
            "port": {"type": "int", "default": 5432},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True)
    asked = module.params
    try:
        made = mark(
            Reach(user=asked["user"], socket=asked["socket"], port=asked["port"]),
            prefix=asked["prefix"],
            wanted_databases=asked["databases"],
            wanted_tables=asked["tables"],
            lock_timeout_s=asked["lock_timeout"],
            archive_timeout_s=asked["archive_timeout"],
        )
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=True, mark=made)


if __name__ == "__main__":
    main()
