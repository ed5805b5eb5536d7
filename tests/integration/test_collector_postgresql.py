"""The collector's questions to a real PostgreSQL, on every Python that this machine has."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from collected import run, script, unknown_fields
from postgres import cluster
from pythons import VERSIONS, interpreter
from sqlalchemy import create_engine, make_url, text

from maintkit.checks.facts.document import Facts
from maintkit.checks.facts.postgresql import PostgresqlArchiver, PostgresqlInstance

NAME = "挂号 '1'"


@pytest.fixture(scope="module")
def socket():
    """The folder of a server's socket, which has a database with a name that needs care."""
    with cluster() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{NAME}"'))
        engine.dispose()
        folder = str(make_url(url).query["host"])
        Path(folder).chmod(0o755)  # as /var/run/postgresql
        yield folder


def asked(python: str, place: Path, **instance: object) -> PostgresqlInstance:
    """What the collector tells of the instance."""
    parameters = {"only": ["postgresql"], "postgresql": [{"name": "his", **instance}]}
    document = run(python, script(parameters, place))
    facts = Facts.model_validate(document)
    assert unknown_fields(document, facts.model_dump(mode="json", by_alias=True)) == []
    section = facts.sections.postgresql
    assert section is not None
    assert section.data is not None
    return section.data.instances[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_instance_is_asked_on_every_python(version, socket, tmp_path):
    """Every database that can be entered was entered, and no field comes that the models do not know."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    told = asked(python, tmp_path, host=socket)
    assert (told.state, told.reason) == ("up", None)
    assert {one.name for one in told.databases or () if one.asked} == {"maintkit", "postgres", NAME}
    assert set(told.withheld) == {"statements"}


@pytest.mark.parametrize(
    ("instance", "state"),
    [({"port": 5999}, "down"), ({"user": "nobody-there"}, "refused"), ({"databases": ["none"]}, "refused")],
)
def test_what_is_not_told_says_why(instance, state, socket, tmp_path):
    """A server that nobody runs, a role that is not there, a database that is not there."""
    told = asked(sys.executable, tmp_path, host=socket, **instance)
    assert told.state == state
    assert told.reason


def test_a_server_that_nobody_declared_is_named(socket, tmp_path):
    """And not asked for anything."""
    document = run(sys.executable, script({"only": ["postgresql"]}, tmp_path))
    instances = document["sections"]["postgresql"]["data"]["instances"]
    assert {one["state"] for one in instances} == {"undeclared"}
    assert any(socket in one["reason"] or one["name"] == "port 5432" for one in instances)


@pytest.fixture
def archived():
    """`(folder of the socket, sql)` of a server whose archive command hangs while `folder/hang` is there."""
    with cluster("archive_mode=on") as url:
        folder = Path(str(make_url(url).query["host"]))
        folder.chmod(0o755)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:

            def sql(statement: str) -> object:
                done = connection.execute(text(statement))
                return done.scalar() if done.returns_rows else None

            sql(f"ALTER SYSTEM SET archive_command = 'while test -e {folder}/hang; do sleep 0.1; done'")
            sql("SELECT pg_reload_conf()")
            yield folder, sql
        engine.dispose()


def archiver(told: PostgresqlInstance) -> PostgresqlArchiver:
    assert told.archiver is not None
    return told.archiver


def until(sql: Callable[[str], object], condition: str) -> None:
    """Wait until a query says true."""
    end = time.monotonic() + 60
    while not sql(f"SELECT {condition}"):
        assert time.monotonic() < end, condition
        time.sleep(0.1)


def test_what_waits_for_a_command_that_hangs_is_counted(archived, tmp_path):
    """No attempt fails, and none ends: without what waits nothing would tell it from a quiet server."""
    folder, sql = archived
    until(sql, "pg_switch_wal() IS NOT NULL AND last_archived_wal IS NOT NULL FROM pg_stat_archiver")
    until(sql, "NOT EXISTS (SELECT FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')")
    quiet = archiver(asked(sys.executable, tmp_path, host=str(folder)))
    assert (quiet.waiting, quiet.oldest_at) == (0, None)
    (folder / "hang").touch()
    for _ in range(2):
        sql("SELECT txid_current()")
        sql("SELECT pg_switch_wal()")
    instance = asked(sys.executable, tmp_path, host=str(folder))
    hung = archiver(instance)
    assert (hung.waiting, hung.failed) == (2, 0)
    assert 0 <= (instance.now_at or 0) - (hung.oldest_at or 0) < 60
    (folder / "hang").unlink()


def test_what_waits_is_counted_by_the_last_archived_where_the_role_may_not_see_it(archived, tmp_path):
    folder, sql = archived
    until(sql, "pg_switch_wal() IS NOT NULL AND last_archived_wal IS NOT NULL FROM pg_stat_archiver")
    until(sql, "NOT EXISTS (SELECT FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')")
    (folder / "hang").touch()
    for _ in range(2):
        sql("SELECT txid_current()")
        sql("SELECT pg_switch_wal()")
    sql("CREATE ROLE li LOGIN")
    instance = asked(sys.executable, tmp_path, host=str(folder), user="li")
    unseen = archiver(instance)
    assert (unseen.waiting, instance.withheld["waiting"]) == (None, "needs membership of pg_monitor")
    last = int((unseen.last_archived_wal or "")[16:], 16)
    assert (unseen.wal_bytes or 0) // (unseen.segment_bytes or 1) - 1 - last == 2
    (folder / "hang").unlink()
