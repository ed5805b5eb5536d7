#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.host_state_info: what a host is like, and what has changed since a moment that was kept."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_state_info
short_description: Tell what a host is like, and what has changed since a moment that was kept
version_added: 0.2.0
description:
  - Reads only. With O(run) it compares with what M(maintkit.ops.host_state) has kept, the whole list of packages and
    every service.
options:
  run:
    description: The run whose moment is compared with. Without it nothing is compared.
    type: str
  name:
    description: The moment's name.
    type: str
    default: before
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
- name: See what a change has done
  maintkit.ops.host_state_info:
    run: R-2026-0007
  register: now

- name: Stop when a service that ran does not run any more
  ansible.builtin.assert:
    that: now.since.lost | length == 0
"""

RETURN = r"""
now:
  description: What the host is like now.
  returned: always
  type: dict
before:
  description: What it was like then.
  returned: with O(run)
  type: dict
file:
  description: Where what it was like then is kept.
  returned: with O(run)
  type: str
sha256:
  description: Of that file.
  returned: with O(run)
  type: str
since:
  description: How the two differ.
  returned: with O(run)
  type: dict
  contains:
    packages:
      description: Every package whose version or state differs, with C(from) and C(to).
      returned: always
      type: list
    lost:
      description: Services that ran and do not.
      returned: always
      type: list
    newly_failed:
      description: Services that systemd calls failed and did not before.
      returned: always
      type: list
    restarted:
      description: Services that run under another process.
      returned: always
      type: list
    restarting:
      description: Services that systemd had to start again by itself.
      returned: always
      type: list
    rebooted:
      description: Whether the host has booted since.
      returned: always
      type: bool
    another_machine:
      description: Whether this is another installation.
      returned: always
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import cache, snapshot
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, named, read_json, run_place


def tell(run: str | None, name: str) -> dict:
    state = snapshot.take()
    if run is None:
        return {"now": state}
    path = run_place(run) / f"{named('moment', name)}.json"
    before = read_json(path)
    if before is None:
        raise Refused(f"{path} is not there: the backup phase of run {run} has not been here")
    kept = {"file": str(path), "sha256": cache.sha256(path)}
    return {"now": state, "before": before, "since": snapshot.compare(before, state), **kept}


def main() -> None:
    module = AnsibleModule(
        argument_spec={"run": {"type": "str"}, "name": {"type": "str", "default": "before"}}, supports_check_mode=True
    )
    try:
        result = tell(module.params["run"], module.params["name"])
    except Refused as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
