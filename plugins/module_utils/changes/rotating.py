"""Rotating logs: all of them are renamed or copied, then every service is asked once, then what is let go is packed.

What was begun is noted before it is done. A repeated call of the same run rotates nothing twice, asks again where
nobody knows whether the service was asked, and tells of what was done before as it ended then.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from . import logrotate, place, rotation, tidy
from .place import Refused
from .writers import let_go, named

LET_GO_S = 15  # nginx's workers log to the old file until the request at hand is answered
ASKED_S = 90  # as long as systemd waits for a reload by itself


class Notes:
    """What a run has rotated, by path; without a run nothing is kept."""

    def __init__(self, run: str | None) -> None:
        self._file = place.run_place(run) / "rotated.json" if run else None
        self._noted = (place.read_json(self._file) or {}) if self._file else {}

    def of(self, path: str) -> dict | None:
        """What was noted last of a log."""
        return self._noted.get(path)

    def rotated(self) -> dict:
        """Of each log that was rotated the file that it was rotated to, as long as that is there."""
        made = {path: noted.get("to") or "" for path, noted in self._noted.items()}
        return {path: to for path, to in made.items() if to and stat.S_ISREG(_mode(to))}

    def note(self, path: str, noted: dict) -> None:
        """Keep it, on the disk before anything goes on."""
        self._noted[path] = noted
        if self._file:
            place.private(self._file.parent)
            place.write(self._file, json.dumps(self._noted))


def rotate(wanted: Iterable[dict], notes: Notes) -> dict:
    """`files` as each has `ended`: rotated, held (by whom says `why`), changed or gone; `problems` in words.

    Refused before any of them is touched when one could not be rotated well.
    """
    files = [_judged(one, notes) for one in wanted]
    problems, changed = [], False
    for one in files:
        if one["ended"] == "begin":
            changed = True
            try:
                _renamed(one, notes)
            except (Refused, OSError) as error:
                problems.append(_said(one, error))
                if one["ended"] == "begin":  # else it is rotated, and could not be noted
                    one.update(ended="left", why=problems[-1])
                break  # what is wrong with one is likely wrong with the next; those before still want their reload
    begun = [one for one in files if one["ended"] == "begun"]
    unheard = _ask({(one["service"], one["signal"]) for one in begun if one["writer"] == "reload"})
    until = time.monotonic() + LET_GO_S
    for one in begun:
        try:
            _settled(one, unheard.get(one["service"], ""), until, notes)
        except OSError as error:  # it could not be noted
            problems.append(_said(one, error))
    left = {"ended": "left", "why": "not begun: another one failed", "freed": 0}
    return {
        "files": [{**one, **left} if one["ended"] == "begin" else one for one in files],
        "problems": [*problems, *unheard.values()],
        "changed": changed or bool(begun),
    }


def _said(one: dict, error: Exception) -> str:
    return str(error) if isinstance(error, Refused) else f"{one['path']}: {error}"


def _judged(one: dict, notes: Notes) -> dict:
    """A log with what is to be done with it: `begin`, `begun` before, or nothing, as it ended."""
    path, noted = Path(one["path"]), notes.of(one["path"])
    told = {**one, "freed": 0, "why": "", "to": ""}
    if noted and noted.get("ended") == "rotated":
        return noted
    try:
        with tidy.opened_directory(path.parent) as directory:
            made = (noted.get("to") or _generation(directory, path.name, noted, sure=False)) if noted else ""
            if noted and made:
                return {**noted, "to": made, "ended": "begun"}
            seen = os.stat(path.name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return {**told, "ended": "gone"}
    except NotADirectoryError:
        return {**told, "ended": "changed"}
    # It grows from the plan on; that it is another one, or smaller, means that somebody has rotated it.
    same = stat.S_ISREG(seen.st_mode) and str(seen.st_ino) == one["inode"]
    if not same or seen.st_size <= one["larger_than"]:
        return {**told, "ended": "changed"}
    rotation.demand(one, seen)
    return {**told, "ended": "begin", "size": str(seen.st_size), "bytes": seen.st_blocks * 512}


def _renamed(one: dict, notes: Notes) -> None:
    path, seen = Path(one["path"]), os.lstat(one["path"])
    one["at"] = int(time.time()) - 1  # logrotate's clock is the kernel's last tick, which may be of the second before
    notes.note(one["path"], {**one, "ended": "begun"})
    su, truncate = logrotate.acting_as(path, seen), one["writer"] == "copytruncate"
    logrotate.rotate(one["path"], truncate=truncate, su=su)
    with tidy.opened_directory(path.parent) as directory:
        made = _generation(directory, path.name, one, sure=True)
    if not made:
        raise Refused(f"{path}: logrotate has made no file that can be found: see what is in {path.parent}")
    one.update(ended="begun", to=made, bytes=os.lstat(made).st_blocks * 512)
    notes.note(one["path"], one)


def _generation(directory: int, name: str, noted: dict, *, sure: bool) -> str:
    """The file that a log was rotated to since it was noted; `sure`: logrotate has said so. Empty when there is none.

    A copy that was cut off counts as none: the log is as large as before, and is copied again.
    """
    since = [one for one in sorted(os.listdir(directory)) if logrotate.rotated_at(one, name) >= max(1, noted["at"])]
    seen = {one: os.stat(one, dir_fd=directory, follow_symlinks=False) for one in since}
    if noted["writer"] == "reload":
        since = [one for one in since if str(seen[one].st_ino) == noted["inode"]]
    elif not sure and _size(directory, name) >= int(noted["size"]):
        since = []
    return str(Path(noted["path"]).parent / since[-1]) if since else ""


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _size(directory: int, name: str) -> int:
    return os.stat(name, dir_fd=directory, follow_symlinks=False).st_size


def _ask(services: set) -> dict:
    """Ask each service once to open its logs anew; those that could not be asked, with the reason."""
    unheard = {}
    for service, signal in sorted(services, key=str):
        argv = ["systemctl", "reload", service]
        if signal:
            argv = ["systemctl", "kill", "--kill-who=main", f"--signal={signal}", service]
        try:
            done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=ASKED_S, check=False)
            said = "" if done.returncode == 0 else " ".join(done.stdout.decode(errors="replace").split())[-300:]
        except subprocess.TimeoutExpired:
            said = f"no answer within {ASKED_S} s"
        except OSError as error:
            said = str(error)
        if said:
            unheard[service] = f"{service} was not reloaded: {said}"
    return unheard


def _settled(one: dict, unheard: str, until: float, notes: Notes) -> None:
    """Wait until nobody has the rotated file open, and compress it then; how it ended is noted."""
    path = Path(one["to"])
    why = unheard or _still_held(path, until - time.monotonic() if one["writer"] == "reload" else 0)
    if one["compress"]:
        why = f"{why}: not compressed" if why else _compressed(one, path)
    one.update(ended="held" if why else "rotated", why=why)
    notes.note(one["path"], one)


def _still_held(path: Path, within_s: float) -> str:
    try:
        seen = path.lstat()
    except FileNotFoundError:  # compressed by an earlier call
        return ""
    left = let_go((seen.st_dev, seen.st_ino), within_s)
    if not left:
        return ""
    return f"still {'written to' if left[0].writes else 'read'} by {named(left)}"


def _compressed(one: dict, path: Path) -> str:
    """Compress what was rotated; why not, else empty."""
    packed = path.with_name(f"{path.name}.gz")
    try:
        if path.exists():
            done = tidy.tidy(tidy.told(path, path.lstat(), "compress"))
            if done["ended"] != "done":
                return "opened again: not compressed"
            one["bytes"] = done["bytes"]
        one.update(to=str(packed), freed=one["bytes"] - packed.lstat().st_blocks * 512)
    except (Refused, OSError) as error:
        return f"not compressed: {error}"
    return ""
