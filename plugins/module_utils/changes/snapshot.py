"""What a host is like at a moment, and how two moments differ."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import dpkg, units
from .place import Refused, boot_id, machine_id


def output_of(argv: Sequence[str], *, allowed: Sequence[int] = (0,)) -> str:
    """What a program says in the C locale; Refused with its last words when it fails."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", env=environment, check=False)
    if done.returncode not in allowed:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Refused(f"{' '.join(argv[:4])} … ended with {done.returncode}: {' / '.join(said[-3:])}")
    return done.stdout


def packages() -> dict[str, dict]:
    """The whole list of packages; Refused on a host without dpkg."""
    if shutil.which("dpkg-query") is None:
        raise Refused(
            "this host has no dpkg: packages are looked at and changed with dpkg and apt alone, not with rpm and dnf; "
            "patch it by hand, and enter that with `maintkit due record`"
        )
    return dpkg.parse_list(output_of(["dpkg-query", "-W", f"-f={dpkg.LIST}"]))


def services(names: Sequence[str] = ()) -> dict[str, dict]:
    """Services by name: the named ones, else all that are loaded."""
    asked = list(names) or ["*.service"]
    return units.parse_show(output_of(["systemctl", "show", f"--property={units.PROPERTIES}", "--", *asked]))


def figures() -> dict:
    """Uptime, memory and load, as a restart record shows them before and after."""
    memory = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    kib = {name: int(memory[name].split()[0]) for name in ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")}
    return {
        "uptime_s": float(Path("/proc/uptime").read_text().split()[0]),
        "load": [float(one) for one in Path("/proc/loadavg").read_text().split()[:3]],
        "memory_total_bytes": kib["MemTotal"] * 1024,
        "memory_available_bytes": kib["MemAvailable"] * 1024,
        "swap_used_bytes": (kib["SwapTotal"] - kib["SwapFree"]) * 1024,
    }


def identity() -> dict:
    """Which installation this is, and which boot of it."""
    release = Path("/etc/os-release").read_text().splitlines()
    told = dict(line.split("=", 1) for line in release if "=" in line)
    return {
        "machine_id": machine_id(),
        "boot_id": boot_id(),
        "os": told.get("PRETTY_NAME", "").strip('"'),
        "kernel": os.uname().release,
    }


def take() -> dict:
    """Identity, figures, the whole list of packages, which of them came only as dependencies, and all services."""
    return {
        **identity(),
        "figures": figures(),
        "packages": packages(),
        "automatic": output_of(["apt-mark", "showauto"]).split(),
        "services": services(),
    }


def compare(before: dict, after: dict) -> dict:
    """What of `before` is no longer so."""
    old, new = before["services"], after["services"]
    return {
        "packages": dpkg.differences(before["packages"], after["packages"]),
        "lost": units.lost(old, new),
        "newly_failed": sorted(set(units.failed(new)) - set(units.failed(old))),
        "restarted": units.restarted(old, new),
        "restarting": units.restarting(old, new),
        "rebooted": before["boot_id"] != after["boot_id"],
        "another_machine": before["machine_id"] != after["machine_id"],
    }
