#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_restore_mark: mark what a MariaDB holds at one position of its binary log."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_restore_mark
short_description: Mark what a MariaDB holds at one position of its binary log, to hold a restored copy against it
version_added: 0.3.0
description:
  - Writes a row into its own table C(maintkit_drill.mark), fixes a snapshot whose position in the binary log the server
    tells, writes another row, and begins a new binary log. Nothing is locked.
  - The snapshot is read as digests, a table at a time. No row leaves the server.
options:
  prefix:
    description: What the mark's name begins with.
    type: str
    required: true
  source:
    description: The source's identity, as M(maintkit.ops.mariadb_identity_info) tells it.
    type: dict
    required: true
  begin:
    description: The position of the set in the binary logs, and at which transaction it says it was there.
    type: dict
    required: true
  databases:
    description: The databases to read. Empty is all of the application's.
    type: list
    elements: str
    default: []
  tables:
    description: The tables to read, as C(database.table). Empty is all of them.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.mariadb
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
  maintkit.ops.mariadb_restore_mark:
    prefix: maintkit-R-2026-0007
    source: "{{ source.identity }}"
    begin: "{{ drill.found.set.position }}"
  register: mark
"""

RETURN = r"""
mark:
  description: Name, position, transactions, the sizes of the logs that lead to it, and the digests by database.
  returned: when not in check mode
  type: dict
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.mark import mark
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "str", "required": True},
            "source": {"type": "dict", "required": True},
            "begin": {"type": "dict", "required": True},
            "databases": {"type": "list", "elements": "str", "default": []},
            "tables": {"type": "list", "elements": "str", "default": []},
            "socket": {"type": "path", "default": ""},
            "defaults_file": {"type": "path", "default": ""},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True)
    asked = module.params
    try:
        made = mark(
            Reach(socket=asked["socket"], defaults_file=asked["defaults_file"]),
            prefix=asked["prefix"],
            source=asked["source"],
            begin=asked["begin"],
            wanted_databases=asked["databases"],
            wanted_tables=asked["tables"],
        )
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=True, mark=made)


if __name__ == "__main__":
    main()
