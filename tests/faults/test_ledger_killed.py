"""A writer that is killed, and writers that meet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from maintkit.clock import SystemClock
from maintkit.errors import LedgerError, LedgerLocked
from maintkit.evidence.chain import verify
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

WRITERS = Path(__file__).with_name("ledger_writers.py")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger's place, in both databases."""
    where = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        where = request.getfixturevalue("postgres_url")
    Ledger.create(where, clock=SystemClock(), redactor=Redactor()).close()
    return where


def opened(url: str) -> Ledger:
    """The ledger as a command opens it."""
    return Ledger.open(url, clock=SystemClock(), redactor=Redactor())


def start(*arguments: str) -> subprocess.Popen[str]:
    """A real process of its own."""
    return subprocess.Popen(
        [sys.executable, str(WRITERS), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is the writer."""
    process = start("hold", url)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_killed_writer_loses_no_acknowledged_entry(url: str) -> None:
    """SIGKILL at forty random moments: all that was acknowledged is there, unchanged, and the chain holds."""
    process = start("killed", url, "40")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    acknowledged = [tuple(json.loads(line)) for line in output.splitlines()]
    assert len(acknowledged) >= 40
    with opened(url) as ledger:
        there = {(entry.seq, entry.hash) for entry in ledger.entries()}
        assert set(acknowledged) <= there
        assert len(there) % 2 == 0  # the two entries of a transaction came together or not at all
        assert verify(ledger).problems == ()
        assert ledger.append("inspection.started", {}).seq == len(there) + 1


def test_the_lock_of_a_killed_writer_is_free_at_once(url: str) -> None:
    """No lock is ever stale: there is nothing to delete and nobody to ask."""
    with holder(url) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with opened(url) as ledger, ledger.writing("after it"):
            assert ledger.append("inspection.started", {}).seq == 1


def test_a_second_process_is_told_who_writes(url: str) -> None:
    """Process number, purpose and instant of the holder are in the message; readers are not stopped."""
    with holder(url) as process, opened(url) as ledger:
        with pytest.raises(LedgerLocked, match=rf"process {process.pid}\) since .*: inspection 20261124-1"):
            ledger.append("inspection.started", {})
        assert verify(ledger).intact


def test_two_who_append_at_once_make_one_chain(url: str) -> None:
    """Short appends of several processes wait for each other, and every one of them is kept."""
    processes = [start("append", url, "25") for _ in range(3)]
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    with opened(url) as ledger:
        result = verify(ledger)
        assert (result.intact, result.entries) == (True, 75)
        writers = {entry.body["pid"] for entry in ledger.entries()}
    assert writers == {process.pid for process in processes}


def test_a_program_started_by_the_writer_does_not_keep_the_lock(url: str) -> None:
    """What an inspection starts may outlive it (ssh, Ansible): the lock ends with the inspection all the same."""
    with opened(url) as ledger:
        with ledger.writing("inspection"):
            child = subprocess.Popen(["sleep", "60"])
        try:
            with opened(url) as other, other.writing("next", wait_s=0.5):
                assert other.append("inspection.started", {}).seq == 1
        finally:
            child.kill()
            child.wait()


def test_a_lost_session_ends_the_right_to_write(postgres_url: str) -> None:
    """When the server ends the session, its lock is gone: the writer must not go on over a new connection."""
    Ledger.create(postgres_url, clock=SystemClock(), redactor=Redactor()).close()
    with opened(postgres_url) as ledger:
        with ledger.writing("inspection"):
            ledger.append("inspection.started", {})
            server = create_engine(postgres_url)
            with server.connect() as connection:
                held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                assert connection.execute(text(held)).scalars().all() == [True]
            server.dispose()
            with pytest.raises(LedgerError, match=r"terminat"):
                ledger.append("host.judged", {})
            with pytest.raises(LedgerError, match=r"the session that held the lock was lost"):
                ledger.append("host.judged", {})
            with opened(postgres_url) as other:
                assert other.append("inspection.started", {}).seq == 2
        assert verify(ledger).entries == 2
        assert ledger.append("inspection.finished", {}).seq == 3
