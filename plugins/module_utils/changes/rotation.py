"""Logs that a process holds open: which a rule would rotate, and why one must not be.

A log that is too large and cannot be rotated well is told as refused, not left out: else it would grow on unseen. So is
what was rotated from one, while somebody still writes to it.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from . import logrotate, place, tidy
from .place import Refused
from .writers import holders, named

SERVICE = re.compile(r"[A-Za-z0-9:_\\][A-Za-z0-9:_.\\@-]*\.service")
# A log grows while it is copied or compressed.
SPARE_BYTES = 16 * 2**20
GET_FLAGS, IMMUTABLE, APPEND_ONLY = 0x80086601, 0x10, 0x20  # of linux/fs.h, where a long has 8 bytes
TERMS = ("writer", "service", "signal", "compress", "larger_than", "also_by_host")


def look(rules: Iterable[dict]) -> dict:
    """Every log that is larger than its rule says, `refused` those that must not be rotated; `left` counts others."""
    found, refused, left = {}, {}, {}
    for rule in rules:
        for path, seen in _meant(tidy.required(_asked(rule), 0), rule):
            if logrotate.GENERATION.search(path.name):
                refused.update(_unheard(path, seen, rule))
                continue
            why = _stays(seen, rule)
            if why:
                left[why] = left.get(why, 0) + 1
            elif str(path) not in (*found, *refused):
                one = {**tidy.told(path, seen, "rotate"), **{term: rule[term] for term in TERMS}}
                try:
                    demand(one, seen)
                    found[str(path)] = one
                except Refused as why_not:
                    refused[str(path)] = {**one, "why": str(why_not)}
    return {"files": list(found.values()), "refused": list(refused.values()), "left": left}


def names(rule: dict, path: Path) -> bool:
    """Whether a file of this path is one of the rule's: what was rotated is not rotated again."""
    return tidy.names(rule, path) and not logrotate.GENERATION.search(path.name)


def demand(one: dict, seen: os.stat_result) -> None:
    """Refused for a log that could not be rotated well now, with the reason and what to do."""
    path = one["path"]
    if logrotate.UNTOLD.search(path):
        raise Refused(f"{path!a}: logrotate's configuration cannot hold such a name: leave it out of the pattern")
    if seen.st_nlink > 1:
        raise Refused(f"{path} has another name, too: a process that writes by that one would not be seen")
    if _fixed(path):
        raise Refused(f"{path} is append-only or immutable (chattr): take that away first, and set it again afterwards")
    logrotate.program()
    logrotate.acting_as(Path(path), seen)
    master = "" if one["also_by_host"] else logrotate.other_master(path)
    if master:
        raise Refused(f"{path} is rotated by {master}, too: let one of them do it, or say also_by_host")
    if one["compress"] or one["writer"] == "copytruncate":
        # One log after the other: the old one is gone or empty before the next.
        no_room = place.no_room([(Path(path).parent, seen.st_size)], SPARE_BYTES)
        if no_room:
            raise Refused(f"{path}: {no_room}: make room first")
    if one["writer"] == "reload":
        demand_service(one["service"], one["signal"])
    _demand_writers(one, seen)


def demand_service(service: str, signal: str | None) -> None:
    """Refused for one that is not active, or that cannot be asked to open its log anew."""
    argv = ["systemctl", "show", service, "--property=ActiveState,CanReload,MainPID"]
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        raise Refused(f"systemctl is not on this host: {service} cannot be asked for a new log") from None
    said = done.stdout.decode(errors="replace")
    fields = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    state = fields.get("ActiveState", "unknown")
    if state not in ("active", "reloading"):
        raise Refused(f"{service} is {state}: it cannot be asked for a new log")
    if not signal and fields.get("CanReload") != "yes":
        raise Refused(f"{service} cannot be reloaded: say the signal at which it opens its log anew")
    if signal and fields.get("MainPID", "0") == "0":
        raise Refused(f"{service} has no main process that systemd knows: let it be reloaded, not signalled")


def _asked(rule: dict) -> dict:
    said = f"{rule['path']} {rule['pattern']}"
    if rule["larger_than"] < 1:
        raise Refused(f"{said}: larger_than {rule['larger_than']} is less than a byte")
    if rule["writer"] == "copytruncate" and (rule["service"] or rule["signal"]):
        raise Refused(f"{said}: nobody is asked for a new log with copytruncate: leave service and signal out")
    if rule["writer"] == "reload" and not SERVICE.fullmatch(rule["service"] or ""):
        raise Refused(f"{said}: {rule['service']!r} is no name of a service, like his.service")
    return rule


def _meant(directory: Path, rule: dict) -> Iterable[tuple]:
    path = directory / rule["pattern"]
    plain = not re.search(r"[*?\[]", rule["pattern"])
    if plain and os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        said = f"a link to {os.path.realpath(path)}: name that" if path.is_symlink() else "no regular file: name one"
        raise Refused(f"{path} is {said}, if it is what you mean")
    found = tidy.all_files(directory, recurse=rule["recurse"])
    return ((path, seen) for path, seen in found if tidy.names(rule, logrotate.log_of(path)))


def _unheard(path: Path, seen: os.stat_result, rule: dict) -> dict:
    """What was rotated and is still written to, once it is too large itself."""
    if _stays(seen, rule):
        return {}
    writing = [held for held in holders((seen.st_dev, seen.st_ino)) if held.writes]
    why = f"{path} was rotated, and is still written to by {named(writing)}: restart what writes"
    return {str(path): {**tidy.told(path, seen, "rotate"), "why": why}} if writing else {}


def _stays(seen: os.stat_result, rule: dict) -> str:
    if not stat.S_ISREG(seen.st_mode):
        return "it is a link, or no regular file"
    return "" if seen.st_size > rule["larger_than"] else "not large enough"


def _fixed(path: str) -> bool:
    """Whether not even root may rename or empty it, as guides for hardening ask of logs."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # it has gone, or a link stands there now: who rotates it sees that
        return False
    try:
        (flags,) = struct.unpack("i4x", fcntl.ioctl(held, GET_FLAGS, bytes(8)))
    except OSError:  # a filesystem without such flags
        return False
    finally:
        os.close(held)
    return bool(flags & (IMMUTABLE | APPEND_ONLY))


def _demand_writers(one: dict, seen: os.stat_result) -> None:
    path, writing = one["path"], [held for held in holders((seen.st_dev, seen.st_ino)) if held.writes]
    if one["writer"] == "reload":
        others = [held for held in writing if held.service != one["service"]]
        if others:
            raise Refused(f"{path} is written by {named(others)}, not of {one['service']}: no reload would reach it")
    elif any(not held.appends for held in writing):
        blunt = named(held for held in writing if not held.appends)
        raise Refused(
            f"{path} is written by {blunt} without appending: truncated, it would be as large as before at once, with "
            "a hole: let it be reloaded, or append"
        )
