#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of the same name, which does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: phase_result
short_description: Leave what a phase of a procedure has done on a host
version_added: 0.2.0
description:
  - Writes one JSON document for the host and the phase into C(phases/HOST.PHASE.json) of the directory that
    the variable C(maintkit_exchange) names on the controller. Without that variable it only returns the document.
  - Contacts no host. The shape of the document is told in docs/procedures.md.
options:
  procedure:
    description: The procedure's name.
    type: str
    required: true
  phase:
    description: The phase's name.
    type: str
    choices: [probe, precheck, backup, change, verify, rollback, undoable, hold, release]
    required: true
  status:
    description: How it ended.
    type: str
    choices: [ok, failed, nothing-to-do]
    default: ok
  changed:
    description: Whether the phase has changed the host.
    type: bool
    default: false
  facts:
    description: What was found, as far as plan or record need it.
    type: dict
    default: {}
  frozen:
    description: Variables of the role that a plan freezes, so that its later phases do just this and nothing else.
    type: dict
    default: {}
  steps:
    description: What was or would be done, each with its rollback class.
    type: list
    elements: dict
    default: []
    suboptions:
      action:
        description: What is done.
        type: str
        required: true
      target:
        description: To what.
        type: str
        required: true
      from:
        description: What it was.
        type: str
        default: ""
      to:
        description: What it becomes.
        type: str
        default: ""
      rollback_class:
        description: What undoing it takes.
        type: str
        choices: [reversible, snapshot, restore-only, point-of-no-return]
        required: true
      seconds:
        description: What it is predicted to take, or took, where that is known.
        type: float
  reason:
    description: Why it failed, or why there is nothing to do.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
    details: It changes nothing on a host, and writes the document in check mode too.
  connection:
    support: none
  delegation:
    support: none
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Tell what was found
  maintkit.ops.phase_result:
    procedure: patch
    phase: precheck
    facts: "{{ patch_found }}"
"""

RETURN = r"""
result:
  description: The document.
  returned: always
  type: dict
  sample:
    {schema: maintkit.phase/1, procedure: patch, phase: precheck, host: his1, status: ok, changed: false, facts: {},
     steps: [], reason: ""}
"""
