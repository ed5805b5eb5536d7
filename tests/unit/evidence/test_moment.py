"""The ledger at an instant, against reading it through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maintkit.clock import FixedClock
from maintkit.errors import NotFound
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import Mark, basis, last_before
from maintkit.evidence.redact import Redactor

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = (0, 0, 1, 4, 4, 4, 9)  # the days of the entries after FIRST


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Seven entries on four days."""
    clock = FixedClock(at=FIRST)
    with Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock, redactor=Redactor()) as made:
        for day in DAYS:
            clock.at = FIRST + day * DAY
            made.append("duty.done", {"day": day}, subject="x")
        yield made


def test_the_last_entry_before_any_instant_is_the_one_that_reading_finds(ledger: Ledger) -> None:
    every = list(ledger.entries())
    for half_days in range(-2, 24):
        until = FIRST + half_days * DAY / 2
        wanted = [Mark.of(entry) for entry in every if entry.at < until]
        assert last_before(ledger, until) == (wanted[-1] if wanted else None), until


def test_a_stretch_that_is_over_is_read_as_of_its_end_and_another_as_of_the_last_entry(ledger: Ledger) -> None:
    """By hand, on day 9: until day 5 the last is entry 6; until day 20, which is to come, it is entry 7 of day 9."""
    ended = basis(ledger, FIRST, FIRST + 5 * DAY, "it")
    assert (ended.head.seq, ended.over, ended.until) == (6, True, FIRST + 5 * DAY)
    going = basis(ledger, FIRST, FIRST + 20 * DAY, "it")
    assert (going.head.seq, going.over, going.until) == (7, False, FIRST + 9 * DAY)


def test_a_stretch_is_over_when_its_end_has_passed_whether_or_not_anything_was_entered_since(ledger: Ledger) -> None:
    """On day 30 the time until day 20 is over, though the last entry is of day 9; it may be issued then."""
    ledger.clock.at = FIRST + 30 * DAY  # type: ignore[attr-defined]  # a FixedClock
    ended = basis(ledger, FIRST, FIRST + 20 * DAY, "it")
    assert (ended.head.seq, ended.over, ended.until) == (7, True, FIRST + 20 * DAY)


def test_a_stretch_in_which_nothing_was_entered_has_a_basis_all_the_same(ledger: Ledger) -> None:
    """Days 5 to 8: the last entry before their end is of day 4; that nothing was entered is for the reader to see."""
    empty = basis(ledger, FIRST + 5 * DAY, FIRST + 8 * DAY, "it")
    assert (empty.head.seq, empty.over) == (6, True)
    assert empty.head.at < empty.since


@pytest.mark.parametrize(("since", "end", "said"), [(-9, -4, "begins at"), (12, 20, "it has not begun")])
def test_what_the_ledger_cannot_know_of_is_refused(ledger: Ledger, since: int, end: int, said: str) -> None:
    """Nothing from before the first entry or after the last reads as "nothing happened"."""
    with pytest.raises(NotFound, match=said):
        basis(ledger, FIRST + since * DAY, FIRST + end * DAY, "it")


def test_an_empty_ledger_holds_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    with (
        Ledger.create(url, clock=FixedClock(at=FIRST), redactor=Redactor()) as ledger,
        pytest.raises(NotFound, match="is empty"),
    ):
        basis(ledger, FIRST, FIRST + DAY, "it")
