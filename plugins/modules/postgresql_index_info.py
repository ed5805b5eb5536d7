#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_index_info: the indexes of a PostgreSQL cluster and which are worth a rebuild."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_index_info
short_description: Tell the indexes of a PostgreSQL cluster, and which are worth a rebuild
version_added: 0.3.0
description:
  - Reads only. Bloat is measured by C(pgstatindex) where the extension pgstattuple is there, and never guessed.
  - Tells for each index whether it would be rebuilt, why, how long that would take and how much room it would need.
  - Tells invalid indexes that concurrent rebuilds have left, and what each of them is.
options:
  user:
    description: The OS user that psql runs as, whom the server lets in by peer.
    type: str
    default: postgres
  role:
    description: The server's role. Empty is that of the OS user's name.
    type: str
    default: ""
  socket:
    description: The directory of the server's socket, or a host. Empty is the usual one.
    type: str
    default: ""
  port:
    description: The server's port.
    type: int
    default: 5432
  passfile:
    description: A password file (pgpass) of the OS user. A password itself is taken nowhere.
    type: path
  bindir:
    description: Where psql is, when it is not on the PATH.
    type: str
    default: ""
  databases:
    description: The databases; empty means all that can be entered.
    type: list
    elements: str
    default: []
  factor:
    description: An index is rebuilt when it is more than so many times as large as a rebuild would leave it.
    type: float
    default: 2.0
  min_mb:
    description: Smaller indexes are left alone.
    type: float
    default: 10
  old_transaction:
    description: A transaction of a database that is older, in seconds, is told as a refusal.
    type: float
    default: 60
  run:
    description: A run whose work is told too.
    type: str
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
- name: See which indexes are bloated
  maintkit.ops.postgresql_index_info:
    databases: [his]
  register: seen
"""

RETURN = r"""
server:
  description: Version, whether it is a replica, and the cluster's system identifier.
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
indexes:
  description: Every index with C(database), its figures, C(choice) (rebuild, leave or withheld) and C(why).
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
  description: What was begun and has not ended, and what the run rebuilt and is not valid any more, in words.
  returned: always
  type: list
left:
  description: Invalid indexes, each with C(kind) and C(meaning).
  returned: always
  type: list
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes import asking

SPEC = {
    **asking.SPEC,
    "old_transaction": {"type": "float", "default": 60},
    "run": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        found = asking.look(module.params)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
