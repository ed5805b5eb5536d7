#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.package_cache: have the package files of a change and of its rollback on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: package_cache
short_description: Have the package files of a change and of its rollback on the host
version_added: 0.2.0
description:
  - Brings the files of the versions that are installed, and of those that shall be, into C(/var/cache/maintkit/RUN)
    before anything is changed. apt has no undo, and security archives drop old versions.
  - Takes them from apt's cache, from the archive, or has C(dpkg-repack) rebuild the installed ones. Fails when an
    installed version cannot be had, since there would be no way back.
options:
  run:
    description: The run's name.
    type: str
    required: true
  to:
    description: Exact versions by package, as M(maintkit.ops.patch_info) tells them.
    type: dict
    required: true
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: debian
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Have both versions on the host
  maintkit.ops.package_cache:
    run: R-2026-0007
    to: {curl: 7.88.1-10+deb12u12}
"""

RETURN = r"""
record:
  description: The change with its dependencies, and the sha256 of every file.
  returned: always
  type: dict
place:
  description: The directory on the host that the files are in, below C(old) and C(new).
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import cache, patching
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, cache_place


def have(run: str, to: dict, *, check_mode: bool) -> dict:
    if (cache_place(run) / cache.RECORD).exists():
        kept = cache.record(run)
        if kept["to"] != to:
            raise Refused(f"run {run} has cached another change: give this one a name of its own")
        return {"changed": False, "record": kept}
    if check_mode:
        return {"changed": True, "record": {"to": to, **patching.transaction(to), "files": {}}}
    return {"changed": True, "record": cache.fill(run, to)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={"run": {"type": "str", "required": True}, "to": {"type": "dict", "required": True}},
        supports_check_mode=True,
    )
    to = {name: str(version) for name, version in module.params["to"].items()}
    try:
        result = have(module.params["run"], to, check_mode=module.check_mode)
        result["place"] = str(cache_place(module.params["run"]))
    except Refused as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
