"""What forbids to rebuild indexes concurrently: looked for before anything is begun, and again before each index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, free_bytes
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

from .choice import Choice

SERVER = """
SELECT jsonb_build_object('version', current_setting('server_version_num')::integer,
  'replica', pg_is_in_recovery(), 'cluster', (SELECT system_identifier::text FROM pg_control_system()),
  'sees', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR pg_has_role('pg_read_all_stats', 'USAGE'))
"""
# Snapshots of other databases are not waited for; a prepared transaction holds its locks without any session.
OLD = """
SELECT jsonb_agg(found.words) FROM (
  SELECT format('session %s of %s: in a transaction since %s s (%s)', pid, coalesce(usename, '?'),
    round(extract(epoch FROM clock_timestamp() - xact_start)), coalesce(nullif(application_name, ''), state)) AS words
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND xact_start < clock_timestamp() - make_interval(secs => :'seconds'::double precision)
  UNION ALL
  SELECT format('prepared transaction %s since %s', gid, prepared) FROM pg_prepared_xacts
  WHERE database = current_database()
    AND prepared < clock_timestamp() - make_interval(secs => :'seconds'::double precision)
) AS found
"""
# What conflicts with SHARE UPDATE EXCLUSIVE, which the rebuild takes.
LOCKS = """
SELECT jsonb_agg(format('session %s holds %s', coalesce(pid::text, 'of a prepared transaction'), mode)) FROM pg_locks
WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation = :'table'::oid AND granted AND pid IS DISTINCT FROM pg_backend_pid()
  AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""


@dataclass(frozen=True)
class Server:
    """What is asked of a server before it is believed."""

    version: int
    replica: bool
    cluster: str
    sees: bool


def server(session: Session) -> Server:
    """Which server this is."""
    return Server(**session.json(SERVER))


def refusals(found: Server) -> list[str]:
    """Why nothing may be rebuilt on this server."""
    wrong = []
    if found.version < 120000:
        wrong.append("PostgreSQL before 12 cannot rebuild an index without locking its table")
    if 140000 <= found.version < 140004:
        wrong.append("PostgreSQL 14.0 to 14.3 corrupts indexes that are rebuilt concurrently: update to 14.4 first")
    if found.replica:
        wrong.append("this server is a replica: rebuild on its primary")
    if not found.sees:
        wrong.append("this role does not see other sessions' transactions: grant it pg_monitor")
    return wrong


def waits(session: Session, seconds: float, table_oid: int | None = None) -> list[str]:
    """What a rebuild would wait for: transactions older than `seconds` in the whole database, locks on the table."""
    found = session.json(OLD, seconds=str(seconds)) or []
    return [*found, *((session.json(LOCKS, table=str(table_oid)) or []) if table_oid else [])]


def room(choice: Choice, spare_bytes: int) -> str:
    """Why there is not room enough for one rebuild; empty when there is."""
    try:
        free = free_bytes(Path(choice.index.place))
    except OSError as error:
        return f"the free space of {choice.index.place or 'its tablespace'} cannot be seen from here: {error.strerror}"
    need = choice.room_bytes + spare_bytes
    return "" if free >= need else f"{choice.index.place} has {free} bytes free, and {need} are needed"


def demand(session: Session) -> Server:
    """The server, or Refused with everything that is wrong with it."""
    found = server(session)
    wrong = refusals(found)
    if wrong:
        raise Refused("; ".join(wrong))
    return found


def facts(found: Server) -> dict[str, Any]:
    """As modules return it."""
    return {"version": found.version, "replica": found.replica, "cluster": found.cluster}
