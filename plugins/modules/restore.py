#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.restore: restore a cluster on its own host, prove it, or bring back what was there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore
short_description: Restore a PostgreSQL cluster on its own host, with its present state kept aside
version_added: 0.4.0
description:
  - The present state is kept aside by renaming the data directory. It is never deleted.
  - What was restored is reached by nobody, and archives nowhere, until it is proven. Until then the unit is masked.
  - What was done is kept in C(/var/lib/maintkit/runs/RUN/restore.json). A repeated call goes on from there; long
    commands run detached from this connection (M(maintkit.ops.detached)).
  - V(begin) notes how far the present state has come, V(bring) keeps it aside, restores and recovers to the target,
    V(prove) opens, asks and checks it and gives it back to the application, V(back) brings the kept state back.
options:
  found:
    description: What M(maintkit.ops.restore_info) has found, for V(begin).
    type: dict
  settings:
    description: Settings of the restored server until it is proven, such as C(shared_preload_libraries).
    type: dict
    default: {}
  archive_timeout:
    description: Seconds that the server may take to start, and to archive its new timeline.
    type: float
    default: 300
  processes:
    description: How many processes restore and check.
    type: int
    default: 2
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.restore
  - maintkit.ops.restore.pgbackrest
  - maintkit.ops.restore.smoke
  - maintkit.ops.restore.stages
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
- name: Keep the present state aside, restore, recover
  maintkit.ops.restore:
    stage: bring
    run: R-2026-0007
    stanza: his
    data: /var/lib/postgresql/15/main
    unit: postgresql@15-main.service
    target: "2026-11-28 02:13:00+08"
"""

RETURN = r"""
facts:
  description: The journal under C(restore), with C(shortcomings). Also when the module fails.
  returned: always
  type: dict
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.drill.backup import Repository
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import refuse_settings
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Detached
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.attending import PLACE, STAGES, attend
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.cluster import Cluster
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.journal import journal_of
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.stages import Restore
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import target_of

SPEC = {
    **PLACE,
    **STAGES,
    "stanza": {"type": "str", "required": True},
    "config": {"type": "str", "default": ""},
    "user": {"type": "str", "default": "postgres"},
    "socket": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 5432},
    "timeline": {"type": "str", "default": "latest"},
    "found": {"type": "dict"},
    "settings": {"type": "dict", "default": {}},
    "archive_timeout": {"type": "float", "default": 300},
    "processes": {"type": "int", "default": 2},
}


def restore_of(asked: dict) -> Restore:
    data = Path(asked["data"])
    reach = Reach(user=asked["user"], socket=asked["socket"], port=asked["port"])
    return Restore(
        journal=journal_of(asked["run"]),
        work=Detached(asked["run"], asked["token"], data.parent),
        repository=Repository(stanza=asked["stanza"], config=asked["config"], user=asked["user"]),
        cluster=Cluster(data=data, unit=asked["unit"], reach=reach, run=asked["run"]),
        target=target_of(asked["type"], asked["target"], timeline=asked["timeline"], wanted_set=asked["set"]),
        settings={name: str(value) for name, value in asked["settings"].items()},
        smoke=asked["smoke"],
        restore_timeout_s=asked["restore_timeout"],
        recover_timeout_s=asked["recover_timeout"],
        check_timeout_s=asked["check_timeout"],
        archive_timeout_s=asked["archive_timeout"],
        processes=asked["processes"],
    )


def noted(asked: dict) -> dict:
    found = asked["found"]
    kept = {name: found[name] for name in ("identity", "set", "archive", "disk", "bindir", "told", "predicted")}
    before = {name: found["identity"].get(name) for name in ("lsn", "at", "committed_at")}
    return {**kept, "before": before, "stanza": asked["stanza"]}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, required_if=[("stage", "begin", ["found"])], supports_check_mode=True)
    attend(module, restore_of, noted, refuse_settings)


if __name__ == "__main__":
    main()
