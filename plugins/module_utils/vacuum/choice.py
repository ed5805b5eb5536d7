"""What each table is behind on, and in which order it is made up for: pure, from the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .catalog import Table

BYTES_PER_S = 20 * 1024 * 1024  # assumed until something was vacuumed on this cluster
FIXED_S = 1.0
FREEZE, VACUUM, ANALYZE = "freeze", "vacuum", "analyze"


@dataclass(frozen=True)
class Limits:
    """From how many dead or changed rows on a table counts, and from which share of the age that forces a vacuum."""

    min_rows: int = 1000
    freeze_share: float = 0.75


@dataclass(frozen=True)
class Choice:
    """What is to be done with one table: `acts` of FREEZE, VACUUM and ANALYZE; none of them is nothing."""

    table: Table
    acts: tuple[str, ...]
    why: str
    seconds: float

    @property
    def urgency(self) -> tuple[bool, float]:
        """Age comes first: it ends in a server that takes no writes. Then who is furthest behind."""
        table = self.table
        behind = max(table.dead / max(table.vacuum_at, 1), table.modified / max(table.analyze_at, 1))
        return FREEZE in self.acts, table.xid_age / table.freeze_at if FREEZE in self.acts else behind


def choose(table: Table, *, rate: float, limits: Limits) -> Choice:
    """The choice for one table."""
    acts, why = [], []
    if table.xid_age > limits.freeze_share * table.freeze_at:
        acts.append(FREEZE)
        why.append(f"age {table.xid_age} of {table.freeze_at}, at which a vacuum is forced")
    if table.dead > max(table.vacuum_at, limits.min_rows):
        acts.append(VACUUM)
        why.append(f"{table.dead} dead rows, autovacuum comes at {table.vacuum_at:.0f}")
    if table.modified > max(table.analyze_at, limits.min_rows):
        acts.append(ANALYZE)
        why.append(f"{table.modified} rows changed since it was analysed, autovacuum comes at {table.analyze_at:.0f}")
    reads = table.bytes if acts != [ANALYZE] else 0
    return Choice(table, tuple(acts), "; ".join(why), FIXED_S + reads / rate if acts else 0.0)


def in_order(choices: Iterable[tuple[str, Choice]]) -> list[tuple[str, Choice]]:
    """Those with something to do, each with its database: what ages first, then the furthest behind, wherever it is."""
    behind = (each for each in choices if each[1].acts)
    return sorted(behind, key=lambda each: (*(-float(part) for part in each[1].urgency), each[0], each[1].table.oid))


def told(database: str, one: Choice) -> dict[str, Any]:
    """As modules return it."""
    table = one.table
    names = ("schema", "name", "bytes", "dead", "live", "modified", "xid_age", "freeze_at")
    return {
        "database": database,
        **{name: getattr(table, name) for name in names},
        "acts": list(one.acts),
        "why": one.why,
        "seconds": round(one.seconds, 1),
    }
