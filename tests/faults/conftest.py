"""What most of these files start from; one that wants another server has a fixture of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tabling
from indexing import Server, server
from mysqltables import mysql_server


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """A PostgreSQL server for the tests of one file."""
    with server() as made:
        yield made


@pytest.fixture(
    scope="module",
    params=[tabling.server, pytest.param(mysql_server, marks=pytest.mark.long)],
    ids=["mariadb", "mysql"],
)
def maria(request: pytest.FixtureRequest) -> Iterator[tabling.Server]:
    """A MariaDB server, and then a MySQL server, for the tests of one file."""
    with request.param() as made:
        yield made
