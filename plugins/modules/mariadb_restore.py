#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.mariadb_restore: restore a MariaDB on its own host, prove it, or bring back what was there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_restore
short_description: Restore a MariaDB on its own host, with its present state kept aside
version_added: 0.4.0
description:
  - The present state is kept aside by renaming the data directory. It is never deleted.
  - What was restored has no network and is reached by nobody until it is proven. Until then the unit is masked.
  - What was done is kept in C(/var/lib/maintkit/runs/RUN/restore.json). A repeated call goes on from there; long
    commands run detached from this connection (M(maintkit.ops.detached)).
  - V(begin) notes how far the present state has come, V(bring) keeps it aside, lays sets and logs out, prepares and
    replays them to the target, V(prove) asks and checks it and gives it back to the application, V(back) brings the
    kept state back.
options:
  logs:
    description: The folder of the binary logs, on the host of O(store_from).
    type: path
    default: ""
  found:
    description: What M(maintkit.ops.mariadb_restore_info) has found, for V(begin).
    type: dict
  settings:
    description: Settings of the restored server until it is proven, such as C(innodb_buffer_pool_size).
    type: dict
    default: {}
  start_timeout:
    description: Seconds that the server may take to start by its unit.
    type: float
    default: 300
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.mariadb
  - maintkit.ops.mariadb.on_its_host
  - maintkit.ops.restore
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
- name: Keep the present state aside, restore, replay
  maintkit.ops.mariadb_restore:
    stage: bring
    run: R-2026-0007
    job: pharmacy
    data: /var/lib/mysql
    unit: mariadb.service
    logs: /backup/binlog
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
from ansible_collections.maintkit.ops.plugins.module_utils.drill.network import ALONE
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Detached
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.instance import refuse_settings
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.attending import PLACE, STAGES, attend
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.journal import journal_of
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import target_of
from ansible_collections.maintkit.ops.plugins.module_utils.recovery_mariadb.server import Server
from ansible_collections.maintkit.ops.plugins.module_utils.recovery_mariadb.stages import Restore

SPEC = {
    **PLACE,
    **STAGES,
    "job": {"type": "str", "required": True},
    "store_from": {"type": "str", "default": ""},
    "user": {"type": "str", "default": "mysql"},
    "socket": {"type": "path", "default": ""},
    "defaults_file": {"type": "path", "default": ""},
    "logs": {"type": "path", "default": ""},
    "found": {"type": "dict"},
    "settings": {"type": "dict", "default": {}},
    "start_timeout": {"type": "float", "default": 300},
}


def restore_of(asked: dict) -> Restore:
    data, run, token = Path(asked["data"]), asked["run"], asked["token"]
    journal = journal_of(run)
    reach = Reach(socket=asked["socket"], defaults_file=asked["defaults_file"])
    logs = (journal.told.get("identity") or {}).get("logs", "")
    return Restore(
        journal=journal,
        work=Detached(run, token, data.parent),
        alone=Detached(run, token, data.parent, more=ALONE),
        server=Server(data=data, unit=asked["unit"], run=run, reach=reach, user=asked["user"], logs=logs),
        target=target_of(asked["type"], asked["target"], timeline="latest", wanted_set=asked["set"]),
        logs=Path(asked["logs"]),
        store=asked["store_from"],
        bindir=journal.told.get("bindir", ""),
        settings={name: str(value) for name, value in asked["settings"].items()},
        smoke=asked["smoke"],
        restore_timeout_s=asked["restore_timeout"],
        recover_timeout_s=asked["recover_timeout"],
        check_timeout_s=asked["check_timeout"],
        start_timeout_s=asked["start_timeout"],
    )


def noted(asked: dict) -> dict:
    found = asked["found"]
    names = ("identity", "set", "stop", "archive", "disk", "bindir", "told", "predicted")
    kept = {name: found[name] for name in names}
    return {**kept, "engine": "mariadb", "before": {"at": found["identity"].get("at")}, "stanza": asked["job"]}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, required_if=[("stage", "begin", ["found"])], supports_check_mode=True)
    attend(module, restore_of, noted, refuse_settings)


if __name__ == "__main__":
    main()
