"""The questions to MySQL 5.7 to 8.4 and MariaDB 10.3 to 11: status, definitions and statistics, never a row.

A query is its key, its columns (a name to an expression) and the rest of it, all on one line: the client tells of an
error by its line.
"""

from __future__ import absolute_import, division, print_function, unicode_literals

SYSTEM = "('information_schema', 'performance_schema', 'mysql', 'sys')"
TABLES_MAX, INDEXES_MAX = 100, 20000
SETTINGS = (
    "version version_comment socket port datadir character_set_server collation_server lower_case_table_names sql_mode"
    " default_storage_engine transaction_isolation tx_isolation max_connections read_only super_read_only server_id"
    " log_bin binlog_format sync_binlog expire_logs_days binlog_expire_logs_seconds innodb_buffer_pool_size"
    " innodb_log_file_size innodb_redo_log_capacity innodb_flush_log_at_trx_commit innodb_file_per_table"
    " innodb_page_size innodb_stats_persistent innodb_stats_auto_recalc slow_query_log long_query_time"
    " performance_schema event_scheduler local_infile require_secure_transport"
).split()
COUNTERS = (
    "Uptime Threads_connected Connections Aborted_connects Connection_errors_max_connections"
    " Innodb_buffer_pool_read_requests Innodb_buffer_pool_reads Created_tmp_tables Created_tmp_disk_tables"
    " Slow_queries Questions Innodb_history_list_length"
).split()
# The comments are read by those servers alone that know the setting; errors of the others are of no concern.
PREPARE = (
    "SET SESSION sql_mode = ''",
    "SET SESSION time_zone = 'SYSTEM'",
    "SET SESSION lock_wait_timeout = 1",
    "SET SESSION group_concat_max_len = 8192",
    "SET SESSION TRANSACTION READ ONLY",
    "/*M!100101 SET SESSION max_statement_time = %(seconds)d */",
    "/*!50708 SET SESSION max_execution_time = %(seconds)d000 */",
    # MySQL 8 else answers with sizes that are up to a day old.
    "/*!80003 SET SESSION information_schema_stats_expiry = 0 */",
)


def names(words):
    return "(%s)" % ", ".join("'%s'" % word for word in words)


def line(key, statement):
    """A statement after a result of its own that bears its key."""
    return "SELECT '%s' AS maintkit; %s;" % (key, statement)


def query(key, columns, rest):
    """QUOTE tells NULL from 'NULL', and keeps what the client's own escapes would leave open."""
    told = ", ".join("QUOTE(%s) AS %s" % (expression, name) for name, expression in columns)
    return line(key, "SELECT %s %s" % (told, rest))


FIRST = [
    query("server", [("now_at", "UNIX_TIMESTAMP()"), ("version", "VERSION()"), ("user", "CURRENT_USER()")], ""),
    line("settings", "SHOW GLOBAL VARIABLES WHERE Variable_name IN %s" % names(SETTINGS)),
    line("status", "SHOW GLOBAL STATUS WHERE Variable_name IN %s" % names(COUNTERS)),
    line("grants", "SHOW GRANTS"),
]

