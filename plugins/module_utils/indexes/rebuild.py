"""One index, rebuilt concurrently and watched by a second connection that ends it in time."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import LOCK_TIMEOUT, Reach, Session

from . import preflight
from .memory import Memory

POLL_S = 0.2
# The server's own limit for each wait, should nobody be left to watch: beyond what the watcher allows.
MARGIN_S = 10
# What a build waits for without holding anybody up: the end of others' transactions. Any other lock is queued for.
OF_OTHERS = ("virtualxid", "transactionid")
# A backend whose client is gone finds that out by itself where the server can (14 and later).
PREPARE = """
SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval';
SELECT set_config('lock_timeout', :'lock_timeout', false)
"""
PROGRESS = """
SELECT jsonb_build_object('index', p.index_relid::bigint, 'phase', coalesce(p.phase, ''),
  'blocks_done', p.blocks_done, 'blocks_total', p.blocks_total,
  'lock', CASE WHEN a.wait_event_type = 'Lock' THEN a.wait_event ELSE '' END)
FROM pg_stat_activity AS a LEFT JOIN pg_stat_progress_create_index AS p USING (pid) WHERE a.pid = :'pid'::integer
"""
REINDEX = 'REINDEX INDEX CONCURRENTLY :"schema".:"name"'
DROPPING = 'DROP INDEX CONCURRENTLY :"schema".:"name"'


@dataclass
class Watched:
    """What was seen of one rebuild. `reason` is why it was cancelled, `said` what the server said to its client, under
    this SQLSTATE; `queued`: it was cancelled for a lock that did not come.
    """

    seconds: float = 0.0
    phases: list[str] = field(default_factory=list)
    reason: str = ""
    said: str = ""
    code: str = ""
    queued: bool = False

    @property
    def lockless(self) -> bool:
        """Whether it ended for want of a lock, and may be tried again."""
        return self.queued or self.code == LOCK_TIMEOUT


@dataclass
class Since:
    """When what is seen now began, by time.monotonic: a wait for others' transactions, for a lock; its phase."""

    stalled: float | None = None
    queued: float | None = None
    phase: float = 0.0

    def see(self, now: float, phase: str, lock: str) -> None:
        """Take in what a look has shown."""
        stalls = phase.startswith("waiting") or lock in OF_OTHERS
        self.stalled = (self.stalled or now) if stalls else None
        self.queued = (self.queued or now) if lock and lock not in OF_OTHERS else None


class Rebuild:
    """Begun by `run`; its watcher is the caller's session, which must be in no transaction."""

    def __init__(self, reach: Reach, database: str, watcher: Session, *, lock_timeout_s: float, stall_s: float) -> None:
        self.reach, self.database, self.watcher = reach, database, watcher
        self.lock_timeout_s, self.stall_s = lock_timeout_s, stall_s

    def run(self, work: dict[str, Any], memory: Memory, key: str, deadline: float) -> Watched:
        """To its end, or until `deadline` (of time.monotonic). Whether it succeeded only the catalog can tell."""
        watched = Watched()
        with Session(self.reach, self.database) as worker:
            limit_s = max(self.lock_timeout_s, self.stall_s) + MARGIN_S
            worker.ask(PREPARE, lock_timeout=f"{int(limit_s * 1000)}ms")
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

    def drop(self, schema: str, name: str, memory: Memory, key: str) -> str:
        """Drop one index that was left over, at whatever time; why that did not work, or nothing.

        What the drop waits for is given up after `lock_timeout`, others' transactions too.
        """
        work = {"statement": DROPPING, "words": {"schema": schema, "name": name}}
        short = Rebuild(self.reach, self.database, self.watcher, lock_timeout_s=self.lock_timeout_s,
                        stall_s=self.lock_timeout_s)  # fmt: skip
        watched = short.run(work, memory, key, math.inf)
        return watched.said and (watched.reason or watched.said)

    def _watch(
        self, thread: threading.Thread, pid: str, memory: Memory, key: str, deadline: float, watched: Watched
    ) -> None:
        since, cancelled_at = Since(), 0.0
        while thread.is_alive():
            now = time.monotonic()
            told = self.watcher.json(PROGRESS, pid=pid) or {}
            if told.get("index"):
                memory.saw(key, told["index"])
            phase = told.get("phase", "")
            if phase and phase not in watched.phases:
                watched.phases.append(phase)
                since.phase = now
            since.see(now, phase, told.get("lock", ""))
            if cancelled_at and now > cancelled_at + 30:
                self.watcher.ask("SELECT pg_terminate_backend(:'pid'::integer)", pid=pid)
            elif not cancelled_at:
                watched.reason = _too_late(told, now, since, deadline) or self._too_long(phase, now, since, pid)
            if watched.reason and not cancelled_at:
                watched.queued, cancelled_at = bool(since.queued), now
                self.watcher.ask("SELECT pg_cancel_backend(:'pid'::integer)", pid=pid)
            thread.join(POLL_S)

    def _too_long(self, phase: str, now: float, since: Since, pid: str) -> str:
        """Why its wait is over, and which sessions it has waited for; empty while it may go on."""
        if since.queued is not None and now - since.queued > self.lock_timeout_s:
            waits, limit = "waiting for a lock", self.lock_timeout_s
        elif since.stalled is not None and now - since.stalled > self.stall_s:
            waits, limit = phase or "waiting for other transactions", self.stall_s
        else:
            return ""
        by = "; ".join(preflight.holders(self.watcher, pid))
        return f"{waits} for more than {limit:g} s" + (f": {by}" if by else "")


def _too_late(told: dict[str, Any], now: float, since: Since, deadline: float) -> str:
    if now > deadline:
        return "out of time"
    # Its build alone would go beyond the deadline: ten seconds and a hundredth must have shown how fast it goes.
    done, total = told.get("blocks_done") or 0, told.get("blocks_total") or 0
    spent = now - since.phase
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
