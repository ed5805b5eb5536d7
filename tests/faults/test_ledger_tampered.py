"""Somebody with access to the database changes it: verification names the first bad entry."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from maintkit.clock import FixedClock
from maintkit.errors import LedgerCorrupt
from maintkit.evidence.anchor import anchor
from maintkit.evidence.chain import Problem, verify
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

CLOCK = FixedClock(at=datetime(2026, 11, 24, 2, 38, 14, tzinfo=UTC))
TABLES = ("ledger", "entry", "attachment")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a ledger in both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """Six entries; the third has an attachment."""
    with Ledger.create(url, clock=CLOCK, redactor=Redactor()) as made:
        for number in range(1, 7):
            attachments = [made.seal(b'{"disk": "full"}')] if number == 3 else []
            made.append("host.judged", {"status": "crit", "n": number}, subject=f"h{number}", attachments=attachments)
        yield made


def tamper(url: str, *statements: str) -> None:
    """As someone who switches the triggers off, changes rows, and switches them on again."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            kept = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            off = [f"DROP TRIGGER {row.name}" for row in kept]
            on = [row.sql for row in kept]
        else:
            off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]
            on = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in TABLES]
        for statement in (*off, *statements, *on):
            connection.execute(text(statement))
    engine.dispose()


def first(ledger: Ledger) -> Problem:
    """The first problem there is."""
    problems = verify(ledger).problems
    assert problems
    return problems[0]


@pytest.mark.parametrize(
    ("statement", "what", "seq", "words"),
    [
        ("UPDATE entry SET body = replace(body, 'crit', 'ok') WHERE seq = 2", "altered", 2, "content was altered"),
        ("UPDATE entry SET subject = 'h9' WHERE seq = 4", "altered", 4, "content was altered"),
        ("UPDATE entry SET subject = NULL WHERE seq = 4", "altered", 4, "content was altered"),
        ("UPDATE entry SET at = '2026-11-25T02:38:14.000000Z' WHERE seq = 5", "altered", 5, "content was altered"),
        ("UPDATE entry SET attachments = '[]' WHERE seq = 3", "altered", 3, "content was altered"),
        ("UPDATE entry SET hash = upper(hash) WHERE seq = 2", "altered", 2, "hash was altered"),
        ("UPDATE entry SET prev = upper(prev) WHERE seq = 3", "altered", 3, "content was altered"),
        ("UPDATE entry SET kind = 'host.forged' WHERE seq = 6", "altered", 6, "does not give its hash"),
        ("UPDATE entry SET attachments = 'rubbish' WHERE seq = 3", "unreadable", 3, "not the text"),
        ("DELETE FROM entry WHERE seq = 3", "gap", 3, "after entry 2 comes 4"),
        ("DELETE FROM entry WHERE seq = 1", "gap", 1, "after entry 0 comes 2"),
        ("DELETE FROM attachment", "attachment-missing", 3, "is missing"),
        ("UPDATE attachment SET size = size + 1", "attachment-altered", 3, "was altered"),
        ("UPDATE attachment SET content = '\\x00'", "attachment-altered", 3, "was altered"),
        ("UPDATE ledger SET id = '00000000-0000-0000-0000-000000000000'", "altered", 1, "content was altered"),
    ],
)
def test_every_change_is_found_at_its_entry(
    ledger: Ledger, url: str, statement: str, what: str, seq: int, words: str
) -> None:
    """Content, marks, order, hashes, attachments, identity: each by its name and number."""
    tamper(url, statement)
    with Ledger.open(url, clock=CLOCK, redactor=Redactor()) as again:
        problem = first(again)
    assert (problem.what, problem.seq) == (what, seq)
    assert words in problem.detail
    del ledger


def test_a_consistent_lie_is_found_where_it_leaves_the_chain(ledger: Ledger, url: str) -> None:
    """An entry whose body and hash were both replaced does not fit the next one."""
    row = next(ledger.rows(after=1))
    forged = type(row)(**{**vars(row), "body": '{"status":"ok"}'})
    forge = "UPDATE entry SET body = '{}', hash = '{}' WHERE seq = 2"
    tamper(url, forge.format(forged.body, forged.digest(ledger.id)))
    problem = first(ledger)
    assert (problem.what, problem.seq) == ("unlinked", 3)


def test_swapped_entries_are_found(ledger: Ledger, url: str) -> None:
    """Two entries in each other's place."""
    tamper(
        url,
        "UPDATE entry SET seq = 99 WHERE seq = 2",
        "UPDATE entry SET seq = 2 WHERE seq = 3",
        "UPDATE entry SET seq = 3 WHERE seq = 99",
    )
    assert (first(ledger).what, first(ledger).seq) == ("altered", 2)


