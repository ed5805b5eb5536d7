"""Finds the collector's frame (docs/exchange.md) in whatever a host prints, in bounded memory."""

from __future__ import annotations

import hashlib
import re

HEADER = re.compile(rb"MAINTKIT-FACTS/1 ([0-9]{1,9}) ([0-9a-f]{64})\n")
HEADER_ROOM = 128  # longer than any header, so that one cut by a read is found with the next
DOCUMENT_CAP = 32 << 20
OUTPUT_CAP = 48 << 20  # of noise and document together


class FrameReader:
    """Fed with a host's standard output, it holds the first whole and well-hashed document.

    What stands before the frame is dropped as it comes. A header with a wrong hash may be noise that quotes one, so the
    search goes on behind it. `settled` says that nothing more needs to be read.
    """

    def __init__(self) -> None:
        self.payload: bytes | None = None
        self.received = 0
        self.trouble = ""
        self._buffer = bytearray()

    @property
    def settled(self) -> bool:
        return self.payload is not None or self.received > OUTPUT_CAP

    @property
    def overflowed(self) -> bool:
        return self.payload is None and self.received > OUTPUT_CAP

    @property
    def began(self) -> bool:
        """Whether a header was seen, so that the collector did start to answer."""
        return self.payload is not None or bool(self.trouble)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; chunks may be cut anywhere."""
        self.received += len(chunk)
        self._buffer += chunk
        while self.payload is None and (header := HEADER.search(self._buffer)):
            if not self._take(header):
                return
        if self.payload is None:
            del self._buffer[:-HEADER_ROOM]

    def _take(self, header: re.Match[bytes]) -> bool:
        """Take the document behind this header, or drop the header; False when bytes are still missing."""
        start, body, length = header.start(), header.end(), int(header[1])
        have = len(self._buffer) - body
        if length > DOCUMENT_CAP:
            self.trouble = f"the document claims {length} bytes, more than {DOCUMENT_CAP}"
        elif have < length:
            self.trouble = f"the document was cut off after {have} of {length} bytes"
            del self._buffer[:start]
            return False
        else:
            payload = bytes(memoryview(self._buffer)[body : body + length])
            if hashlib.sha256(payload).hexdigest().encode() == header[2]:
                self.payload = payload
                self._buffer.clear()
                return True
            self.trouble = f"the document of {length} bytes does not match its sha256"
        del self._buffer[: start + 1]
        return True
