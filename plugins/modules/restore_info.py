#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.restore_info: tell what a restore of a cluster on its own host would find."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_info
short_description: Tell what a restore of a PostgreSQL cluster on its own host would find
version_added: 0.4.0
description:
  - Reads the cluster, its control file, pgBackRest's own catalogue, the list of archived WAL, programs and room.
  - Of a run that has gone back it tells whether the state from before is there and answers.
options:
  only_run:
    description: Tell only whether the run has gone back, and what is wrong then.
    type: bool
    default: false
  identifier:
    description: Which cluster it was, where its control file cannot be read any more.
    type: str
    default: ""
  spare_mb:
    description: MiB that must be free beside the present state and what is restored.
    type: int
    default: 512
  bindir:
    description: Where PostgreSQL's programs are. Empty is Debian's place for the cluster's version.
    type: str
    default: ""
  rate_mb_s:
    description: MiB in a second that the last drill restored. V(0) is unknown.
    type: float
    default: 0
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.restore
  - maintkit.ops.restore.pgbackrest
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
  maintkit.ops.restore_info:
    run: R-2026-0007
    stanza: his
    data: /var/lib/postgresql/15/main
    unit: postgresql@15-main.service
    target: "2026-11-28 02:13:00+08"
"""

RETURN = r"""
found:
  description: Refusals in words (empty, it can be restored), the cluster, the set, the archive, room.
  returned: always
  type: dict
"""

import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.backup import Repository
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.attending import PLACE
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.cluster import Cluster
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.look import Wish, look, of_run
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import target_of

SPEC = {
    **PLACE,
    "stanza": {"type": "str", "required": True},
    "config": {"type": "str", "default": ""},
    "user": {"type": "str", "default": "postgres"},
    "socket": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 5432},
    "timeline": {"type": "str", "default": "latest"},
    "only_run": {"type": "bool", "default": False},
    "identifier": {"type": "str", "default": ""},
    "spare_mb": {"type": "int", "default": 512},
    "bindir": {"type": "str", "default": ""},
    "rate_mb_s": {"type": "float", "default": 0},
}


def told(asked: dict) -> dict:
    reach = Reach(user=asked["user"], socket=asked["socket"], port=asked["port"])
    cluster = Cluster(data=Path(asked["data"]), unit=asked["unit"], reach=reach, run=asked["run"])
    if asked["only_run"]:
        return of_run(cluster)
    wish = Wish(
        cluster=cluster,
        repository=Repository(stanza=asked["stanza"], config=asked["config"], user=asked["user"]),
        target=target_of(asked["type"], asked["target"], timeline=asked["timeline"], wanted_set=asked["set"]),
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
