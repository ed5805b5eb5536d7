"""`maintkit plan` on this machine as the host, where a fault needs no other: what is wrong with the site is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sites import MAINTKIT, make_site

from maintkit.runs.ansible import play

VAULT = Path(sys.executable).with_name("ansible-vault")
ASKED = ("--reason", "试验", "--requester", "zhang@provider.example", "--json")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """This machine as h1, without becoming anybody else."""
    here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    return make_site(tmp_path / "site", {"all": {"hosts": {"h1": here}}})


def plan(site: Path, limit: str, vault: Path | None = None, **parameters: Any) -> subprocess.CompletedProcess[str]:
    """Plan a restart, which only looks."""
    file = site.parent / "vars.yml"
    file.write_text(json.dumps(parameters))
    told = {} if vault is None else {"ANSIBLE_VAULT_PASSWORD_FILE": str(vault)}
    argv = [MAINTKIT, "plan", "restart", "--limit", limit, "--vars", file, *ASKED, "--site", site]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=os.environ | told)


def plans(site: Path) -> list[object]:
    argv = [MAINTKIT, "plan", "list", "--json", "--site", site]
    found: list[object] = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    return found


def test_a_pattern_that_matches_no_host_is_an_error_of_its_own(site: Path) -> None:
    """Fault 35."""
    done = plan(site, "nobody", units=["ssh.service"], reason="x")
    assert (done.returncode, "matches 'nobody'" in done.stderr) == (4, True), done.stderr
    assert "ansible-inventory --graph" in done.stderr
    assert plans(site) == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_vault_password_that_is_wrong_is_said_before_any_host_is_asked(
    site: Path, tmp_path: Path, *, whole: bool
) -> None:
    """Fault 6: of a whole file, and of one value that no task of the probe would ever have needed."""
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("Lerche")
    wrong.write_text("Amsel")
    variables = site / "inventory" / "group_vars" / "all.yml"
    vault = [VAULT, "encrypt" if whole else "encrypt_string", "--vault-password-file", right]
    if whole:
        variables.write_text("his_db_password: Nachtigall\n")
        subprocess.run([*vault, variables], check=True, capture_output=True)
    else:
        made = subprocess.run([*vault, "Nachtigall", "--name", "his_db_password"], check=True, capture_output=True)
        variables.write_bytes(made.stdout)
    done = plan(site, "h1", wrong, units=["nothing.service"], reason="x")
    assert done.returncode == (5 if whole else 30), done.stderr
    assert "decrypt" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert plans(site) == []
    assert "decrypt" not in plan(site, "h1", right, units=["nothing.service"], reason="x").stderr.lower()


def test_templates_in_what_was_asked_for_stay_text(site: Path, tmp_path: Path) -> None:
    """Fault 49: in a parameter that a task reads on the host; nothing is run on the controller."""
    hacked = tmp_path / "hacked"
    hostile = f"{{{{ lookup('pipe', 'touch {hacked}') }}}}"
    done = plan(site, "h1", reason=hostile, units=[hostile])
    assert "Traceback" not in done.stderr
    assert not hacked.exists()


def test_an_address_that_is_an_option_runs_nothing(site: Path, tmp_path: Path) -> None:
    """Fault 54: ssh would take it for its own, and run the command on the controller."""
    hacked = tmp_path / "hacked"
    host = {"ansible_host": f"-oProxyCommand=touch {hacked}", "ansible_timeout": 3}
    (site / "inventory" / "more.yml").write_text(json.dumps({"all": {"hosts": {"h2": host}}}))
    done = plan(site, "h2", units=["ssh.service"], reason="x")
    assert not hacked.exists()
    assert (done.returncode, "begins with a dash" in done.stderr) == (30, True), done.stderr
    assert plans(site) == []


def test_a_play_leaves_signals_to_the_run_that_it_belongs_to(site: Path) -> None:
    """Fault 11: the runner would take them for itself, and cut the step at work instead of ending after it."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    play("maintkit.ops.hosts.release", site=site, inventory=site / "inventory", limit="no", variables={}, timeout_s=60)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
