"""An office with real keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import change
import pytest


@pytest.fixture
def office(tmp_path: Path) -> Iterator[change.Office]:
    """A ledger and people who may sign."""
    made = change.office(tmp_path)
    yield made
    made.ledger.close()
