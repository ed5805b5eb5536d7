"""A controller that is killed leaves no ssh behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet import Fleet, Node
from play import ANSIBLE_PLAYBOOK, collect_play

pytestmark = pytest.mark.fleet


def processes_with(words: str) -> list[int]:
    """Numbers of the processes whose command line holds these words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if words in line:
                found.append(int(entry.name))
    return found


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


def worker_of(parent: int) -> int:
    """The Ansible worker that runs the collection: a child of ansible-playbook that has ssh children."""
    for line in subprocess.run(
        ["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        number, its_parent, name = line.split(None, 2)
        if int(its_parent) == parent and name.startswith("ansible"):
            return int(number)
    raise AssertionError(f"{parent} has no worker")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("whom", ["playbook", "worker"])
def test_killing_the_controller_half_way_leaves_no_ssh(tmp_path: Path, number: signal.Signals, whom: str) -> None:
    """Whoever is killed and however: within seconds no ssh of this fleet, and no helper of it, is left."""
    nodes = [Node(name=f"hanging{count}", command="sleep 300") for count in range(3)]
    nodes.append(
        Node(name="own", variables={"ansible_connection": "local", "ansible_python_interpreter": sleeper(tmp_path)})
    )
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        ours = str(fleet.known_hosts)
        path = collect_play(fleet, task={"timeout": 100}, play={}, after=[])
        argv = [ANSIBLE_PLAYBOOK, "-i", str(fleet.inventory), str(path)]
        process = subprocess.Popen(argv, env=fleet.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert eventually(
                lambda: len(processes_with(ours)) == 3 and bool(processes_with(str(tmp_path / "sleeper")))
            )
            os.kill(process.pid if whom == "playbook" else worker_of(process.pid), number)
            assert eventually(lambda: not processes_with(ours)), "ssh is left"
            assert eventually(lambda: not processes_with(str(tmp_path / "sleeper"))), "the own connection is left"
        finally:
            process.kill()
            process.wait()


def sleeper(tmp_path: Path) -> str:
    """A Python that never answers, for a host with a connection plugin of its own."""
    path = tmp_path / "sleeper"
    path.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.11.2 && exit\nsleep 300 & wait\n')
    path.chmod(0o755)
    return str(path)
