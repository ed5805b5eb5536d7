"""The questions to one database of PostgreSQL: its tables, sequences, keys and indexes, told like the others."""

from __future__ import absolute_import, division, print_function, unicode_literals

from .pgqueries import lines_of, name_quoted

OWN = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
EXTENSIONS = """
SELECT e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname IN ('pg_stat_statements', 'pgstattuple')
"""
SIZES = (
    """
SELECT n.nspname || '.' || c.relname AS name, pg_total_relation_size(c.oid) AS size_bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND %s ORDER BY c.relpages DESC LIMIT 20
"""
    % OWN
)
# The table's own storage options stand over the server's settings, as autovacuum reads them.
VACUUM = """
SELECT * FROM (
  SELECT s.schemaname || '.' || s.relname AS name, s.n_dead_tup AS dead, s.n_live_tup AS live,
         coalesce(o.least, current_setting('autovacuum_vacuum_threshold')::float8)
           + coalesce(o.scale, current_setting('autovacuum_vacuum_scale_factor')::float8)
             * greatest(c.reltuples, 0) AS threshold,
         coalesce(o.on_table, true) AS autovacuum,
         extract(epoch FROM greatest(s.last_vacuum, s.last_autovacuum))::float8 AS vacuumed_at
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
  CROSS JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold')::float8 AS least,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor')::float8 AS scale,
           bool_and(option_value::bool) FILTER (WHERE option_name = 'autovacuum_enabled') AS on_table
    FROM pg_options_to_table(c.reloptions)) o) t
WHERE dead > 1000 AND dead > threshold ORDER BY dead / greatest(threshold, 1) DESC LIMIT 50
"""
STATISTICS = """
SELECT schemaname || '.' || relname AS name, n_live_tup AS live, n_mod_since_analyze AS modified,
       extract(epoch FROM greatest(last_analyze, last_autoanalyze))::float8 AS analyzed_at
FROM pg_stat_user_tables WHERE n_live_tup >= 10000 AND n_mod_since_analyze > n_live_tup * 0.2
ORDER BY n_mod_since_analyze DESC LIMIT 50
"""
# A sequence whose last value is hidden is counted, not taken for one that was never used.
SEEN_SEQUENCES = """
SELECT c.oid, q.schemaname || '.' || q.sequencename AS name, q.data_type::text AS type, q.cycle,
       has_sequence_privilege(c.oid, 'USAGE, SELECT') AS readable, q.last_value,
       CASE WHEN q.last_value IS NULL THEN 0 ELSE 100 * (CASE WHEN q.increment_by > 0
            THEN q.last_value::numeric - q.min_value ELSE q.max_value::numeric - q.last_value END)
            / greatest(q.max_value::numeric - q.min_value, 1) END::float8 AS used_percent
FROM pg_sequences q JOIN pg_namespace n ON n.nspname = q.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = q.sequencename
"""
SEQUENCES = (
    """
SELECT name, type, last_value, used_percent FROM (%s) q
WHERE readable AND NOT cycle AND used_percent > 25 ORDER BY used_percent DESC LIMIT 50
"""
    % SEEN_SEQUENCES
)
INTEGER_KEYS = (
    """
SELECT n.nspname || '.' || t.relname || '.' || a.attname AS name, format_type(a.atttypid, NULL) AS type,
       t.oid AS table_oid, a.attnum, CASE a.atttypid WHEN 21 THEN 32767 ELSE 2147483647 END AS most
FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1]
WHERE k.contype = 'p' AND cardinality(k.conkey) = 1 AND a.atttypid IN (21, 23) AND %s
"""
    % OWN
)
KEYS = """
SELECT k.name, k.type, q.last_value, (100.0 * coalesce(q.last_value, 0) / k.most)::float8 AS used_percent
FROM (%s) k
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = k.table_oid AND d.refobjsubid = k.attnum
  AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN (%s) q ON q.oid = d.objid
WHERE q.readable AND coalesce(q.last_value, 0) > k.most * 0.25 ORDER BY 4 DESC LIMIT 50
""" % (INTEGER_KEYS, SEEN_SEQUENCES)
COUNTS = """
SELECT (SELECT count(*) FROM (%s) q) AS sequences_seen,
       (SELECT count(*) FROM (%s) q WHERE NOT readable) AS sequences_hidden,
       (SELECT count(*) FROM (%s) k) AS integer_keys
""" % (SEEN_SEQUENCES, SEEN_SEQUENCES, INTEGER_KEYS)
# What is needed though no query uses it: by a foreign key of its table, by an extension, as the order of CLUSTER.
NEEDED = """(y.indisclustered OR y.indisreplident
    OR EXISTS (SELECT FROM pg_depend d WHERE d.objid = y.indexrelid AND d.classid = 'pg_class'::regclass
               AND d.deptype = 'e')
    OR y.indpred IS NULL AND EXISTS (
      SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = y.indrelid
        AND k.conkey @> (string_to_array(y.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)]
        AND k.conkey <@ (string_to_array(y.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)]))"""
