#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.detached: run a step on the host so that nothing here can cut it, and never twice."""

from __future__ import annotations

DOCUMENTATION = r"""
module: detached
short_description: Run a step on the host so that nothing here can cut it, and never twice
version_added: 0.2.0
description:
  - Runs a command as a systemd unit that is named by run and step. A lost connection or a dead controller does not end
    it. What was asked, the exit status and the output lie in C(/var/lib/maintkit/runs/RUN/steps/STEP).
  - A repeated call attaches to the step that runs, or tells how it has ended, and never begins it again.
  - A step in which the host went down is C(lost). It fails and is never begun again under its name, because nobody can
    say how far it came. Look, and then use another name.
  - The output may be of any size. Its first 256 KiB, its last 64 KiB and the sha256 of all of it are kept.
options:
  run:
    description: The run's name.
    type: str
    required: true
  step:
    description: The step's name. It stands for one command.
    type: str
    required: true
  argv:
    description: The command. No shell is involved.
    type: list
    elements: str
    required: true
  environment:
    description: Variables of the command's environment.
    type: dict
    default: {}
  chdir:
    description: Where the command runs.
    type: path
    default: /
  timeout:
    description: Seconds to wait for the end. V(0) only begins it. The step goes on either way.
    type: float
    default: 3600
  delay:
    description: Seconds before the command runs, so that the answer is home before what might cut the way.
    type: float
    default: 0
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
    support: none
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Migrate
  maintkit.ops.detached:
    run: R-2026-0007
    step: migrate
    argv: [/opt/his/bin/migrate, --to, "1.1"]
    timeout: 1800
"""

RETURN = r"""
state:
  description: One of running, done and lost; absent in check mode.
  returned: always
  type: str
rc:
  description: The exit status.
  returned: when it is done
  type: int
output:
  description: Standard output and error, head and tail.
  returned: when it is done
  type: str
unit:
  description: The unit's name.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes import step as steps
from ansible_collections.maintkit.ops.plugins.module_utils.changes.packages import last_words
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def attend(params: dict, *, check_mode: bool) -> dict:
    step = steps.Step(params["run"], params["step"])
    if check_mode:
        state = step.state()
        return {"changed": state == steps.ABSENT, "state": state, "unit": step.unit}
    environment = {name: str(value) for name, value in params["environment"].items()}
    began = step.start(
        params["argv"],
        environment=environment,
        chdir=params["chdir"],
        token=params["token"],
        delay_s=params["delay"],
    )
    state = step.wait(params["timeout"])
    told = {"changed": began, "state": state, "unit": step.unit}
    if state == steps.DONE:
        told.update(step.outcome())
    elif state == steps.LOST:
        raise Refused(f"{step.unit} was begun and cut off: look how far it came, then go on under another step name")
    elif params["timeout"]:
        raise Refused(f"{step.unit} still runs after {params['timeout']:.0f} s: call again to attach to it")
    return told


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "step": {"type": "str", "required": True},
            "argv": {"type": "list", "elements": "str", "required": True},
            "environment": {"type": "dict", "default": {}},
            "chdir": {"type": "path", "default": "/"},
            "timeout": {"type": "float", "default": 3600},
            "delay": {"type": "float", "default": 0},
            "token": {"type": "int", "no_log": False},
        },
        supports_check_mode=True,
    )
    try:
        result = attend(module.params, check_mode=module.check_mode)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    if result.get("rc"):
        module.fail_json(msg=f"{module.params['argv'][0]} ended with {result['rc']}: {said(result)}", **result)
    module.exit_json(**result)


def said(result: dict) -> str:
    return result.get("error") or last_words(result["output"]) or "it said nothing"


if __name__ == "__main__":
    main()
