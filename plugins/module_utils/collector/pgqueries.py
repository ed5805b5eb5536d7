"""The questions to PostgreSQL 13 to 17: catalogs and statistics only, each row a key, a tab and one JSON object."""

from __future__ import absolute_import, division, print_function, unicode_literals


def lines_of(key, query):
    """`query` with each row as a line of its own: json_agg would break lines."""
    return "SELECT '%s' || chr(9) || row_to_json(told) FROM (%s) AS told" % (key, query)


SEES_ALL = "pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
SERVER = (
    """
SELECT current_setting('server_version_num')::int AS version_num, pg_is_in_recovery() AS in_recovery,
       extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at,
       extract(epoch FROM clock_timestamp())::float8 AS now_at, %s AS sees_all,
       pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS sees_settings,
       current_setting('max_connections')::int AS max_connections,
       (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL
        AND coalesce(backend_type, 'client backend') = 'client backend') AS connections,
       current_setting('data_checksums') = 'on' AS data_checksums,
       current_setting('autovacuum') = 'on' AS autovacuum,
       current_setting('archive_mode') = 'always'
         OR current_setting('archive_mode') = 'on' AND NOT pg_is_in_recovery() AS archiving,
       has_function_privilege(to_regprocedure('pg_ls_archive_statusdir()'), 'EXECUTE') AS sees_archive
"""
    % SEES_ALL
)
# Where nobody reset them, statistics reach back at least to the start of the server.
DATABASES = (
    """
SELECT d.datname AS name, age(d.datfrozenxid) AS xid_age, mxid_age(d.datminmxid) AS mxid_age,
       d.datallowconn AND NOT d.datistemplate AND has_database_privilege(d.oid, 'CONNECT') AS may_connect,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR %s THEN pg_database_size(d.oid) END AS size_bytes,
       s.blks_hit, s.blks_read, s.temp_files, s.temp_bytes, s.deadlocks, s.checksum_failures,
       extract(epoch FROM s.stats_reset)::float8 AS stats_reset_at,
       extract(epoch FROM coalesce(s.stats_reset, greatest(pg_postmaster_start_time(), a.stats_reset)))::float8
         AS stats_since_at
FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid CROSS JOIN pg_stat_archiver a
ORDER BY d.datname LIMIT 100
"""
    % SEES_ALL
)
# Of sessions who and how long, never what: a statement in flight holds its literals.
TRANSACTIONS = """
SELECT a.pid, a.datname AS database, a.usename AS "user", a.state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s,
       extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_s,
       (SELECT count(*) FROM pg_stat_activity b
        WHERE b.wait_event_type = 'Lock' AND a.pid = ANY (pg_blocking_pids(b.pid))) AS blocks
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.xact_start < clock_timestamp() - interval '1 s'
ORDER BY a.xact_start LIMIT 50
"""
PREPARED = """
SELECT left(gid, 60) AS name, database, extract(epoch FROM clock_timestamp() - prepared)::float8 AS age_s
FROM pg_prepared_xacts ORDER BY prepared LIMIT 50
"""
HERE_LSN = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END"
REPLICAS = (
    """
SELECT application_name AS name, client_addr::text AS address, state, sync_state,
       pg_wal_lsn_diff(%s, coalesce(replay_lsn, flush_lsn, write_lsn, sent_lsn))::bigint AS lag_bytes
FROM pg_stat_replication ORDER BY pid LIMIT 50
"""
    % HERE_LSN
)
SLOTS = (
    """
SELECT slot_name AS name, slot_type AS kind, database, active, temporary, wal_status,
       pg_wal_lsn_diff(%s, restart_lsn)::bigint AS retained_bytes
FROM pg_replication_slots ORDER BY slot_name LIMIT 50
"""
    % HERE_LSN
)
STANDBY = """
SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint AS replay_lag_bytes,
       (SELECT status FROM pg_stat_wal_receiver) AS receiver
WHERE pg_is_in_recovery()
"""
ARCHIVER = (
    """
SELECT archived_count AS archived, failed_count AS failed, last_failed_wal, last_archived_wal,
       pg_wal_lsn_diff(%s, '0/0')::bigint AS wal_bytes,
       pg_size_bytes(current_setting('wal_segment_size')) AS segment_bytes,
       extract(epoch FROM last_archived_time)::float8 AS last_archived_at,
       extract(epoch FROM last_failed_time)::float8 AS last_failed_at,
       extract(epoch FROM stats_reset)::float8 AS stats_reset_at
FROM pg_stat_archiver
"""
    % HERE_LSN
)
# The server marks a file when it is finished, and takes the mark away when it is archived.
WAITING = lines_of(
    "waiting",
    "SELECT count(*) AS waiting, extract(epoch FROM min(modification))::float8 AS oldest_at"
    " FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'",
)
PENDING = "SELECT name FROM pg_settings WHERE pending_restart ORDER BY name LIMIT 50"
INSTANCE_QUERIES = [
    lines_of("server", SERVER),
    lines_of("database", DATABASES),
    lines_of("transactions", TRANSACTIONS),
    lines_of("prepared", PREPARED),
    lines_of("replicas", REPLICAS),
    lines_of("slots", SLOTS),
    lines_of("standby", STANDBY),
    lines_of("archiver", ARCHIVER),
    lines_of("pending_restart", PENDING),
]


