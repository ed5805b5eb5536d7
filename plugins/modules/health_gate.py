#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.health_gate: let nothing pass that is not healthy over a soak."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_gate
short_description: Let nothing pass that is not healthy over a soak
version_added: 0.2.0
description:
  - Asks from the host itself. Once all gates are passed they must be passed O(checks) times in a row, so that a service
    that comes and goes does not pass.
  - With O(run) it also watches every service of the host against what M(maintkit.ops.host_state) has kept.
  - A gate may act. A real transaction, a patient registered and read back, shows what a status page hides.
options:
  gates:
    description: What must hold.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: V(unit) is active, V(port) accepts, V(http) answers, V(command) succeeds (SQL through C(psql)).
        type: str
        choices: [unit, port, http, command]
        required: true
      name:
        description: What records call it.
        type: str
        default: ""
      unit:
        description: The service, with its suffix.
        type: str
      changed_pid:
        description: The service must run under another process than before.
        type: bool
        default: false
      host:
        description: Where the port is.
        type: str
        default: 127.0.0.1
      port:
        description: A TCP port.
        type: int
      url:
        description: What to ask for.
        type: str
      method:
        description: How to ask.
        type: str
        default: GET
      body:
        description: What to send.
        type: str
        default: ""
      headers:
        description: Headers to send.
        type: dict
      status:
        description: The status that must be answered.
        type: int
        default: 200
      argv:
        description: The command. No shell is involved.
        type: list
        elements: str
      rc:
        description: The exit status that it must have.
        type: int
        default: 0
      contains:
        description: Words that answer or output must hold.
        type: str
        default: ""
      timeout:
        description: Seconds that one asking may take.
        type: float
        default: 10
  run:
    description: The run whose kept state the services are compared with.
    type: str
  checks:
    description: How many times in a row all gates must be passed.
    type: int
    default: 3
  interval:
    description: Seconds between two checks.
    type: float
    default: 10
  settle:
    description: Seconds in which the first clean check must come.
    type: float
    default: 60
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
- name: Let only a working HIS pass
  maintkit.ops.health_gate:
    run: R-2026-0007
    checks: 6
    gates:
      - {kind: unit, unit: his.service, changed_pid: true}
      - {kind: http, url: "http://127.0.0.1:8080/patients", method: POST, body: '{"name": "test"}', status: 201}
      - {kind: command, argv: [psql, -Atc, "select count(*) > 0 from patient"], contains: t}
"""

RETURN = r"""
checks:
  description: Every check with each gate's answer and time; of those before the first clean one, the last ten.
  returned: always
  type: list
problems:
  description: What was wrong in the last check.
  returned: always
  type: list
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import gates
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, read_json, run_place

GATE = {
    "kind": {"type": "str", "required": True, "choices": ["unit", "port", "http", "command"]},
    "name": {"type": "str", "default": ""},
    "unit": {"type": "str"},
    "changed_pid": {"type": "bool", "default": False},
    "host": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int"},
    "url": {"type": "str"},
    "method": {"type": "str", "default": "GET"},
    "body": {"type": "str", "default": ""},
    "headers": {"type": "dict"},
    "status": {"type": "int", "default": 200},
    "argv": {"type": "list", "elements": "str"},
    "rc": {"type": "int", "default": 0},
    "contains": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 10},
}
NEEDS = [
    ("kind", "unit", ["unit"]),
    ("kind", "port", ["port"]),
    ("kind", "http", ["url"]),
    ("kind", "command", ["argv"]),
]


def before_of(run: str | None) -> dict | None:
    if run is None:
        return None
    kept = read_json(run_place(run) / "before.json")
    if kept is None:
        raise Refused(f"run {run} has kept no state of this host: the backup phase has not been here")
    return kept


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "gates": {"type": "list", "elements": "dict", "default": [], "options": GATE, "required_if": NEEDS},
            "run": {"type": "str"},
            "checks": {"type": "int", "default": 3},
            "interval": {"type": "float", "default": 10},
            "settle": {"type": "float", "default": 60},
        },
        supports_check_mode=True,
    )
    if module.check_mode:  # a gate may act, and nothing was changed that it could judge
        module.exit_json(changed=False, checks=[], problems=[])
    told = {name: module.params[name] for name in ("gates", "checks")}
    try:
        rounds = gates.soak(
            told["gates"],
            before=before_of(module.params["run"]),
            checks=told["checks"],
            interval_s=module.params["interval"],
            settle_s=module.params["settle"],
        )
    except Refused as refused:
        module.fail_json(msg=str(refused))
    problems = rounds[-1]["problems"]
    if problems:
        module.fail_json(msg=f"not healthy: {'; '.join(problems)}", checks=rounds, problems=problems)
    module.exit_json(changed=False, checks=rounds, problems=[])


if __name__ == "__main__":
    main()
