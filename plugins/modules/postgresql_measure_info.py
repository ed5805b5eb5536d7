#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_measure_info: planned cost and time of statements, and sizes of tables."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_measure_info
short_description: Measure statements and tables of a PostgreSQL cluster, to compare before and after a change
version_added: 0.3.0
description:
  - Reads only. A statement is planned, then executed up to three times, in transactions that read only and are rolled
    back, with the settings of the role that asks.
  - What cannot be measured is told with the reason, and is no failure.
options:
  statements:
    description: The statements.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What its figures are called.
        type: str
        required: true
      database:
        description: Its database.
        type: str
        required: true
      statement:
        description: One statement without placeholders and semicolons.
        type: str
        required: true
      timeout:
        description: Seconds that all its executions may take together.
        type: float
        default: 10
  tables:
    description: Tables whose sizes are told.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Its database.
        type: str
        required: true
      schema:
        description: Its schema.
        type: str
        required: true
      table:
        description: Its name.
        type: str
        required: true
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
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
- name: Measure what the index is made for
  maintkit.ops.postgresql_measure_info:
    statements:
      - {name: visits of a patient, database: his, statement: SELECT * FROM visit WHERE patient = 1}
    tables:
      - {database: his, schema: public, table: visit}
"""

RETURN = r"""
statements:
  description: By name the planned C(cost), the C(ms) that it took (the median), and C(why) it was not measured.
  returned: always
  type: dict
tables:
  description: By name the C(bytes) of a table without its indexes, and the C(index_bytes) of all of them.
  returned: always
  type: dict
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.indexes import asking
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql import measure

SPEC = {
    **{name: asking.SPEC[name] for name in ("user", "role", "socket", "port", "passfile", "bindir")},
    **measure.SPEC,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked, reach = module.params, asking.reach(module.params)
    try:
        statements = measure.statements(reach, asked["statements"])
        tables = measure.sizes(reach, asked["tables"])
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, statements=statements, tables=tables)


if __name__ == "__main__":
    main()
