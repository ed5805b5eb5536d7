#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of the same name, which does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vet
short_description: Look at what Ansible is told of its hosts before any of them is contacted
version_added: 0.2.0
description:
  - Decrypts all that is vaulted in the variables of all hosts of the play, so that a wrong vault password is noticed
    before the first host is touched, and not by the first task that needs the value.
  - Refuses names, addresses and users that ssh, or the shell of a C(ProxyCommand), would take for something else.
  - Leaves the texts of vaulted variables, and of those whose name says password, token or key, in C(secrets.json) of
    the directory, for the program that started the play to mask them by. They are never in the result.
  - Contacts no host.
options:
  exchange:
    description: The directory on the controller. Without it nothing is left.
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
- name: Demand that everything can be decrypted, and that addresses are addresses
  maintkit.ops.vet:
  run_once: true
"""

RETURN = r"""
secrets:
  description: How many different texts have to be hidden.
  returned: success
  type: int
"""
