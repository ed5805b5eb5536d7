"""SQL: a query whose first value must be there, and be what it must be. Read only, and cut off by the server too."""

from __future__ import annotations

from typing import Any

from maintkit.contract.watch import Sql
from maintkit.runs.probes.answer import WELL, Answer, Deadline, bad, library

SHOWN = 40
_NO_SESSION = (2002, 2003, 2006, 2013)  # CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, and the server gone
_ACCESS_DENIED = (1044, 1045, 1698)  # to the database, to the user, to a user without the right plugin


def ask(question: Sql, deadline: Deadline, password: str | None) -> Answer:
    """Ask the engine by its own driver; the password goes through the driver and into no message."""
    engine = _postgresql if question.engine == "postgresql" else _mariadb
    return engine(question, deadline, password)


def _postgresql(question: Sql, deadline: Deadline, password: str | None) -> Answer:
    psycopg = library("psycopg")
    try:
        with psycopg.connect(
            host=question.host,
            port=question.port,
            dbname=question.database,
            user=question.user,
            password=password,
            connect_timeout=max(2, int(deadline.left)),
            options=f"-c default_transaction_read_only=on -c statement_timeout={int(deadline.left * 1000)}",
            application_name="maintkit-watch",
        ) as connection:
            return _judged(question, connection.execute(question.query).fetchone())
    except psycopg.errors.QueryCanceled:
        return bad("no-answer", "the query was cut off")
    except psycopg.OperationalError as error:
        return _refused(error.sqlstate, str(error))
    except psycopg.Error as error:
        return bad("wrong-answer", f"SQLSTATE {error.sqlstate or 'unknown'}")


def _mariadb(question: Sql, deadline: Deadline, password: str | None) -> Answer:
    pymysql = library("pymysql")
    where = {"unix_socket": question.host} if question.host.startswith("/") else {"host": question.host}
    limit = max(1, int(deadline.left))
    try:
        connection = pymysql.connect(
            **where,
            port=question.port or 3306,
            database=question.database,
            user=question.user,
            password=password or "",
            connect_timeout=limit,
            read_timeout=limit,
            write_timeout=limit,
            charset="utf8mb4",
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute(question.query)
            return _judged(question, cursor.fetchone())
    except pymysql.Error as error:
        code, said = (*error.args, "", "")[:2]
        if code in _ACCESS_DENIED:
            return bad("rejected", f"error {code}")
        return _refused(None, f"{said}") if code in _NO_SESSION else bad("wrong-answer", f"error {code}")


def _judged(question: Sql, row: tuple[Any, ...] | None) -> Answer:
    if not row or row[0] is None:
        return bad("wrong-answer", "no row, or its first value is null")
    value = str(row[0]).lower() if isinstance(row[0], bool) else str(row[0])
    if question.expect is not None and value != question.expect:
        # A value may be a patient's: it is not told, only that it was another one.
        return bad("wrong-answer", f"the first value is not {question.expect[:SHOWN]!r}")
    return WELL


def _refused(state: str | None, said: str) -> Answer:
    """What keeps a session from being opened; the server's words may hold names and stay out."""
    if state is not None:
        return bad("rejected", f"SQLSTATE {state}")
    if "refused" in said:
        return bad("connection-refused")
    if "password" in said or "authentication" in said or "FATAL" in said:
        return bad("rejected", "the server refused the session")
    return bad("no-answer")
