#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mysql_table_info: the tables of a MariaDB or MySQL server and which are worth a rebuild."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mysql_table_info
short_description: Tell the tables of a MariaDB or MySQL server, and which are worth a rebuild
version_added: 0.3.0
description:
  - Reads only, and runs no C(ANALYZE TABLE), which writes. How full a table's pages are is read from its file, page
    headers alone; what is wholly free in it is the server's own word of this moment. Nothing is guessed.
  - Tells for each table whether it would be rebuilt, why, how sure that is, how long it would take and how much room
    it would need.
  - Tells tables that only a rebuild makes, and that one which was cut off has left.
  - Must run on the database's own host, as a user that may read its files.
options:
  old_transaction:
    description: A transaction that is older, in seconds, is told as a refusal.
    type: float
    default: 60
  run:
    description: A run whose work is told too.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.mysql
  - maintkit.ops.mysql.tables
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
- name: See which tables are fragmented
  maintkit.ops.mysql_table_info:
    databases: [pharmacy]
  register: seen
"""

RETURN = r"""
server:
  description: Version, flavour, whether it is a replica and has any, and how much is newer in memory than in its files.
  returned: always
  type: dict
replication:
  description: Whether replicas repeat rebuilds (C(repeated)), how many are connected, for how long, and in words.
  returned: always
  type: dict
refusals:
  description: Why nothing could be rebuilt here; old transactions among them.
  returned: always
  type: list
rate:
  description: Bytes a second that predictions rest on, and where that comes from.
  returned: always
  type: dict
tables:
  description:
    - Every table with its figures, C(choice) (rebuild, leave or withheld), C(why), and C(sure).
    - C(measured) rests on the pages of its files, C(at least) on what is wholly free in them.
  returned: always
  type: list
rebuild:
  description: Those of them that would be rebuilt, most benefit first.
  returned: always
  type: list
run:
  description: What the run has done, with C(items), C(ended) and C(remaining); empty for a run that did nothing.
  returned: always
  type: dict
unsettled:
  description: What was begun and has not ended, and what the run rebuilt and is not there any more, in words.
  returned: always
  type: list
left:
  description: Tables that only a rebuild makes, by InnoDB's names for them; one may be at work.
  returned: always
  type: list
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.tables import asking

SPEC = {
    **asking.SPEC,
    "old_transaction": {"type": "float", "default": 60},
    "run": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        found = asking.look(module.params)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