# Of transactions who and how long, never what: a statement in flight holds its literals.
TRANSACTIONS = query(
    "transactions",
    [
        ("pid", "t.trx_mysql_thread_id"),
        ("user", "p.USER"),
        ("db", "p.DB"),
        ("command", "p.COMMAND"),
        ("state", "t.trx_state"),
        ("transaction_s", "TIMESTAMPDIFF(SECOND, t.trx_started, NOW())"),
        ("changed", "t.trx_rows_modified"),
    ],
    "FROM information_schema.INNODB_TRX t LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id"
    " WHERE t.trx_started < NOW() - INTERVAL 1 SECOND AND t.trx_mysql_thread_id <> CONNECTION_ID()"
    " ORDER BY t.trx_started LIMIT 50",
)
HISTORY = query(
    "history", [("length", "COUNT")], "FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'"
)
DATABASES = query(
    "databases",
    [
        ("name", "TABLE_SCHEMA"),
        ("size_bytes", "SUM(COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0))"),
        ("tables", "COUNT(*)"),
    ],
    "FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN %s"
    " GROUP BY TABLE_SCHEMA ORDER BY TABLE_SCHEMA LIMIT 200" % SYSTEM,
)
TABLES = query(
    "tables",
    [
        ("db", "TABLE_SCHEMA"),
        ("name", "TABLE_NAME"),
        ("engine", "ENGINE"),
        ("size_bytes", "DATA_LENGTH + INDEX_LENGTH"),
        ("free_bytes", "DATA_FREE"),
    ],
    "FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN %s"
    " AND DATA_LENGTH IS NOT NULL ORDER BY DATA_LENGTH + INDEX_LENGTH + DATA_FREE DESC LIMIT %d" % (SYSTEM, TABLES_MAX),
)
INDEXES = query(
    "indexes",
    [
        ("db", "TABLE_SCHEMA"),
        ("tbl", "TABLE_NAME"),
        ("name", "INDEX_NAME"),
        ("plain", "MAX(NON_UNIQUE)"),
        ("kind", "MAX(INDEX_TYPE)"),
        ("keys", "GROUP_CONCAT(COALESCE(QUOTE(COLUMN_NAME), '?'), ':', COALESCE(SUB_PART, ''), ':',"
         " COALESCE(COLLATION, '') ORDER BY SEQ_IN_INDEX SEPARATOR 0x0A)"),
    ],
    "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA NOT IN %s"
    " GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME ORDER BY 1, 2, 3 LIMIT %d" % (SYSTEM, INDEXES_MAX),
).replace("AS keys", "AS parts")  # fmt: skip
INDEX_SIZES = query(
    "index_sizes",
    [
        ("db", "database_name"),
        ("tbl", "table_name"),
        ("name", "index_name"),
        ("size_bytes", "stat_value * @@innodb_page_size"),
    ],
    "FROM mysql.innodb_index_stats WHERE stat_name = 'size' AND index_name <> 'PRIMARY'"
    " ORDER BY stat_value DESC LIMIT 2000",
)
TABLE_STATS = query(
    "table_stats",
    [("db", "database_name"), ("tbl", "table_name"), ("at", "UNIX_TIMESTAMP(last_update)")],
    "FROM mysql.innodb_table_stats ORDER BY clustered_index_size + sum_of_other_index_sizes DESC LIMIT 2000",
)
UNUSED = query(
    "unused",
    [("db", "OBJECT_SCHEMA"), ("tbl", "OBJECT_NAME"), ("name", "INDEX_NAME")],
    "FROM performance_schema.table_io_waits_summary_by_index_usage WHERE INDEX_NAME IS NOT NULL"
    " AND INDEX_NAME <> 'PRIMARY' AND COUNT_STAR = 0 AND OBJECT_SCHEMA NOT IN %s LIMIT %d" % (SYSTEM, INDEXES_MAX),
)
# Digests as the server normalises them; the example that MySQL 8 keeps beside each is not asked for.
STATEMENTS = query(
    "statements",
    [
        ("id", "DIGEST"),
        ("db", "SCHEMA_NAME"),
        ("calls", "COUNT_STAR"),
        ("ms", "SUM_TIMER_WAIT / 1000000000"),
        ("text", "LEFT(DIGEST_TEXT, 600)"),
    ],
    "FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST IS NOT NULL"
    " ORDER BY SUM_TIMER_WAIT DESC LIMIT 5",
)


def second(maria, version, watching):
    """What is asked once it is known who answers; `watching`: performance_schema is on."""
    asked = [TRANSACTIONS, HISTORY, blocks(maria, version), channels(maria, version)]
    asked += [DATABASES, TABLES, INDEXES, INDEX_SIZES, TABLE_STATS, shared(maria, version)]
    return asked + ([UNUSED, STATEMENTS] if watching else [])


def blocks(maria, version):
    """How many transactions wait for one of a connection."""
    if maria or version < (8, 0):
        waits = "information_schema.INNODB_LOCK_WAITS w JOIN information_schema.INNODB_TRX t ON t.trx_id"
        waiting, by = "w.requesting_trx_id", "w.blocking_trx_id"
    else:
        waits = "performance_schema.data_lock_waits w JOIN information_schema.INNODB_TRX t ON t.trx_id"
        waiting, by = "w.REQUESTING_ENGINE_TRANSACTION_ID", "w.BLOCKING_ENGINE_TRANSACTION_ID"
    columns = [("pid", "t.trx_mysql_thread_id"), ("waiting", "COUNT(DISTINCT %s)" % waiting)]
    return query("blocks", columns, "FROM %s = %s GROUP BY t.trx_mysql_thread_id LIMIT 50" % (waits, by))


def channels(maria, version):
    """Replication as this server receives it, a row a channel."""
    if maria:
        return line("channels", "SHOW ALL SLAVES STATUS")
    return line("channels", "SHOW REPLICA STATUS" if version >= (8, 0, 22) else "SHOW SLAVE STATUS")


def shared(maria, version):
    """Tables that have no tablespace of their own: what is free there is not theirs."""
    where = (
        "information_schema.INNODB_TABLES"
        if not maria and version >= (8, 0)
        else "information_schema.INNODB_SYS_TABLES"
    )
    apart = "SPACE = 0" if maria or version < (5, 7) else "SPACE_TYPE <> 'Single'"
    return query("shared", [("name", "NAME")], "FROM %s WHERE %s AND NAME LIKE '%%/%%' LIMIT 2000" % (where, apart))
