#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of the same name, which does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: collect
short_description: Collect the facts of all hosts of the play in one trip a host
version_added: 0.1.0
description:
  - Sends one self-contained, read-only script to every host of the play at once, through OpenSSH and on standard
    input, and brings one versioned JSON document a host home. Nothing is written on the hosts.
  - Honours what Ansible says about a connection, from variables to C(ansible.cfg) and the command line. Host keys are
    checked unless Ansible's configuration says otherwise, and nothing ever prompts.
  - Hosts with another connection plugin, a login password or a become method other than passwordless sudo are reached
    through their own connection plugin.
  - A host's failure is a status in the result and never a failure of the task.
options:
  parameters:
    description: The collector's parameters, the same for all hosts.
    type: dict
    default: {}
  dest:
    description:
      - Directory on the controller that gets C(<host>.json), the document of each host. It is made if it is missing.
      - The file of a host that was not collected is removed, so that an old one is never taken for news.
    type: path
  return_facts:
    description:
      - Whether the result holds the documents. Every host of the play gets it, so large plays should use O(dest).
      - The default is V(true), and V(false) with O(exchange).
    type: bool
  timeout:
    description: Seconds that one host may take, from connecting to its last byte, retries included.
    type: float
    default: 120
  connect_timeout:
    description: Seconds for connecting. The default is what Ansible uses.
    type: int
  forks:
    description:
      - How many hosts are visited at once.
      - The default is the number of forks that the user asked Ansible for, and 50 if it is Ansible's own default.
    type: int
  exchange:
    description: Directory in which C(maintkit inspect) waits for the results. O(parameters) then come from there.
    type: path
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
    support: full
  bypass_host_loop:
    support: full
  check_mode:
    support: full
    details: It only reads, in check mode too.
  connection:
    support: full
  delegation:
    support: partial
    details: Only to localhost. The hosts of the play are visited either way.
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
notes:
  - Use it with C(run_once=true), so that the result reaches every host of the play, and with the C(linear) strategy.
  - Delegate it to localhost. Otherwise a first host whose connection variables cannot be templated fails the task.
  - Keywords of the play such as C(remote_user) that hold a template are evaluated once, not for each host.
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Collect the facts of all hosts
  maintkit.ops.collect:
  run_once: true
  delegate_to: localhost
  register: collected

- name: Show the load of those that answered
  ansible.builtin.debug:
    msg: "{{ collected.hosts[inventory_hostname].facts.sections.cpu.data.load1 }}"
  when: collected.hosts[inventory_hostname].status == 'ok'

- name: Write one document a host, and keep none of them in memory
  maintkit.ops.collect:
    dest: facts
    return_facts: false
    timeout: 60
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
hosts:
  description: How the trip to each host ended, by inventory name.
  returned: always
  type: dict
  sample:
    db1: {status: ok, reason: "", via: openssh, took_ms: 1480}
    db2: {status: unreachable, reason: "connect to host db2 port 22: Connection refused", via: openssh, took_ms: 12}
  contains:
    status:
      description: >-
        One of ok, unreachable, host-key, auth, become, no-python, timeout, broken and refused (docs/exchange.md).
      type: str
      returned: always
    reason:
      description: Why it is not ok, in the last words of ssh or of the host.
      type: str
      returned: always
    via:
      description: C(openssh) or the name of the connection plugin.
      type: str
      returned: always
    took_ms:
      description: Milliseconds from connecting to the end.
      type: int
      returned: always
    facts:
      description: The collector's document.
      type: dict
      returned: when O(return_facts) is true
counts:
  description: How many hosts ended with each status.
  returned: always
  type: dict
  sample: {ok: 18, unreachable: 2}
missed:
  description: Status and reason of every host that is not ok.
  returned: always
  type: dict
  sample: {db2: "unreachable: ssh: connect to host db2 port 22: Connection refused"}
"""
