#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.postgresql_identity_info: which PostgreSQL cluster a host runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_identity_info
short_description: Tell which PostgreSQL cluster a host runs
version_added: 0.3.0
description:
  - Asks the server by its own socket, and holds its answer against the data directory on this host.
  - Refused when the two are different clusters, as behind a forwarded socket or a pooler.
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
- name: See which cluster this is
  maintkit.ops.postgresql_identity_info:
  register: source
"""

RETURN = r"""
identity:
  description: Machine, system identifier, data directory, version, size, checksums, archiving, locales.
  returned: always
  type: dict
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill import source
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "default": "postgres"},
            "socket": {"type": "str", "default": ""},
            "port": {"type": "int", "default": 5432},
        },
        supports_check_mode=True,
    )
    try:
        found = source.identity(Reach(**module.params))
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, identity=found)


if __name__ == "__main__":
    main()
