"""The laws of the ledger, held by both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from maintkit.clock import FixedClock
from maintkit.errors import ClockSetBack, LedgerError, LedgerLocked, NotFound
from maintkit.evidence.chain import verify
from maintkit.evidence.entry import GENESIS, Draft, Head
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import SECRET, Redactor

NOW = datetime(2026, 11, 24, 2, 38, 14, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """A clock that the test moves."""
    return FixedClock(at=NOW)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger may be made: a file, or a database of a real cluster."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(url: str, clock: FixedClock) -> Iterator[Ledger]:
    """An empty ledger that knows one secret."""
    with Ledger.create(url, clock=clock, redactor=Redactor(["hunter2-of-the-HIS"])) as made:
        yield made


def test_an_appended_entry_reads_back_as_it_was_returned(ledger: Ledger) -> None:
    """What append returns is what every later reader sees, whatever JSON the body holds."""
    body = {"text": "门诊 ünï\u0000\x1b[31m", "number": 1.0, "small": 1e-7, "list": [None, True, {"a": []}]}
    entry = ledger.append("facts.collected", body, run="20261124-1", subject="his-app-01")
    assert (entry.seq, entry.at, entry.prev) == (1, NOW, GENESIS)
    assert entry.body == body
    assert list(ledger.entries()) == [entry]
    assert ledger.entry(1) == entry
    assert ledger.head() == Head(seq=1, hash=entry.hash)


def test_entries_are_chained_and_verify(ledger: Ledger) -> None:
    """Every entry names the hash of the one before it, also within one transaction."""
    first = ledger.append("inspection.started", {})
    second, third = ledger.append_all([Draft(kind="host.judged", body={"n": n}) for n in range(2)])
    assert (second.prev, third.prev) == (first.hash, second.hash)
    result = verify(ledger)
    assert (result.intact, result.entries, result.head) == (True, 3, Head(seq=3, hash=third.hash))


def test_an_empty_ledger_verifies(ledger: Ledger) -> None:
    """Nothing recorded is not an error."""
    result = verify(ledger)
    assert (result.intact, result.entries, result.head) == (True, 0, Head(seq=0, hash=GENESIS))


def test_entries_are_found_by_marks_ranges_and_order(ledger: Ledger) -> None:
    """kind, run and subject narrow; after and before are exclusive; newest_first and limit count from the end."""
    ledger.append_all([Draft(kind="host.judged", body={}, run=f"r{n % 2}", subject=f"h{n % 3}") for n in range(300)])
    ledger.append("inspection.finished", {}, run="r0")

    def numbers(**wanted: object) -> list[int]:
        return [entry.seq for entry in ledger.entries(**wanted)]  # type: ignore[arg-type]  # any filter

    assert numbers() == list(range(1, 302))
    assert numbers(kind="inspection.finished") == [301]
    assert numbers(run="r0", subject="h0") == list(range(1, 301, 6))
    assert numbers(after=10, before=14) == [11, 12, 13]
    assert numbers(newest_first=True) == list(range(301, 0, -1))
    assert numbers(newest_first=True, limit=2, kind="host.judged") == [300, 299]
    assert numbers(limit=20) == list(range(1, 21))
    assert numbers(kind="nothing.here") == []


def test_a_reader_half_way_does_not_stop_a_writer(ledger: Ledger) -> None:
    """Reading is page by page: an open iterator holds no lock, and sees what was appended meanwhile."""
    ledger.append_all([Draft(kind="host.judged", body={}) for _ in range(20)])
    reading = ledger.entries()
    next(reading)
    ledger.append("inspection.finished", {})
    assert [entry.seq for entry in reading] == list(range(2, 22))


def test_secrets_are_masked_before_anything_is_hashed(ledger: Ledger) -> None:
    """Body, subject and attachments are stored masked, and the entry says in how many places."""
    attachment = ledger.seal(b'{"log": "login with hunter2-of-the-HIS"}')
    entry = ledger.append(
        "facts.collected",
        {"note": "hunter2-of-the-HIS", "facts": attachment.sha256},
        subject="hunter2-of-the-HIS",
        attachments=[attachment],
    )
    assert (entry.masked, entry.subject, entry.body["note"]) == (3, SECRET, SECRET)
    assert json.loads(ledger.attachment(attachment.sha256)) == {"log": f"login with {SECRET}"}
    assert verify(ledger).intact


def test_secrets_learnt_later_are_masked_from_then_on(ledger: Ledger) -> None:
    """The redactor can be replaced while the ledger is open."""
    ledger.redactor = Redactor(["learnt-afterwards"])
    assert ledger.append("host.judged", {"excerpt": "is learnt-afterwards"}).body == {"excerpt": f"is {SECRET}"}


def test_an_attachment_is_named_by_its_content_and_stored_once(ledger: Ledger) -> None:
    """Two entries with the same content share it."""
    content = b'{"schema": "maintkit.facts/1"}' * 100
    attachment = ledger.seal(content, media_type="text/plain")
    assert attachment.sha256 == sha256(content).hexdigest()
    for _ in range(2):
        assert ledger.append("facts.collected", {}, attachments=[attachment]).attachments == (attachment.sha256,)
    assert ledger.attachment(attachment.sha256) == content
    assert verify(ledger).intact


def test_an_attachment_over_the_limit_is_refused(ledger: Ledger) -> None:
    """The message names both sizes; nothing is stored."""
    with pytest.raises(LedgerError, match=r"an attachment of 101 bytes is over the limit of 100"):
        ledger.seal(b"x" * 101, cap_bytes=100)
    assert ledger.head().seq == 0


def test_what_is_not_there_is_not_found(ledger: Ledger) -> None:
    """An entry or attachment that does not exist has an error of its own."""
    with pytest.raises(NotFound, match=r"no entry 1"):
        ledger.entry(1)
    with pytest.raises(NotFound, match="no attachment ffff"):
        ledger.attachment("ffff")


def test_a_transaction_is_all_or_nothing(ledger: Ledger) -> None:
    """One bad draft among good ones leaves none of them."""
    ledger.append("inspection.started", {})
    with pytest.raises(LedgerError, match="'Judged' is no kind of entry"):
        ledger.append_all([Draft(kind="host.judged", body={}), Draft(kind="Judged", body={})])
    with pytest.raises(LedgerError, match="not a JSON value"):
        ledger.append("host.judged", {"value": float("nan")})
    assert ledger.head().seq == 1


def test_a_clock_that_was_set_back_is_refused(ledger: Ledger, clock: FixedClock) -> None:
    """More than two seconds behind the last entry is an error with both instants; nothing is written."""
    ledger.append("inspection.started", {})
    clock.at = NOW - timedelta(hours=1)
    with pytest.raises(ClockSetBack, match=r"clock says 2026-11-24T01:38:14.000000Z, 3600 s behind entry 1"):
        ledger.append("inspection.finished", {})
    assert ledger.head().seq == 1


def test_a_clock_within_two_seconds_uses_the_last_instant(ledger: Ledger, clock: FixedClock) -> None:
    """A small step back by NTP is tolerated, and time in the ledger never goes back."""
    ledger.append("inspection.started", {})
    clock.at = NOW - timedelta(seconds=2)
    assert ledger.append("inspection.finished", {}).at == NOW


def test_only_one_may_write_and_the_other_learns_who_does(ledger: Ledger, url: str, clock: FixedClock) -> None:
    """The refusal names process, user, host, purpose and since when; reading goes on; afterwards it is free."""
    with ledger.writing("inspection 20261124-1"), Ledger.open(url, clock=clock, redactor=Redactor()) as other:
        ledger.append("inspection.started", {})
        with (
            pytest.raises(
                LedgerLocked, match=r"process \d+\) since 2026-11-24T02:38:14.000000Z: inspection 20261124-1"
            ),
            other.writing("second", wait_s=0.1),
        ):
            pytest.fail("two writers at once")
        assert other.head().seq == 1
    with Ledger.open(url, clock=clock, redactor=Redactor()) as other, other.writing("second"):
        assert other.append("inspection.started", {}).seq == 2


def test_the_writer_may_take_the_lock_again(ledger: Ledger) -> None:
    """A step inside an inspection may ask for the lock too, and leaves it to the outer one."""
    with ledger.writing("inspection"):
        with ledger.writing("step"):
            ledger.append("host.judged", {})
        ledger.append("inspection.finished", {})
    assert ledger.head().seq == 2


def test_an_error_inside_writing_gives_the_lock_back(ledger: Ledger) -> None:
    """Whatever ends the block ends the lock."""
    with pytest.raises(ZeroDivisionError), ledger.writing("inspection"):
        raise ZeroDivisionError
    assert ledger.append("inspection.started", {}).seq == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET body = '{}'",
        "DELETE FROM entry",
        "UPDATE attachment SET content = content",
        "DELETE FROM attachment",
        "UPDATE ledger SET version = 2",
        "DELETE FROM ledger",
    ],
)
def test_the_database_itself_refuses_changes(ledger: Ledger, url: str, statement: str) -> None:
    """A slip with a database client cannot change what was recorded."""
    ledger.append("facts.collected", {}, attachments=[ledger.seal(b"{}")])
    engine = create_engine(url)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert verify(ledger).intact


def test_a_ledger_is_made_once(ledger: Ledger, url: str, clock: FixedClock) -> None:
    """Making one over another is refused, and what is there stays."""
    entry = ledger.append("inspection.started", {})
    with pytest.raises(LedgerError, match="already holds a ledger"):
        Ledger.create(url, clock=clock, redactor=Redactor())
    assert ledger.entry(1) == entry


def test_a_read_only_ledger_refuses_to_write(ledger: Ledger, url: str, clock: FixedClock) -> None:
    """What is opened for reading reads, and cannot write."""
    ledger.append("inspection.started", {})
    with Ledger.open(url, clock=clock, redactor=Redactor(), read_only=True) as reader:
        assert verify(reader).entries == 1
        with pytest.raises(LedgerError, match=r"read-?only"):
            reader.append("inspection.finished", {})
    assert ledger.head().seq == 1
