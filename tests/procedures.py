"""Runs the collection's own playbooks against booted hosts, as an engineer with plain ansible-playbook does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import Host, Lab
from lab.demo import demo, install

__all__ = ["Went", "command", "demo", "environment", "install", "module", "play", "version", "whole_list"]
ROOT = Path(__file__).parents[1]
ANSIBLE = Path(sys.executable).parent
QUICK = {"checks": 2, "interval": 0.5, "settle": 5}


@dataclass(frozen=True, kw_only=True)
class Went:
    """How a playbook went: exit status, what it said, and the documents of its phases by host and phase."""

    code: int
    said: str
    phases: dict[str, dict[str, Any]]

    def phase(self, name: str, host: str = "h1") -> dict[str, Any]:
        print(self.said[-3000:])  # pytest shows it with a failure
        document: dict[str, Any] = self.phases[f"{host}.{name}"]
        return document

    @property
    def fine(self) -> bool:
        print(self.said[-5000:])
        return self.code == 0


def environment() -> dict[str, str]:
    """The collection from this checkout, and nothing of the user's Ansible."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE")}
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible"),
        "ANSIBLE_HOME": str(ROOT / "build/ansible-home"),
        "ANSIBLE_PIPELINING": "1",
    }


def command(made: Lab, playbook: str, variables: Mapping[str, Any], *words: str) -> list[str]:
    """The command line of a playbook of ours."""
    argv = [str(ANSIBLE / "ansible-playbook"), "-i", str(made.inventory), f"maintkit.ops.{playbook}"]
    return [*argv, "-e", json.dumps(dict(variables)), *words]


def play(made: Lab, playbook: str, *words: str, timeout_s: float = 240, **variables: Any) -> Went:
    """Run a playbook, by its name in the collection, to its end."""
    exchange = made.place / "exchange"
    exchange.mkdir(exist_ok=True)
    for old in exchange.glob("phases/*.json"):
        old.unlink()
    procedure = playbook.removeprefix("procedures.").partition(".")[0]
    told = {f"{procedure}_{name}": value for name, value in QUICK.items()}
    told |= {"maintkit_exchange": str(exchange), "maintkit_run": "r1", **variables}
    done = subprocess.run(
        command(made, playbook, told, *words),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    phases = {one.stem: json.loads(one.read_text()) for one in exchange.glob("phases/*.json")}
    return Went(code=done.returncode, said=done.stdout + done.stderr, phases=phases)


def module(made: Lab, name: str, arguments: Mapping[str, Any], *, timeout_s: float = 120) -> dict[str, Any]:
    """Call one module on h1; its result."""
    argv = [str(ANSIBLE / "ansible"), "-i", str(made.inventory), "h1", "-m", f"maintkit.ops.{name}"]
    done = subprocess.run(
        [*argv, "-a", json.dumps(dict(arguments)), "-o"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    line = next((line for line in done.stdout.splitlines() if "=> {" in line), None)
    assert line is not None, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(line[line.index("=> ") + 3 :])
    return {"failed": "FAILED" in line.partition("=> ")[0], **result}


def version(host: Host, package: str = "demo") -> str:
    """The version that dpkg has, with its state when it is not plainly installed."""
    told = host.run("dpkg-query", "-W", "-f=${db:Status-Abbrev}${Version}", package, check=False).out
    return told.removeprefix("ii ")


def whole_list(host: Host) -> str:
    """All packages with version and state."""
    return host.run("dpkg-query", "-W").out
