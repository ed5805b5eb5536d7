"""What a database holds, in a few digests that leave no patient's data: compared between source and copy.

A table's digest is of the sum of the 64-bit hashes of its rows as text: the same in any order, read without a lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

# Unlogged and temporary tables are empty after any recovery, foreign ones lie elsewhere, and materialised views cannot
# be locked against being refreshed. Large objects are rows of two tables of the catalog, whoever may lock those.
TABLES = """
SELECT coalesce(jsonb_agg(jsonb_build_object('table', n.nspname || '.' || c.relname,
                                             'bytes', pg_table_size(c.oid)) ORDER BY n.nspname, c.relname), '[]')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      OR c.oid IN ('pg_catalog.pg_largeobject'::regclass, 'pg_catalog.pg_largeobject_metadata'::regclass)
         AND pg_relation_size(c.oid) > 0
         AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'UPDATE')
"""
DATABASES = """
SELECT coalesce(jsonb_agg(datname ORDER BY datname), '[]') FROM pg_database WHERE datallowconn AND NOT datistemplate
"""
# The alias is one that no column is called, and `.*` asks for the row even if one were.
ROWS = """
SELECT format('SELECT jsonb_build_object(''table'', %L, ''rows'', count(*), ''digest'', '
              'md5(coalesce(sum(hashtextextended(("maintkit row".*)::text COLLATE "C", 0)::numeric), 0)::text)) '
              'FROM ONLY %I.%I AS "maintkit row"',
              n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname || '.' || c.relname = :'wanted' AND c.relkind = 'r' \\gexec
"""
NOT_OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# What the catalog says, a query a kind; each gives lines of text that name everything by name and nothing by OID.
CATALOG: Mapping[str, str] = {
    "relations": f"""SELECT concat_ws(' ', c.relkind, c.relpersistence, n.nspname, c.relname,
        pg_get_userbyid(c.relowner), c.relacl::text, c.reloptions::text,
        CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END) AS line
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {NOT_OURS} AND c.relkind <> 't'""",
    "columns": f"""SELECT concat_ws(' ', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) AS line
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {NOT_OURS} AND a.attnum > 0 AND NOT a.attisdropped""",
    "indexes": f"""SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid) AS line
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {NOT_OURS}""",
    "constraints": f"""SELECT concat_ws(' ', n.nspname, o.conrelid::regclass, o.conname,
        pg_get_constraintdef(o.oid)) AS line
        FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace WHERE {NOT_OURS}""",
    "functions": f"""SELECT concat_ws(' ', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
        p.prosrc) AS line
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {NOT_OURS}""",
    "triggers": f"""SELECT pg_get_triggerdef(t.oid) AS line
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {NOT_OURS} AND NOT t.tgisinternal""",
    "extensions": "SELECT concat_ws(' ', extname, extversion) AS line FROM pg_extension",
    "roles": """SELECT concat_ws(' ', r.rolname, r.rolsuper, r.rolcanlogin, r.rolreplication,
        (SELECT string_agg(pg_get_userbyid(m.roleid), ',' ORDER BY 1) FROM pg_auth_members m WHERE m.member = r.oid))
        AS line FROM pg_roles r""",
    "databases": """SELECT concat_ws(' ', datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding)) AS line
        FROM pg_database""",
}


def databases(session: Session, wanted: Sequence[str]) -> list[str]:
    """The databases to look into: the wanted ones, else all; Refused names one that is not there."""
    there = session.json(DATABASES)
    missing = sorted(set(wanted) - set(there))
    if missing:
        raise Refused(f"there is no database {', '.join(missing)}: the server has {', '.join(there)}")
    return list(wanted) or there


def tables(session: Session, wanted: Sequence[str]) -> list[str]:
    """The tables to read, as schema.table: the wanted ones that this database has, else all."""
    there = [one["table"] for one in session.json(TABLES)]
    return [one for one in there if one in wanted] if wanted else there


def digests(session: Session, names: Iterable[str]) -> list[dict[str, Any]]:
    """`table`, `rows`, `digest` of each, within the session's transaction."""
    return [session.json(ROWS, wanted=name) or {"table": name, "rows": None, "digest": None} for name in names]


def catalog(session: Session) -> dict[str, dict[str, Any]]:
    """`count` and `digest` of each kind of thing that the catalog names."""
    told = {}
    for kind, lines in CATALOG.items():
        told[kind] = session.json(
            "SELECT jsonb_build_object('count', count(*), 'digest', "
            f"coalesce(md5(string_agg(md5(line), '' ORDER BY md5(line))), '')) FROM ({lines}) AS one"
        )
    return told


def whole(session: Session, names: Iterable[str]) -> dict[str, Any]:
    """Tables and catalog of one database."""
    return {"tables": digests(session, names), "catalog": catalog(session)}


def differences(source: Mapping[str, Any], copy: Mapping[str, Any]) -> list[str]:
    """What of the source's databases is not the same in the copy, in words; rows are told as numbers only."""
    found = []
    for name, told in source.items():
        other = copy.get(name, {"tables": [], "catalog": {}})
        known = {one["table"]: one for one in other["tables"]}
        for one in told["tables"]:
            found += _table(name, one, known.get(one["table"]))
        for kind, about in told["catalog"].items():
            if other["catalog"].get(kind) != about:
                there = (other["catalog"].get(kind) or {}).get("count", "none")
                found.append(f"{name}: {kind} of the catalog differ ({about['count']} at the source, {there} restored)")
    return found


def _table(database: str, source: Mapping[str, Any], copy: Mapping[str, Any] | None) -> list[str]:
    if copy is None or copy["rows"] is None:
        return [f"{database}: table {source['table']} is not in the copy"]
    if source["rows"] != copy["rows"]:
        return [f"{database}: table {source['table']} has {source['rows']} rows at the source, {copy['rows']} restored"]
    if source["digest"] != copy["digest"]:
        return [f"{database}: table {source['table']} has as many rows, and not the same"]
    return []
