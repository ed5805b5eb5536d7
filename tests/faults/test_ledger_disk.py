"""Disks that are full, read-only or gone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maintkit.clock import FixedClock
from maintkit.errors import LedgerError
from maintkit.evidence import database
from maintkit.evidence.chain import verify
from maintkit.evidence.export import export
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

CLOCK = FixedClock(at=datetime(2026, 11, 24, 2, 38, 14, tzinfo=UTC))


def opened(url: str) -> Ledger:
    """The ledger as a command opens it."""
    return Ledger.open(url, clock=CLOCK, redactor=Redactor())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of half a megabyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "maintkit-test", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_what_was_acknowledged(small_disk: Path) -> None:
    """The write that does not fit is refused with a hint, earlier ones stay, later ones go on when there is room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    url = f"sqlite:///{small_disk / 'ledger.db'}"
    with Ledger.create(url, clock=CLOCK, redactor=Redactor()) as ledger, ledger.writing("inspection"):
        kept = 0
        with pytest.raises(LedgerError, match=r"disk is full|disk I/O") as refused:  # noqa: PT012 - until it is full
            while kept < 1000:
                ledger.append("host.judged", {"filler": os.urandom(5000).hex()})
                kept += 1
        assert "free space" in refused.value.hint
        assert 5 < kept < 1000
        ballast.unlink()
        assert ledger.append("inspection.finished", {}).seq == kept + 1
    with opened(url) as ledger:
        assert (verify(ledger).intact, ledger.head().seq) == (True, kept + 1)


def test_a_database_that_another_program_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup tool or a database browser has it open for writing: reading and writing wait, then say so."""
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    place = tmp_path / "ledger.db"
    url = f"sqlite:///{place}"
    Ledger.create(url, clock=CLOCK, redactor=Redactor()).close()
    other = sqlite3.connect(place, isolation_level=None)
    with closing(other), opened(url) as ledger:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match="database is locked") as refused:
            ledger.head()
        assert "another program" in refused.value.hint
        with pytest.raises(LedgerError, match="database is locked"), ledger.writing("inspection"):
            ledger.append("inspection.started", {})
        other.execute("ROLLBACK")
        assert ledger.head().seq == 0


def test_a_full_disk_leaves_no_half_export(small_disk: Path, tmp_path: Path) -> None:
    """The copy is refused with its name, and nothing of it stays."""
    with Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}", clock=CLOCK, redactor=Redactor()) as ledger:
        for _ in range(4):
            ledger.append("host.judged", {"filler": "x" * 200_000})
        with pytest.raises(LedgerError, match=r"copy.jsonl cannot be written: No space left on device"):
            export(ledger, small_disk / "copy.jsonl")
    assert list(small_disk.iterdir()) == []


def test_a_read_only_disk_reads_and_refuses_to_write(small_disk: Path) -> None:
    """Verifying works from a write-protected copy; appending says what is missing."""
    url = f"sqlite:///{small_disk / 'ledger.db'}"
    with Ledger.create(url, clock=CLOCK, redactor=Redactor()) as ledger:
        ledger.append("inspection.started", {})
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Ledger.open(url, clock=CLOCK, redactor=Redactor(), read_only=True) as ledger:
        assert verify(ledger).entries == 1
    with pytest.raises(LedgerError, match=r"Read-only file system") as refused, opened(url) as ledger:
        ledger.append("inspection.finished", {})
    assert "writable" in refused.value.hint


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A directory that ordinary users can reach, which pytest's own are not."""
    directory = Path(tempfile.mkdtemp(prefix="maintkit-test-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        directory.chmod(0o755)
        shutil.rmtree(directory)


ORDINARY_USER = """
import os, sys
from maintkit.clock import SystemClock
from maintkit.cli import ledger
from maintkit.cli.main import cli, main
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

# Everything is loaded and known before the change of user, who may not read this checkout.
cli.list_commands = lambda _context, known=tuple(cli.list_commands(None)): list(known)
Ledger.open(sys.argv[1], clock=SystemClock(), redactor=Redactor(), read_only=True).close()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.argv[1:] = ["ledger", "anchor", "--ledger", sys.argv[1], "--key", "/dev/null", "--anchors", "/nowhere"]
main()
"""


def test_a_directory_without_write_permission_is_named(public_directory: Path) -> None:
    """An ordinary user who may read the ledger and not write it learns which right is missing."""
    url = f"sqlite:///{public_directory / 'ledger.db'}"
    with Ledger.create(url, clock=CLOCK, redactor=Redactor()) as ledger:
        ledger.append("inspection.started", {})
    (public_directory / "ledger.db").chmod(0o444)
    (public_directory / "ledger.db.lock").unlink()
    public_directory.chmod(0o555)
    program = [sys.executable, "-c", ORDINARY_USER, url]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == LedgerError.exit_code, done.stderr
    assert "ledger.db.lock cannot be opened: Permission denied" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ledger_that_does_not_exist_is_not_made_by_opening(tmp_path: Path) -> None:
    """A mistyped path must not become a new, empty ledger."""
    with pytest.raises(LedgerError, match=r"there is no ledger at .*ledger.db") as refused:
        opened(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert "maintkit init" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to look like a header" * 40])
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file and a foreign file each have a message; neither a traceback nor a new ledger."""
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"not a database" if content else r"no such table"):
        opened(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_damaged_page_is_corruption(tmp_path: Path) -> None:
    """A file whose middle was overwritten never verifies."""
    path = tmp_path / "ledger.db"
    with Ledger.create(f"sqlite:///{path}", clock=CLOCK, redactor=Redactor()) as ledger:
        for _ in range(50):
            ledger.append("host.judged", {"filler": "x" * 5000})
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * 20_000)
    with opened(f"sqlite:///{path}") as ledger:
        problem = verify(ledger).problems[0]
    assert problem.what in ("unreadable", "altered")
    assert problem.seq is not None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://u@h/d", "no ledger can be kept there"),
        ("sqlite://", "no ledger can be kept there"),
        ("sqlite:///:memory:", "no ledger can be kept there"),
        ("no url at all", "cannot be understood"),
        ("postgresql://u:hidden@/d?host=/nonexistent-socket-directory", r"\*\*\*@/d.*"),
    ],
)
def test_an_impossible_place_is_refused_with_a_hint(url: str, message: str) -> None:
    """Wrong URLs and servers that are not there, without showing a password."""
    with pytest.raises(LedgerError, match=message) as refused:
        opened(url)
    assert refused.value.hint
    assert "hidden" not in str(refused.value)
