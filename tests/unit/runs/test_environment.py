"""What Ansible's programs are started with: a connection that was cut without a word is given up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from maintkit.runs.environment import environment


@pytest.fixture(autouse=True)
def nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_SSH_EXTRA_ARGS"):
        monkeypatch.delenv(name, raising=False)


def extra(site: Path) -> str:
    return environment(site)["ANSIBLE_SSH_EXTRA_ARGS"]


def test_a_connection_that_was_cut_is_given_up_after_a_minute(tmp_path: Path) -> None:
    """Fault 2: by itself ssh would wait for ever, and the run with it. What the site says first is what counts."""
    assert extra(tmp_path) == "-o ServerAliveInterval=15 -o ServerAliveCountMax=4"
    ssh = shutil.which("ssh")
    if ssh is None:
        pytest.skip("there is no ssh here")
    argv = [ssh, "-F", "/dev/null", "-G", *["-o", "ServerAliveInterval=3"], *extra(tmp_path).split(), "h1"]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "\nserveraliveinterval 3\n" in told
    assert "\nserveralivecountmax 4\n" in told


@pytest.mark.parametrize("where", ["site", "ANSIBLE_CONFIG", "ANSIBLE_SSH_EXTRA_ARGS"])
def test_what_a_site_gives_to_ssh_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    told = "[ssh_connection]\nssh_extra_args = -o ProxyJump=jump%%h\n"
    if where == "site":
        (tmp_path / "ansible.cfg").write_text(told)
    elif where == "ANSIBLE_CONFIG":
        (tmp_path / "other.cfg").write_text(told)
        monkeypatch.setenv(where, str(tmp_path / "other.cfg"))
    else:
        monkeypatch.setenv(where, "-o ProxyJump=jump%%h")
    assert extra(tmp_path).startswith("-o ProxyJump=jump%%h -o ServerAlive")


def test_a_configuration_that_is_none_is_ansibles_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("nonsense\n")
    assert extra(tmp_path).startswith("-o ServerAlive")
