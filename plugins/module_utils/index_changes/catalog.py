"""What the catalog says of one table and one index that a change names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

TABLE = """
SELECT to_jsonb(found) FROM (
  SELECT c.oid::bigint AS oid, c.relkind::text AS kind, pg_relation_size(c.oid) AS bytes, c.reltuples::float8 AS tuples,
    coalesce(nullif(pg_tablespace_location(coalesce(
      (SELECT oid FROM pg_tablespace WHERE spcname = current_setting('default_tablespace')),
      (SELECT dattablespace FROM pg_database WHERE datname = current_database()))), ''),
      current_setting('data_directory', true), '') AS place,
    (SELECT coalesce(jsonb_object_agg(a.attname, coalesce(nullif(s.avg_width, 0), nullif(a.attlen, -1), 32)), '{}')
      FROM pg_attribute AS a
      LEFT JOIN pg_stats AS s ON (s.schemaname, s.tablename, s.attname) = (n.nspname, c.relname, a.attname)
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    EXISTS (SELECT FROM pg_am WHERE amname = :'method' AND amtype = 'i') AS method,
    (SELECT coalesce(jsonb_agg(x.relname ORDER BY x.relname), '[]')
      FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) AS indexes
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = :'schema' AND c.relname = :'table' AND c.relkind IN ('r', 'm', 'p', 'f', 'v')
) AS found
"""
UNIQUE = "it keeps values unique"
# A valid index of the same table that does all that `i` does; as the collector asks for it, and exact for unique ones.
TWIN = """(SELECT min(e.indexrelid::regclass::text) FROM pg_index AS e
      WHERE e.indrelid = i.indrelid AND e.indexrelid <> i.indexrelid AND e.indisvalid AND i.indisvalid
        AND e.indkey::text = i.indkey::text AND e.indclass::text = i.indclass::text
        AND e.indcollation::text = i.indcollation::text AND e.indoption::text = i.indoption::text
        AND coalesce(pg_get_expr(e.indexprs, e.indrelid), '') = coalesce(pg_get_expr(i.indexprs, i.indrelid), '')
        AND coalesce(pg_get_expr(e.indpred, e.indrelid), '') = coalesce(pg_get_expr(i.indpred, i.indrelid), '')
        AND (NOT i.indisunique OR e.indisunique AND e.indimmediate
          AND to_jsonb(e)->'indnullsnotdistinct' IS NOT DISTINCT FROM to_jsonb(i)->'indnullsnotdistinct'))"""
# `tied` is what would break, or lose its meaning, with the index. Scans count since the database's statistics were
# reset; `columns` are null where one of them is an expression.
INDEX = f"""
SELECT to_jsonb(found) FROM (
  SELECT c.oid::bigint AS oid, t.oid::bigint AS table_oid, t.relname AS "table", tn.nspname AS table_schema,
    a.amname AS method, i.indisunique AS "unique", i.indisvalid AS valid, i.indpred IS NOT NULL AS partial,
    pg_relation_size(c.oid) AS bytes, pg_get_indexdef(c.oid) AS definition,
    coalesce((SELECT spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace), '') AS tablespace,
    coalesce(obj_description(c.oid, 'pg_class'), '') AS comment,
    (SELECT jsonb_agg(b.attname ORDER BY k.at) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, at)
      LEFT JOIN pg_attribute AS b ON b.attrelid = i.indrelid AND b.attnum = k.attnum AND k.attnum > 0) AS columns,
    coalesce(x.idx_scan, 0) AS scans, coalesce({TWIN}, '') AS twin,
    coalesce((SELECT stats_reset::text FROM pg_stat_database WHERE datname = current_database()), '') AS since,
    EXISTS (SELECT FROM pg_stat_progress_create_index AS p
      WHERE p.index_relid = c.oid AND p.datname = current_database()) AS building,
    array_to_json(array_remove(ARRAY[
      CASE WHEN i.indisunique AND i.indisvalid AND {TWIN} IS NULL THEN :'unique' END,
      CASE WHEN EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)
        THEN 'a constraint or a foreign key rests on it' END,
      CASE WHEN i.indisreplident THEN 'it is the replica identity of its table' END,
      CASE WHEN i.indisclustered THEN 'its table is clustered by it' END,
      CASE WHEN EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhrelid = c.oid) OR c.relkind = 'I'
        THEN 'it is part of a partitioned index' END,
      CASE WHEN EXISTS (SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid IN (c.oid, t.oid) AND d.deptype = 'e')
        THEN 'it belongs to an extension' END
    ], NULL)) AS tied
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
  JOIN pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_stat_all_indexes AS x ON x.indexrelid = c.oid
  WHERE n.nspname = :'schema' AND c.relname = :'name'
) AS found
"""  # noqa: S608  # our own words
# An index of that name may be nothing else; the two share their names with tables, views and sequences.
TAKEN = """SELECT c.relkind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :'schema' AND c.relname = :'name'"""

LOCATION = """SELECT coalesce(nullif(pg_tablespace_location(oid), ''), current_setting('data_directory', true))
FROM pg_tablespace WHERE spcname = :'name'"""


@dataclass(frozen=True)
class Table:
    """The table of a wish. `place`: where a new index of it would lie. `columns`: its columns with the bytes that one
    value takes, about. `indexes`: the names of those that it has.
    """

    oid: int
    kind: str
    bytes: int
    tuples: float
    place: str
    columns: dict[str, int]
    method: bool
    indexes: list[str]


@dataclass(frozen=True)
class Found:
    """The index that bears the wished name. `definition` is pg_get_indexdef's, `tied` why it cannot simply go.

    `twin`: another index that does the same, if there is one.
    """

    oid: int
    table_oid: int
    table: str
    table_schema: str
    method: str
    unique: bool
    valid: bool
    partial: bool
    bytes: int
    definition: str
    tablespace: str
    comment: str
    columns: list[str | None]
    scans: int
    twin: str
    since: str
    building: bool
    tied: list[str]


def table(session: Session, wish: dict[str, Any]) -> Table | None:
    """None where there is no table, view or partitioned table of this name."""
    row = session.json(TABLE, schema=wish["schema"], table=wish["table"], method=wish["method"])
    return Table(**row) if row else None


def index(session: Session, schema: str, name: str) -> Found | None:
    """None where there is no index of this name."""
    row = session.json(INDEX, schema=schema, name=name, unique=UNIQUE)
    return Found(**row) if row else None


def taken(session: Session, schema: str, name: str) -> bool:
    """Whether any relation bears the name."""
    return bool(session.value(TAKEN, schema=schema, name=name))


def location(session: Session, tablespace: str) -> str:
    """The directory of a tablespace; empty where none is named, or it is gone."""
    return (session.value(LOCATION, name=tablespace) or "") if tablespace else ""
