"""The collector's questions to a real PostgreSQL, on every Python that this machine has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from collected import run, script, unknown_fields
from postgres import cluster
from pythons import VERSIONS, interpreter
from sqlalchemy import create_engine, make_url, text

from maintkit.checks.facts.document import Facts
from maintkit.checks.facts.postgresql import PostgresqlInstance

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
