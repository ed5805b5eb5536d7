"""The questions to MySQL 5.7 to 8.4 and MariaDB 10.3 to 11: status, definitions and statistics, never a row.

A query is its key, its columns (a name to an expression) and the rest of it, all on one line: the client tells of an
error by its line.
"""

from __future__ import absolute_import, division, print_function, unicode_literals

MY_SYSTEM = "('information_schema', 'performance_schema', 'mysql', 'sys')"
MY_TABLES_MAX, MY_INDEXES_MAX = 100, 20000
MY_SETTINGS = (
    "version version_comment socket port datadir character_set_server collation_server lower_case_table_names sql_mode"
    " default_storage_engine transaction_isolation tx_isolation max_connections read_only super_read_only server_id"
    " log_bin binlog_format sync_binlog expire_logs_days binlog_expire_logs_seconds innodb_buffer_pool_size"
    " innodb_log_file_size innodb_redo_log_capacity innodb_flush_log_at_trx_commit innodb_file_per_table"
    " innodb_page_size innodb_stats_persistent innodb_stats_auto_recalc slow_query_log long_query_time"
    " performance_schema event_scheduler local_infile require_secure_transport aria_pagecache_buffer_size"
    " binlog_cache_size innodb_doublewrite innodb_log_buffer_size innodb_log_files_in_group join_buffer_size"
    " key_buffer_size max_heap_table_size query_cache_size query_cache_type read_buffer_size read_rnd_buffer_size"
    " sort_buffer_size table_open_cache thread_stack tmp_table_size"
).split()
MY_COUNTERS = (
    "Uptime Threads_connected Max_used_connections Open_tables Connections Aborted_connects"
    " Connection_errors_max_connections Innodb_buffer_pool_read_requests Innodb_buffer_pool_reads"
    " Created_tmp_tables Created_tmp_disk_tables Slow_queries Questions Opened_tables Innodb_os_log_written"
    " Innodb_log_waits Innodb_history_list_length"
).split()
# The comments are read by those servers alone that know the setting; errors of the others are of no concern.
MY_PREPARE = (
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


def in_list(words):
    return "(%s)" % ", ".join("'%s'" % word for word in words)


def keyed(key, statement):
    """A statement after a result of its own that bears its key."""
    return "SELECT '%s' AS maintkit; %s;" % (key, statement)


def quoted_query(key, columns, rest):
    """QUOTE tells NULL from 'NULL', and keeps what the client's own escapes would leave open."""
    told = ", ".join("QUOTE(%s) AS %s" % (expression, name) for name, expression in columns)
    return keyed(key, "SELECT %s %s" % (told, rest))


MY_FIRST = [
    quoted_query("server", [("now_at", "UNIX_TIMESTAMP()"), ("version", "VERSION()"), ("user", "CURRENT_USER()")], ""),
    keyed("settings", "SHOW GLOBAL VARIABLES WHERE Variable_name IN %s" % in_list(MY_SETTINGS)),
    keyed("status", "SHOW GLOBAL STATUS WHERE Variable_name IN %s" % in_list(MY_COUNTERS)),
    keyed("grants", "SHOW GRANTS"),
]

# Of transactions who and how long, never what: a statement in flight holds its literals.
MY_TRANSACTIONS = quoted_query(
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
MY_HISTORY = quoted_query(
    "history", [("length", "COUNT")], "FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'"
)
MY_DATABASES = quoted_query(
    "databases",
    [
        ("name", "TABLE_SCHEMA"),
        ("size_bytes", "SUM(COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0))"),
        ("tables", "COUNT(*)"),
    ],
    "FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN %s"
    " GROUP BY TABLE_SCHEMA ORDER BY TABLE_SCHEMA LIMIT 200" % MY_SYSTEM,
)
MY_TABLES = quoted_query(
    "tables",
    [
        ("db", "TABLE_SCHEMA"),
        ("name", "TABLE_NAME"),
        ("engine", "ENGINE"),
        ("size_bytes", "DATA_LENGTH + INDEX_LENGTH"),
        ("free_bytes", "DATA_FREE"),
    ],
    "FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN %s"
    " AND DATA_LENGTH IS NOT NULL ORDER BY DATA_LENGTH + INDEX_LENGTH + DATA_FREE DESC LIMIT %d"
    % (MY_SYSTEM, MY_TABLES_MAX),
)
INDEX_PARTS = (
    "GROUP_CONCAT(COALESCE(QUOTE(COLUMN_NAME), '?'), ':', COALESCE(SUB_PART, ''), ':', COALESCE(COLLATION, '')"
    " ORDER BY SEQ_IN_INDEX SEPARATOR 0x0A)"
)
MY_INDEXES = quoted_query(
    "indexes",
    [
        ("db", "TABLE_SCHEMA"),
        ("tbl", "TABLE_NAME"),
        ("name", "INDEX_NAME"),
        ("plain", "MAX(NON_UNIQUE)"),
        ("kind", "MAX(INDEX_TYPE)"),
        ("parts", INDEX_PARTS),
    ],
    "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA NOT IN %s"
    " GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME ORDER BY 1, 2, 3 LIMIT %d" % (MY_SYSTEM, MY_INDEXES_MAX),
)
# A foreign key needs an index that begins with its columns, whether a query uses it or not.
MY_FOREIGN_KEYS = quoted_query(
    "foreign_keys",
    [
        ("db", "TABLE_SCHEMA"),
        ("tbl", "TABLE_NAME"),
        ("name", "CONSTRAINT_NAME"),
        ("parts", "GROUP_CONCAT(QUOTE(COLUMN_NAME) ORDER BY ORDINAL_POSITION SEPARATOR 0x0A)"),
    ],
    "FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA NOT IN %s"
    " GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME LIMIT %d" % (MY_SYSTEM, MY_INDEXES_MAX),
)
MY_INDEX_SIZES = quoted_query(
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
MY_TABLE_STATS = quoted_query(
    "table_stats",
    [("db", "database_name"), ("tbl", "table_name"), ("at", "UNIX_TIMESTAMP(last_update)")],
    "FROM mysql.innodb_table_stats ORDER BY clustered_index_size + sum_of_other_index_sizes DESC LIMIT 2000",
)
MY_UNUSED = quoted_query(
    "unused",
    [("db", "OBJECT_SCHEMA"), ("tbl", "OBJECT_NAME"), ("name", "INDEX_NAME")],
    "FROM performance_schema.table_io_waits_summary_by_index_usage WHERE INDEX_NAME IS NOT NULL"
    " AND INDEX_NAME <> 'PRIMARY' AND COUNT_STAR = 0 AND OBJECT_SCHEMA NOT IN %s LIMIT %d"
    % (MY_SYSTEM, MY_INDEXES_MAX),
)
# Digests as the server normalises them; the example that MySQL 8 keeps beside each is not asked for, and what the
# inspections themselves ask is left out.
MY_DIGESTS = "performance_schema.events_statements_summary_by_digest WHERE DIGEST IS NOT NULL"
MY_DIGEST_COLUMNS = [
    ("id", "DIGEST"),
    ("db", "SCHEMA_NAME"),
    ("calls", "COUNT_STAR"),
    ("ms", "SUM_TIMER_WAIT / 1000000000"),
    ("rows_examined", "SUM_ROWS_EXAMINED"),
    ("rows_sent", "SUM_ROWS_SENT"),
    ("no_index", "SUM_NO_INDEX_USED"),
    ("temp_disk", "SUM_CREATED_TMP_DISK_TABLES"),
    ("text", "LEFT(DIGEST_TEXT, 600)"),
]


def digests_query(key, order, most):
    """The first digests in this order."""
    rest = "FROM %s AND DIGEST_TEXT NOT LIKE '%%QUOTE (%%' ORDER BY %s DESC LIMIT %d" % (MY_DIGESTS, order, most)
    return quoted_query(key, MY_DIGEST_COLUMNS, rest)


MY_STATEMENTS = [
    digests_query("statements", "SUM_TIMER_WAIT", 10),
    digests_query("scanning", "IF(SUM_NO_INDEX_USED > 0, SUM_ROWS_EXAMINED, 0)", 5),
    digests_query("spilling", "SUM_CREATED_TMP_DISK_TABLES", 5),
    quoted_query("statements_total", [("ms", "SUM(SUM_TIMER_WAIT) / 1000000000")], "FROM " + MY_DIGESTS),
]


def my_second(maria, version, watching):
    """What is asked once it is known who answers; `watching`: performance_schema is on."""
    asked = [MY_TRANSACTIONS, MY_HISTORY, blocks_query(maria, version), channels_query(maria, version)]
    asked += [MY_DATABASES, MY_TABLES, MY_INDEXES, MY_FOREIGN_KEYS, MY_INDEX_SIZES, MY_TABLE_STATS]
    asked += [shared_query(maria, version)]
    return asked + ([MY_UNUSED] + MY_STATEMENTS if watching else [])


def blocks_query(maria, version):
    """How many transactions wait for one of a connection."""
    if maria or version < (8, 0):
        waits = "information_schema.INNODB_LOCK_WAITS w JOIN information_schema.INNODB_TRX t ON t.trx_id"
        waiting, by = "w.requesting_trx_id", "w.blocking_trx_id"
    else:
        waits = "performance_schema.data_lock_waits w JOIN information_schema.INNODB_TRX t ON t.trx_id"
        waiting, by = "w.REQUESTING_ENGINE_TRANSACTION_ID", "w.BLOCKING_ENGINE_TRANSACTION_ID"
    columns = [("pid", "t.trx_mysql_thread_id"), ("waiting", "COUNT(DISTINCT %s)" % waiting)]
    return quoted_query("blocks", columns, "FROM %s = %s GROUP BY t.trx_mysql_thread_id LIMIT 50" % (waits, by))


def channels_query(maria, version):
    """Replication as this server receives it, a row a channel."""
    if maria:
        return keyed("channels", "SHOW ALL SLAVES STATUS")
    return keyed("channels", "SHOW REPLICA STATUS" if version >= (8, 0, 22) else "SHOW SLAVE STATUS")


def shared_query(maria, version):
    """Tables that have no tablespace of their own: what is free there is not theirs."""
    where = "INNODB_TABLES" if not maria and version >= (8, 0) else "INNODB_SYS_TABLES"
    apart = "SPACE = 0" if maria or version < (5, 7) else "SPACE_TYPE <> 'Single'"
    rest = "FROM information_schema.%s WHERE %s AND NAME LIKE '%%/%%' LIMIT 2000" % (where, apart)
    return quoted_query("shared", [("name", "NAME")], rest)
