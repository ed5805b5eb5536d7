"""One wheel carries the package and the collection, and installs without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make wheelhouse` makes, made the same way."""
    place = tmp_path_factory.mktemp("wheels")
    constraints = "python3.11.txt" if sys.version_info[:2] == (3, 11) else "newest.txt"
    subprocess.run(
        [*PIP, "wheel", "-q", "--wheel-dir", str(place), "-c", str(ROOT / "constraints" / constraints), str(ROOT)],
        check=True,
        timeout=300,
    )
    return place


@pytest.fixture(scope="module")
def installed(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it, installed with every index switched off."""
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, timeout=120)
    subprocess.run(
        [str(venv / "bin/pip"), "install", "-q", "--no-index", "--find-links", str(wheelhouse), "maintkit"],
        check=True,
        timeout=300,
        env=os.environ | {"PIP_CONFIG_FILE": os.devnull},
    )
    return venv / "bin"


def run(installed: Path, *argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A program of the environment, with no Ansible setting and nothing of the checkout around it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE", "PYTHON", "MAINTKIT"))}
    env |= {"PATH": f"{installed}:{env['PATH']}", "HOME": str(cwd)}
    return subprocess.run(
        [str(installed / argv[0]), *argv[1:]],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        timeout=180,
        check=False,
    )


def test_the_command_line_answers(installed: Path, tmp_path: Path) -> None:
    """`maintkit --help` lists the commands."""
    said = run(installed, "maintkit", "--help", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    for name in ("init", "inspect", "report", "finding", "ledger", "collector"):
        assert name in said.stdout


def test_ansible_finds_the_collection_by_itself(installed: Path, tmp_path: Path) -> None:
    """`ansible-doc maintkit.ops.collect` needs no path setting."""
    said = run(installed, "ansible-doc", "maintkit.ops.collect", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "maintkit.ops.collect" in said.stdout.lower()


def test_the_playbook_runs_by_its_name_alone(installed: Path, tmp_path: Path) -> None:
    """`ansible-playbook maintkit.ops.inspect -i …` leaves one document a host."""
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(
        "all:\n  hosts:\n    here:\n      ansible_connection: local\n"
        '      ansible_python_interpreter: "{{ ansible_playbook_python }}"\n'
    )
    said = run(installed, "ansible-playbook", "maintkit.ops.inspect", "-i", str(inventory), cwd=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert (tmp_path / "maintkit-facts" / "here.json").is_file()


def test_an_installed_maintkit_inspects_and_reports(installed: Path, tmp_path: Path) -> None:
    """init, inspect and report work from the wheel as they do from a checkout."""
    assert run(installed, "maintkit", "init", "site", cwd=tmp_path).returncode == 0
    inspected = run(installed, "maintkit", "inspect", "--site", "site", cwd=tmp_path)
    assert inspected.returncode in (0, 10, 11), inspected.stdout + inspected.stderr
    reported = run(installed, "maintkit", "report", "inspection", "--site", "site", "--format", "docx", cwd=tmp_path)
    assert reported.returncode == 0, reported.stderr
    assert list((tmp_path / "site" / "reports").glob("*.docx"))


def test_another_copy_of_the_collection_does_not_get_in_the_way(installed: Path, tmp_path: Path) -> None:
    """An older maintkit.ops in the user's collections comes first for Ansible, but not for maintkit."""
    other = tmp_path / ".ansible/collections/ansible_collections/maintkit/ops"
    (other / "playbooks").mkdir(parents=True)
    (other / "galaxy.yml").write_text("namespace: maintkit\nname: ops\nversion: 0.0.1\n")
    (other / "playbooks/inspect.yml").write_text("- name: Old\n  hosts: all\n  gather_facts: false\n  tasks: []\n")
    assert run(installed, "maintkit", "init", "site", cwd=tmp_path).returncode == 0
    inspected = run(installed, "maintkit", "inspect", "--site", "site", cwd=tmp_path)
    assert inspected.returncode in (0, 10, 11), inspected.stdout + inspected.stderr
