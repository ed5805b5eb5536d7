"""A ledger as one file, to be verified where no database is: JSON lines, perhaps compressed by gzip."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from maintkit.errors import LedgerCorrupt, LedgerError
from maintkit.evidence.attach import Fault, fault
from maintkit.evidence.entry import DOMAIN, GENESIS, Head, Row
from maintkit.evidence.ledger import Ledger

FORMAT = "maintkit.export/1"
_LONGEST_LINE = 64 * 1024 * 1024  # an attachment at its cap, in base64, is a third of it


def export(ledger: Ledger, path: Path) -> Head:
    """Write all entries and attachments up to now; the head that the file ends with. Appears whole or not at all.

    A line is `{"export": …}` first, then `{"attachment": …}` before the entry that first names it and `{"entry": …}`
    with every field as it was hashed, and `{"end": …}` last. `.gz` at the end of the name compresses it.
    """
    head = Head(seq=0, hash=GENESIS)
    written: set[str] = set()
    with _new(path) as file:
        _line(file, {"export": {"format": FORMAT, "domain": DOMAIN, "ledger": ledger.id}})
        for row in ledger.rows():
            for name in json.loads(row.attachments):
                if name not in written:
                    _line(file, {"attachment": _attachment(ledger, name, row.seq)})
                    written.add(name)
            _line(file, {"entry": asdict(row)})
            head = Head(seq=row.seq, hash=row.hash)
        _line(file, {"end": asdict(head)})
    return head


def _attachment(ledger: Ledger, name: str, seq: int) -> dict[str, Any]:
    stored = ledger.stored_attachment(name)
    if stored is None:
        raise LedgerCorrupt(
            f"entry {seq}: its attachment {name} is missing", hint="run `maintkit ledger verify` before exporting"
        )
    size, content, media_type = stored
    return {"sha256": name, "media_type": media_type, "size": size, "zlib": base64.b64encode(content).decode()}


def _line(file: IO[bytes], value: dict[str, Any]) -> None:
    file.write(json.dumps(value).encode() + b"\n")


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    """A file that only its owner can read, in place when it is whole and on the disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with ExitStack() as stack:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            raw = stack.enter_context(os.fdopen(descriptor, "wb"))
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    yield packed  # type: ignore[misc]  # GzipFile writes bytes as IO does, but is not declared as one
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(path)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be written: {error.strerror}", hint="name a file in a directory that can be written"
        ) from error
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


class ExportedLedger:
    """An exported file as something to verify: `chain.verify(ExportedLedger(path), anchors, signers)`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults: dict[str, Fault | None] = {}
        with self._open() as file:
            self.id = self._header(file)

    def rows(self) -> Iterator[Row]:
        """Entries in the file's order; LedgerCorrupt when it is cut short or is not such a file."""
        last = Head(seq=0, hash=GENESIS)
        with self._open() as file:
            self._header(file)
            for kind, value in self._lines(file):
                if kind == "entry":
                    row = self._row(value)
                    yield row
                    last = Head(seq=row.seq, hash=row.hash)
                elif kind == "attachment":
                    self._keep(value)
                elif kind == "end" and value == asdict(last) and not file.read(1):
                    return
        raise self._broken(f"it ends after entry {last.seq} without its last line")

    def attachment_fault(self, sha256: str) -> Fault | None:
        """Whether an attachment is missing or altered in what was read of the file so far."""
        return self._faults.get(sha256, "missing")

    def missing_triggers(self) -> tuple[str, ...]:
        """A file has none to miss."""
        return ()

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            with gzip.open(self._path, "rb") if self._path.suffix == ".gz" else self._path.open("rb") as file:
                yield file  # type: ignore[misc]  # GzipFile reads bytes as IO does, but is not declared as one
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._broken(str(error)) from error
        except OSError as error:
            raise LedgerError(f"{self._path} cannot be read: {error.strerror}", hint="name an exported file") from error

    def _header(self, file: IO[bytes]) -> str:
        kind, value = next(self._lines(file), ("", {}))
        if kind != "export" or value.get("format") != FORMAT or value.get("domain") != DOMAIN:
            raise self._broken(f"its first line does not say {FORMAT}")
        return str(value.get("ledger"))

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
        for number, text in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
            if not text.endswith(b"\n"):
                raise self._broken(f"line {number} has no end")
            try:
                ((kind, value),) = json.loads(text).items()
            except (ValueError, AttributeError) as error:
                raise self._broken(f"line {number} is not what an export holds: {error}") from error
            yield kind, value

    def _row(self, value: dict[str, Any]) -> Row:
        try:
            return Row(**value)
        except TypeError as error:
            raise self._broken(f"an entry lacks a field or has one too many: {error}") from error

    def _keep(self, value: dict[str, Any]) -> None:
        try:
            content = base64.b64decode(value["zlib"], validate=True)
            self._faults[value["sha256"]] = fault(value["sha256"], (int(value["size"]), content))
        except (KeyError, ValueError, TypeError) as error:
            raise self._broken(f"an attachment cannot be read: {error}") from error

    def _broken(self, why: str) -> LedgerCorrupt:
        return LedgerCorrupt(f"{self._path} is not a whole export: {why}", hint="export the ledger again")