def test_reading_an_unreadable_entry_is_corruption_not_a_crash(ledger: Ledger, url: str) -> None:
    """Whoever reads before verifying gets the same exit code."""
    tamper(url, "UPDATE entry SET body = '{' WHERE seq = 2")
    with pytest.raises(LedgerCorrupt, match=r"entry 2 cannot be read"):
        list(ledger.entries())


@pytest.fixture
def signed(ledger: Ledger, tmp_path: Path) -> tuple[Path, Path]:
    """Anchors over the first six entries, and who may sign them."""
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(f"hospital {key.with_suffix('.pub').read_text(encoding='ascii')}", encoding="ascii")
    anchor(ledger, key=key, directory=tmp_path / "anchors", clock=CLOCK)
    return tmp_path / "anchors", allowed


def test_a_cut_tail_is_seen_by_the_anchor_alone(ledger: Ledger, url: str, signed: tuple[Path, Path]) -> None:
    """The rest of the chain is perfect: without anchors it verifies, with them the first missing entry is named."""
    tamper(url, "DELETE FROM entry WHERE seq > 4")
    assert verify(ledger).intact
    problem = verify(ledger, *signed).problems[0]
    assert (problem.what, problem.seq) == ("cut", 5)
    assert "missing up to 6" in problem.detail


def test_a_tail_that_was_cut_and_grown_again_is_seen(ledger: Ledger, url: str, signed: tuple[Path, Path]) -> None:
    """New entries in place of the old ones have other hashes than the anchor signed."""
    tamper(url, "DELETE FROM entry WHERE seq > 4")
    for _ in range(5):
        ledger.append("host.judged", {"status": "ok"})
    assert verify(ledger).intact
    problem = verify(ledger, *signed).problems[0]
    assert (problem.what, problem.seq) == ("rewritten", 6)


def test_an_old_copy_put_back_is_seen(tmp_path: Path) -> None:
    """A restored copy verifies by itself and is behind the anchor that was made after it."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.create(url, clock=CLOCK, redactor=Redactor()) as made:
        made.append("inspection.started", {})
        shutil.copy(tmp_path / "ledger.db", tmp_path / "old.db")
        made.append("inspection.finished", {})
        key = tmp_path / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        allowed = tmp_path / "allowed"
        allowed.write_text(f"hospital {key.with_suffix('.pub').read_text(encoding='ascii')}", encoding="ascii")
        anchor(made, key=key, directory=tmp_path / "anchors", clock=CLOCK)
    shutil.copy(tmp_path / "old.db", tmp_path / "ledger.db")
    with Ledger.open(url, clock=CLOCK, redactor=Redactor()) as restored:
        assert verify(restored).intact
        problem = verify(restored, tmp_path / "anchors", allowed).problems[0]
    assert (problem.what, problem.seq) == ("cut", 2)


def test_triggers_that_are_gone_are_a_problem(ledger: Ledger, url: str) -> None:
    """Dropped, disabled or emptied: the chain is still good, and the next slip would not be stopped."""
    engine = create_engine(url)
    harm = "DROP TRIGGER entry_update" if engine.dialect.name == "sqlite" else "ALTER TABLE entry DISABLE TRIGGER USER"
    with engine.begin() as connection:
        connection.execute(text(harm))
    result = verify(ledger)
    assert [problem.what for problem in result.problems] == ["triggers-missing"]
    assert "entry_" in str(result.problems[0])
    assert result.entries == 6
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("CREATE TRIGGER entry_update BEFORE UPDATE ON entry BEGIN SELECT 1; END"))
        else:
            connection.execute(text("ALTER TABLE entry ENABLE TRIGGER USER"))
            connection.execute(
                text(
                    "CREATE OR REPLACE FUNCTION maintkit_append_only() RETURNS trigger LANGUAGE plpgsql"
                    " AS $$ BEGIN RETURN NEW; END $$"
                )
            )
    engine.dispose()
    assert [problem.what for problem in verify(ledger).problems] == ["triggers-missing"]


def test_replacing_a_row_by_inserting_over_it_is_refused(tmp_path: Path) -> None:
    """SQLite's INSERT OR REPLACE fires no DELETE trigger; a trigger of its own refuses it, and a seq out of turn."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.create(url, clock=CLOCK, redactor=Redactor()) as made:
        made.append("host.judged", {"status": "crit"}, attachments=[made.seal(b"{}")])
        engine = create_engine(url)
        replace = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
        for table in TABLES:
            with pytest.raises(DBAPIError, match=r"append-only"), engine.begin() as connection:
                connection.execute(text(replace.format(table)))
        engine.dispose()
        assert verify(made).intact
