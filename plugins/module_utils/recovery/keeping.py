"""The database's directory and unit: how the present state is kept aside, and brought back, by renaming alone."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, named, pointed, settle

MASKS = Path("/etc/systemd/system")
MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Keeping(ABC):
    """A data directory of this host, the unit that serves it, and the run that restores it."""

    data: Path
    unit: str
    run: str

    @property
    @abstractmethod
    def owner(self) -> str:
        """The OS user that the server runs as."""

    @property
    def kept(self) -> Path:
        """Where the present state is kept aside; no run ever deletes it."""
        return self._beside("kept")

    @property
    def failed(self) -> Path:
        """Where a restored state that did not pass is moved by the way back."""
        return self._beside("failed")

    @property
    def work(self) -> Path:
        """Socket, settings and log of the restored server until it is proven."""
        return self.data.parent / f"maintkit-{named('run', self.run)}"

    def _beside(self, word: str) -> Path:
        return self.data.with_name(f"{self.data.name}.maintkit-{named('run', self.run)}-{word}")

    def require_place(self) -> None:
        """Refused where the directory could not be kept aside whole, by one rename."""
        data = self.data
        if not data.is_absolute() or ".." in data.parts or len(data.parts) < 3:
            raise Refused(f"{data} is no data directory: an absolute path is wanted")
        for step in (data, *data.parents):
            if step.is_symlink():
                raise Refused(f"{step} is a link: name the directory that it leads to (restore_data)")
        if not data.parent.is_dir():
            raise Refused(f"{data.parent} is not there: restore_data must be the database's directory on this host")
        if data.exists():
            self._require_movable(data)

    def _require_movable(self, data: Path) -> None:
        if is_mount(data):
            raise Refused(
                f"{data} is a mount point: the present state cannot be kept aside by renaming it. Restore by hand,"
                " onto another disk"
            )
        links = self.outside()
        if links:
            raise Refused(
                f"{links[0]} leads out of {data}: what lies on another disk is not kept aside by this procedure."
                " Restore by hand (docs/restore.md)"
            )

    @abstractmethod
    def outside(self) -> list[Path]:
        """Links of the data directory that lead to data elsewhere."""

    def mask(self) -> None:
        """Let neither a boot nor a person start it until it is proven."""
        self._systemctl("mask", self.unit)
        self._systemctl("daemon-reload")

    def unmask(self) -> None:
        """Let it be started again; only our own mask is taken away."""
        own = MASKS / self.unit
        if own.is_symlink() and str(pointed(own)) == os.devnull:
            self._systemctl("unmask", self.unit)
            self._systemctl("daemon-reload")

    def refuse_mask(self) -> None:
        """Refused when the unit is not there or is masked already, or is a file of its own that hides a mask."""
        own = MASKS / self.unit
        told = self._systemctl("show", "--property=LoadState", "--value", self.unit).strip()
        if told != "loaded":
            raise Refused(f"{self.unit} is {told or 'unknown'} here: restore_unit must name the unit of the server")
        if own.exists() or own.is_symlink():
            raise Refused(
                f"{own} is there: a unit of its own cannot be kept from starting. Move it to /usr/lib/systemd"
            )

    def aside(self) -> None:
        """Rename the data directory, once; in its place an empty one of the same owner and mode."""
        if not self.kept.exists() and self.data.exists():
            self.data.rename(self.kept)
        if not self.data.exists():
            account = pwd.getpwnam(self.owner)
            self.data.mkdir(mode=0o700)
            if self.kept.exists():
                self.data.chmod(self.kept.stat().st_mode & 0o777)
            os.chown(self.data, account.pw_uid, account.pw_gid)
        settle(self.data.parent)

    def back(self) -> bool:
        """Rename the kept directory back, what was restored aside; whether there was anything to do."""
        if not self.kept.exists():
            return False
        if self.data.exists():
            if self.failed.exists():
                raise Refused(f"{self.failed} is there already, and so is {self.data}: look which of them is which")
            self.data.rename(self.failed)
        self.kept.rename(self.data)
        settle(self.data.parent)
        return True

    def _systemctl(self, *words: str) -> str:
        argv = ["systemctl", *words]
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=60, check=False)
        if done.returncode != 0:
            raise Refused(f"systemctl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout


def make_work(keeping: Keeping, *names: str) -> None:
    """The restored server's private directory, with directories of these names; a repeated call finds it."""
    account = pwd.getpwnam(keeping.owner)
    for path in (keeping.work, *(keeping.work / name for name in names)):
        if path.is_symlink():
            raise Refused(f"{path} is a link: look who made it")
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, account.pw_uid, account.pw_gid)


def is_mount(path: Path) -> bool:
    """Whether something is mounted there, be it a directory of the same file system, which has the same device."""
    if os.path.ismount(path) or path.stat().st_dev != path.parent.stat().st_dev:
        return True
    # The fifth field is where; white space and backslashes in it are written as octal numbers.
    lines = MOUNTS.read_bytes().splitlines() if MOUNTS.exists() else []
    places = (re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), line.split()[4]) for line in lines)
    return os.fsencode(path) in places
