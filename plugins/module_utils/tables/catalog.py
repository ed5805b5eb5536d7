"""What the server says of its tables: engine, sizes of the moment, what InnoDB calls them, what forbids a rebuild."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Tuple  # noqa: UP035  # hosts have Python 3.8

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.mysql.session import Session

from .spaces import FILED, spaces, text

SYSTEM = "('information_schema', 'performance_schema', 'mysql', 'sys')"
# `of` is what InnoDB's files are found by.
TABLES = f"""
SELECT JSON_OBJECT('database', TABLE_SCHEMA, 'name', TABLE_NAME, 'engine', COALESCE(ENGINE, ''),
  'of', JSON_ARRAY({{of[0]}}, {{of[1]}}),
  'kept_bytes', COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0), 'free_bytes', COALESCE(DATA_FREE, 0),
  'index_bytes', COALESCE(INDEX_LENGTH, 0), 'rows_about', COALESCE(TABLE_ROWS, 0))
FROM information_schema.TABLES
WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN {SYSTEM}
"""  # noqa: S608  # a constant
# An index that is unique by a hash cannot be built beside writers, nor, by MariaDB, one over a column that is nowhere
# stored.
OBSTACLES = f"""
SELECT DISTINCT JSON_OBJECT('database', s.TABLE_SCHEMA, 'name', s.TABLE_NAME, 'kind', UPPER(s.INDEX_TYPE),
  'virtual', IF(c.EXTRA LIKE '%VIRTUAL%', 1, 0))
FROM information_schema.STATISTICS AS s
LEFT JOIN information_schema.COLUMNS AS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
WHERE s.TABLE_SCHEMA NOT IN {SYSTEM}
  AND (UPPER(s.INDEX_TYPE) <> 'BTREE' OR {{maria}} AND c.EXTRA LIKE '%VIRTUAL%')
"""  # noqa: S608  # a constant
WHY_LOCKED = {
    "FULLTEXT": "it has a FULLTEXT index, whose table is locked against writers while it is rebuilt",
    "SPATIAL": "it has a SPATIAL index, whose table is locked against writers while it is rebuilt",
    "HASH": "it has a unique index by hash, which the server rebuilds only by a copy under a lock",
    "virtual": "it has an index on a virtual column, whose table is locked against writers while it is rebuilt",
}
Key = Tuple[str, str]  # noqa: UP006  # made when it is loaded


@dataclass(frozen=True)
class Part:
    """One file of a table: its only one, or that of a partition. `id` is another one after a rebuild."""

    id: int
    bytes: int
    path: Path
    shared: bool = False


@dataclass(frozen=True)
class Table:
    """One table. `free_bytes` is what is wholly free in its files as the server has it at this moment."""

    database: str
    name: str
    engine: str
    free_bytes: int
    index_bytes: int
    rows_about: int
    parts: tuple[Part, ...] = ()
    locked_by: str = ""

    @property
    def key(self) -> Key:
        return self.database, self.name

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(one.bytes for one in self.parts)

    @property
    def ids(self) -> list[int]:
        """What InnoDB knows it by; all others after a rebuild."""
        return sorted(one.id for one in self.parts)

    @property
    def shared(self) -> bool:
        """Whether it lies in a file that holds others too."""
        return any(one.shared for one in self.parts)


@dataclass(frozen=True)
class Seen:
    """All tables, and what InnoDB has besides: tables that only a rebuild makes, by their name and id."""

    tables: list[Table]
    left: dict[int, str] = field(default_factory=dict)


def look(session: Session, datadir: Path, *, maria: bool, databases: Iterable[str] = ()) -> Seen:
    """Every table of users, in these databases or in all. Refused when one of the databases has no table."""
    files: dict[tuple[str, str], list[Part]] = {}
    left: dict[int, str] = {}
    for one in spaces(session, datadir, maria=maria):
        if "/#sql" in one.name:
            left[one.id] = one.name
        files.setdefault(one.of, []).append(Part(one.id, one.bytes, one.path, one.shared))
    locked = {(row["database"], row["name"]): _why(row) for row in session.rows(OBSTACLES.format(maria=int(maria)))}
    tables = [_table(row, files, locked) for row in session.rows(TABLES.format(of=FILED[maria]))]
    wanted = list(databases)
    missing = sorted(set(wanted) - {one.database for one in tables})
    if missing:
        there = ", ".join(sorted({one.database for one in tables})) or "none"
        raise Refused(f"no database {', '.join(missing)} with tables that are seen here: there are {there}")
    return Seen([one for one in tables if not wanted or one.database in wanted], left)


def _why(row: dict[str, Any]) -> str:
    return WHY_LOCKED["virtual"] if row["virtual"] else WHY_LOCKED.get(row["kind"], f"it has a {row['kind']} index")


def _table(row: dict[str, Any], files: dict[tuple[str, str], list[Part]], locked: dict[Key, str]) -> Table:
    folder, file = (text(digits) for digits in row["of"])
    mine = files.get((folder, file), []) if row["engine"].upper() == "INNODB" else []
    names = ("database", "name", "engine", "free_bytes", "index_bytes", "rows_about")
    return Table(**{name: row[name] for name in names}, parts=tuple(mine),
                 locked_by=locked.get((row["database"], row["name"]), ""))  # fmt: skip


def verdict(now: Table | None, ids: list[int]) -> str:
    """How a rebuild ended, whatever its client was told: under other ids it is rebuilt, under the same ones intact."""
    if now is None or not now.parts:
        return GONE
    if now.ids == ids:
        return INTACT
    return REBUILT if not set(now.ids) & set(ids) else GONE


REBUILT, INTACT, GONE = "rebuilt", "intact", "gone"
