"""Dumps by mysqldump or mariadb-dump: one that ended well says so, and when, on its last line."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import stat
import zlib

from .catalogue import ENOUGH_SETS, UNFINISHED, WRITTEN_S, Unclear, folder_of_sets, said_time, unclear_of
from .probe import folder_names, open_regular, paths_like
from .program import monotonic
from .text import decode, encode

DUMP_NAME = re.compile(r"\.(?:sql|dump)((?:\.[A-Za-z0-9]+)*)$")
DUMP_HEAD = re.compile(r"^-- (?:MariaDB|MySQL) dump ", re.MULTILINE)
DUMP_OF = re.compile(r"^-- Host: (\S*)[ \t]+Database: ?(.*)$", re.MULTILINE)
DUMP_END = "-- Dump completed"
GZIP = 31  # zlib's number for a gzip header and the largest window
EDGE = 4096  # bytes at either end of a dump that are looked at


def read_dumps(path, now, deadline):
    """(finished dumps, faults as (at, state, name), the host they are of, what is told of older ones).

    Raises EnvironmentError, Unclear.
    """
    sets, faults, sources, older = [], [], set(), {}
    files = dump_files(path)
    for written_at, size, file in files:
        if len(sets) == ENOUGH_SETS:
            older = oldest_dump(files, deadline)
            break
        try:
            head, tail = dump_edges(file, deadline)
            ended_at = dump_end(head, tail)
        except Unclear as error:
            unclear_of(file, error, sets, written_at)
            older = oldest_dump(files, deadline)
            break
        sources.update(DUMP_OF.findall(head))
        label = os.path.relpath(file, folder_of_sets(path))
        if ended_at is not None:
            sets.append(dump_set(label, ended_at, size))
        elif now - written_at > WRITTEN_S:
            faults.append((written_at, UNFINISHED, label))
    databases = sorted(set(database.strip() for _host, database in sources))
    if len(databases) > 1:
        # The newest of any would hide that those of another have stopped.
        raise Unclear("%s: dumps of several databases: %s" % (path, ", ".join(one or "all" for one in databases)))
    return sets, faults, dumped_from(sorted(set(host for host, _database in sources))), older


def oldest_dump(files, deadline):
    """Of more dumps than are told: how many there are by their names, and when the oldest one ended (None: unread)."""
    try:
        ended_at = dump_end(*dump_edges(files[-1][2], deadline))
    except Unclear:
        ended_at = None
    return {"kept": len(files), "oldest_at": ended_at}


def dump_files(path):
    """`[(last written, bytes, file)]` of what is called as a dump, newest first; `path`: a folder, or a pattern."""
    if "*" in path or "?" in path:
        files = paths_like(path)
    else:
        files = [os.path.join(path, name) for name in folder_names(path) if DUMP_NAME.search(name)]
    found = []
    for file in files:
        # A link like `latest` would show one dump twice.
        status = os.lstat(encode(file))
        if stat.S_ISREG(status.st_mode):
            found.append((status.st_mtime, status.st_size, file))
    return sorted(found, reverse=True)


def dump_set(label, ended_at, size):
    """A dump does not say when it began, nor the size of the database."""
    return {"label": label, "kind": "full", "started_at": None, "stopped_at": ended_at, "repo_bytes": size}


def dump_edges(file, deadline):
    """(first, last) text of a dump, unpacked; raises Unclear when it cannot be unpacked here, or not in time."""
    name = DUMP_NAME.search(file)
    packed = name.group(1) if name else ""
    if packed not in ("", ".gz"):
        raise Unclear("the end of a dump packed as %s cannot be read here" % packed[1:])
    fd = open_regular(file)
    try:
        head, tail = unpacked_edges(fd, deadline) if packed else plain_edges(fd)
    finally:
        os.close(fd)
    return decode(head), decode(tail)


def plain_edges(fd):
    """The first and the last bytes of a file."""
    head = os.read(fd, EDGE)
    os.lseek(fd, max(0, os.fstat(fd).st_size - EDGE), os.SEEK_SET)
    return head, os.read(fd, EDGE)


def unpacked_edges(fd, deadline):
    """The first and the last bytes that a gzip file holds; nothing last when it is cut off or damaged."""
    engine, head, tail = zlib.decompressobj(GZIP), b"", b""
    try:
        while True:
            chunk = os.read(fd, 16384)
            if not chunk:
                return head, tail if is_whole(engine) else b""
            if monotonic() > deadline:
                raise Unclear("too long to be unpacked to its end in this time")
            while chunk:
                text = engine.decompress(chunk)
                head = (head + text)[:EDGE] if len(head) < EDGE else head
                tail = (tail + text)[-EDGE:]
                # Several gzip files one after the other are one.
                chunk = engine.unused_data
                engine = zlib.decompressobj(GZIP) if chunk else engine
    except zlib.error:
        return head, b""


def is_whole(engine):
    """Whether a gzip file came to its end: then it has no use for another byte (Python 2.7 has no `eof`)."""
    engine.decompress(b"\0")
    return engine.unused_data != b""


def dump_end(head, tail):
    """When the dump ended, None when it did not; raises Unclear for one without the comments that would say so."""
    if not head:
        return None
    if not DUMP_HEAD.search(head):
        raise Unclear("no dump with comments (--compact or --skip-comments?)")
    last = (tail.strip().splitlines() or [""])[-1]
    if not last.startswith(DUMP_END):
        return None
    if last == DUMP_END:
        raise Unclear("its last line names no time (--skip-dump-date?)")
    return said_time(last[len(DUMP_END) :].replace(" on ", "", 1))


def dumped_from(hosts):
    """Where the servers are by the dumps' own word: "away", "maybe" (another name, which may be this host's), or ""."""
    own = os.uname()[1]
    others = [host for host in hosts if host not in ("", "localhost", own, own.split(".")[0])]
    answers = [is_own_address(host) for host in others]
    if True in answers or not others:
        return ""
    return "maybe" if None in answers else "away"


def is_own_address(text):
    """Whether an address is one of this host's; None for what is a name."""
    import socket  # here, because loading it is dear, and few dumps name a host

    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, socket.error, ValueError):
            continue
        listener = socket.socket(family, socket.SOCK_DGRAM)
        try:
            # Nothing is sent: the kernel gives out a port only on an address that it has.
            listener.bind((text, 0))
        except (OSError, socket.error):
            return False
        finally:
            listener.close()
        return True
    return None
