#!/usr/bin/python
# Copyright: (c) 2026, The maintkit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""maintkit.ops.nginx_server: take a server out of an nginx upstream, or put it back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_server
short_description: Take a server out of an nginx upstream, or put it back
version_added: 0.2.0
description:
  - Writes the one line of a file that the upstream block includes, has nginx judge its configuration, and reloads it.
    When nginx refuses, the file is put back as it was.
options:
  path:
    description: The included file, of this server alone.
    type: path
    required: true
  server:
    description: The server as nginx names it, with its port and its parameters but C(down).
    type: str
    required: true
  state:
    description: V(out) of rotation, or V(in) it.
    type: str
    choices: [out, in]
    required: true
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
    platforms: posix
author:
  - The maintkit maintainers (@maintkit)
"""

EXAMPLES = r"""
- name: Take the first server out
  maintkit.ops.nginx_server:
    path: /etc/nginx/maintkit/his1.conf
    server: 10.0.0.11:8080
    state: out
"""

RETURN = r"""
line:
  description: What the file holds.
  returned: always
  type: str
"""

import re
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.changes.snapshot import output_of

SERVER = re.compile(r"[A-Za-z0-9_.:\[\]-]+( [a-z_]+=[A-Za-z0-9.]+)*( backup)?")


def line_of(server: str, state: str) -> str:
    if not SERVER.fullmatch(server):
        raise Refused(
            f"{server!r} is no server of an nginx upstream: address and port, then parameters such as weight=2"
        )
    return f"server {server}{' down' if state == 'out' else ''};\n"


def switch(path: Path, line: str) -> None:
    before = path.read_text() if path.exists() else None
    path.write_text(line)
    try:
        output_of(["nginx", "-t", "-q"])
    except Refused:
        path.unlink() if before is None else path.write_text(before)
        raise
    output_of(["nginx", "-s", "reload"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "server": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["out", "in"], "required": True},
        },
        supports_check_mode=True,
    )
    path = Path(module.params["path"])
    try:
        line = line_of(module.params["server"], module.params["state"])
        before = path.read_text() if path.exists() else ""
        if line != before and not module.check_mode:
            switch(path, line)
    except (Refused, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=line != before, line=line.strip(), diff={"before": before, "after": line})


if __name__ == "__main__":
    main()
