"""Which indexes are worth a rebuild, in which order, how long, with how much room: pure, from what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .catalog import LATE, Index, Measured

# Assumed until this cluster has been rebuilt on: bytes read and written a second, as a slow disk under load does them.
BYTES_PER_S = 20 * 1024 * 1024
FIXED_S = 2.0  # the waits of a quiet server: three for transactions, one for the drop
# The new index, the sort's files and the WAL of it, each as large as the new index, and a tenth over.
ROOM = 3.3
# Below this times its baseline, a full index with fresh statistics is not measured again: FACTS of trials say 3 %.
NEAR_BASELINE = 1.2
REBUILD, LEAVE, WITHHELD = "rebuild", "leave", "withheld"


@dataclass(frozen=True)
class Limits:
    """From which size on an index counts, and from which bloat (its size over that of a rebuild) it is rebuilt.

    Up to `heap_bytes` of the table, amcheck also reads every row of it.
    """

    factor: float = 2.0
    min_bytes: int = 10 * 1024 * 1024
    heap_bytes: int = 1 << 30


@dataclass(frozen=True)
class Choice:
    """What is to be done with one index and why. Without `bloat` nobody has measured it."""

    index: Index
    what: str
    why: str
    bloat: float | None = None
    after_bytes: int = 0
    seconds: float = 0.0
    room_bytes: int = 0

    @property
    def benefit(self) -> float:
        """Bytes that come back for a second of work."""
        return (self.index.bytes - self.after_bytes) / self.seconds if self.seconds else 0.0


def needs_measuring(index: Index, baseline: float | None, limits: Limits) -> bool:
    """Whether only pgstatindex can say; a partial index has no size per tuple that could be trusted."""
    if before_measuring(index, limits):
        return False
    trusted = baseline and index.fresh and not index.partial and index.bytes_per_tuple is not None
    return not (trusted and index.bytes_per_tuple <= NEAR_BASELINE * baseline)


def before_measuring(index: Index, limits: Limits) -> str:
    """Why an index is out of the question, whatever its bloat; empty when it is not."""
    if not index.valid:
        return "invalid: no index to rebuild, but one that was left over"
    if index.bytes < limits.min_bytes:
        return f"smaller than {limits.min_bytes} bytes"
    if index.exclusion:
        return "PostgreSQL cannot rebuild the index of an exclusion constraint without locking its table"
    if index.kind != "btree":
        return f"pgstatindex measures B-trees only, and this is {index.kind}"
    return ""


def choose(
    index: Index, measured: Measured | str | None, *, baseline: float | None, rate: float, limits: Limits
) -> Choice:
    """The choice for one index; `measured` is a reason where it could not be measured, None where it need not be."""
    out = before_measuring(index, limits)
    if out:
        return Choice(index, LEAVE, out)
    if isinstance(measured, str):
        late = measured.startswith(LATE)
        return Choice(index, WITHHELD, measured if late else f"not measured, so not judged: {measured}")
    if measured is None:
        near = (index.bytes_per_tuple or 0) / (baseline or 1)
        return Choice(index, LEAVE, f"{near:.2f} times the size per tuple after its last rebuild")
    after = measured.rebuilt_bytes(index.fillfactor)
    bloat = index.bytes / after
    if bloat <= limits.factor:
        return Choice(index, LEAVE, f"{bloat:.2f} times its size after a rebuild", bloat, after)
    checked = after + (index.table_bytes if index.table_bytes <= limits.heap_bytes else 0)
    seconds = FIXED_S + (2 * index.table_bytes + after + checked) / rate
    why = f"{bloat:.2f} times its size after a rebuild, more than {limits.factor:g}"
    return Choice(index, REBUILD, why, bloat, after, seconds, int(after * ROOM))


def in_order(choices: Iterable[tuple[str, Choice]]) -> list[tuple[str, Choice]]:
    """Those to rebuild, each with its database: most bytes back a second first, whichever database they are in."""
    chosen = (each for each in choices if each[1].what == REBUILD)
    return sorted(chosen, key=lambda each: (-each[1].benefit, each[0], each[1].index.oid))


def told(choice: Choice, baseline: float | None) -> dict[str, Any]:
    """As modules return it."""
    index = choice.index
    names = ("schema", "name", "table_schema", "table", "kind", "unique", "primary", "exclusion", "partial", "toast",
             "partition", "valid", "ready", "bytes", "table_bytes", "tuples", "fillfactor", "scans")  # fmt: skip
    return {
        **{name: getattr(index, name) for name in names},
        "bytes_per_tuple": index.bytes_per_tuple,
        "baseline": baseline,
        "bloat": None if choice.bloat is None else round(choice.bloat, 3),
        "choice": choice.what,
        "why": choice.why,
        "after_bytes": choice.after_bytes,
        "seconds": round(choice.seconds, 1),
        "room_bytes": choice.room_bytes,
    }
