"""Where a restore is to end, and which backup leads there."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

KINDS = ("time", "name", "end", "set")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?(?:(Z)|([+-])(\d\d):?(\d\d)?)")
NAME = re.compile(r"[^\x00-\x1f'\\]{1,63}")
TIMELINE = re.compile(r"latest|current|0x[0-9A-Fa-f]{1,8}|[1-9]\d{0,9}")
# What PostgreSQL writes into a timeline's history when recovery ended where it was told to (xlogrecovery.c).
ENDED = {"time": ("before ", "after "), "name": ("at restore point ",), "end": ("no recovery target",),
         "set": ("reached consistency",)}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A point in time, a restore point by its name, the end of the archive, or one backup as it was.

    `at` is seconds since 1970, for a time only; `lsn` where a restore point was found. Made by `target_of`, which
    refuses what cannot be meant.
    """

    kind: str
    value: str = ""
    timeline: str = "latest"
    at: float | None = None
    lsn: int | None = None

    def options(self) -> list[str]:
        """pgBackRest's options; recovery stops there and waits, but for the end, where there is nothing to wait for."""
        if self.kind == "end":
            return ["--type=default", f"--target-timeline={self.timeline}"]
        if self.kind == "set":
            return ["--type=immediate", "--target-action=pause"]
        return [
            f"--type={self.kind}",
            f"--target={self.value}",
            "--target-action=pause",
            f"--target-timeline={self.timeline}",
        ]

    def reached(self, reason: str) -> bool:
        """Whether the reason in the new timeline's history is an end at this target."""
        named = self.kind != "name" or f'"{self.value}"' in reason
        return reason.startswith(ENDED[self.kind]) and named

    def told(self) -> str:
        """In words."""
        words = {"time": f"to {self.value}", "name": f"to the restore point {self.value}"}
        return words.get(self.kind, "to the end of the archive" if self.kind == "end" else "as the backup was")


def target_of(kind: str, value: str, *, timeline: str, wanted_set: str) -> Target:
    """The target that is asked for; Refused when it does not say one thing."""
    if not TIMELINE.fullmatch(timeline):
        raise Refused(f"{timeline!r} is no timeline: `latest`, `current`, or its number")
    if kind in ("time", "name") and not value:
        raise Refused(f"restore_target must say which {kind} is restored to")
    if kind in ("end", "set") and value:
        raise Refused(f"restore_target is {value!r}, and restore_type {kind} has none: say which of them is meant")
    if kind == "set" and not wanted_set:
        raise Refused("restore_set must say which backup is restored")
    if kind == "name" and not NAME.fullmatch(value):
        raise Refused(f"{value!r} is no name of a restore point")
    if kind == "time":
        at = seconds_of(value)
        return Target(kind, written(at), timeline, at)
    return Target(kind, value, timeline)


def seconds_of(text: str) -> float:
    """A point in time with its offset, as seconds since 1970; Refused without one: noon is not everywhere at once."""
    found = TIME.fullmatch(text.strip())
    wrong = Refused(f"{text!r} is no point in time: write it as 2026-11-28 02:13:00+08")
    if found is None:
        raise wrong
    try:
        day, clock, fraction, _zulu, sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        plain = datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone(offset))
    except ValueError:
        raise wrong from None
    return plain.timestamp() + float(fraction or 0)


def written(at: float) -> str:
    """A point in time as PostgreSQL takes it, in UTC, to the microsecond."""
    whole, micro = divmod(round(at * 1_000_000), 1_000_000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(whole))}.{micro:06d}+00"


def pick(sets: Sequence[Mapping[str, Any]], target: Target, *, wanted: str, now: float) -> str:
    """The label of the one of these backups (at least one) that leads to the target; Refused when none can.

    A backup is consistent from its end on: of those that ended before a point in time the newest has the shortest way.
    """
    if target.at is not None and target.at > now:
        raise Refused(f"{target.value} is still to come: nothing of that time can be restored")
    known = sorted(sets, key=lambda one: one["stopped_at"])
    if wanted:
        found = [one for one in known if one["label"] == wanted]
        if not found:
            raise Refused(f"the repository has no backup {wanted}: it has {', '.join(one['label'] for one in known)}")
        known = found
    if target.at is None:
        return str(known[-1]["label"])
    before = [one for one in known if one["stopped_at"] < target.at]
    if not before:
        ended = written(known[0]["stopped_at"])
        raise Refused(
            f"{target.value} is before the end of the oldest backup that could lead there, {known[0]['label']}"
            f" ({ended}): the repository holds nothing of that time"
        )
    return str(before[-1]["label"])
