"""Two looks at a host's database servers: the newest, and one that is a week or more older."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sample_advice as sample

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.evidence.server_facts import read
from maintkit.evidence.servers import servers

NOW = datetime(2026, 11, 25, tzinfo=UTC)


class Book:
    """A ledger to which inspections are added, each some days ago."""

    def __init__(self, ledger: Ledger, clock: FixedClock) -> None:
        self.ledger, self.clock = ledger, clock

    def inspected(self, days_ago: float, *, host: str = "his-db1", simulated: bool = False) -> int:
        """The number of the entry."""
        self.clock.at = NOW - timedelta(days=days_ago)
        run = f"{days_ago}-{simulated}"
        self.ledger.append("inspection.started", {"simulated": simulated}, run=run)
        told = json.dumps(sample.document(pg=sample.postgresql(), days_ago=days_ago)).encode()
        facts = self.ledger.seal(told)
        body = {"facts": facts.sha256}
        return self.ledger.append("facts.collected", body, run=run, subject=host, attachments=[facts]).seq

    def days(self, until: int | None = None) -> tuple[float, float | None]:
        """How old the two looks are."""
        found = servers(self.ledger, "his-db1", until=until)
        assert found is not None
        ages = [(sample.NOW - one.at) / sample.DAY if one else None for one in (found.now, found.then)]
        assert ages[0] is not None
        return ages[0], ages[1]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    clock = FixedClock(at=NOW - timedelta(days=100))
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.create(url, clock=clock, redactor=Redactor()) as ledger:
        yield Book(ledger, clock)


def test_the_newest_look_is_compared_with_one_that_is_a_week_older(book: Book) -> None:
    numbers = [book.inspected(days) for days in (40, 31, 8, 3, 1)]
    assert book.days() == (1, 8)
    assert book.days(until=numbers[2]) == (8, 31)
    assert book.days(until=numbers[0]) == (40, None)


def test_simulated_inspections_are_compared_with_their_like(book: Book) -> None:
    book.inspected(30)
    book.inspected(20, simulated=True)
    book.inspected(1)
    assert book.days() == (1, 30)


def test_a_host_that_never_answered_is_none(book: Book) -> None:
    book.inspected(1, host="other")
    assert servers(book.ledger, "his-db1") is None


def test_a_section_that_has_not_its_shape_is_withheld_and_never_empty() -> None:
    told = sample.document(pg={"name": 7})
    told["sections"]["mysql"] = {"status": "timeout", "reason": "no answer within 10 s", "data": None}
    found = read(told, host="h", facts="")
    assert (found.postgresql, found.mysql) == ((), ())
    assert found.withheld == {"postgresql": "not understood", "mysql": "no answer within 10 s"}
