#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_restore_info: tell what a restore of a MariaDB on its own host would find."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_restore_info
short_description: Tell what a restore of a MariaDB on its own host would find
version_added: 0.4.0
description:
  - Reads the server, its own binary logs, what the store has told, programs and room.
  - Of a run that has gone back it tells whether the state from before is there and answers.
options:
  store:
    description: What M(maintkit.ops.mariadb_sets_info) has told, with the place of the target.
    type: dict
    default: {}
  only_run:
    description: Tell only whether the run has gone back, and what is wrong then.
    type: bool
    default: false
  identifier:
    description: Which server it was, as C(server_id 4711), where neither it nor its logs can be asked any more.
    type: str
    default: ""
  spare_mb:
    description: MiB that must be free beside the present state and what is restored.
    type: int
    default: 512
  bindir:
    description: Where MariaDB's programs are. Empty is their usual place.
    type: str
    default: ""
  rate_mb_s:
    description: MiB in a second that the last drill restored. V(0) is unknown.
    type: float
    default: 0
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.mariadb
  - maintkit.ops.mariadb.on_its_host
  - maintkit.ops.restore
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
- name: See what can be restored
  maintkit.ops.mariadb_restore_info:
    run: R-2026-0007
    job: pharmacy
    data: /var/lib/mysql
    unit: mariadb.service
    target: "2026-11-28 02:13:00+08"
    store: "{{ kept.store }}"
"""

RETURN = r"""
found:
  description: Refusals in words (empty, it can be restored), the server, the set, where its way ends, room.
  returned: always
  type: dict
"""

import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.attending import PLACE
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import target_of
from ansible_collections.maintkit.ops.plugins.module_utils.recovery_mariadb.look import Wish, look, of_run
from ansible_collections.maintkit.ops.plugins.module_utils.recovery_mariadb.server import Server

SPEC = {
    **PLACE,
    "job": {"type": "str", "required": True},
    "store_from": {"type": "str", "default": ""},
    "user": {"type": "str", "default": "mysql"},
    "socket": {"type": "path", "default": ""},
    "defaults_file": {"type": "path", "default": ""},
    "store": {"type": "dict", "default": {}},
    "only_run": {"type": "bool", "default": False},
    "identifier": {"type": "str", "default": ""},
    "spare_mb": {"type": "int", "default": 512},
    "bindir": {"type": "str", "default": ""},
    "rate_mb_s": {"type": "float", "default": 0},
}


def told(asked: dict) -> dict:
    reach = Reach(socket=asked["socket"], defaults_file=asked["defaults_file"])
    server = Server(data=Path(asked["data"]), unit=asked["unit"], run=asked["run"], reach=reach, user=asked["user"])
    if asked["only_run"]:
        return of_run(server)
    wish = Wish(
        server=server,
        job=asked["job"],
        target=target_of(asked["type"], asked["target"], timeline="latest", wanted_set=asked["set"]),
        store=asked["store"],
        fetched=bool(asked["store_from"]),
        wanted_set=asked["set"],
        identifier=asked["identifier"],
        spare_bytes=asked["spare_mb"] * 1024 * 1024,
        bindir=asked["bindir"],
        rate_mb_s=asked["rate_mb_s"],
    )
    return look(wish)


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        found = told(module.params)
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, found=found)


if __name__ == "__main__":
    main()
