"""Our ssh is Ansible's ssh: same options, same order, same control socket."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.openssh import (
    UnsafeValue,
    checked_address,
    destination_argv,
)

OURS = ["-T", "-o", "BatchMode=yes"]
CASES: list[dict[str, Any]] = [
    {},
    {"ansible_host": "192.0.2.7", "ansible_port": 2222, "ansible_user": "maintenance"},
    {"ansible_ssh_private_key_file": "~/.ssh/a key", "ansible_ssh_common_args": "-o ProxyJump=jump@192.0.2.1"},
    {"ansible_ssh_args": "-o Ciphers=aes128-ctr", "ansible_ssh_extra_args": "-4 -o 'ServerAliveInterval 5'"},
    {"ansible_host_key_checking": False, "ansible_ssh_timeout": 3},
    {"ansible_ssh_executable": "/opt/openssh/bin/ssh", "ansible_control_path": "%(directory)s/%%h-%%r"},
    {"ansible_ssh_common_args": "-o ControlPath=/run/held/%C", "ansible_host": "fe80::1%eth0"},
    {"ansible_ssh_args": "", "ansible_ssh_host": "db1.hospital.example"},
]


def options_and_plugin(variables: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The options that Ansible resolves for these variables, and its own plugin with the same."""
    plugin = connection_loader.get("ssh", PlayContext(), "/dev/null")
    keys = {"timeout": 10, "port": None, "remote_user": None}
    plugin.set_options(task_keys=keys, var_options=variables)
    options = constants.config.get_plugin_options("connection", "ssh", keys=keys, variables=variables)
    return options, plugin


def essential(argv: list[str]) -> list[str]:
    """Without ours, the end-of-options mark and what only matters to a password prompt."""
    rest = [argument for argument in argv if argument != "--"]
    at = next((at for at in range(len(rest)) if rest[at : at + 3] == OURS), None)
    if at is not None:
        del rest[at : at + 3]
    if "NumberOfPasswordPrompts=1" in rest:
        at = rest.index("NumberOfPasswordPrompts=1")
        del rest[at - 1 : at + 1]
    return rest


@pytest.mark.parametrize("variables", CASES, ids=lambda case: ",".join(case) or "nothing")
def test_the_argv_is_what_ansibles_own_plugin_builds(
    variables: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the same variables the same connection comes out, down to the name of the control socket."""
    monkeypatch.setenv("ANSIBLE_SSH_CONTROL_PATH_DIR", str(tmp_path))
    options, plugin = options_and_plugin({"inventory_hostname": "db1", **variables})
    plugin.host = plugin.get_option("host")
    theirs = [part.decode() for part in plugin._build_command(options["ssh_executable"], "ssh", plugin.host)]
    assert essential(destination_argv(options)) == essential(theirs)


def test_nothing_can_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BatchMode stands before the user's own arguments, so that ssh takes ours."""
    monkeypatch.setenv("ANSIBLE_SSH_CONTROL_PATH_DIR", str(tmp_path))
    options, _ = options_and_plugin({"inventory_hostname": "db1", "ansible_ssh_args": "-o BatchMode=no"})
    argv = destination_argv(options)
    assert argv.index("BatchMode=yes") < argv.index("BatchMode=no")


def test_host_keys_are_checked_unless_the_configuration_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an explicit False of the user's turns it off."""
    monkeypatch.setenv("ANSIBLE_SSH_CONTROL_PATH_DIR", str(tmp_path))
    checked, _ = options_and_plugin({"inventory_hostname": "db1"})
    unchecked, _ = options_and_plugin({"inventory_hostname": "db1", "ansible_ssh_host_key_checking": False})
    assert "StrictHostKeyChecking" not in shlex.join(destination_argv(checked))
    assert "StrictHostKeyChecking=no" in destination_argv(unchecked)


@pytest.mark.parametrize(
    "address",
    ["", "-oProxyCommand=id", "a b", "a\nb", "a;id", "$(id)", "`id`", "{{ x }}", "a'b", 'a"b', "a|b", "a\\b", "a/b"],
)
def test_an_address_that_is_more_than_an_address_is_refused(address: str) -> None:
    """Neither ssh nor the shell of a ProxyCommand gets to read it as something else."""
    with pytest.raises(UnsafeValue, match="address"):
        checked_address(address)


@pytest.mark.parametrize("address", ["192.0.2.7", "fe80::1%eth0", "db-1.his_lan", "root@db1", "门诊服务器"])
def test_ordinary_addresses_pass(address: str) -> None:
    """Names, IPv4, IPv6 with a zone, and aliases of ~/.ssh/config."""
    assert checked_address(address) == address


@pytest.mark.parametrize("user", ['a"b', "a\nb"])
def test_a_user_that_ends_its_quotation_is_refused(user: str) -> None:
    """User goes to ssh as one quoted setting."""
    options, _ = options_and_plugin({"inventory_hostname": "db1", "ansible_user": user})
    with pytest.raises(UnsafeValue, match="User"):
        destination_argv(options)