def checkpoints_query(version_num):
    """Checkpoints by their cause; PostgreSQL 17 moved them to a view of their own."""
    names = ("checkpoints_timed", "checkpoints_req", "pg_stat_bgwriter")
    if version_num >= 170000:
        names = ("num_timed", "num_requested", "pg_stat_checkpointer")
    since = "extract(epoch FROM stats_reset)::float8 AS stats_reset_at"
    return lines_of("checkpoints", "SELECT %s AS timed, %s AS requested, " % names[:2] + since + " FROM " + names[2])


def statements_query(schema, version):
    """(top statements, since when they are counted) for this version of the extension, which may be an old one."""
    view = name_quoted(schema) + ".pg_stat_statements"
    parts = [int(part) for part in version.split(".") if part.isdigit()]
    took = "total_exec_time" if parts >= [1, 8] else "total_time"
    since = "(SELECT stats_reset FROM %s_info)" % view if parts >= [1, 9] else "NULL::timestamptz"
    # Of a statement that several users run, one line; what the inspections themselves ask is left out.
    query = """
SELECT id, database, calls, ms, total_ms, rows, blks_hit, blks_read, temp_blks, query
FROM (
  SELECT t.*, row_number() OVER (ORDER BY ms DESC) AS by_time,
         row_number() OVER (ORDER BY CASE WHEN calls >= 20 THEN ms / calls ELSE 0 END DESC) AS by_mean,
         row_number() OVER (ORDER BY blks_hit + blks_read DESC) AS by_blocks,
         row_number() OVER (ORDER BY temp_blks DESC) AS by_temp
  FROM (
    SELECT s.queryid::text AS id, d.datname AS database, sum(s.calls)::bigint AS calls, sum(s.%s) AS ms,
           sum(sum(s.%s)) OVER () AS total_ms, sum(s.rows)::bigint AS rows,
           sum(s.shared_blks_hit)::bigint AS blks_hit, sum(s.shared_blks_read)::bigint AS blks_read,
           sum(s.temp_blks_read + s.temp_blks_written)::bigint AS temp_blks, left(min(s.query), 2000) AS query
    FROM %s s LEFT JOIN pg_database d ON d.oid = s.dbid
    WHERE coalesce(s.query, '') NOT LIKE '%%row_to_json(told)%%' GROUP BY s.queryid, d.datname) t) t
WHERE by_time <= 10 OR by_mean <= 5 OR by_blocks <= 5 OR by_temp <= 5 AND temp_blks > 0 ORDER BY ms DESC
""" % (took, took, view)
    return lines_of("statement", query), lines_of("since", "SELECT extract(epoch FROM %s)::float8 AS since_at" % since)


def name_quoted(name):
    """A name of the database as SQL writes it."""
    return '"%s"' % name.replace('"', '""')
