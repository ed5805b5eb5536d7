"""Where the lab keeps things: all of it lies in these directories or carries this prefix; nothing else is touched."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "maintkit-lab"  # of directories, cgroups and machine names
BRIDGE_PREFIX = "mklab"  # of bridges, whose names the kernel keeps to 15 characters
PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "dnsmasq": "dnsmasq-base",
}


class LabError(Exception):
    """The lab could not do what it was asked; the message says what, where and what to do."""


def state() -> Path:
    """Running labs, one directory each."""
    return Path(os.environ.get("MAINTKIT_LAB_STATE", f"/var/lib/{PREFIX}"))


def cache() -> Path:
    """Images that are made once: may be removed at any time when no lab runs."""
    return Path(os.environ.get("MAINTKIT_LAB_CACHE", f"/var/cache/{PREFIX}"))


def why_not() -> str | None:
    """What keeps this machine from running a lab; None when nothing does."""
    if os.geteuid() != 0:
        return "booting hosts needs root"
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if missing:
        return f"booting hosts needs the Debian packages {' '.join(missing)}"
    return None


def require() -> None:
    """LabError where a lab cannot run."""
    reason = why_not()
    if reason is not None:
        raise LabError(reason)


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold a lock file; a lock of the kernel, so it ends with its holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
