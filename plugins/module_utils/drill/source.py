"""Which cluster the source is: what a plan freezes, and what the copy is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

from . import guard

# The provider is told from 15 on; before it the default of a database was always the C library's.
IDENTITY = """
SELECT jsonb_build_object(
    'data_directory', current_setting('data_directory'),
    'config_file', current_setting('config_file'),
    'bindir', (SELECT setting FROM pg_config WHERE name = 'BINDIR'),
    'system_identifier', (SELECT system_identifier::text FROM pg_control_system()),
    'version', current_setting('server_version'),
    'checksums', current_setting('data_checksums') = 'on',
    'archive_mode', current_setting('archive_mode'),
    'archive_timeout_s', (SELECT setting::int FROM pg_settings WHERE name = 'archive_timeout'),
    'recovering', pg_is_in_recovery(),
    'tablespaces', (SELECT coalesce(jsonb_object_agg(oid, spcname), '{}') FROM pg_tablespace
                    WHERE spcname NOT IN ('pg_default', 'pg_global')),
    'locales', (SELECT jsonb_object_agg(locale, held) FROM (
        SELECT locale, jsonb_agg(DISTINCT datname ORDER BY datname) AS held
        FROM pg_database, LATERAL (VALUES (datcollate), (datctype)) AS of(locale) WHERE datallowconn GROUP BY locale)
        AS locales),
    'sorted_by_libc', (SELECT coalesce(jsonb_agg(datname ORDER BY datname), '[]') FROM pg_database AS d
        WHERE datallowconn AND coalesce(to_jsonb(d)->>'datlocprovider', 'c') = 'c'
              AND datcollate !~ '^(C|POSIX)(\\.|$)'),
    'libc', (SELECT max(pg_collation_actual_version(oid)) FROM pg_collation WHERE collprovider = 'c'),
    'bytes', (SELECT sum(pg_database_size(oid)) FROM pg_database))
"""


def identity(reach: Reach) -> dict[str, Any]:
    """The cluster, the machine and the directory that it really is; Refused when they contradict each other.

    What answers on the socket must be what lies in the directory, on the machine where we are: a forwarded socket or a
    pooler would show another cluster.
    """
    with Session(reach, "postgres") as session:
        told: dict[str, Any] = session.json(IDENTITY)
    found = guard.system_identifier(Path(told["data_directory"]))
    if found != told["system_identifier"]:
        raise Refused(
            f"{told['data_directory']} on this host holds cluster {found}, and what answers is"
            f" {told['system_identifier']}: reach the server by its own socket"
        )
    return {**told, "machine_id": machine_id(), "version": told["version"].split()[0]}
