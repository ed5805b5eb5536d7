"""Keeps one host: mounts its root, boots it, boots it again when it reboots, and ends with it.

    unshare --mount --propagation private python keeper.py DIRECTORY

Everything is mounted in this process's own mount namespace, so that no mount outlives host and keeper.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab import cgroup  # after the path
from lab.process import Process, run

REBOOT = 133  # systemd-nspawn's status with --keep-unit when the host wants to boot again


def main(place: Path) -> None:
    """Run until the host is off; its numbers are in `keeper.pid` and `nspawn.pid`."""
    told = json.loads((place / "host.json").read_text())
    note(place / "keeper.pid", os.getpid())
    root = mount(place, told)
    while boot(place, root, told) == REBOOT and not (place / "stay-off").exists():
        continue


def mount(place: Path, told: dict[str, Any]) -> Path:
    """The root: an overlay whose upper side lies on a disk of the host's own, with a size that can run full."""
    disk, root = place / "disk", place / "root"
    for folder in (disk, root):
        folder.mkdir(exist_ok=True)
    run("mount", "-o", "loop", place / "disk.ext4", disk)
    for folder in (disk / "upper", disk / "work"):
        folder.mkdir(exist_ok=True)
    lowers = ":".join(told["lowers"])
    options = f"lowerdir={lowers},upperdir={disk}/upper,workdir={disk}/work"
    run("mount", "-t", "overlay", told["machine"], "-o", options, root)
    seed = place / "seed.tar"
    if seed.exists():
        run("tar", "-xf", seed, "-C", root)
        seed.unlink()
    return root


def boot(place: Path, root: Path, told: dict[str, Any]) -> int:
    """Boot once and wait until the host is off; nspawn's exit status."""
    argv = [
        "systemd-nspawn", "--quiet", "--boot", "--directory", root, "--machine", told["machine"], "--register=no",
        "--keep-unit", f"--network-bridge={told['bridge']}", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
        "--notify-ready=no", "--console=pipe", *(f"--bind-ro={path}" for path in told["shown"]),
    ]  # fmt: skip
    with (place / "console.log").open("ab") as console:
        started = subprocess.Popen(
            list(map(str, argv)),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            preexec_fn=lambda: cgroup.enter(told["lab"], told["name"], os.getpid()),  # noqa: PLW1509  # one thread
        )
    note(place / "nspawn.pid", started.pid)
    return started.wait()


def note(path: Path, pid: int) -> None:
    """Write a process down, whole or not at all."""
    half = path.with_suffix(".half")
    half.write_text(str(Process.of(pid) or ""))
    half.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
