"""One table, rebuilt while it is used and watched by a second connection that ends it in time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.mysql.session import Reach, Session, name

from .catalog import Table
from .memory import TableMemory

POLL_S = 0.2
# The server itself refuses what it could not do beside writers.
REBUILD = "ALTER TABLE {database}.{name} FORCE, ALGORITHM=INPLACE, LOCK=NONE"
PREPARE = """
SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds};
/*M!100101 SET SESSION max_statement_time = 0 */;
/*!50708 SET SESSION max_execution_time = 0 */
"""
GONE = "ERROR 1094"
ITS_STATE = "SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = {id} AND COMMAND <> 'Sleep'"


@dataclass
class Watched:
    """What was seen of one rebuild. `reason` is why it was ended, `said` what the server said to its client."""

    seconds: float = 0.0
    states: list[str] = field(default_factory=list)
    reason: str = ""
    said: str = ""


@dataclass(frozen=True)
class Manner:
    """How a table is rebuilt. `local`: it goes to no binary log, and to no replica."""

    lock_timeout_s: float
    local: bool = True


class Rebuild:
    """Begun by `run`; its watcher is the caller's session."""

    def __init__(self, reach: Reach, watcher: Session, manner: Manner) -> None:
        self.reach, self.watcher, self.manner = reach, watcher, manner

    def open(self) -> Session:
        """A connection that is ready for a rebuild."""
        worker = Session(self.reach)
        worker.ask(PREPARE.format(seconds=max(1, round(self.manner.lock_timeout_s))))
        if self.manner.local:
            worker.ask("SET SESSION sql_log_bin = 0")
        return worker

    def run(
        self, worker: Session, table: Table, memory: TableMemory, key: str, *, deadline: float, after_bytes: int
    ) -> Watched:
        """To its end, or until `deadline` (of time.monotonic). Whether it succeeded only the catalogue can tell.

        `after_bytes` is the size that the new files will have; 0 where nobody knows it.
        """
        watched = Watched()
        connection = memory.told["open"][key]["connection"]
        folders = sorted({part.path.parent for part in table.parts})
        before = made(folders)
        began = time.monotonic()
        thread = threading.Thread(target=_rebuild, args=(worker, table, watched), daemon=True)
        thread.start()
        try:
            ended_at = 0.0
            while thread.is_alive():
                now = time.monotonic()
                new = {file: size for file, size in made(folders).items() if file not in before}
                for file in new:
                    memory.note(key, file)
                self._note_state(connection, watched)
                reason = _too_late(now, began, deadline, sum(new.values()), after_bytes)
                if reason and not ended_at:
                    watched.reason, ended_at = reason, now
                    end(self.reach, connection, query=True)
                elif ended_at and now > ended_at + 30:
                    end(self.reach, connection, query=False)
                thread.join(POLL_S)
        finally:
            # Only where the watcher's own connection broke: the worker's client must not outlive us.
            if thread.is_alive():
                worker.client.terminate()
                thread.join()
        watched.seconds = round(time.monotonic() - began, 2)
        return watched

    def _note_state(self, connection: int, watched: Watched) -> None:
        state = next(iter(self.watcher.ask(ITS_STATE.format(id=connection))), "")
        if state and state not in watched.states:
            watched.states.append(state)


def made(folders: list[Path]) -> dict[str, int]:
    """Files that only a rebuild makes, with their sizes: by their names in the directories of databases."""
    found: dict[str, int] = {}
    for folder in folders:
        for file in folder.glob("#sql*.ibd"):
            try:
                found[f"{folder.name}/{file.stem}"] = file.stat().st_size
            except OSError:  # gone in between
                continue
    return found


def end(reach: Reach, connection: int, *, query: bool) -> None:
    """End a statement, or a whole session, by a session of its own: it may be gone by itself, which is an error."""
    with Session(reach) as session:
        try:
            session.ask(f"KILL {'QUERY' if query else 'CONNECTION'} {connection}")
        except Refused as refused:
            if GONE not in str(refused):
                raise


def _too_late(now: float, began: float, deadline: float, size: int, after_bytes: int) -> str:
    if now > deadline:
        return "out of time"
    # The new files alone would go beyond the deadline: ten seconds and a hundredth must have shown how fast it goes.
    spent = now - began
    if after_bytes and spent > 10 and after_bytes / 100 < size < after_bytes:
        late = now + spent * (after_bytes - size) / size - deadline
        if late > 0:
            return f"out of time: the rebuild would end {late:.0f} s too late"
    return ""


def _rebuild(worker: Session, table: Table, watched: Watched) -> None:
    """In a thread of its own: the statement returns when it has ended."""
    try:
        worker.carry_out(REBUILD.format(database=name(table.database), name=name(table.name)))
    except (Refused, ValueError, OSError) as refused:
        watched.said = str(refused)
