"""How full the filesystems were, inspection after inspection, and when somebody made them emptier or larger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from maintkit.clock import from_text, to_text
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moved import NONE, Own

CUT, UNCUT = "trend.cut", "trend.uncut"
RESIZED = 0.01  # of the size: less is the filesystem's own bookkeeping


@dataclass(frozen=True, kw_only=True)
class Fill:
    """One filesystem at one inspection, in bytes; `free` is what an unprivileged user may still fill."""

    at: datetime
    used: int
    free: int

    @property
    def room(self) -> int:
        """All that may be filled, as df counts it."""
        return self.used + self.free


@dataclass(frozen=True, kw_only=True)
class Jump:
    """An instant from which on a filesystem's fill is another story, and why."""

    at: datetime
    why: str


def jumps(
    ledger: Ledger,
    host: str,
    mount: str,
    series: tuple[Fill, ...],
    own: Own = NONE,
) -> tuple[Jump, ...]:
    """What is known to have cut the series: another size, a change of our own, and what people entered."""
    resized = [
        Jump(at=after.at, why="文件系统容量变化")
        for before, after in pairwise(series)
        if abs(after.room - before.room) > RESIZED * before.room
    ]
    ours = [
        Jump(at=one.at, why=one.why)
        for one in own.moves
        if (before := _before(series, one.at)) and one.shook(mount, own.mounts, used=before.used, room=before.room)
    ]
    entered_ = [
        Jump(at=from_text(entry.body["at"]), why=entry.body["why"])
        for entry in entered(ledger, host)
        if entry.body["mount"] in (None, mount) and entry.body.get("series") is None
    ]
    return tuple(sorted([*resized, *ours, *entered_], key=lambda jump: jump.at))


def _before(series: tuple[Fill, ...], at: datetime) -> Fill | None:
    """The newest before an instant; None where there is none, or nothing after it to be cut from."""
    known = [one for one in series if one.at < at]
    return known[-1] if known and len(known) < len(series) else None


def entered(ledger: Ledger, host: str) -> tuple[Entry, ...]:
    """The cuts that people have entered for a host and not withdrawn, oldest first."""
    cuts = list(ledger.entries(kind=CUT, subject=host))
    withdrawn = {entry.body["cut"] for entry in ledger.entries(kind=UNCUT, subject=host)} if cuts else set()
    return tuple(entry for entry in cuts if entry.seq not in withdrawn)


def enter(
    ledger: Ledger, host: str, mount: str | None, *, at: datetime, why: str, by: str, series: str | None = None
) -> None:
    """Record that something other than growth changed a filesystem or another series (both None: all of the host's)."""
    ledger.append(CUT, {"mount": mount, "series": series, "at": to_text(at), "why": why, "by": by}, subject=host)


def withdraw(ledger: Ledger, cut: Entry, *, why: str, by: str) -> None:
    """Record that a cut was a mistake: it cuts nothing any more. Both stay in the ledger."""
    ledger.append(UNCUT, {"cut": cut.seq, "why": why, "by": by}, subject=cut.subject)


def mounts(ledger: Ledger, host: str) -> tuple[str, ...]:
    """The local filesystems of a host's newest facts; empty when it never answered."""
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True):
        if entry.body["facts"] is not None:
            return tuple(sorted(_told(ledger, entry)))
    return ()


def fills_of(document: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """What an entry tells of a facts document: `used` and `free` bytes of every local filesystem, by mount."""
    section = document.get("sections", {}).get("filesystems") or {}
    return {
        mount["mount"]: {"used": mount["used_bytes"], "free": mount["free_bytes"]}
        for mount in (section.get("data") or {}).get("mounts", ())
        if not mount.get("network") and _measured(mount.get("used_bytes"), mount.get("free_bytes"))
    }


def _measured(used: Any, free: Any) -> bool:
    return isinstance(used, int) and isinstance(free, int) and used + free > 0


def _told(ledger: Ledger, entry: Entry) -> Mapping[str, Mapping[str, int]]:
    told: Mapping[str, Mapping[str, int]] | None = entry.body.get("fills")
    return fills_of(json.loads(ledger.attachment(entry.body["facts"]))) if told is None else told
