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
  old_transaction:
    description: A transaction of a database that is older, in seconds, is told as a refusal.
    type: float
    default: 60
  run:
    description: A run whose work is told too.
    type: str
    default: ""
  measure:
    description: Without it no index is judged; what is invalid, left over or unsettled is told all the same.
    type: bool
    default: true
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
  - maintkit.ops.postgresql.indexes
  - maintkit.ops.postgresql.only
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
  description: Each index that is judged, with C(database), figures, C(choice) (rebuild, leave, withheld) and C(why).
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

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes import asking

SPEC = {
    **asking.SPEC,
    "old_transaction": {"type": "float", "default": 60},
    "run": {"type": "str", "default": ""},
    "measure": {"type": "bool", "default": True},
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
