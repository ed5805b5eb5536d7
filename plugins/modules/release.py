#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.release: have a release of an application in its directory, and say which one runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Have a release of an application in its directory, and say which one runs
version_added: 0.2.0
description:
  - V(present) unpacks an archive under another name and renames it when it is whole. A release that is there is
    compared with what was planned and never written again.
  - V(current) lets the link lead to a release at one instant.
options:
  state:
    description: What to bring about.
    type: str
    choices: [present, current]
    required: true
  run:
    description: The run's name.
    type: str
    required: true
  archive:
    description: With V(present), the tar.gz on the host.
    type: path
  directory:
    description: With V(present), the directory of releases.
    type: path
  name:
    description: With V(present), the release's name, which is its directory's.
    type: str
  tree:
    description: With V(present), the digest that M(maintkit.ops.release_info) has told of the archive.
    type: str
  link:
    description: With V(current), the link.
    type: path
  target:
    description: With V(current), where it shall lead, as it is written; empty to take it away.
    type: str
  token:
    description:
      - The run's token (M(maintkit.ops.host_lock)). Refused when the host has seen a higher one; V(0) compares nothing.
      - With or without it, a host that another run holds is refused.
    type: int
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of the link.
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Have the release there
  maintkit.ops.release:
    state: present
    run: R-2026-0007
    archive: /var/cache/maintkit/R-2026-0007/release.tar.gz
    directory: /opt/his/releases
    name: "1.1"
    tree: "{{ planned.archive.tree }}"

- name: Let it run
  maintkit.ops.release:
    state: current
    run: R-2026-0007
    link: /opt/his/current
    target: releases/1.1
"""

RETURN = r"""
before:
  description: Where the link has led.
  returned: with O(state=current)
  type: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import releases
from ansible_collections.maintkit.ops.plugins.module_utils.changes.lock import require_hold
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, named


def bring(params: dict, *, check_mode: bool) -> dict:
    if not check_mode:
        require_hold(named("run", params["run"]), token=params["token"])
    return (_present if params["state"] == "present" else _current)(params, check_mode=check_mode)


def _present(params: dict, *, check_mode: bool) -> dict:
    directory, name = Path(params["directory"]), params["name"]
    if check_mode:
        return {"changed": releases.tree_of(directory / named("release", name)) != params["tree"]}
    return {"changed": releases.unpack(Path(params["archive"]), directory, name, tree=params["tree"])}


def _current(params: dict, *, check_mode: bool) -> dict:
    link, target = Path(params["link"]), params["target"]
    before = releases.target_of(link)
    if target and not (link.parent / target).is_dir():
        raise Refused(f"{link} cannot lead to {target}: there is no such release")
    changed = before != target if check_mode else releases.switch(link, target)
    return {"changed": changed, "before": before, "diff": {"before": f"{before}\n", "after": f"{target}\n"}}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "current"], "required": True},
            "run": {"type": "str", "required": True},
            "archive": {"type": "path"},
            "directory": {"type": "path"},
            "name": {"type": "str"},
            "tree": {"type": "str"},
            "link": {"type": "path"},
            "target": {"type": "str"},
            "token": {"type": "int", "no_log": False},
        },
        required_if=[
            ("state", "present", ["archive", "directory", "name", "tree"]),
            ("state", "current", ["link", "target"]),
        ],
        supports_check_mode=True,
    )
    try:
        result = bring(module.params, check_mode=module.check_mode)
    except (Refused, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
