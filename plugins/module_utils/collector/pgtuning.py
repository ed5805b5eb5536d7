"""What PostgreSQL is set to, and how its larger tables are read: what advice on queries and settings is made of."""

from __future__ import absolute_import, division, print_function, unicode_literals

from .pgqueries import lines_of
from .pgtables import OWN

PG_SETTINGS = (
    "autovacuum autovacuum_max_workers autovacuum_vacuum_scale_factor autovacuum_work_mem block_size"
    " checkpoint_completion_target checkpoint_timeout config_file data_directory effective_cache_size fsync"
    " full_page_writes hash_mem_multiplier huge_pages log_min_duration_statement maintenance_work_mem max_connections"
    " max_wal_size port random_page_cost seq_page_cost shared_buffers shared_memory_size_in_huge_pages"
    " synchronous_commit unix_socket_directories work_mem"
).split()
# What comes from a file of the server's is told; of the rest (command line, default, role) that it does.
SETTINGS_QUERY = lines_of(
    "settings",
    "SELECT name, setting, unit, source, sourcefile, context FROM pg_settings"
    " WHERE name = ANY (string_to_array('%s', ' ')) ORDER BY name" % " ".join(PG_SETTINGS),
)
# Tables of 8 MiB or more: the largest, and those of which most rows were read one after the other.
ACTIVITY_QUERY = lines_of(
    "activity",
    """
SELECT name, pg_table_size(oid) AS size_bytes, live, dead, seq_scan, seq_tup_read, idx_scan, vacuum_scale
FROM (
  SELECT c.oid, n.nspname || '.' || c.relname AS name, s.n_dead_tup AS dead, s.seq_scan,
         greatest(s.n_live_tup, c.reltuples::bigint, 0) AS live, s.seq_tup_read, coalesce(s.idx_scan, 0) AS idx_scan,
         (SELECT max(option_value)::float8 FROM pg_options_to_table(c.reloptions)
          WHERE option_name = 'autovacuum_vacuum_scale_factor') AS vacuum_scale,
         row_number() OVER (ORDER BY c.relpages DESC) AS by_size,
         row_number() OVER (ORDER BY s.seq_tup_read DESC) AS by_reads
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_user_tables s ON s.relid = c.oid
  WHERE c.relkind IN ('r', 'm') AND c.relpages >= 1024 AND %s) t
WHERE by_size <= 20 OR by_reads <= 20 ORDER BY seq_tup_read DESC
"""
    % OWN,
)
