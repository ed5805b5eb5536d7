#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_restore_drill_info: tell what a restore drill of MariaDB would find here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_restore_drill_info
short_description: Tell what a restore drill of MariaDB would find on this host, and why it must not be made
version_added: 0.3.0
description:
  - Reads what the store has told, the servers that run here, programs and room.
  - Of a run whose copy was wiped it only tells whether anything of it is left, and so it does without a O(source).
options:
  same_host:
    description: Whether the source may run on this very host.
    type: bool
    default: false
  set:
    description: The set, by its folder below that of the sets. Empty is the newest.
    type: str
    default: ""
  oldest:
    description: Hours that the set may be old. V(0) is any age.
    type: float
    default: 48
  spare_mb:
    description: MiB that must be free beside the copy.
    type: int
    default: 512
  bindir:
    description: Where MariaDB's programs are. Empty is their usual place.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.mariadb.drill
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
- name: See whether a drill may be made here
  maintkit.ops.mariadb_restore_drill_info:
    run: R-2026-0007
    job: pharmacy
    source: "{{ source.identity }}"
    store: "{{ store.store }}"
"""

RETURN = r"""
found:
  description: Refusals in words (empty, the drill may be made), the set, room, what is left of the run.
  returned: always
  type: dict
"""

import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.look import Wish, look


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "job": {"type": "str", "required": True},
            "scratch": {"type": "path", "default": "/var/lib/maintkit-drill"},
            "user": {"type": "str", "default": "mysql"},
            "source": {"type": "dict", "default": {}},
            "store": {"type": "dict", "default": {}},
            "store_from": {"type": "str", "default": ""},
            "same_host": {"type": "bool", "default": False},
            "set": {"type": "str", "default": ""},
            "oldest": {"type": "float", "default": 48},
            "spare_mb": {"type": "int", "default": 512},
            "bindir": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    asked = module.params
    wish = Wish(
        run=asked["run"],
        job=asked["job"],
        scratch=Path(asked["scratch"]),
        source=asked["source"],
        store=asked["store"],
        fetched=bool(asked["store_from"]),
        same_host=asked["same_host"],
        wanted_set=asked["set"],
        oldest_h=asked["oldest"],
        spare_bytes=asked["spare_mb"] * 1024 * 1024,
        user=asked["user"],
        bindir=asked["bindir"],
    )
    try:
        found = look(wish)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, found=found)


if __name__ == "__main__":
    main()
