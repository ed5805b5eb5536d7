"""What a process said on standard error: its first and last bytes, as text that is safe to store and to print."""

from __future__ import annotations

import re

HEAD = 16 << 10
TAIL = 4 << 10
KEPT = 2000  # characters of it that go into a result
REASON = 300  # characters of a reason
CAP = 16 << 20

NOT_PRINTABLE = re.compile(r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")


class Words:
    """Keeps both ends of a stream, so that markers at its beginning and last words at its end are found."""

    def __init__(self) -> None:
        self.received = 0
        self._head = bytearray()
        self._tail = bytearray()

    @property
    def overflowed(self) -> bool:
        return self.received > CAP

    def feed(self, chunk: bytes) -> None:
        self.received += len(chunk)
        room = HEAD - len(self._head)
        self._head += chunk[:room] if room > 0 else b""
        self._tail += chunk[max(room, 0) :]
        del self._tail[:-TAIL]

    def text(self) -> str:
        """All that is kept, decoded."""
        return readable(bytes(self._head + self._tail))

    def last(self) -> str:
        """The last 2000 characters."""
        return self.text()[-KEPT:]


def readable(raw: bytes) -> str:
    """UTF-8 or what can be made of it: no carriage returns, no control characters, no surrogates."""
    return NOT_PRINTABLE.sub("?", raw.decode("utf-8", "replace").replace("\r", ""))


def last_line(text: str) -> str:
    """The last line that says something, not longer than a reason may be; "" when there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("debug")]
    return lines[-1][:REASON] if lines else ""
