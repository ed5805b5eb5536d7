"""What a MariaDB holds, in a few digests that leave no patient's data: compared between source and copy.

A table's digest is of the sum of 64 bits of its rows' MD5: the same in any order, read without a lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Session, name, text

SYSTEM = ("information_schema", "performance_schema", "mysql", "sys")
ACCOUNT = "maintkit_drill"  # of the copy alone
SERVER = "mysql"  # under this name stands what is no database's own: accounts and databases
IS = "information_schema"
# What the catalog says, a query a kind; each gives texts that name everything by name.
CATALOG: Mapping[str, str] = {
    "tables": f"""SELECT CONCAT_WS(' ', table_name, table_type, engine, row_format, table_collation, create_options,
        table_comment) AS line FROM {IS}.tables WHERE table_schema = %s AND table_type <> 'VIEW'""",
    "columns": f"""SELECT CONCAT_WS(' ', table_name, ordinal_position, column_name, column_default, is_nullable,
        column_type, collation_name, extra, generation_expression, column_comment) AS line
        FROM {IS}.columns WHERE table_schema = %s""",
    "indexes": f"""SELECT CONCAT_WS(' ', table_name, index_name, non_unique, seq_in_index, column_name, collation,
        sub_part, index_type) AS line FROM {IS}.statistics WHERE table_schema = %s""",
    "constraints": f"""SELECT CONCAT_WS(' ', c.table_name, c.constraint_name, c.constraint_type, k.column_name,
        k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name, r.update_rule, r.delete_rule,
        h.check_clause) AS line
        FROM {IS}.table_constraints c
        LEFT JOIN {IS}.key_column_usage k ON k.constraint_schema = c.constraint_schema
            AND k.table_name = c.table_name AND k.constraint_name = c.constraint_name
        LEFT JOIN {IS}.referential_constraints r ON r.constraint_schema = c.constraint_schema
            AND r.table_name = c.table_name AND r.constraint_name = c.constraint_name
        LEFT JOIN {IS}.check_constraints h ON h.constraint_schema = c.constraint_schema
            AND h.table_name = c.table_name AND h.constraint_name = c.constraint_name
        WHERE c.table_schema = %s""",
    "views": f"""SELECT CONCAT_WS(' ', table_name, view_definition, check_option, definer, security_type) AS line
        FROM {IS}.views WHERE table_schema = %s""",
    "functions": f"""SELECT CONCAT_WS(' ', routine_type, routine_name, dtd_identifier, routine_definition,
        is_deterministic, sql_data_access, security_type, definer, sql_mode,
        (SELECT GROUP_CONCAT(CONCAT_WS(' ', parameter_mode, parameter_name, p.dtd_identifier) ORDER BY ordinal_position)
         FROM {IS}.parameters p WHERE p.specific_schema = routine_schema AND p.specific_name = r.specific_name
            AND p.routine_type = r.routine_type)) AS line
        FROM {IS}.routines r WHERE routine_schema = %s""",
    "triggers": f"""SELECT CONCAT_WS(' ', trigger_name, event_manipulation, event_object_table, action_order,
        action_timing, action_statement, definer, sql_mode) AS line FROM {IS}.triggers WHERE trigger_schema = %s""",
    "events": f"""SELECT CONCAT_WS(' ', event_name, definer, event_definition, event_type, execute_at,
        interval_value, interval_field, starts, ends, status, on_completion) AS line
        FROM {IS}.events WHERE event_schema = %s""",
}
OF_THE_SERVER: Mapping[str, str] = {
    "databases": f"SELECT CONCAT_WS(' ', schema_name, default_character_set_name, default_collation_name) AS line"
    f" FROM {IS}.schemata",
    "roles": f"""SELECT CONCAT_WS(' ', 'account', user, host, priv) AS line FROM mysql.global_priv
            WHERE user <> '{ACCOUNT}'
        UNION ALL SELECT CONCAT_WS(' ', 'member', user, host, role, admin_option) FROM mysql.roles_mapping
        UNION ALL SELECT CONCAT_WS(' ', 'table', grantee, table_schema, table_name, privilege_type, is_grantable)
            FROM {IS}.table_privileges
        UNION ALL SELECT CONCAT_WS(' ', 'database', grantee, table_schema, privilege_type, is_grantable)
            FROM {IS}.schema_privileges""",
}


def databases(session: Session, wanted: Sequence[str]) -> list[str]:
    """The databases to look into: the wanted ones, else all of the application's; Refused names one not there."""
    there = [row[0] for row in session.ask(f"SELECT schema_name FROM {IS}.schemata ORDER BY schema_name")]
    own = [one for one in there if one not in SYSTEM]
    missing = sorted(set(wanted) - set(there))
    if missing:
        raise Refused(f"there is no database {', '.join(missing)}: the server has {', '.join(own)}")
    return list(wanted) or own


def tables(session: Session, database: str, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """(tables to read, tables that no snapshot covers): the wanted ones, given as database.table, else all."""
    rows = session.ask(
        f"SELECT table_name, COALESCE(engine, 'none') FROM {IS}.tables"
        f" WHERE table_schema = {text(database)} AND table_type = 'BASE TABLE' ORDER BY table_name"
    )
    chosen = [(table, engine) for table, engine in rows if not wanted or f"{database}.{table}" in wanted]
    return [one for one, engine in chosen if engine == "InnoDB"], [one for one, engine in chosen if engine != "InnoDB"]


def digest(session: Session, database: str, table: str) -> dict[str, Any]:
    """`table`, `rows`, `digest`, within the session's transaction, which afterwards keeps nobody from altering it."""
    columns = [
        row[0]
        for row in session.ask(
            f"SELECT column_name FROM {IS}.columns WHERE table_schema = {text(database)}"
            f" AND table_name = {text(table)} ORDER BY ordinal_position"
        )
    ]
    if not columns:
        return {"table": table, "rows": None, "digest": None}
    row = ", ".join(f"COALESCE(MD5({name(one)}), '-')" for one in columns)
    session.ask("SAVEPOINT maintkit")
    told = session.ask(_summed(f"CONCAT_WS(',', {row})", f"{name(database)}.{name(table)}"))[0]
    session.ask("ROLLBACK TO SAVEPOINT maintkit")
    return {"table": table, "rows": int(told[0]), "digest": told[1]}


def _summed(line: str, source: str) -> str:
    """Without a second half and without a sub-query: a large table is neither hashed twice nor copied aside."""
    return (
        f"SELECT COUNT(*), MD5(COALESCE(SUM(CAST(CONV(LEFT(MD5({line}), 16), 16, 10) AS UNSIGNED)), 0)) FROM {source}"
    )


def _kinds(session: Session, queries: Mapping[str, str], of: str) -> dict[str, dict[str, Any]]:
    told = {}
    for kind, lines in queries.items():
        count, summed = session.ask(_summed("line", f"({lines.replace('%s', text(of))}) AS one"))[0]
        told[kind] = {"count": int(count), "digest": summed}
    return told


def whole(session: Session, database: str, names: Sequence[str]) -> dict[str, Any]:
    """Tables and catalog of one database; under SERVER what is no database's own."""
    if database == SERVER:
        return {"tables": [], "catalog": _kinds(session, OF_THE_SERVER, "")}
    return {
        "tables": [digest(session, database, one) for one in names],
        "catalog": _kinds(session, CATALOG, database),
    }
