"""What forbids to rebuild tables while they are used: looked for before anything is begun, and before each table."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, no_room, pointed
from ansible_collections.maintkit.ops.plugins.module_utils.mysql.session import Session, word

from .catalog import Table
from .choice import Choice

VARIABLES = """
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'datadir', 'tmpdir', 'innodb_tmpdir',
  'innodb_file_per_table', 'innodb_online_alter_log_max_size', 'log_bin', 'read_only', 'wsrep_on')
"""
STATUS = """
SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime', 'Innodb_buffer_pool_bytes_dirty')
"""
REPLICAS = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
# A prepared transaction holds its locks without any session.
OLD = """
SELECT JSON_OBJECT('session', t.trx_mysql_thread_id, 'user', COALESCE(p.USER, ''), 'command', COALESCE(p.COMMAND, ''),
  'seconds', TIMESTAMPDIFF(SECOND, t.trx_started, NOW()))
FROM information_schema.INNODB_TRX AS t LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = t.trx_mysql_thread_id
WHERE t.trx_mysql_thread_id <> CONNECTION_ID() AND TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) >= {seconds}
ORDER BY t.trx_started LIMIT 5
"""
WAITING = """
SELECT JSON_OBJECT('session', ID, 'state', STATE) FROM information_schema.PROCESSLIST
WHERE STATE LIKE 'Waiting for % metadata lock' OR STATE LIKE 'Waiting for backup lock' LIMIT 5
"""
IN_USE = """
SHOW OPEN TABLES WHERE `Database` = {database} AND `Table` = {name} AND In_use > 0
"""
AT_WORK = """
SELECT COUNT(*) FROM information_schema.PROCESSLIST
WHERE ID <> CONNECTION_ID() AND COMMAND IN ('Query', 'Execute', 'Fetch', 'Slave_worker', 'Slave_SQL', 'Connect')
"""
LOOKS, BETWEEN_S = 3, 0.3
BACKUPS = ("mariadb-backup", "mariabackup", "xtrabackup")
OLDEST = {True: (10, 3), False: (8, 0)}


@dataclass(frozen=True)
class Server:
    """What is asked of a server before it is believed."""

    version: tuple[int, ...]
    maria: bool
    datadir: Path
    tmpdirs: tuple[Path, ...]
    log_bytes: int
    per_table: bool
    binlog: bool
    replica: bool
    replicas: int
    galera: bool
    started: float
    unwritten_bytes: int

    @property
    def cluster(self) -> str:
        """Under which name this host remembers it."""
        return hashlib.sha256(str(self.datadir).encode()).hexdigest()[:16]


def server(session: Session) -> Server:
    """Which server this is."""
    told = dict(line.split("\t", 1) for line in session.ask(VARIABLES))
    version = tuple(int(one) for one in re.findall(r"\d+", told["version"])[:3])
    maria = "mariadb" in (told["version"] + told["version_comment"]).lower()
    status = dict(line.split("\t", 1) for line in session.ask(STATUS))
    temporary = told.get("innodb_tmpdir") or told["tmpdir"]
    return Server(
        version=version,
        maria=maria,
        datadir=Path(told["datadir"]),
        tmpdirs=tuple(Path(one) for one in temporary.split(":")),
        log_bytes=int(told["innodb_online_alter_log_max_size"]),
        per_table=told["innodb_file_per_table"] == "ON",
        binlog=told["log_bin"] == "ON",
        replica=bool(session.ask(_channels(version, maria=maria))),
        replicas=int(session.ask(REPLICAS)[0]),
        galera=told.get("wsrep_on", "OFF") == "ON",
        started=time.time() - float(status["Uptime"]),
        unwritten_bytes=int(status.get("Innodb_buffer_pool_bytes_dirty", 0)),
    )


def _channels(version: tuple[int, ...], *, maria: bool) -> str:
    if maria:
        return "SHOW ALL SLAVES STATUS"
    return "SHOW REPLICA STATUS" if version >= (8, 0, 22) else "SHOW SLAVE STATUS"


def refusals(found: Server, *, on_replica: bool) -> list[str]:
    """Why nothing may be rebuilt on this server."""
    wrong = []
    oldest = OLDEST[found.maria]
    if found.version < oldest:
        wrong.append(f"versions before {'.'.join(map(str, oldest))} are not rebuilt here")
    if found.replica and not on_replica:
        wrong.append("this server is a replica: rebuild on its primary, or give leave to rebuild here alone")
    if found.galera:
        wrong.append("a Galera cluster carries a rebuild out on all its nodes at once, and stands still meanwhile")
    if not found.per_table:
        wrong.append("innodb_file_per_table is off: a rebuild would move the tables into the shared file")
    wrong += [
        f"{name} runs as process {pid}: it may fail by a rebuild beside it" for pid, name in backups(found.datadir)
    ]
    return wrong


def backups(datadir: Path, proc: Path = Path("/proc")) -> list[tuple[int, str]]:
    """Physical backups that have this data directory open on this host."""
    found = []
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text().strip()
            if name in BACKUPS and any(datadir in (at, *at.parents) for at in _open(entry)):
                found.append((int(entry.name), name))
        except OSError:  # it has ended
            continue
    return found


def _open(process: Path) -> Iterator[Path]:
    """Where a process stands, and what it has open."""
    for link in (process / "cwd", *(process / "fd").iterdir()):
        with contextlib.suppress(OSError):
            yield pointed(link)


def waits(session: Session, seconds: float, table: Table | None = None) -> list[str]:
    """What a rebuild would wait for: transactions of `seconds` or more, whoever waits already, a lock on the table."""
    said = []
    for one in session.rows(OLD.format(seconds=int(seconds))):
        who = f"session {one['session']} of {one['user']}" if one["session"] else "a prepared transaction"
        said.append(f"{who}: in a transaction since {one['seconds']} s ({one['command'] or 'XA'})")
    said += [f"session {one['session']}: {one['state']}" for one in session.rows(WAITING)]
    if table is not None and _locked(session, table):
        said.append("a session that does nothing holds the table, as LOCK TABLES does")
    return said


def _locked(session: Session, table: Table) -> bool:
    """Whether each of a few looks finds the table in use by more sessions than are at work at all."""
    asked = IN_USE.format(database=word(table.database), name=word(table.name))
    for look in range(LOOKS):
        if look:
            time.sleep(BETWEEN_S)
        using = sum(int(line.rsplit("\t", 2)[1]) for line in session.ask(asked)[-1:])
        if using <= int(session.ask(AT_WORK)[0]):
            return False
    return True


def room(choice: Choice, found: Server, spare_bytes: int) -> str:
    """Why there is not room enough for one rebuild where the table and temporary files are; empty when there is."""
    wanted = [(part.path.parent, choice.room_bytes) for part in choice.table.parts[:1]]
    wanted += [(path, choice.sort_bytes + found.log_bytes) for path in found.tmpdirs]
    return no_room(wanted, spare_bytes)


def demand(session: Session, *, on_replica: bool) -> Server:
    """The server, or Refused with everything that is wrong with it."""
    found = server(session)
    wrong = refusals(found, on_replica=on_replica)
    if wrong:
        raise Refused("; ".join(wrong))
    return found


def facts(found: Server) -> dict[str, Any]:
    """As modules return it."""
    return {
        "version": ".".join(map(str, found.version)),
        "flavour": "mariadb" if found.maria else "mysql",
        "replica": found.replica,
        "replicas": found.replicas,
        "binlog": found.binlog,
        "unwritten_bytes": found.unwritten_bytes,
        "datadir": str(found.datadir),
        "cluster": found.cluster,
    }
