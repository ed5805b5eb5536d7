"""One index, rebuilt concurrently and watched by a second connection that ends it in time."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

from .memory import Memory

POLL_S = 0.2
# A backend whose client is gone finds that out by itself where the server can (14 and later).
PREPARE = """
SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval';
SELECT set_config('lock_timeout', :'lock_timeout', false)
"""
PROGRESS = """
SELECT jsonb_build_object('index', index_relid::bigint, 'phase', phase, 'blocks_done', blocks_done,
  'blocks_total', blocks_total, 'waits_for', current_locker_pid)
FROM pg_stat_progress_create_index WHERE pid = :'pid'::integer
"""

REINDEX = 'REINDEX INDEX CONCURRENTLY :"schema".:"name"'


@dataclass
class Watched:
    """What was seen of one rebuild. `reason` is why it was cancelled, `said` what the server said to its client, under
    this SQLSTATE.
    """

    seconds: float = 0.0
    phases: list[str] = field(default_factory=list)
    reason: str = ""
    said: str = ""
    code: str = ""


class Rebuild:
    """Begun by `run`; its watcher is the caller's session, which must be in no transaction."""

    def __init__(self, reach: Reach, database: str, watcher: Session, *, lock_timeout_s: float, stall_s: float) -> None:
        self.reach, self.database, self.watcher = reach, database, watcher
        self.lock_timeout_s, self.stall_s = lock_timeout_s, stall_s

    def run(self, work: dict[str, Any], memory: Memory, key: str, deadline: float) -> Watched:
        """To its end, or until `deadline` (of time.monotonic). Whether it succeeded only the catalog can tell."""
        watched = Watched()
        with Session(self.reach, self.database) as worker:
            worker.ask(PREPARE, lock_timeout=f"{int(self.lock_timeout_s * 1000)}ms")
            pid = worker.value("SELECT pg_backend_pid()")
            began = time.monotonic()
            thread = threading.Thread(target=_rebuild, args=(worker, work, watched), daemon=True)
            thread.start()
            try:
                self._watch(thread, pid, memory, key, deadline, watched)
            finally:
                # Only where the watcher's own connection broke: the worker's psql must not outlive us.
                if thread.is_alive():
                    worker.psql.terminate()
                    thread.join()
            watched.seconds = round(time.monotonic() - began, 2)
        return watched

    def _watch(
        self, thread: threading.Thread, pid: str, memory: Memory, key: str, deadline: float, watched: Watched
    ) -> None:
        stalled_since, cancelled_at, building_since = None, 0.0, 0.0
        while thread.is_alive():
            now = time.monotonic()
            told = self.watcher.json(PROGRESS, pid=pid) or {}
            if told.get("index"):
                memory.saw(key, told["index"])
            phase = told.get("phase", "")
            if phase and phase not in watched.phases:
                watched.phases.append(phase)
                building_since = now
            stalled_since = (stalled_since or now) if phase.startswith("waiting") else None
            reason = self._too_late(told, now, stalled_since, building_since, deadline)
            if reason and not cancelled_at:
                watched.reason, cancelled_at = reason, now
                self.watcher.ask("SELECT pg_cancel_backend(:'pid'::integer)", pid=pid)
            elif cancelled_at and now > cancelled_at + 30:
                self.watcher.ask("SELECT pg_terminate_backend(:'pid'::integer)", pid=pid)
            thread.join(POLL_S)

    def _too_late(
        self, told: dict[str, Any], now: float, stalled_since: float | None, building_since: float, deadline: float
    ) -> str:
        if now > deadline:
            return "out of time"
        if stalled_since is not None and now - stalled_since > self.stall_s:
            by = f" for session {told['waits_for']}" if told.get("waits_for") else ""
            return f"{told['phase']}{by} for more than {self.stall_s:g} s"
        # Its build alone would go beyond the deadline: ten seconds and a hundredth must have shown how fast it goes.
        done, total = told.get("blocks_done") or 0, told.get("blocks_total") or 0
        spent = now - building_since
        if told.get("phase", "").startswith("building") and total and done > total / 100 and spent > 10:
            predicted = now + spent * (total - done) / done
            if predicted > deadline:
                return f"out of time: the build would end {predicted - deadline:.0f} s too late"
        return ""


def _rebuild(worker: Session, work: dict[str, Any], watched: Watched) -> None:
    """In a thread of its own: the statement returns when it has ended."""
    try:
        words = work.get("words") or {"schema": work["schema"], "name": work["name"]}
        worker.ask(work.get("statement", REINDEX), **words)
    except (Refused, ValueError, OSError) as refused:
        watched.said, watched.code = str(refused), getattr(refused, "code", "")


def drop(reach: Reach, database: str, schema: str, name: str, lock_timeout_s: float) -> str:
    """Drop one index that was left over; why that did not work, or nothing."""
    with contextlib.closing(Session(reach, database)) as session:
        try:
            session.ask(PREPARE, lock_timeout=f"{int(lock_timeout_s * 1000)}ms")
            session.ask('DROP INDEX CONCURRENTLY :"schema".:"name"', schema=schema, name=name)
        except Refused as refused:
            return str(refused)
    return ""
