"""The environment in which Ansible's programs run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from maintkit.runs import collection


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
    inherited = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
    paths = [str(collection.search_path()), *([inherited] if inherited else [])]
    return environment | {"ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths)}
