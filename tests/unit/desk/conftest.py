"""What the tests of the desk share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faultdesk import Desk, desk_in

from maintkit.clock import FixedClock, from_text
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty ledger at 09:00 on site."""
    with desk_in(tmp_path) as made:
        yield made


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty one of which the tests turn the clock."""
    clock = FixedClock(at=from_text("2026-11-01T00:00:00Z"))
    with Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock, redactor=Redactor()) as made:
        yield made
