"""A bounded pool of PostgreSQL connections that survives a restart of the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

import psycopg2
from psycopg2.extensions import connection as Connection

WAIT_S = 5.0
OPTIONS = "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"


class Busy(Exception):
    """Every connection was in use for longer than a patient would wait."""


class Pool:
    """`with pool.transaction() as connection`: committed at the end, rolled back on any error."""

    def __init__(self, dsn_file: Path, size: int) -> None:
        self._dsn_file = dsn_file
        self._slots = threading.BoundedSemaphore(size)
        self._idle: LifoQueue[Connection] = LifoQueue()
        self._counting = threading.Lock()
        self.waiting = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend one connection; Busy after 5 s of waiting, psycopg2.OperationalError when the database is away."""
        self._take_slot()
        try:
            connection = self._connect()
            try:
                with connection:
                    yield connection
            finally:
                self._give_back(connection)
        finally:
            self._slots.release()

    def _take_slot(self) -> None:
        with self._counting:
            self.waiting += 1
        taken = self._slots.acquire(timeout=WAIT_S)
        with self._counting:
            self.waiting -= 1
        if not taken:
            raise Busy

    def _connect(self) -> Connection:
        """An idle connection that still answers, else a new one."""
        while not self._idle.empty():
            connection = self._idle.get()
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            except psycopg2.Error:
                connection.close()
            else:
                return connection
        dsn = self._dsn_file.read_text(encoding="utf-8").strip()
        return psycopg2.connect(dsn, connect_timeout=3, application_name="his-demo", options=OPTIONS)

    def _give_back(self, connection: Connection) -> None:
        if not connection.closed:
            self._idle.put(connection)
