"""What a section may do to learn something: read a file, list a folder, run a program. All of it bounded."""

from __future__ import absolute_import, division, print_function, unicode_literals

import errno
import os
import stat
import time

from .program import FOLDERS, run_program
from .text import decode, encode, printable

FILE_CAP = 4 * 1024 * 1024
OUTPUT_CAP = 4 * 1024 * 1024


class Absent(Exception):
    """The host has no such thing; the message says what is missing."""


class Denied(Exception):
    """A privilege is missing; the message names it."""


class Refused(Exception):
    """The path is not a regular file: a FIFO or a device would hang the reader."""


class Probe(object):
    """One section's view of the host. Remembers how things were learnt and what was withheld."""

    def __init__(self, parameters, start=None):
        self.parameters = parameters
        self.start = start  # what this section's sample_ function saw before the sections began
        self.how = []
        self.withheld = {}
        self.truncated = False

    @property
    def root(self):
        return os.geteuid() == 0

    def noted(self, how):
        """Remember a source, once."""
        if how not in self.how:
            self.how.append(how)

    def bytes_of(self, path, cap=FILE_CAP):
        """Content of a regular file, at most `cap` bytes; raises OSError, IOError, Refused."""
        fd = open_regular(path)
        try:
            self.noted(path)
            return read_fd(fd, cap)
        finally:
            os.close(fd)

    def read(self, path, cap=FILE_CAP):
        """Text of a regular file, or None when it is not there or may not be read."""
        try:
            return decode(self.bytes_of(path, cap))
        except (EnvironmentError, Refused):
            return None

    def glance(self, path, cap=4096):
        """Start of a small kernel file as text, or None; for files by the hundred, whose names would flood `how`."""
        try:
            fd = os.open(encode(path), os.O_RDONLY)
            try:
                return os.read(fd, cap).decode("utf-8", "replace").strip()
            finally:
                os.close(fd)
        except EnvironmentError:
            return None

    def need(self, path, privilege="root"):
        """Text of a file without which the section has nothing to say; raises Absent or Denied."""
        try:
            return decode(self.bytes_of(path))
        except EnvironmentError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise Denied("needs %s: %s" % (privilege, path))
            raise Absent("no %s" % path)

    def names(self, folder):
        """Sorted printable names in a folder; empty when it is not there or may not be read."""
        try:
            return folder_names(folder)
        except EnvironmentError:
            return []

    def program(self, name):
        """Path of a program, or None."""
        for folder in FOLDERS:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                return path
        return None

    def run(self, argv, seconds=5.0, cap=OUTPUT_CAP, identity=None, how=None):
        """Output of a program of the host; `identity` is (uid, gid). Raises Absent when it has none of that name."""
        path = self.program(argv[0])
        if path is None:
            raise Absent("no program %s" % argv[0])
        self.noted(how or " ".join(argv))
        return run_program([path] + list(argv[1:]), seconds, cap, identity)


def folder_names(folder):
    """Sorted names in a folder, whatever Python thinks the locale is; what is no printable UTF-8 is left out."""
    names = []
    for raw in os.listdir(encode(folder)):
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if printable(name) == name:
            names.append(name)
    return sorted(names)


def paths_like(pattern):
    """Sorted paths that a shell pattern names."""
    import glob  # here, because few sections have a pattern to look for

    return sorted(glob.glob(pattern))


def open_regular(path):
    """A descriptor of a regular file. Never waits: a FIFO or a device is refused."""
    # stat goes first: opening alone already makes some devices act (a tape rewinds, a watchdog starts).
    if not stat.S_ISREG(os.stat(encode(path)).st_mode):
        raise Refused("not a regular file: %s" % path)
    fd = os.open(encode(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Refused("not a regular file: %s" % path)
    return fd


def read_fd(fd, cap):
    """At most `cap` bytes."""
    chunks, left = [], cap
    while left > 0:
        chunk = os.read(fd, min(left, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def modified_at(path):
    """Epoch seconds of the last change of a file, or None."""
    try:
        return os.stat(encode(path)).st_mtime
    except EnvironmentError:
        return None


def utc_time(fields):
    """Epoch seconds of UTC (year, month, day, hour, minute, second); raises OverflowError, ValueError."""
    import calendar  # here, because it loads datetime and locale, and few sections read such times

    return float(calendar.timegm(tuple(fields) + (0, 0, 0)))


def local_time(year, month, day, hour=0, minute=0, second=0):
    """Epoch seconds of a local wall-clock time, or None where there is no such time."""
    try:
        return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))
    except (OverflowError, ValueError):
        return None
