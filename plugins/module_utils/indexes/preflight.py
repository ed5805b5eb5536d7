"""What forbids to rebuild indexes concurrently: looked for before anything is begun, and again before each index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, no_room
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

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
# A queue before it counts too; a prepared transaction has no session, and the number 0.
HOLDERS = """
SELECT jsonb_agg(DISTINCT CASE WHEN b.pid = 0 THEN 'a prepared transaction' ELSE
  format('session %s of %s: in a transaction since %s s (%s)', b.pid, coalesce(usename, '?'),
    coalesce(round(extract(epoch FROM clock_timestamp() - xact_start))::text, '?'),
    coalesce(nullif(application_name, ''), state, backend_type)) END)
FROM unnest(pg_blocking_pids(:'pid'::integer)) AS b (pid) LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid
"""
# What conflicts with SHARE UPDATE EXCLUSIVE, which the rebuild takes.
LOCKS = """
SELECT jsonb_agg(format('session %s holds %s', coalesce(pid::text, 'of a prepared transaction'), mode)) FROM pg_locks
WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation = :'table'::oid AND granted AND pid IS DISTINCT FROM pg_backend_pid()
  AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
# Without temp_tablespaces a sort goes where the database is; '' and null stand for the server's own directory.
PLACES = """
SELECT jsonb_build_object('data', current_setting('data_directory', true), 'sorts', (
  SELECT jsonb_agg(DISTINCT pg_tablespace_location(t.oid)) FROM pg_tablespace AS t
  WHERE t.spcname IN (SELECT replace(trim(BOTH '"' FROM trim(one)), '""', '"')
      FROM unnest(string_to_array(current_setting('temp_tablespaces'), ',')) AS one)
    OR (current_setting('temp_tablespaces') = ''
      AND t.oid = (SELECT dattablespace FROM pg_database WHERE datname = current_database()))))
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


def holders(session: Session, pid: str) -> list[str]:
    """What the session of this number waits for at this moment. It burdens the server: not to be asked all the time."""
    return session.json(HOLDERS, pid=pid) or []


def room(session: Session, place: str, room_bytes: int, spare_bytes: int) -> str:
    """Why there is not room enough for one new index that goes to `place`; empty when there is, or none is needed.

    A third of it each: the index itself, its WAL, and the files of its sort, wherever the server may put these.
    """
    if not room_bytes:
        return ""
    found = session.json(PLACES)
    if not place or not found["data"]:
        return "where the server keeps its files cannot be seen by this role: grant it pg_monitor"
    base = Path(found["data"]) / "base"
    sorts = [Path(one) if one else base for one in found["sorts"] or [""]]
    wanted = [Path(place), Path(found["data"]) / "pg_wal", *sorts]
    return no_room([(path, room_bytes // 3) for path in wanted], spare_bytes)


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
