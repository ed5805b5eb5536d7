#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_identity_info: which MariaDB server a host runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_identity_info
short_description: Tell which MariaDB server a host runs
version_added: 0.3.0
description:
  - Asks the server by its own socket, and holds its answer against the processes and directories of this host.
  - Refused when no server of this host works in the directory that the answer names, as behind a forwarded socket.
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
- name: See which server this is
  maintkit.ops.mariadb_identity_info:
  register: source
"""

RETURN = r"""
identity:
  description: Machine, server, data directory, version, size, binary logs.
  returned: always
  type: dict
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb import source
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "socket": {"type": "path", "default": ""},
            "defaults_file": {"type": "path", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        found = source.identity(Reach(socket=module.params["socket"], defaults_file=module.params["defaults_file"]))
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, identity=found)


if __name__ == "__main__":
    main()
