"""The environment in which Ansible's programs run."""

from __future__ import annotations

import os
import sys
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path

from maintkit.runs import collection

# A connection that was cut without a word is given up after a minute; ssh by itself would wait for ever. What a site
# says in ssh_args or in the inventory comes first on ssh's command line, and counts.
KEEP_ALIVE = "-o ServerAliveInterval=15 -o ServerAliveCountMax=4"


def environment(site: Path) -> dict[str, str]:
    """Variables for a program of Ansible's, on top of this process's own.

    What ansible-runner sets differently from plain Ansible is set back: host keys are checked.
    """
    environment = {
        # ansible-playbook lies beside the Python that runs maintkit, whether or not the user's PATH names it.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        # A host that stands twice, or an inventory file that does not parse, would otherwise only be warned of.
        "ANSIBLE_DUPLICATE_YAML_DICT_KEY": "error",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
        "ANSIBLE_HOST_KEY_CHECKING": os.environ.get("ANSIBLE_HOST_KEY_CHECKING", "True"),
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOLOR": "1",
    }
    config = site / "ansible.cfg"
    if "ANSIBLE_CONFIG" not in os.environ and config.is_file():
        environment["ANSIBLE_CONFIG"] = str(config)
    more = os.environ.get("ANSIBLE_SSH_EXTRA_ARGS") or _extra_args(Path(os.environ.get("ANSIBLE_CONFIG", config)))
    environment["ANSIBLE_SSH_EXTRA_ARGS"] = f"{more} {KEEP_ALIVE}".strip()
    inherited = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
    paths = [str(collection.search_path()), *([inherited] if inherited else [])]
    return environment | {"ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths)}


def _extra_args(config: Path) -> str:
    """What a configuration file of Ansible's gives to ssh besides, which the environment would take the place of."""
    read = ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False)
    try:
        read.read(config, encoding="utf-8")
    except (ConfigError, UnicodeDecodeError):
        return ""  # Ansible itself says what is wrong with it
    return read.get("ssh_connection", "ssh_extra_args", fallback="")
