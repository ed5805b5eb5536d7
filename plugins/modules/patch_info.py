#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.patch_info: what a change of packages would do to a host, to be frozen in a plan."""

from __future__ import annotations

DOCUMENTATION = r"""
module: patch_info
short_description: Tell what a change of packages would do to a host
version_added: 0.2.0
description:
  - Reads only, from the package lists that the host has. Tells exact versions from and to with all dependencies, the
    services that run a file of them, what room change and rollback need, and what keeps dpkg from working.
options:
  to:
    description: Exact versions by package. Without it, the updates that the other options leave.
    type: dict
    default: {}
  packages:
    description: Update only these; empty means all.
    type: list
    elements: str
    default: []
  holds:
    description: Leave these as they are. Refused when something that is wanted would change one of them.
    type: list
    elements: str
    default: []
  security_only:
    description: Only updates that a security archive offers.
    type: bool
    default: false
  lock_wait:
    description:
      - Wait so many seconds until nobody holds dpkg's locks, and fail then. Nothing is locked or removed.
      - Without it the locks are not looked at.
    type: float
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
- name: See which security updates wait
  maintkit.ops.patch_info:
    security_only: true
    holds: [postgresql-15]
  register: waiting

- name: See what one exact version brings along
  maintkit.ops.patch_info:
    to: {nginx: 1.22.1-9+deb12u1}
"""

RETURN = r"""
identity:
  description: C(machine_id), C(boot_id), C(os) and C(kernel).
  returned: always
  type: dict
to:
  description: What was asked for, or chosen, as versions by package.
  returned: always
  type: dict
packages:
  description: All packages that would change, dependencies included, with C(from), C(to), C(origins), C(security).
  returned: always
  type: list
  sample: [{package: curl, arch: amd64, from: 7.88.1-10, to: 7.88.1-11, origins: ["Debian:12/stable"], security: false}]
removed:
  description: Packages that would be removed.
  returned: always
  type: list
held:
  description: Packages that somebody has put on hold on the host.
  returned: always
  type: list
kept_back:
  description: Packages with an update that apt does not take by itself.
  returned: always
  type: list
services:
  description: Services that run a file of the packages that would change.
  returned: always
  type: list
disk:
  description: C(download_bytes), C(need_bytes) for change and rollback, C(free_bytes).
  returned: always
  type: dict
reboot:
  description: C(asked_now), and C(by_packages) that reach everything only by a reboot.
  returned: always
  type: dict
dpkg:
  description: C(healthy), and C(problems) with how to mend each.
  returned: always
  type: dict
lists_age_s:
  description: Seconds since the package lists were brought up to date.
  returned: always
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import dpkg, patching, snapshot
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def tell(params: dict) -> dict:
    if params["lock_wait"] is not None:
        patching.wait_for_locks(params["lock_wait"])
    installed = snapshot.packages()
    health = patching.health(installed)
    asked = {name: str(version) for name, version in params["to"].items()}
    to, planned = {}, {"install": [], "remove": [], "kept_back": []}
    if health["healthy"]:  # apt refuses to plan anything before this is mended
        to = asked or patching.candidates(
            packages=params["packages"], holds=params["holds"], security_only=params["security_only"]
        )
        to = {name: version for name, version in to.items() if _version(installed, name) != version}
        planned = patching.transaction(to)
    _refuse_held(planned, params["holds"])
    return {
        "identity": snapshot.identity(),
        "to": to,
        "packages": planned["install"],
        "removed": planned["remove"],
        "held": dpkg.held(installed),
        "kept_back": planned["kept_back"],
        "services": patching.services_touched([one["package"] for one in planned["install"]]),
        "disk": patching.disk(to, planned),
        "reboot": patching.reboot(planned),
        "dpkg": health,
        "lists_age_s": patching.lists_age_s(),
    }


def _version(installed: dict, name: str) -> str:
    return installed.get(name, {}).get("version", "")


def _refuse_held(planned: dict, holds: list[str]) -> None:
    touched = sorted({one["package"] for one in planned["install"] + planned["remove"]} & set(holds))
    if touched:
        raise Refused(
            f"what is wanted would change {', '.join(touched)}, which is to stay: name the packages one by one"
        )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "to": {"type": "dict", "default": {}},
            "packages": {"type": "list", "elements": "str", "default": []},
            "holds": {"type": "list", "elements": "str", "default": []},
            "security_only": {"type": "bool", "default": False},
            "lock_wait": {"type": "float"},
        },
        supports_check_mode=True,
    )
    try:
        result = tell(module.params)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
