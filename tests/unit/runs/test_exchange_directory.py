"""Where the files of a run lie: private, gone afterwards, and swept only when their owner has died."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from maintkit.errors import RunFailed
from maintkit.runs.exchange import PREFIX, exchange_directory

HOLD = """
import sys
from maintkit.runs.exchange import exchange_directory
with exchange_directory() as place:
    print(place, flush=True)
    sys.stdin.read()
"""
ELSEWHERE = ("unshare", "--pid", "--fork", "--mount-proc")  # a container of its own, but for the shared memory


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where directories are made, by this process and its children."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def holder(*before: str) -> tuple[subprocess.Popen[str], Path]:
    """Another process that has a directory, and the directory."""
    command = [*before, sys.executable, "-c", HOLD]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_directory_is_private_and_gone_afterwards(shared: Path) -> None:
    """Nobody else may look into it."""
    with exchange_directory() as place:
        assert (place.parent, place.stat().st_mode & 0o777) == (shared, 0o700)
    assert list(shared.iterdir()) == []


def test_what_a_dead_owner_left_is_swept(shared: Path) -> None:
    """It was killed and could not tidy up; the next one does. A link of that name leads nowhere."""
    process, left = holder()
    process.send_signal(signal.SIGKILL)
    process.wait()
    other = shared / "other"
    other.mkdir()
    (other / "kept").touch()
    (shared / f"{PREFIX}link").symlink_to(other)
    assert left.is_dir()
    with exchange_directory():
        assert not left.exists()
    assert (other / "kept").exists()


def test_where_nothing_can_be_locked_it_is_said_and_nothing_is_left(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network share without a lock service, which this machine has none of."""

    def refuse(descriptor: int, operation: int) -> None:
        del descriptor, operation
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(RunFailed, match="No locks available"), exchange_directory():
        pass
    assert list(shared.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare")
@pytest.mark.parametrize("mine", [(), ELSEWHERE])
def test_an_owner_in_another_container_is_alive(shared: Path, mine: tuple[str, ...]) -> None:
    """Neither sees the other's process; the directory in the memory that they share stays."""
    owner, held = holder(*ELSEWHERE)
    other, own = holder(*mine)
    assert held.is_dir()
    assert own.is_dir()
    for process in (owner, other):
        process.communicate()
        assert process.returncode == 0
    assert list(shared.iterdir()) == []
