"""What the server says of its tables: dead rows, rows changed since the last analyse, age; and who holds that back."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

# A table's own storage options stand over the server's settings, as autovacuum reads them. Its TOAST table goes along.
TABLES = """
SELECT jsonb_agg(to_jsonb(found) ORDER BY found.schema, found.name) FROM (
  SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, pg_total_relation_size(c.oid) AS bytes,
    coalesce(s.n_dead_tup, 0) + coalesce(ts.n_dead_tup, 0) AS dead, coalesce(s.n_live_tup, 0) AS live,
    coalesce(s.n_mod_since_analyze, 0) AS modified,
    coalesce(ts.vacuum_count, s.vacuum_count, 0) AS vacuums, coalesce(s.analyze_count, 0) AS analyzes,
    greatest(age(c.relfrozenxid), age(t.relfrozenxid)) AS xid_age,
    coalesce(o.freeze, current_setting('autovacuum_freeze_max_age')::bigint) AS freeze_at,
    coalesce(o.least, current_setting('autovacuum_vacuum_threshold')::float8)
      + coalesce(o.scale, current_setting('autovacuum_vacuum_scale_factor')::float8)
      * greatest(c.reltuples, 0) AS vacuum_at,
    coalesce(o.analyze_least, current_setting('autovacuum_analyze_threshold')::float8)
      + coalesce(o.analyze_scale, current_setting('autovacuum_analyze_scale_factor')::float8)
      * greatest(c.reltuples, 0) AS analyze_at
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
  LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
  LEFT JOIN pg_stat_all_tables AS ts ON ts.relid = t.oid
  LEFT JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold')::float8 AS least,
      max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor')::float8 AS scale,
      max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_threshold')::float8 AS analyze_least,
      max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_scale_factor')::float8 AS analyze_scale,
      max(option_value) FILTER (WHERE option_name = 'autovacuum_freeze_max_age')::bigint AS freeze
    FROM pg_options_to_table(c.reloptions)
  ) AS o ON true
  WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
) AS found
"""
# Rows that one of these may still see are freed by nobody. Sessions of other databases do not count; a standby that
# feeds back, and a slot, do. An idle slot stays where it is; one at work follows, and so does a standby without one:
# they count when they are far behind. What a logical slot decodes by is in the server's own tables alone.
HOLDERS = """
SELECT jsonb_agg(found.words) FROM (
  SELECT format('session %s of %s holds back what is dead since %s s (%s)', pid, coalesce(usename, '?'),
    round(extract(epoch FROM clock_timestamp() - xact_start)), coalesce(nullif(application_name, ''), state)) AS words
  FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
    AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND backend_type <> 'autovacuum worker'
    AND xact_start < clock_timestamp() - make_interval(secs => :'seconds'::double precision)
  UNION ALL
  SELECT format('prepared transaction %s holds back what is dead since %s', gid, prepared) FROM pg_prepared_xacts
  WHERE database = current_database()
    AND prepared < clock_timestamp() - make_interval(secs => :'seconds'::double precision)
  UNION ALL
  SELECT format('replication slot %s holds back what is dead since %s transactions%s', slot_name, age(xmin),
    CASE WHEN active THEN '' ELSE ', and nobody uses it' END) FROM pg_replication_slots
  WHERE xmin IS NOT NULL AND (NOT active OR age(xmin) > :'behind'::integer)
  UNION ALL
  SELECT format('standby %s holds back what is dead since %s transactions (hot_standby_feedback)',
    coalesce(nullif(application_name, ''), host(client_addr), pid::text), age(backend_xmin)) FROM pg_stat_replication
  WHERE age(backend_xmin) > :'behind'::integer
  UNION ALL
  SELECT format('replication slot %s holds back what is dead in the server''s own tables since %s transactions%s',
    slot_name, age(catalog_xmin), CASE WHEN active THEN '' ELSE ', and nobody uses it' END) FROM pg_replication_slots
  WHERE :'own'::boolean AND xmin IS NULL AND catalog_xmin IS NOT NULL
    AND (NOT active OR age(catalog_xmin) > :'behind'::integer)
) AS found
"""
BEHIND = 1_000_000  # transactions; who replicates is never quite up to date


@dataclass(frozen=True)
class Table:
    """One table as the catalog and the statistics have it. `bytes` are with its indexes and its TOAST table.

    `vacuums` and `analyzes` are how often somebody asked for one; a vacuum's TOAST table is counted after the table.
    """

    oid: int
    schema: str
    name: str
    bytes: int
    dead: int
    live: int
    modified: int
    xid_age: int
    freeze_at: int
    vacuum_at: float
    analyze_at: float
    vacuums: int
    analyzes: int


def tables(session: Session) -> list[Table]:
    """Every ordinary table of the database, the server's own among them: those age as well."""
    return [Table(**row) for row in session.json(TABLES) or []]


def holders(session: Session, seconds: float, *, own: bool = False) -> list[str]:
    """Who keeps dead rows from being freed in this database, in words; nobody younger than `seconds`.

    `own`: in the server's own tables.
    """
    return session.json(HOLDERS, seconds=str(seconds), behind=str(BEHIND), own=str(own).lower()) or []
