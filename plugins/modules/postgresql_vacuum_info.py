#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_vacuum_info: the tables of a PostgreSQL cluster that vacuum and analyze are behind on."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_vacuum_info
short_description: Tell the tables of a PostgreSQL cluster that vacuum and analyze are behind on
version_added: 0.3.0
description:
  - Reads only. A table is behind by the very numbers at which autovacuum comes for it, or near the age that forces it.
  - Tells who keeps dead rows from being freed, so that a vacuum would free nothing.
options:
  run:
    description: A run whose work is told too.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.postgresql
  - maintkit.ops.postgresql.session
  - maintkit.ops.postgresql.vacuum
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
- name: See which tables are behind
  maintkit.ops.postgresql_vacuum_info:
    databases: [his]
  register: seen
"""

RETURN = r"""
server:
  description: Version, whether it is a replica, and the cluster's system identifier.
  returned: always
  type: dict
refusals:
  description: Why nothing could be vacuumed here; who holds dead rows back among them, where some are to be freed.
  returned: always
  type: list
held:
  description: Who keeps dead rows from being freed, in words.
  returned: always
  type: list
rate:
  description: Bytes a second that predictions rest on, and where that comes from.
  returned: always
  type: dict
tables:
  description: Tables that are behind, with their figures, C(acts) (freeze, vacuum, analyze) and C(why); first is first.
  returned: always
  type: list
run:
  description: What the run has done, with C(items), C(ended) and C(remaining); empty for a run that did nothing.
  returned: always
  type: dict
unfreed:
  description: Tables that the run has vacuumed and of whose dead rows nothing was freed, in words.
  returned: always
  type: list
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.vacuum import asking

SPEC = {**asking.SPEC, "run": {"type": "str", "default": ""}}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        found = asking.look(module.params)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
