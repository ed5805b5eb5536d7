"""Log files read from their end, bounded in bytes, with the time stamps that logs commonly start with."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import time
import zlib

from .probe import folder_names, local_time, modified_at, open_regular, read_fd, utc_time
from .text import byte_pattern, encode

MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
ISO = byte_pattern(r"\D{0,3}(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?\s?(Z|[+-]\d\d:?\d\d)?")
SYSLOG = byte_pattern(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)")


class Tail(object):
    """The last part of a file: its whole lines, and whether the beginning was left out."""

    def __init__(self, lines, size, read, complete):
        self.lines = lines
        self.size = size
        self.read = read
        self.complete = complete


def tail_of(path, cap):
    """At most the last `cap` bytes of a regular file, in lines (bytes); gzip is unpacked, from its start."""
    fd = open_regular(path)
    try:
        size = os.fstat(fd).st_size
        if path.endswith(".gz"):
            unpacker = zlib.decompressobj(31)
            raw = unpacker.decompress(read_fd(fd, cap), cap)
            return Tail(raw.splitlines(), size, len(raw), not unpacker.unconsumed_tail and size <= cap)
        os.lseek(fd, max(0, size - cap), os.SEEK_SET)
        raw = read_fd(fd, cap)
    finally:
        os.close(fd)
    lines = raw.split(b"\n")
    whole = lines if size <= cap else lines[1:]  # the first one was cut in the middle
    return Tail([line for line in whole if line], size, len(raw), size <= cap)


def stamp_of(line, now):
    """Epoch seconds of the time that a line (bytes) starts with, or None. Without a zone it is the host's."""
    found = ISO.match(line[:48])
    if found:
        fields = [int(group) for group in found.groups()[:6]]
        return zoned(fields, found.group(7))
    found = SYSLOG.match(line)
    if not found or found.group(1) not in MONTHS:
        return None
    month = MONTHS.index(found.group(1)) + 1
    fields = [int(group) for group in found.groups()[1:]]
    # Syslog writes no year: the latest one that does not lie in the future.
    year = time.localtime(now).tm_year
    stamp = local_time(year, month, *fields)
    return local_time(year - 1, month, *fields) if stamp is None or stamp > now + 86400 else stamp


def zoned(fields, zone):
    """Epoch seconds of date and time fields in a zone (`Z`, `+0800`), or in the host's own."""
    if not zone:
        return local_time(*fields)
    try:
        stamp = utc_time(fields)
    except (OverflowError, ValueError):
        return None
    if zone == b"Z":
        return stamp
    digits = zone.replace(b":", b"")
    ahead = int(digits[1:3]) * 3600 + int(digits[3:5]) * 60
    return stamp - ahead if digits[:1] == b"+" else stamp + ahead


def rotations(path, since_at):
    """The log and its rotated parts that were written to after `since_at`, newest first."""
    folder, name = os.path.split(path)
    parts = re.compile(re.escape(name) + r"(?:[.-]\d+){0,2}(?:\.gz)?$")
    try:
        found = [os.path.join(folder, other) for other in folder_names(folder) if parts.match(other)]
    except EnvironmentError:
        found = [path] if os.path.exists(encode(path)) else []
    dated = [(modified_at(other) or 0, other) for other in found]
    return [other for changed, other in sorted(dated, reverse=True) if changed >= since_at or other == path]
