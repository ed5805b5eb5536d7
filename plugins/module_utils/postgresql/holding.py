"""Databases that a run holds against others, each by a session with an advisory lock, while it goes between them."""

from __future__ import annotations

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

from .session import Reach, ServerRefused, Session

# A server of version 14 or later may end sessions that wait for their turn.
PATIENT = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"


class Holding:
    """Those that are held; all are let go at the end. `lock` answers t where it is had, `other` says who has it."""

    def __init__(self, reach: Reach, lock: str, other: str) -> None:
        self.reach, self.lock, self.other = reach, lock, other
        self.sessions: dict[str, Session] = {}

    def __enter__(self) -> Holding:  # noqa: PYI034  # hosts have a Python without typing.Self
        return self

    def __exit__(self, *_: object) -> None:
        for database in list(self.sessions):
            self.let_go(database)

    def take(self, database: str) -> Session:
        """Hold a database. Refused when another run has it."""
        session = self.sessions[database] = Session(self.reach, database)
        session.ask(PATIENT)
        if session.value(self.lock) != "t":
            raise Refused(f"database {database}: {self.other}")
        return session

    def session(self, database: str) -> Session:
        """The session of one that is held; a new one where somebody has ended it while it waited for its turn."""
        try:
            self.sessions[database].ask("SELECT 1")
        except ServerRefused:
            self.let_go(database)
            self.take(database)
        return self.sessions[database]

    def let_go(self, database: str) -> None:
        """Hold it no more."""
        self.sessions.pop(database).close()
