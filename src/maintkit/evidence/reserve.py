"""Room on the ledger's disk that a change keeps for itself: a full disk must not leave a host half changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maintkit.errors import LedgerError

BYTES = 8 * 2**20  # some hundred phases of one host, with their documents


class Reserve:
    """A file that takes up room until it is given back, once; `spent` says that it was."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.spent = False

    def give(self) -> bool:
        """Make room; False when there is none left to make."""
        if self._path is None or self.spent:
            return False
        self._path.unlink(missing_ok=True)
        self.spent = True
        return True


@contextmanager
def reserve(ledger: Path | None, owner: str) -> Iterator[Reserve]:
    """Room beside the ledger's file for what `owner` does; none for a ledger whose disk is not this machine's.

    Raises LedgerError when there is no such room. What a killed process has left is taken over by the same owner.
    """
    path = None if ledger is None else ledger.with_name(f"{ledger.name}.reserve-{owner}")
    try:
        if path is not None:
            _take(path)
        yield Reserve(path)
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def _take(path: Path) -> None:
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, BYTES)
        finally:
            os.close(file)
    except OSError as error:
        raise LedgerError(
            f"{path.parent}: no room for the {BYTES >> 20} MiB that a change keeps for its records: {error.strerror}",
            hint="free space on that disk; nothing was begun",
        ) from error
