"""What most of these files start from; one that wants another server has a fixture of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from indexing import Server, server


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """A PostgreSQL server for the tests of one file."""
    with server() as made:
        yield made