# A longer B-tree that begins with all of this one does all that it does; what is unique or constrained does more.
PREFIX = """(SELECT min(e.indexrelid::regclass::text) FROM pg_index e
    WHERE e.indrelid = y.indrelid AND e.indexrelid <> y.indexrelid AND e.indisvalid AND y.indisvalid
      AND NOT y.indisunique AND NOT y.indisclustered AND y.indexprs IS NULL AND e.indnkeyatts > y.indnkeyatts
      AND y.indnatts = y.indnkeyatts
      AND e.indkey::text LIKE y.indkey::text || ' %' AND e.indclass::text LIKE y.indclass::text || ' %'
      AND e.indcollation::text LIKE y.indcollation::text || ' %'
      AND e.indoption::text LIKE y.indoption::text || ' %'
      AND coalesce(pg_get_expr(e.indpred, e.indrelid), '') = coalesce(pg_get_expr(y.indpred, y.indrelid), '')
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = y.indexrelid)
      AND EXISTS (SELECT FROM pg_class b JOIN pg_am a ON a.oid = b.relam
                  WHERE b.oid = y.indexrelid AND a.amname = 'btree'))"""
# An index that is being built is invalid too: that is no fault. Of twins the one without a constraint is told.
INDEXES = """
SELECT n.nspname || '.' || i.relname AS name, n.nspname || '.' || t.relname AS "table",
       pg_relation_size(i.oid) AS size_bytes, x.indisvalid AS valid, x.indisready AS ready, x.twin_of,
       CASE WHEN x.twin_of IS NULL THEN x.prefix_of END AS prefix_of, i.relispartition AS attached,
       x.indisvalid AND s.idx_scan = 0 AND NOT x.indisunique AND NOT x.constrained AND NOT x.needed
         AND NOT i.relispartition AS unused
FROM (
  SELECT y.*, %s AS needed, %s AS prefix_of,
         EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = y.indexrelid AND k.contype IN ('p', 'u', 'x'))
           AS constrained,
         (SELECT min(e.indexrelid::regclass::text) FROM pg_index e
          WHERE e.indrelid = y.indrelid AND e.indexrelid <> y.indexrelid AND e.indisvalid AND y.indisvalid
            AND e.indkey::text = y.indkey::text AND e.indclass::text = y.indclass::text
            AND e.indcollation::text = y.indcollation::text AND e.indoption::text = y.indoption::text
            AND coalesce(pg_get_expr(e.indexprs, e.indrelid), '') = coalesce(pg_get_expr(y.indexprs, y.indrelid), '')
            AND coalesce(pg_get_expr(e.indpred, e.indrelid), '') = coalesce(pg_get_expr(y.indpred, y.indrelid), '')
            AND (NOT y.indisunique OR e.indisunique) AND NOT y.indisreplident
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = y.indexrelid)
            AND (e.indexrelid < y.indexrelid OR e.indisunique AND NOT y.indisunique
                 OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = e.indexrelid))) AS twin_of
  FROM pg_index y) x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = x.indexrelid
WHERE i.relkind = 'i' AND %s
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = x.indexrelid)
  AND (NOT x.indisvalid OR x.twin_of IS NOT NULL OR x.prefix_of IS NOT NULL AND NOT i.relispartition
       OR s.idx_scan = 0 AND NOT x.indisunique AND NOT x.constrained AND pg_relation_size(i.oid) >= 1048576)
ORDER BY x.indisvalid, 3 DESC LIMIT 100
""" % (NEEDED, PREFIX, OWN)
FOREIGN_KEYS = (
    """
SELECT k.conname AS name, n.nspname || '.' || t.relname AS "table", k.confrelid::regclass::text AS parent,
       pg_table_size(t.oid) AS table_bytes,
       (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY p.place)
        FROM unnest(k.conkey) WITH ORDINALITY p(attnum, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum) AS columns
FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND pg_table_size(t.oid) >= 1048576 AND %s AND NOT EXISTS (
  SELECT FROM pg_index x WHERE x.indrelid = k.conrelid AND x.indisvalid AND x.indpred IS NULL
    AND k.conkey @> (string_to_array(x.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)]
    AND k.conkey <@ (string_to_array(x.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)])
ORDER BY 4 DESC LIMIT 50
"""
    % OWN
)
DATABASE_QUERIES = [
    lines_of("counts", COUNTS),
    lines_of("extension", EXTENSIONS),
    lines_of("tables", SIZES),
    lines_of("vacuum", VACUUM),
    lines_of("statistics", STATISTICS),
    lines_of("sequences", SEQUENCES),
    lines_of("keys", KEYS),
    lines_of("indexes", INDEXES),
    lines_of("foreign_keys", FOREIGN_KEYS),
]


def bloat_query(schema):
    """Measured density of the five largest B-trees of 1 to 256 MiB, and the fill factor that they were built with."""
    return lines_of(
        "bloat",
        """
SELECT b.name, b.size_bytes, b.fillfactor, m.avg_leaf_density::float8 AS leaf_density
FROM (
  SELECT i.oid, n.nspname || '.' || i.relname AS name, pg_relation_size(i.oid) AS size_bytes,
         coalesce((SELECT option_value::int FROM pg_options_to_table(i.reloptions)
                   WHERE option_name = 'fillfactor'), 90) AS fillfactor
  FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_am a ON a.oid = i.relam
  JOIN pg_namespace n ON n.oid = i.relnamespace
  WHERE a.amname = 'btree' AND x.indisvalid AND i.relkind = 'i' AND i.relpersistence = 'p' AND %s
    AND pg_relation_size(i.oid) BETWEEN 1048576 AND 268435456
  ORDER BY 3 DESC LIMIT 5) b CROSS JOIN LATERAL %s.pgstatindex(b.oid::regclass) m
"""
        % (OWN, name_quoted(schema)),
    )
