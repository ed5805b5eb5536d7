"""Snapshots of one btrfs subvolume: taken before a change, known again by id and uuid alone, put back whole.

A snapshot lies beside its subvolume as `.maintkit-RUN`. Going back, what the change has left is moved aside to
`.maintkit-RUN-failed` and kept: nobody but a person throws data away.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from .lock import require_hold
from .place import Refused, free_bytes, named, private, read_json, run_place, write
from .snapshot import output_of

ROOT_INODE = 256  # of every subvolume
FIELDS = {"UUID": "uuid", "Parent UUID": "parent_uuid", "Subvolume ID": "id", "Flags": "flags"}


class Snapshot:
    """The snapshot of one run of one subvolume."""

    def __init__(self, run: str, path: Path) -> None:
        self.run = named("run", run)
        self.path = path
        self.place = path.parent / f".maintkit-{run}"
        self.half, self.aside = (path.parent / f".maintkit-{run}-{what}" for what in ("half", "failed"))
        self.file = run_place(run) / "snapshot.json"

    def look(self) -> dict:
        """The subvolume, and what a change of all its data would need; Refused when it could not be put back.

        A directory that is no subvolume, or is a mount point: what is put back beside a mount by `subvol=` would not be
        seen there. One that holds subvolumes of its own: they would stay as they are.
        """
        if not self.path.is_dir() or self.path.is_symlink():
            raise Refused(f"{self.path} is no directory")
        mounted = mounts().get(str(self.path))
        if mounted is not None:
            raise Refused(f"{self.path} is a mount point ({mounted}): what is put back would not be seen there")
        if file_system(self.path) != "btrfs" or self.path.stat().st_ino != ROOT_INODE:
            raise Refused(f"{self.path} is no btrfs subvolume: make it one, or leave the snapshot out")
        need = _used(self.path)
        return {"subvolume": shown(self.path), "need_bytes": need, "free_bytes": free_bytes(self.path)}

    def require_room(self) -> dict:
        """`look`, and Refused when changing all the data would fill the file system: it would fail half changed."""
        found = self.look()
        if found["free_bytes"] < found["need_bytes"]:
            raise Refused(
                f"{found['need_bytes']} bytes may be written again beside the snapshot of {self.path}, "
                f"{found['free_bytes']} are free: make room first"
            )
        return found

    def kept(self) -> dict | None:
        """What `take` has recorded; None when it has not been here."""
        return read_json(self.file)

    def take(self, *, token: int | None) -> bool:
        """Take it, if that was not done; whether it was done now."""
        known = self.kept()
        if known is not None:
            self._require_it(known)
            return False
        require_hold(self.run, token=token)
        source = self.require_room()["subvolume"]
        private(self.file.parent)
        if self.place.exists():  # of a call that was cut off before it could write the record: nothing rests on it
            output_of(["btrfs", "subvolume", "delete", "--commit-each", str(self.place)])
        output_of(["btrfs", "subvolume", "snapshot", "-r", str(self.path), str(self.place)])
        output_of(["btrfs", "filesystem", "sync", str(self.place)])
        taken = shown(self.place)
        write(self.file, json.dumps({"path": str(self.place), "of": str(self.path), "source": source["uuid"], **taken}))
        return True

    def restore(self, *, token: int | None) -> bool:
        """Put the subvolume back as it was; whether this call did. A call that was cut off is gone on with."""
        known = self.kept()
        if known is None:
            return False  # the change has not come so far
        require_hold(self.run, token=token)
        self._require_it(known)
        if self.restored():
            return False
        if not self.half.exists():
            output_of(["btrfs", "subvolume", "snapshot", str(self.place), str(self.half)])
        if shown(self.half)["parent_uuid"] != known["uuid"]:
            raise Refused(f"{self.half} is not of {self.place}: look who made it, then move it away")
        if self.path.exists():
            if shown(self.path)["uuid"] != known["source"]:
                raise Refused(f"{self.path} is another subvolume than the one that the snapshot was taken of")
            self.path.rename(self.aside)
        self.half.rename(self.path)
        output_of(["btrfs", "filesystem", "sync", str(self.path)])
        return True

    def restored(self) -> bool:
        """Whether what is there now was made from the snapshot."""
        known = self.kept()
        return known is not None and self.path.exists() and shown(self.path)["parent_uuid"] == known["uuid"]

    def _require_it(self, known: dict) -> None:
        """The very snapshot of the record, not one of its name."""
        found = shown(self.place) if self.place.exists() else {}
        if (
            any(found.get(key) != known[key] for key in ("id", "uuid", "parent_uuid"))
            or "readonly" not in found["flags"]
        ):
            raise Refused(f"{self.place} is gone or is not snapshot {known['id']} ({known['uuid']}) of run {self.run}")


def parse_show(text: str) -> dict[str, str]:
    """What `btrfs subvolume show` says, as far as a snapshot is known by it."""
    pairs = (line.strip().split(":", 1) for line in text.splitlines() if ":" in line)
    return {FIELDS[name]: value.strip() for name, value in pairs if name in FIELDS}


def shown(path: Path) -> dict[str, str]:
    """Id, uuids and flags of a subvolume."""
    return parse_show(output_of(["btrfs", "subvolume", "show", str(path)]))


def file_system(path: Path) -> str:
    """The kind of file system that a path lies on."""
    return output_of(["stat", "--file-system", "--format=%T", str(path)]).strip()


def mounts() -> dict[str, str]:
    """Super options by mount point; the last one where several lie over each other."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        found[fields[4].replace("\\040", " ")] = fields[-1]
    return found


def _used(root: Path) -> int:
    device, total = root.stat().st_dev, 0
    for directory, inside, files in os.walk(root):
        here = Path(directory)
        for name in inside:
            if (here / name).lstat().st_dev != device:
                raise Refused(f"{here / name} is a subvolume or a mount of its own: no snapshot takes it along")
        for name in files:
            with suppress(FileNotFoundError):  # the application goes on meanwhile
                total += (here / name).lstat().st_blocks * 512
    return total
