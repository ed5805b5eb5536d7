"""How full the pages of an InnoDB file are, read from the file itself: nobody's statistics, and no row of anybody's.

Of a page its header alone is read, of so many pages at most. The layout is that of the sources `fil0fil`, `fsp0fsp`
and `page0page`, the same from MySQL 5.7 and MariaDB 10.3 on.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_PAGES = 4096
_TYPE_AT, _LIMIT_AT, _FLAGS_AT = 24, 50, 54
_EXTENTS_AT, _BITMAP_AT = 150, 24
_INDEX = 17855
# Not written yet, and parts of long values, from 22 on MySQL's own: as full after a rebuild as before.
_WHOLE = (0, 10, 11, 12, *range(22, 30))
_HIDDEN = (14, 15, 16, 17)  # MySQL's, compressed or encrypted; MariaDB's lie above an index's
_FULL_CRC32, _ZIP = 0x10, 0x1E
_SDI = 0x4000  # MySQL's alone, from 8.0 on
_HEAD = 120  # header, and the two records that bound a page
_TAIL = 8
_OWN_PAGES = 8  # the file's own: header, map, inodes, and a root for each index


class Unreadable(Exception):
    """The file tells nothing of its pages; the message says why."""


@dataclass(frozen=True)
class Measured:
    """What was found: bytes of the file, of extents that are wholly free, and what a rebuild would leave, about.

    `filled` is how full the index pages are that are in use, from 0 to 1; `looked_at` is how many pages that rests on.
    """

    bytes: int
    free_bytes: int
    after_bytes: int
    filled: float
    looked_at: int


def measure(path: Path, most: int = MOST_PAGES) -> Measured:
    """Measure one file. Unreadable when its pages are encrypted or compressed, or when it is no such file."""
    try:
        with path.open("rb", buffering=0) as file:
            return _measured(file.fileno(), os.fstat(file.fileno()).st_size, most)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None


def _measured(held: int, size: int, most: int) -> Measured:
    first = os.pread(held, _EXTENTS_AT, 0)
    if len(first) < _EXTENTS_AT:
        raise Unreadable("the file is shorter than a page's header")
    flags = struct.unpack_from(">I", first, _FLAGS_AT)[0]
    page = _page_size(flags)
    extent = max(64, (1 << 20) // page)
    # From this page on nothing was ever used, and the map is not written.
    limit = min(struct.unpack_from(">I", first, _LIMIT_AT)[0], size // page)
    used, free_extents = 0, (size // page - limit) // extent
    for each in _extents(held, limit, page, extent):
        used += len(each)
        free_extents += not each
    looked_at, indexes, rows, whole = 0, 0, 0, 0
    for at in _spread(_extents(held, limit, page, extent), max(1, -(-used // most))):
        head = os.pread(held, _HEAD, at * page)
        looked_at += 1
        kind = struct.unpack_from(">H", head, _TYPE_AT)[0]
        if flags & _FULL_CRC32 and head[:4] != b"\0\0\0\0":
            raise Unreadable("its pages are encrypted")
        if kind == _INDEX:
            indexes += 1
            rows += _filled(head)
        elif kind in _WHOLE:
            whole += 1
        elif kind > _INDEX or kind in _HIDDEN:
            raise Unreadable("its pages are compressed or encrypted")
    # A rebuild leaves a sixteenth of each page of rows free.
    room = (page - _HEAD - _TAIL) * 15 / 16
    pages = (rows / room + whole) * used / max(looked_at, 1)
    after = page * _grown(int(pages + _OWN_PAGES), extent, mysql=bool(flags & _SDI and not flags & _FULL_CRC32))
    filled = min(rows / (indexes * room), 1.0) if indexes else 1.0
    return Measured(size, free_extents * extent * page, min(after, size), round(filled, 3), looked_at)


def _grown(pages: int, extent: int, *, mysql: bool) -> int:
    """The pages of a file that uses so many: from one extent on it grows by whole ones, and keeps some back.

    MariaDB keeps one. MySQL takes four at a time and two as a reserve, and leaves of a segment's pages an eighth unused
    (`FSEG_FILLFACTOR`), which has held from 3 to 350 MiB.
    """
    if pages <= extent:
        return pages
    whole = pages * 8 / 7 if mysql else pages
    return (-int(-whole // extent) + (6 if mysql else 1)) * extent


def _extents(held: int, pages: int, page: int, extent: int) -> Iterator[list[int]]:
    """The pages of each extent that are not free, by the bits of the file's own map."""
    wide = extent * 2 // 8
    for start in range(0, pages, page):
        map_of = os.pread(held, page, start * page)
        for at in range(start, min(start + page, pages), extent):
            begins = _EXTENTS_AT + (at - start) // extent * (_BITMAP_AT + wide) + _BITMAP_AT
            bits = int.from_bytes(map_of[begins : begins + wide], "little")
            yield [at + n for n in range(min(extent, pages - at)) if not bits >> 2 * n & 1]


def _spread(extents: Iterable[list[int]], step: int) -> Iterator[int]:
    """Every so many-th page."""
    behind = 0
    for each in extents:
        yield from each[behind::step]
        behind = (behind - len(each)) % step


def _page_size(flags: int) -> int:
    """From the flags of the space: both ways of writing them."""
    if flags & _FULL_CRC32:
        compressed, shift = flags >> 5 & 0x7, flags & 0xF
    else:
        compressed, shift = flags & _ZIP, flags >> 6 & 0xF
    if compressed:
        raise Unreadable("its pages are compressed")
    return 512 << shift if shift else 16384


def _filled(head: bytes) -> int:
    """Bytes of a page's rows and of its directory, without what deleted rows have left."""
    slots, top, _records, _free, garbage = struct.unpack_from(">5H", head, 38)
    return max(0, top - _HEAD - garbage) + 2 * slots
