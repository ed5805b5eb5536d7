#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.release_info: what a release's archive holds, or which release of an application runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Tell what a release's archive holds, or which release of an application runs
version_added: 0.2.0
description:
  - Of an archive, its sha256 and the digest of the tree that it gives; on the controller, with C(delegate_to).
  - Of a host, where the link leads, the digests of the release and of the one that runs, and the room there is.
  - Fails for an archive that holds anything but plain files, directories and links that stay inside.
options:
  archive:
    description: A tar.gz.
    type: path
  directory:
    description: The directory of releases.
    type: path
  name:
    description: The release's name, which is its directory's.
    type: str
  link:
    description: The link that leads to the release that runs.
    type: path
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
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
- name: See what the archive holds
  maintkit.ops.release_info:
    archive: /srv/releases/his-1.1.tar.gz
  delegate_to: localhost

- name: See which release runs
  maintkit.ops.release_info:
    directory: /opt/his/releases
    name: "1.1"
    link: /opt/his/current
"""

RETURN = r"""
archive:
  description: C(sha256), C(tree) and C(bytes) of the archive.
  returned: with O(archive)
  type: dict
tree:
  description: The digest of the release as it lies there; empty when it does not.
  returned: with O(directory)
  type: str
target:
  description: Where the link leads, as it is written; empty when there is none.
  returned: with O(directory)
  type: str
running:
  description: The digest of the release that it leads to.
  returned: with O(directory)
  type: str
free_bytes:
  description: What is free where the directory is.
  returned: with O(directory)
  type: int
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import releases
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, free_bytes, named, nearest


def look(params: dict) -> dict:
    if params["archive"]:
        return {"archive": releases.described(Path(params["archive"]))}
    directory, link = Path(params["directory"]), Path(params["link"])
    target = releases.target_of(link)
    return {
        "tree": releases.tree_of(directory / named("release", params["name"])),
        "target": target,
        "running": releases.tree_of(link.parent / target) if target else "",
        "free_bytes": free_bytes(nearest(directory)),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "archive": {"type": "path"},
            "directory": {"type": "path"},
            "name": {"type": "str"},
            "link": {"type": "path"},
        },
        required_one_of=[("archive", "directory")],
        mutually_exclusive=[("archive", "directory")],
        required_together=[("directory", "name", "link")],
        supports_check_mode=True,
    )
    try:
        result = look(module.params)
    except (Refused, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
