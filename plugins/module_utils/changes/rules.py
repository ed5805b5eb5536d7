"""The rules of housekeeping: what they are, what they would do now, and doing just that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from . import rotating, rotation, tidy
from .place import Refused

RULE = {
    "path": {"type": "path", "required": True},
    "pattern": {"type": "str", "required": True},
    "keep_days": {"type": "int"},
    "action": {"type": "str", "required": True, "choices": ["compress", "delete", "rotate"]},
    "log": {"type": "bool", "default": True},
    "recurse": {"type": "bool", "default": False},
    "larger_than": {"type": "bytes"},
    "writer": {"type": "str", "choices": ["reload", "copytruncate"]},
    "service": {"type": "str"},
    "signal": {"type": "str", "choices": ["HUP", "USR1", "USR2"]},
    "compress": {"type": "bool", "default": True},
    "also_by_host": {"type": "bool", "default": False},
}
NEEDED = [
    ("action", "compress", ["keep_days"]),
    ("action", "delete", ["keep_days"]),
    ("action", "rotate", ["larger_than", "writer"]),
    ("writer", "reload", ["service"]),
]
SPEC = {
    "rules": {"type": "list", "elements": "dict", "required": True, "options": RULE, "required_if": NEEDED},
    "floor_days": {"type": "int", "default": 184},
}


def look(rules: list, *, floor_days: int, now: float, most: int) -> dict:
    """What the rules would do: logs to rotate first, then the oldest files, `most` in all; and logs that are `refused`.

    The first rule that would do something with a file has it.
    """
    rotate = rotation.look(rule for rule in rules if rule["action"] == "rotate")
    others = [rule for rule in rules if rule["action"] != "rotate"]
    old = tidy.look(others, floor_days=floor_days, now=now, most=sys.maxsize)
    large = [*rotate["files"], *rotate["refused"]]
    twice = {one["path"] for one in large} & {one["path"] for one in old["files"]}
    logs, refused, files = (
        [one for one in some if one["path"] not in twice or _first(rules, one, now)]
        for some in (rotate["files"], rotate["refused"], old["files"])
    )
    left = {why: rotate["left"].get(why, 0) + old["left"].get(why, 0) for why in {**rotate["left"], **old["left"]}}
    over = max(0, len(logs) + len(files) - most)
    if over:
        more = "more than one change takes"
        left[more] = left.get(more, 0) + over
    taken = [*logs, *files][:most]
    return {"files": taken, "refused": refused, "left": left, "bytes": sum(one["bytes"] for one in taken)}


def still(only: Iterable[dict], rules: list, floor_days: int) -> list:
    """The files of a plan; Refused for one that no rule names so, so that a plan does nothing that rules would not."""
    wanted = list(only)
    for rule in rules:
        tidy.required(rule, floor_days)
    tidy.still((one for one in wanted if one["action"] != "rotate"), rules)
    for one in wanted:
        path, terms = Path(os.path.normpath(one["path"])), {term: one.get(term) for term in rotation.TERMS}
        if one["action"] == "rotate" and not any(
            rule["action"] == "rotate" and rotation.names(rule, path) and terms.items() <= rule.items()
            for rule in rules
        ):
            raise Refused(f"{path}: no rule would rotate it so")
    return wanted


def do(wanted: list, run: str | None) -> dict:
    """Do it: `files` as each ended, what was `freed`, `problems` in words, and whether anything was `changed`."""
    rotated = rotating.rotate((one for one in wanted if one["action"] == "rotate"), rotating.Notes(run))
    done = [tidy.tidy(one) for one in wanted if one["action"] != "rotate"]
    files = [*rotated["files"], *done]
    return {
        "files": files,
        "freed": sum(one["freed"] for one in files),
        "problems": rotated["problems"],
        "changed": rotated["changed"] or any(one["ended"] == "done" for one in done),
    }


def _first(rules: list, one: dict, now: float) -> bool:
    """Of the rules that would do something with a file, whether the first would do this."""
    path = Path(one["path"])
    would = (rule["action"] for rule in rules if tidy.names(rule, path) and _would(rule, one, now))
    return next(would, None) == one["action"]


def _would(rule: dict, one: dict, now: float) -> bool:
    """Whether a rule that names the file would do something with it now."""
    if rule["action"] == "rotate":
        return int(one["size"]) > rule["larger_than"]
    return now - int(one["mtime_ns"]) / 1e9 >= rule["keep_days"] * tidy.DAY_S
