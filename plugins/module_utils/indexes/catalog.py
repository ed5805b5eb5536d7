"""What the catalog says of a database's indexes, and what pgstatindex measures of one."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

# Objects of the server itself (oid below 16384) cannot be rebuilt concurrently; those of other sessions' temporary
# tables cannot be read.
# `tuples` is -1 where nobody has counted; a statistic is fresh when a tenth of the table at most has changed since.
# `replaced`: rows whose entries have gone, or will, counted `since` a reset of the statistics, if there was one.
INDEXES = """
SELECT jsonb_agg(to_jsonb(found) ORDER BY found.schema, found.name) FROM (
  SELECT i.indexrelid::bigint AS oid, n.nspname AS schema, c.relname AS name, t.oid::bigint AS table_oid,
    tn.nspname AS table_schema, t.relname AS "table", a.amname AS kind, i.indisunique AS "unique",
    i.indisprimary AS "primary", i.indisexclusion AS exclusion, i.indpred IS NOT NULL AS "partial",
    t.relkind = 't' AS toast, c.relispartition AS partition, i.indisvalid AS valid, i.indisready AS ready,
    pg_relation_size(c.oid) AS bytes, pg_table_size(t.oid) AS table_bytes, c.reltuples::bigint AS tuples,
    coalesce(s.n_mod_since_analyze <= 0.1 * greatest(t.reltuples, 1)
      AND coalesce(s.last_analyze, s.last_autoanalyze, s.last_vacuum, s.last_autovacuum) IS NOT NULL, false) AS fresh,
    coalesce(s.n_tup_upd - s.n_tup_hot_upd + s.n_tup_del, 0) AS replaced,
    coalesce((SELECT stats_reset::text FROM pg_stat_database WHERE datname = current_database()), '') AS since,
    coalesce((SELECT split_part(o, '=', 2)::integer FROM unnest(c.reloptions) AS o WHERE o LIKE 'fillfactor=%'), 90)
      AS fillfactor,
    coalesce(nullif(pg_tablespace_location(
      coalesce(nullif(c.reltablespace, 0), (SELECT dattablespace FROM pg_database WHERE datname = current_database()))
    ), ''), current_setting('data_directory', true), '') AS place,
    coalesce(x.idx_scan, 0) AS scans,
    EXISTS (SELECT FROM pg_stat_progress_create_index AS p
      WHERE p.index_relid = c.oid AND p.datname = current_database()) AS building
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
  JOIN pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_stat_all_tables AS s ON s.relid = t.oid
  LEFT JOIN pg_stat_all_indexes AS x ON x.indexrelid = c.oid
  WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND t.oid >= 16384 AND tn.nspname <> 'pg_catalog'
) AS found
"""
EXTENSION = "SELECT n.nspname FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE extname = :'name'"
MEASURE = """
SELECT to_jsonb(m) FROM :"schema".pgstatindex(:'oid'::oid::regclass) AS m
"""
# The server ends a statement by itself, also when nobody waits for it any more.
ENDING = "SELECT set_config('statement_timeout', :'left', false)"
LATE = "out of time"
UNMEASURED = f"{LATE}: it could not be measured any more"
DATABASES = """
SELECT jsonb_agg(datname ORDER BY datname) FROM pg_database
WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT')
"""


@dataclass(frozen=True)
class Index:
    """One index as the catalog has it. Sizes are bytes; `tuples` below 0 is not known."""

    oid: int
    schema: str
    name: str
    table_oid: int
    table_schema: str
    table: str
    kind: str
    unique: bool
    primary: bool
    exclusion: bool
    partial: bool
    toast: bool
    partition: bool
    valid: bool
    ready: bool
    bytes: int
    table_bytes: int
    tuples: int
    fresh: bool
    replaced: int
    since: str
    fillfactor: int
    place: str
    scans: int
    building: bool

    @property
    def bytes_per_tuple(self) -> float | None:
        """None where nobody has counted the tuples, or there are none."""
        return self.bytes / self.tuples if self.tuples > 0 else None


@dataclass(frozen=True)
class Measured:
    """What pgstatindex found: pages of each kind, and how full the leaves are, in percent."""

    internal_pages: int
    leaf_pages: int
    density: float

    def rebuilt_bytes(self, fillfactor: int) -> int:
        """About how large a rebuild would leave it: its leaves as full as the fillfactor lets them be, and a meta page.

        Leaves that are fuller than that stay so: what is compressed by duplicates does not grow by a rebuild.
        """
        full = max(min(self.density / fillfactor, 1.0), 0.0)
        return 8192 * (1 + round(self.internal_pages * full) + max(1, round(self.leaf_pages * full)))


def indexes(session: Session) -> list[Index]:
    """Every index of users' tables in the database, TOAST and partitions among them, without roots of partitions."""
    return [Index(**row) for row in session.json(INDEXES) or []]


def measured(row: dict[str, Any]) -> Measured:
    """pgstatindex's answer. An index without a leaf has a density of NaN, which is none."""
    density = float(row["avg_leaf_density"])
    return Measured(row["internal_pages"], row["leaf_pages"], 0.0 if math.isnan(density) else density)


def databases(reach: Reach, wanted: list[str]) -> list[str]:
    """The wanted databases, or all that can be entered. Refused when one of them is not there."""
    with Session(reach, "postgres" if not wanted else wanted[0]) as session:
        there = session.json(DATABASES) or []
    missing = [name for name in wanted if name not in there]
    if missing:
        raise Refused(f"no database {', '.join(missing)} that may be entered here: there are {', '.join(there)}")
    return wanted or there


def measure(reach: Reach, database: str, chosen: list[Index], until: float = math.inf) -> dict[int, Measured | str]:
    """Each index measured, by oid, or the reason why it could not be. It waits two seconds for a lock at most.

    At `until` (of time.monotonic) the server ends what it measures, and the others are not begun.
    """
    found: dict[int, Measured | str] = {}
    session = None
    try:
        for index in chosen:
            left = until - time.monotonic()
            if left <= 0:
                found[index.oid] = UNMEASURED
                continue
            try:
                if session is None:
                    session = Session(reach, database)
                    session.ask("SET lock_timeout = '2s'")
                    schema = session.value(EXTENSION, name="pgstattuple")
                if not schema:
                    found[index.oid] = "the extension pgstattuple is not in this database"
                    continue
                session.ask(ENDING, left="0" if math.isinf(left) else f"{max(1, int(left * 1000))}ms")
                found[index.oid] = measured(session.json(MEASURE, schema=schema, oid=str(index.oid)))
            except Refused as refused:
                found[index.oid] = UNMEASURED if time.monotonic() >= until else str(refused)
                if session is not None:
                    session.close()
                session = None
    finally:
        if session is not None:
            session.close()
    return found
