#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.restore_drill_info: tell what a restore drill would find here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_drill_info
short_description: Tell what a restore drill would find on this host, and why it must not be made
version_added: 0.3.0
description:
  - Reads pgBackRest's own catalogue, the servers that run here, programs and room.
  - An application that could not be started against the copy is among the refusals.
  - Of a run whose copy was wiped it only tells whether anything of it is left.
options:
  run:
    description: The run's name.
    type: str
    required: true
  stanza:
    description: The stanza, by pgBackRest's own name for it.
    type: str
    required: true
  config:
    description: The configuration of pgBackRest on this host. Empty is the usual one.
    type: str
    default: ""
  user:
    description: The OS user that pgBackRest and the copy run as.
    type: str
    default: postgres
  scratch:
    description: The directory below which copies lie, for root alone.
    type: path
    default: /var/lib/maintkit-drill
  source:
    description:
      - The source's identity, as M(maintkit.ops.postgresql_identity_info) tells it.
      - Empty, it is only told what is left of the run.
    type: dict
    default: {}
  same_host:
    description: Whether the source may run on this very host.
    type: bool
    default: false
  set:
    description: The label of the backup. Empty is the newest.
    type: str
    default: ""
  oldest:
    description: Hours that the backup may be old. V(0) is any age.
    type: float
    default: 48
  spare_mb:
    description: MiB that must be free beside the copy.
    type: int
    default: 512
  bindir:
    description: Where PostgreSQL's programs are. Empty is Debian's place for the source's version.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - maintkit.ops.restore_drill
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
  maintkit.ops.restore_drill_info:
    run: R-2026-0007
    stanza: his
    source: "{{ source.identity }}"
"""

RETURN = r"""
found:
  description:
    - Refusals in words (empty, the drill may be made), C(doubts) that are none, the set, room, programs.
    - What is left of the run.
  returned: always
  type: dict
"""

import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.application import SPOKEN, refuse_application
from ansible_collections.maintkit.ops.plugins.module_utils.drill.backup import Repository
from ansible_collections.maintkit.ops.plugins.module_utils.drill.look import Wish, look


def unfit(application: dict, owner: str) -> list:
    try:
        refuse_application(application, owner)
    except Refused as refused:
        return [str(refused)]
    return []


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "stanza": {"type": "str", "required": True},
            "config": {"type": "str", "default": ""},
            "user": {"type": "str", "default": "postgres"},
            "scratch": {"type": "path", "default": "/var/lib/maintkit-drill"},
            "source": {"type": "dict", "default": {}},
            "same_host": {"type": "bool", "default": False},
            "set": {"type": "str", "default": ""},
            "oldest": {"type": "float", "default": 48},
            "spare_mb": {"type": "int", "default": 512},
            "bindir": {"type": "str", "default": ""},
            "application": {"type": "dict", "options": SPOKEN},
        },
        supports_check_mode=True,
    )
    asked = module.params
    wish = Wish(
        run=asked["run"],
        repository=Repository(stanza=asked["stanza"], config=asked["config"], user=asked["user"]),
        scratch=Path(asked["scratch"]),
        source=asked["source"],
        same_host=asked["same_host"],
        wanted_set=asked["set"],
        oldest_h=asked["oldest"],
        spare_bytes=asked["spare_mb"] * 1024 * 1024,
        bindir=asked["bindir"],
    )
    try:
        found = look(wish)
        if asked["application"]:
            found["refusals"] += unfit(asked["application"], asked["user"])
    except (Refused, OSError, subprocess.SubprocessError) as refused:
        module.fail_json(msg=str(refused))
    for doubt in found["doubts"]:
        module.warn(doubt)
    module.exit_json(changed=False, found=found)


if __name__ == "__main__":
    main()
