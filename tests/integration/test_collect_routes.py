"""Roads to a host that are not the plain one: a jump host, old interpreters, a host behind another plugin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fleet import Fleet, Node
from play import collect

pytestmark = pytest.mark.fleet
QUICK = {"parameters": {"only": ["host"], "sample_s": 0.1}}
OLD = ("2.7.18", "3.6.15", "3.13.0")


def interpreter(version: str) -> Path:
    """Where pyenv keeps this Python, whether it is there or not."""
    return Path.home() / ".pyenv" / "versions" / version / "bin" / "python"


def test_a_jump_host_of_the_users_ssh_configuration_is_used(tmp_path: Path) -> None:
    """ProxyJump is ssh's own affair: the jump host lets us in twice, for itself and for the host behind it."""
    with Fleet(tmp_path / "fleet", [Node(name="jump"), Node(name="behind")]) as fleet:
        config = tmp_path / "ssh_config"
        config.write_text(
            f"Host *\n  UserKnownHostsFile {fleet.known_hosts}\n  IdentityFile {fleet.key}\n  IdentitiesOnly yes\n"
            f"Host jumphost\n  HostName {fleet.addresses['jump']}\n  Port {fleet.port}\n"
            f"Host inner\n  HostName {fleet.addresses['behind']}\n  ProxyJump jumphost\n"
        )
        data = fleet.inventory_data()
        data["fleet"]["hosts"]["behind"] = {"ansible_host": "inner", "ansible_ssh_common_args": f"-F {config}"}
        fleet.inventory.write_text(json.dumps(data))
        played = collect(fleet, task=QUICK)
        logins = fleet.log("jump").count("Accepted publickey")
    assert played.collected["counts"] == {"ok": 2}, played.collected["missed"]
    assert logins == 2


@pytest.mark.parametrize("version", OLD)
def test_old_and_new_interpreters_run_the_collector(tmp_path: Path, version: str) -> None:
    """Python 2.7 gets the flags that it knows, 3.x is isolated."""
    python = interpreter(version)
    if not python.exists():
        pytest.skip(f"no Python {version} in pyenv")
    with Fleet(tmp_path / "fleet", [Node(name="old", variables={"ansible_python_interpreter": str(python)})]) as fleet:
        played = collect(fleet, task=QUICK)
    assert played.status("old") == "ok"
    assert played.host("old")["facts"]["collector"]["python"] == version


def test_a_plugin_without_pipelining_gets_the_collector_in_the_command(tmp_path: Path) -> None:
    """Nothing is written on the host, and the document is the same collector's."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "unpiped.py").write_text(
        "DOCUMENTATION = '''\nname: unpiped\nshort_description: local, but feeds no standard input\noptions: {}\n'''\n"
        "from ansible.plugins.connection.local import Connection as Local\n"
        "import subprocess\n"
        "class Connection(Local):\n"
        "    transport = 'unpiped'\n"
        "    has_pipelining = False\n"
        "    def exec_command(self, cmd, in_data=None, sudoable=True):\n"
        "        assert in_data is None\n"
        "        run = subprocess.run(cmd, shell=True, capture_output=True, stdin=subprocess.DEVNULL)\n"
        "        return run.returncode, run.stdout, run.stderr\n"
    )
    nodes = [Node(name="piped"), Node(name="unpiped", variables={"ansible_connection": "unpiped"})]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task=QUICK, environment={"ANSIBLE_CONNECTION_PLUGINS": str(plugins)})
    assert played.collected["counts"] == {"ok": 2}, played.collected["missed"]
    assert played.host("unpiped")["via"] == "unpiped"
    shas = {played.host(name)["facts"]["collector"]["sha256"] for name in ("piped", "unpiped")}
    assert len(shas) == 1


def test_a_plugin_that_does_not_exist_costs_only_its_host(tmp_path: Path) -> None:
    """A misspelt connection is refused, with its name."""
    nodes = [Node(name="web1"), Node(name="typo", variables={"ansible_connection": "shh"})]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task=QUICK)
    assert played.status("web1") == "ok"
    assert played.status("typo") == "refused"
    assert "'shh'" in played.host("typo")["reason"]


def test_an_escalation_that_fails_in_the_hosts_own_plugin_is_become(tmp_path: Path) -> None:
    """The plugin raises, in its own words; the status is that of the fast way."""
    variables = {"ansible_connection": "local", "ansible_become": True, "ansible_become_exe": "/nonexistent/sudo"}
    with Fleet(tmp_path / "fleet", [Node(name="own", variables=variables)]) as fleet:
        played = collect(fleet, task=QUICK)
    assert played.status("own") == "become"
    assert "/nonexistent/sudo" in played.host("own")["reason"]
