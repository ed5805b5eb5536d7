"""One writer at a time, and a name for the one who is: the system releases the lock when its holder dies."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from maintkit.errors import LedgerError, LedgerLocked
from maintkit.evidence.entry import line

WAIT_S = 2.0  # as long as somebody else's single append may take on a slow disk
_TURNS = 15  # so many of those may come before us: whoever polls is not next in any line
_POLL_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who writes: process, user, host, what for, and since when (RFC 3339)."""

    pid: int
    user: str
    host: str
    purpose: str
    since: str

    def __str__(self) -> str:
        return line(f"{self.user} on {self.host} (process {self.pid}) since {self.since}: {self.purpose}")


def myself(*, purpose: str, since: str) -> Holder:
    """This process as a holder."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, as in a container
        user = str(os.getuid())
    return Holder(pid=os.getpid(), user=user, host=socket.gethostname(), purpose=purpose, since=since)


def locked_by(holder: Holder | None, *, ledger: str) -> LedgerLocked:
    """The refusal, naming the holder where it could be read."""
    return LedgerLocked(
        f"{ledger} is being written by {holder or 'another process that has not said its name'}",
        hint="wait until it ends; the lock goes away with that process, there is nothing to delete",
    )


def patiently(attempt: Callable[[], bool], *, wait_s: float, holder: Callable[[], Holder | None]) -> bool:
    """Whether `attempt` succeeded before one holder had kept it for `wait_s` seconds, or many together for 15 times it.

    Short appends of a busy team thus wait for each other, and a long work is told at once.
    """
    start = time.monotonic()
    since, seen = start, holder()
    while not attempt():
        now, who = time.monotonic(), holder()
        if who != seen:
            since, seen = now, who
        if now - since >= wait_s or now - start >= _TURNS * wait_s:
            return False
        time.sleep(_POLL_S)
    return True


@contextmanager
def file_lock(path: Path, me: Holder, *, ledger: str, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold `path` by flock(2); LedgerLocked names who else does.

    The file stays behind on purpose: to remove it would let two processes lock two files of the same name. The
    descriptor is not inherited by programs that this process starts, so they cannot keep the lock.
    """
    descriptor = _open(path)
    try:
        if not patiently(lambda: _flock(descriptor), wait_s=wait_s, holder=lambda: _read(path)):
            raise locked_by(_read(path), ledger=ledger)
        _write(descriptor, me)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be opened: {error.strerror}",
            hint="the ledger's directory must be writable for the user who runs maintkit",
        ) from error


def _flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(descriptor: int, me: Holder) -> None:
    """A courtesy to whoever is refused: on a full disk the lock holds without a name."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(me)).encode(), 0)
    except OSError:
        return


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
