"""What the tests of named index changes wish for, and how they ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from indexing import DATABASE, Server, part

NAME = "visit_patient"


def wish(**changes: Any) -> dict[str, Any]:
    told = {"act": "create", "database": DATABASE, "schema": "public", "table": "visit", "name": NAME,
            "columns": ["patient"], "method": "btree", "unique": False, "used": False, "reason": "外键"}  # fmt: skip
    return {**told, **changes}


def drop(**changes: Any) -> dict[str, Any]:
    return wish(act="drop", columns=[], **changes)


def look(his: Server, *wishes: dict[str, Any], run: str = "r1") -> dict[str, Any]:
    reach = {"user": his.reach.user, "role": "", "socket": his.reach.socket, "port": 0, "passfile": None,
             "bindir": his.reach.bindir}  # fmt: skip
    asked = {**reach, "run": run, "wanted": list(wishes), "old_transaction": 1, "spare_mb": 0}
    found: dict[str, Any] = part("index_changes.asking").look(asked)
    return found


def work(his: Server, *wishes: dict[str, Any], run: str = "r1", **changes: Any) -> Any:
    """The run's work, with its definitions kept."""
    journal = part("index_changes.journal").Journal(run)
    found = look(his, *wishes, run=run)
    journal.keep(found["server"]["cluster"], found["definitions"])
    told = {"old_transaction_s": 1, "lock_timeout_s": 1, "stall_s": 1, "tries": 2, "spare_bytes": 0}
    return part("index_changes.work").Work(his.reach, journal, part("index_changes.work").Rules(**{**told, **changes}))


def definition(his: Server, name: str = NAME) -> str:
    return his.sql(f"SELECT pg_get_indexdef(to_regclass('{name}'))")  # its own name


@contextmanager
def visits(cluster: Server) -> Iterator[None]:
    """A table of visits without an index on its patients, for as long as the block runs."""
    cluster.sql("CREATE TABLE visit (id integer PRIMARY KEY, patient integer, text text)")
    cluster.sql("INSERT INTO visit SELECT n, n / 2, md5(n::text) FROM generate_series(1, 20000) AS n; ANALYZE visit")
    yield
    cluster.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    cluster.sql("CREATE EXTENSION IF NOT EXISTS pgstattuple; CREATE EXTENSION IF NOT EXISTS amcheck")
