"""Which tables are worth a rebuild, in which order, how long, with how much room: pure, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .catalog import Table
from .pages import Measured

# Assumed until this server has been rebuilt on: bytes read and written a second, as a slow disk under load does them.
BYTES_PER_S = 20 * 1024 * 1024
FIXED_S = 2.0  # the locks at both ends
ROOM = 1.1  # the new file, and a tenth over
NEAR_LAST = 1.2  # up to this times its size after its last rebuild, a table must have more to give than a file keeps
KEPT_BYTES = 8 << 20  # what a server keeps back of each file that it has just made, at most
# A file is older than the server's word when it shows more free than that, by more than this share of the table and so
# many bytes a file: the server keeps three extents of each back.
OLD_SHARE, OLD_BYTES = 0.1, 4 * 1024 * 1024
REBUILD, LEAVE, WITHHELD = "rebuild", "leave", "withheld"
MEASURED, AT_LEAST = "measured", "at least"


@dataclass(frozen=True)
class Limits:
    """From which size on a table counts, and from which bloat (its size over that of a rebuild) it is rebuilt."""

    factor: float = 1.5
    min_bytes: int = 100 * 1024 * 1024


@dataclass(frozen=True)
class Choice:
    """What is to be done with one table and why. `sure` says what the bloat rests on; without it nobody knows it."""

    table: Table
    what: str
    why: str
    bloat: float | None = None
    sure: str = ""
    after_bytes: int = 0
    seconds: float = 0.0
    filled: float | None = None

    @property
    def benefit(self) -> float:
        """Bytes that come back for a second of work."""
        return (self.table.bytes - self.after_bytes) / self.seconds if self.seconds else 0.0

    @property
    def room_bytes(self) -> int:
        """What the new files need where the table lies."""
        return int(self.after_bytes * ROOM)

    @property
    def sort_bytes(self) -> int:
        """What sorting its secondary indexes may need in the server's directory for temporary files."""
        return int(min(self.table.index_bytes, self.after_bytes) * ROOM)


def before_measuring(table: Table, limits: Limits) -> str:
    """Why a table is out of the question, whatever its bloat; empty when it is not."""
    out = (
        (
            table.engine.upper() != "INNODB",
            f"its engine is {table.engine or '?'}: a rebuild would copy it under a lock",
        ),
        (not table.parts, "InnoDB does not know it, or has it in a file that holds others too"),
        (table.shared, "it has no file of its own: a rebuild would give nothing back"),
        (table.bytes < limits.min_bytes, f"smaller than {limits.min_bytes} bytes"),
        (bool(table.locked_by), table.locked_by),
    )
    return next((why for is_so, why in out if is_so), "")


def choose(table: Table, found: list[Measured] | str, *, last: int | None, rate: float, limits: Limits) -> Choice:
    """The choice for one table; `found` is a reason where its pages could not be measured."""
    out = before_measuring(table, limits)
    if out:
        return Choice(table, LEAVE, out)
    if isinstance(found, str):
        return _again(_by_free_extents(table, found, rate, limits), last)
    seen_free = sum(one.free_bytes for one in found)
    if seen_free > table.free_bytes + max(OLD_SHARE * table.bytes, OLD_BYTES * len(table.parts)):
        why = "its file is older than what the server has in memory: measure again when it has been written"
        return Choice(table, WITHHELD, f"not measured, so not judged: {why}")
    # What is free at this moment comes back for certain, also where the file does not show it yet.
    after = max(1, min(sum(one.after_bytes for one in found), table.bytes - table.free_bytes))
    looked_at = sum(one.looked_at for one in found)
    filled = sum(one.filled * one.looked_at for one in found) / max(looked_at, 1)
    return _again(_judged(table, after, MEASURED, round(filled, 3), rate, limits), last)


def _by_free_extents(table: Table, why: str, rate: float, limits: Limits) -> Choice:
    """What is wholly free comes back for certain; what half-full pages would give is not known."""
    after = max(1, table.bytes - table.free_bytes)
    if table.bytes / after <= limits.factor:
        said = f"not measured, so not judged: {why}; of {table.bytes} bytes {table.free_bytes} are free for certain"
        return Choice(table, WITHHELD, said)
    return _judged(table, after, AT_LEAST, None, rate, limits)


def _judged(table: Table, after: int, sure: str, filled: float | None, rate: float, limits: Limits) -> Choice:
    bloat = table.bytes / after
    word = "at least " if sure == AT_LEAST else ""
    if bloat <= limits.factor:
        return Choice(table, LEAVE, f"{bloat:.2f} times its size after a rebuild", bloat, sure, after, 0.0, filled)
    seconds = FIXED_S + (2 * table.bytes + after) / rate
    why = f"{word}{bloat:.2f} times its size after a rebuild, more than {limits.factor:g}"
    return Choice(table, REBUILD, why, bloat, sure, after, seconds, filled)


def _again(choice: Choice, last: int | None) -> Choice:
    """A file that its last rebuild has left so large, and that has no more to give than it had then, is left."""
    table, gain = choice.table, choice.table.bytes - choice.after_bytes
    if choice.what != REBUILD or not last or table.bytes > NEAR_LAST * last or gain > KEPT_BYTES * len(table.parts):
        return choice
    grown = f"{table.bytes / last:.2f} times its size after its last rebuild"
    why = f"{grown}, and the {gain} bytes that would come back may be what a new file keeps"
    return Choice(table, LEAVE, why, choice.bloat, choice.sure, choice.after_bytes, 0.0, choice.filled)


def in_order(choices: list[Choice]) -> list[Choice]:
    """Those to rebuild: most bytes back a second first."""
    return sorted((one for one in choices if one.what == REBUILD), key=lambda one: (-one.benefit, one.table.key))


def told(choice: Choice, last: int | None) -> dict[str, Any]:
    """As modules return it."""
    table = choice.table
    return {
        "database": table.database,
        "name": table.name,
        "engine": table.engine,
        "bytes": table.bytes,
        "free_bytes": table.free_bytes,
        "rows_about": table.rows_about,
        "files": len(table.parts),
        "last_bytes": last,
        "bloat": None if choice.bloat is None else round(choice.bloat, 3),
        "sure": choice.sure,
        "filled": choice.filled,
        "choice": choice.what,
        "why": choice.why,
        "after_bytes": choice.after_bytes,
        "seconds": round(choice.seconds, 1),
        "room_bytes": choice.room_bytes,
        "sort_bytes": choice.sort_bytes,
    }
