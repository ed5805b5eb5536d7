"""Attachments: named by the sha256 of what they hold after masking, stored compressed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from maintkit.errors import LedgerCorrupt, LedgerError

if TYPE_CHECKING:
    from maintkit.evidence.redact import Redactor

CAP_BYTES = 16 * 1024 * 1024
LEVEL = 3  # a 40 KB facts document: 0.05 ms for 9:1; level 6 takes 0.13 ms for a tenth less
_PIECE = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """Masked content, ready to be stored; `seal` makes it. `masked` counts the places that were masked."""

    sha256: str
    media_type: str
    content: bytes
    masked: int


def seal(content: bytes, *, media_type: str, redactor: Redactor, cap_bytes: int = CAP_BYTES) -> Attachment:
    """Mask content and name it by its hash; LedgerError when it is larger than the cap.

    JSON is masked value by value, so that what was valid JSON stays so; it is unchanged when nothing was masked. Text
    is masked as text. Anything else (application/octet-stream) is text in Latin-1 for this purpose.
    """
    if len(content) > cap_bytes:
        raise LedgerError(
            f"an attachment of {len(content)} bytes is over the limit of {cap_bytes}",
            hint="cap the output where it is collected, or attach a part of it",
        )
    kept, masked = _masked(content, media_type, redactor)
    return Attachment(sha256=sha256(kept).hexdigest(), media_type=media_type, content=kept, masked=masked)


def _masked(content: bytes, media_type: str, redactor: Redactor) -> tuple[bytes, int]:
    if media_type == "application/json":
        try:
            value, count = redactor.value(json.loads(content))
        except (ValueError, RecursionError):
            pass  # not JSON after all (cut short): as text, where labels and known secrets still count
        else:
            return (json.dumps(value).encode() if count else content), count
    coding = "utf-8" if media_type == "application/json" or media_type.startswith("text/") else "latin-1"
    result = redactor.text(content.decode(coding, "surrogateescape"))
    return (result.text.encode(coding, "surrogateescape") if result.count else content), result.count


def compress(content: bytes) -> bytes:
    """What is stored of an attachment."""
    return zlib.compress(content, LEVEL)


def expand(stored: bytes, *, size: int) -> bytes:
    """The content of `size` bytes; LedgerCorrupt when the stored bytes do not give it."""
    return b"".join(pieces(stored, size=size))


def pieces(stored: bytes, *, size: int) -> Iterator[bytes]:
    """The content bit by bit: a forged blob that would expand to gigabytes stops at `size`."""
    machine = zlib.decompressobj()
    left, rest = size, stored
    try:
        while rest or not machine.eof:
            piece = machine.decompress(rest, _PIECE)
            rest = machine.unconsumed_tail
            left -= len(piece)
            if left < 0 or not (piece or rest or machine.eof):
                break
            yield piece
            if machine.eof:
                break
    except zlib.error as error:
        raise LedgerCorrupt(f"an attachment cannot be decompressed: {error}", hint=_VERIFY) from error
    if left != 0 or not machine.eof:
        raise LedgerCorrupt(f"an attachment does not hold {size} bytes", hint=_VERIFY)


Fault = Literal["missing", "altered"]


def fault(name: str, stored: tuple[int, bytes] | None) -> Fault | None:
    """Whether size and compressed content are what the name promises, in flat memory."""
    if stored is None:
        return "missing"
    size, content = stored
    digest = sha256()
    try:
        for piece in pieces(content, size=size):
            digest.update(piece)
    except LedgerCorrupt:
        return "altered"
    return None if digest.hexdigest() == name else "altered"


_VERIFY = "`maintkit ledger verify` names the entry; restore the ledger from its last good copy"
