#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_index_change_info: whether named indexes can be created or dropped."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_index_change_info
short_description: Tell whether named indexes of a PostgreSQL cluster can be created or dropped
version_added: 0.3.0
description:
  - Reads only. Tables and columns are looked up in the catalog, and so is what an index to drop is needed for.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
  - maintkit.ops.postgresql.changes
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
- name: See whether it can be done
  maintkit.ops.postgresql_index_change_info:
    run: R-2026-0007
    wanted:
      - {act: create, database: his, schema: public, table: visit, name: visit_patient, columns: [patient],
         reason: deletes of a patient read the whole table}
"""

RETURN = r"""
server:
  description: Version, whether it is a replica, and the cluster's system identifier.
  returned: always
  type: dict
refusals:
  description: Why it must not be done, in words.
  returned: always
  type: list
waits:
  description: Old transactions and locks that it would wait for, in words.
  returned: always
  type: list
todo:
  description: What is to be done, with bytes, room_bytes, seconds, scans and the definition of what is there.
  returned: always
  type: list
fulfilled:
  description: What is as it is wished already.
  returned: always
  type: list
definitions:
  description: Of each index to drop what creates it again exactly.
  returned: always
  type: dict
run:
  description: What the run has kept, begun and done.
  returned: always
  type: dict
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.index_changes import asking


def main() -> None:
    module = AnsibleModule(argument_spec=asking.SPEC, supports_check_mode=True)
    try:
        found = asking.look(module.params)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
