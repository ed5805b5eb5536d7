"""Countersigned heads: what shows that entries were cut off the end, which a chain alone cannot.

An anchor is a small text, `<seq>-<first 8 of head>.anchor`, and an SSH signature beside it, `….anchor.sig`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maintkit.clock import Clock, from_text, to_text
from maintkit.errors import LedgerError, SigningFailed
from maintkit.evidence.entry import Head
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.signing import Trust, fingerprint, sign, verify

FORMAT = "maintkit.anchor/1"
NAMESPACE = "maintkit-anchor@maintkit"

_TEXT = re.compile(
    rf"{FORMAT}\nledger: (?P<ledger>[0-9a-f-]{{36}})\nseq: (?P<seq>0|[1-9][0-9]{{0,17}})\n"
    r"head: (?P<head>[0-9a-f]{64})\nat: (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\n"
)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A head of a ledger at an instant; `path` is None before it is written."""

    ledger: str
    head: Head
    at: datetime
    path: Path | None = None

    @property
    def text(self) -> str:
        """The very text that is signed."""
        return (
            f"{FORMAT}\nledger: {self.ledger}\nseq: {self.head.seq}\nhead: {self.head.hash}\nat: {to_text(self.at)}\n"
        )

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.head.seq}-{self.head.hash[:8]}.anchor"


def anchor(ledger: Ledger, *, key: Path, directory: Path, clock: Clock) -> Anchor:
    """Sign the ledger's head with an SSH key, keep both files in `directory`, and record it.

    The entry `ledger.anchored` comes last, so a failure leaves at most files that name a true head. SigningFailed
    carries ssh-keygen's words; LedgerLocked if somebody else writes.
    """
    with ledger.writing("anchor"):
        made = Anchor(ledger=ledger.id, head=ledger.head(), at=clock.now())
        signature = sign(made.text, key=key, namespace=NAMESPACE)
        signer = fingerprint(key)
        path = _store(directory, made, signature)
        ledger.append("ledger.anchored", {"seq": made.head.seq, "head": made.head.hash, "signer": signer})
    return Anchor(ledger=made.ledger, head=made.head, at=made.at, path=path)


def parse(path: Path) -> Anchor:
    """An anchor file's content; ValueError if it is not exactly one anchor."""
    found = _TEXT.fullmatch(path.read_bytes()[:4096].decode("ascii"))
    if found is None:
        raise ValueError(f"not an anchor of format {FORMAT}")
    head = Head(seq=int(found["seq"]), hash=found["head"])
    return Anchor(ledger=found["ledger"], head=head, at=from_text(found["at"]), path=path)


def anchor_files(directory: Path) -> Iterator[Path]:
    """Every file that claims to be an anchor; LedgerError when the directory cannot be read."""
    try:
        yield from sorted(path for path in directory.iterdir() if path.suffix == ".anchor")
    except OSError as error:
        raise LedgerError(
            f"the anchors in {directory} cannot be read: {error.strerror}",
            hint="name the directory that holds them with `--anchors DIR`",
        ) from error


def signer(made: Anchor, *, signers: Path, revoked: Path | None = None) -> str:
    """Who of the allowed signers signed this anchor file; SigningFailed with ssh-keygen's words if nobody did.

    The key must be valid at the instant inside the signed text, so that an anchor outlives its key. That instant is the
    signer's own word: put a key that may be in wrong hands on the revocation list.
    """
    if made.path is None:
        raise ValueError("this anchor has not been written")
    signature = made.path.with_name(f"{made.path.name}.sig")
    if not signature.is_file():
        raise SigningFailed(
            f"{signature.name} is missing", hint="restore it: an anchor without signature shows nothing"
        )
    trust = Trust(allowed=signers, revoked=revoked)
    return verify(made.text, signature, namespace=NAMESPACE, trust=trust, at=made.at).principal


def _store(directory: Path, made: Anchor, signature: str) -> Path:
    """The signature first: whoever sees an anchor finds its signature too."""
    path = directory / made.name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(directory / f"{made.name}.sig", signature)
        _write(path, made.text)
        _sync(directory)
    except OSError as error:
        raise LedgerError(
            f"the anchor cannot be written to {directory}: {error.strerror}",
            hint="give the user who runs maintkit write access there, and free space",
        ) from error
    return path


def _write(path: Path, text: str) -> None:
    """By rename, so that half a file is never seen."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
